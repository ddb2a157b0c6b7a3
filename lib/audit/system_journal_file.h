// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "audit/journal_file.h"

namespace bailee::audit {

// A descriptor, closed when it goes. Movable.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor();

  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// What an errno means for a journal; `doing` completes "cannot … a journal".
Status JournalError(int error, const char* doing);

// The real JournalFile. Takes over `file`, locked and open for reading and writing, which is `name`
// in `directory`. Errors: those of JournalFile.
Result<std::unique_ptr<JournalFile>> MakeSystemJournalFile(Descriptor file, int directory,
                                                           const std::string& name);

}  // namespace bailee::audit
