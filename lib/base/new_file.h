// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "bailee/bytes.h"
#include "bailee/result.h"
#include "base/unique_fd.h"

namespace bailee {

// A file that is written bit by bit and appears under its name whole or not at all, mode 0600.
// Until then it is PATH.tmp-…, which goes with the object; a crash may leave it there. Errors of
// all: those of FileSystem. Move-only; thread-compatible.
class NewFile {
 public:
  static Result<NewFile> Create(const std::string& path);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();

  Status Write(ByteView bytes);
  uint64_t bytes_written() const { return bytes_; }

  // Makes what was written durable; it has no name of its own yet.
  Status Sync();

  // Gives the file its name, durably. REQUIRES: Sync was called after the last Write.
  // Errors: kConflict "file.exists" if something has the name.
  Status CommitNew();
  // The same in place of what has the name, if anything does. What was there is overwritten with
  // zeros, as far as the file system does so in place, unless it has another name.
  Status CommitReplace();

 private:
  NewFile(std::string path, std::string temporary, int fd)
      : path_(std::move(path)), temporary_(std::move(temporary)), fd_(fd) {}

  std::string path_;
  std::string temporary_;  // empty once it has its name
  UniqueFd fd_;
  uint64_t bytes_ = 0;
};

}  // namespace bailee
