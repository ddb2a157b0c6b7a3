// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "fuzz/target.h"

namespace bailee::fuzz {

// A file that only this process has, in memory, for what reads files by their names.
class MemoryFile {
 public:
  explicit MemoryFile(ByteView content) {
    const char* const directory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    path_ = std::string(directory) + "/bailee_fuzz_" + std::to_string(getpid());
    Replace(content);
  }
  ~MemoryFile() { unlink(path_.c_str()); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  const std::string& path() const { return path_; }

  void Replace(ByteView content) {
    const int file = open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_CHECK(file >= 0);
    FUZZ_CHECK(write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    close(file);
  }

  Bytes Content() const {
    const int file = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat facts {};
    FUZZ_CHECK(file >= 0 && fstat(file, &facts) == 0);
    Bytes content(static_cast<size_t>(facts.st_size));
    FUZZ_CHECK(read(file, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    close(file);
    return content;
  }

 private:
  std::string path_;
};

}  // namespace bailee::fuzz
