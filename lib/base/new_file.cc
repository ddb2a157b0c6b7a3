// SPDX-License-Identifier: Apache-2.0
#include "base/new_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "base/check.h"
#include "base/file_errors.h"
#include "base/hex.h"

namespace bailee {
namespace {

// What had the name before and has none now; the best that can be done, so nobody hears of errors.
void Overwrite(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink != 0) return;
  static constexpr std::array<uint8_t, 65'536> kZeros{};
  for (off_t at = 0; at < info.st_size;) {
    const auto count = std::min<off_t>(info.st_size - at, kZeros.size());
    const ssize_t put = ::pwrite(fd, kZeros.data(), static_cast<size_t>(count), at);
    if (put <= 0) return;
    at += put;
  }
  (void)::fsync(fd);
}

}  // namespace

Result<NewFile> NewFile::Create(const std::string& path) {
  std::array<uint8_t, 8> suffix{};
  BAILEE_CHECK(::getrandom(suffix.data(), suffix.size(), 0) == ssize_t{suffix.size()});
  const std::string temporary = path + ".tmp-" + ToHex(suffix);
  const int fd =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return FileError(errno, path, "create");
  NewFile file(path, temporary, fd);
  // The umask may have taken bits away that the owner needs.
  if (::fchmod(fd, 0600) != 0) return FileError(errno, path, "chmod");
  return file;
}

NewFile::NewFile(NewFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      fd_(std::move(other.fd_)),
      bytes_(other.bytes_) {}

NewFile::~NewFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Status NewFile::Write(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(errno, path_, "write");
    bytes = bytes.subspan(static_cast<size_t>(count));
    bytes_ += static_cast<uint64_t>(count);
  }
  return Status();
}

Status NewFile::Sync() {
  return ::fsync(fd_.get()) == 0 ? Status() : FileError(errno, path_, "sync");
}

Status NewFile::CommitNew() {
  // link and not rename: it takes no name away from another.
  if (::link(temporary_.c_str(), path_.c_str()) != 0) return FileError(errno, path_, "create");
  ::unlink(temporary_.c_str());
  temporary_.clear();
  return SyncDirectoryOf(path_);
}

Status NewFile::CommitReplace() {
  const UniqueFd before(::open(path_.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return FileError(errno, path_, "replace");
  temporary_.clear();
  const Status synced = SyncDirectoryOf(path_);
  if (before.ok() && synced.ok()) Overwrite(before.get());
  return synced;
}

}  // namespace bailee
