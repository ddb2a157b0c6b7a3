// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bailee::testing {

// Faults under every library of this executable: io_faults.cc defines pwrite, writev and fdatasync,
// which the dynamic linker prefers to the C library's, and io_fault_calls.cc all other calls that
// change a file or a directory, or read one. What is not watched passes, and so does everything
// while none of these lives.
class IoFaults {
 public:
  enum class Operation {
    kData,
    kMeta,  // a write into the two meta pages
    kSync,
    // Of a directory alone:
    kLength,  // ftruncate, fallocate
    kName,    // rename, link
    kOpen,
    kMake,  // mkdir
    kRemove,
    kMode,
    kRead,
    kMap,
    // Of a directory that is watched with `looks`:
    kLook,     // stat, lstat, fstat, fstatat, readdir
    kControl,  // fcntl, of locks and seals; that of a further descriptor is kOpen
  };
  struct Verdict {
    int error = 0;           // 0: let it pass
    bool do_it_too = false;  // it happens, and an error is reported all the same
    bool cut_short = false;  // of a write of more than one byte: half of it happens
    bool read_less = false;  // of pread: half of it happens
    bool nothing = false;    // of a write: no byte, which is no error; `error` is what came before
  };
  // Asked before each operation; `number` counts from 0.
  using Judge = std::function<Verdict(Operation operation, size_t number)>;

  // Watches one file, and of it pwrite, writev and fdatasync alone.
  IoFaults(const std::string& path, Judge judge);
  // Watches every call for anything at or below `directory`, an absolute path without links. Needs
  // io_fault_calls.cc. A file without a name is watched by what /proc calls it.
  struct Below {
    std::string_view directory;
    bool looks = false;  // those that change and read nothing, too
  };
  IoFaults(Below below, Judge judge);
  ~IoFaults();
  IoFaults(const IoFaults&) = delete;
  IoFaults& operator=(const IoFaults&) = delete;

  // What was seen so far.
  static const std::vector<Operation>& seen();
};

}  // namespace bailee::testing
