// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "output.h"

namespace bailee::tool {

// How far a long command is, on stderr: a bar on a terminal, otherwise a line every 10 seconds
// (BAILEE_PROGRESS_SECONDS; 0: none). Silent with -q and --json.
class Progress {
 public:
  // `total` in the same unit as `done`; 0: unknown.
  Progress(Output& out, std::string what, uint64_t total);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();  // clears the bar

  void Show(uint64_t done, uint64_t items);

 private:
  Output& out_;
  std::string what_;
  uint64_t total_;
  bool bar_;
  std::chrono::milliseconds interval_;
  std::chrono::steady_clock::time_point next_;
  bool shown_ = false;
};

// Whether Ctrl-C or SIGTERM came since the first call, which starts listening. A long command asks
// between batches, finishes what it holds and stops.
bool Interrupted();

// Waits that long, or until Interrupted.
void Pause(std::chrono::seconds length);

}  // namespace bailee::tool
