// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <string>

namespace bailee::testing {

// Memory of this process that is not of a file, in bytes: a mapped database counts as its file's.
inline size_t OwnMemoryBytes() {
  std::ifstream status("/proc/self/status");
  std::string line;
  size_t kib = 0;
  while (std::getline(status, line)) {
    if (line.starts_with("RssAnon:") || line.starts_with("RssShmem:"))
      kib += std::stoul(line.substr(line.find(':') + 1));
  }
  return kib << 10;
}

}  // namespace bailee::testing
