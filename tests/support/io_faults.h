// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace bailee::testing {

// Faults under every library of this executable: io_faults.cc defines pwrite, writev and fdatasync,
// which the dynamic linker prefers to the C library's. Only one file is watched, and only while
// this lives; other files pass.
class IoFaults {
 public:
  enum class Operation { kData, kMeta, kSync };  // kMeta: a write into the two meta pages
  struct Verdict {
    int error = 0;           // 0: let it pass
    bool do_it_too = false;  // it happens, and an error is reported all the same
  };
  // Asked before each operation; `number` counts from 0.
  using Judge = std::function<Verdict(Operation operation, size_t number)>;

  IoFaults(const std::string& path, Judge judge);
  ~IoFaults();
  IoFaults(const IoFaults&) = delete;
  IoFaults& operator=(const IoFaults&) = delete;

  // What was seen so far.
  static const std::vector<Operation>& seen();
};

}  // namespace bailee::testing
