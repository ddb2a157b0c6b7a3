// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace bailee::testing {

// A leak_holder (holder.cc), run as a program of its own: nothing of this process is in its memory
// but what it is given.
class HolderProcess {
 public:
  // `directory` has what it needs; a core of it would be in `cores`.
  HolderProcess(const std::string& directory, const std::string& cores, std::string_view plant);
  ~HolderProcess();
  HolderProcess(const HolderProcess&) = delete;
  HolderProcess& operator=(const HolderProcess&) = delete;

  void Give(std::string_view secret) const;
  // The moment that it has come to; 0 if it is gone.
  char NextMoment() const;
  void GoOn() const;
  // Ends it so that the kernel writes a core.
  void Abort() const;
  // Its exit code, or minus its signal.
  int Join();
  pid_t pid() const { return pid_; }

 private:
  int in_ = -1;   // what it says
  int out_ = -1;  // what it is given
  pid_t pid_ = -1;
};

}  // namespace bailee::testing
