// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/file.h"
#include "base/file_errors.h"
#include "base/hex.h"
#include "base/try.h"

namespace bailee {

Status FileError(int error, const std::string& path, const char* doing) {
  const std::string what = std::string("cannot ") + doing + " " + path + ": ";
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return Status(Code::kNotFound, "file.not-found", what + "no such file", "check the path");
    case EEXIST:
      return Status(Code::kConflict, "file.exists", what + "it exists already",
                    "move it away first, nothing was overwritten");
    case EACCES:
    case EPERM:
    case EROFS:
      return Status(Code::kFailed, "file.permission", what + "not permitted",
                    "check the owner and mode of the file and its directory");
    case EISDIR:
    case ELOOP:
      return Status(Code::kFailed, "file.not-regular", what + "not a regular file",
                    "name a plain file");
    case ENOSPC:
    case EDQUOT:
    case EFBIG:  // what the process may write to one file
      return Status(Code::kFull, "file.disk-full", what + "no space left", "free some space");
    default:
      return Status(Code::kFailed, "file.io", what + std::strerror(error));
  }
}

namespace {

// A descriptor, closed when it goes. close(2) is not asked how it went: whoever needs to know has
// called fsync(2).
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Status SyncDirectoryOf(const std::string& path) {
  const std::string directory = DirectoryOf(path);
  const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok() || ::fsync(fd.get()) != 0) return FileError(errno, directory, "sync");
  return Status();
}

namespace {

// Reads until `out` is full or the file ends; the count, or -1 with errno.
ssize_t ReadUpTo(int fd, std::span<uint8_t> out) {
  size_t got = 0;
  while (got < out.size()) {
    const ssize_t count = ::read(fd, out.data() + got, out.size() - got);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -1;
    if (count == 0) break;
    got += static_cast<size_t>(count);
  }
  return static_cast<ssize_t>(got);
}

Status WriteAll(int fd, ByteView bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(errno, path, "write");
    bytes = bytes.subspan(static_cast<size_t>(count));
  }
  return Status();
}

struct OpenFile {
  Descriptor fd;
  size_t size_bytes;
};

Result<OpenFile> OpenForReading(const std::string& path, size_t bytes_max) {
  // O_NONBLOCK: opening a pipe must not wait for a writer; it is refused just below.
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat info {};
  if (!fd.ok() || ::fstat(fd.get(), &info) != 0) return FileError(errno, path, "read");
  if (!S_ISREG(info.st_mode)) return FileError(EISDIR, path, "read");
  const auto size_bytes = static_cast<uint64_t>(info.st_size);
  if (size_bytes > bytes_max) {
    return Status(Code::kInvalidValue, "file.too-large",
                  path + " is larger than " + std::to_string(bytes_max) + " bytes",
                  "check that it is the file you mean");
  }
  return OpenFile{std::move(fd), static_cast<size_t>(size_bytes)};
}

// Fills `out`, which is as long as the file was when it was opened.
Status ReadWhole(const OpenFile& file, std::span<uint8_t> out, const std::string& path) {
  const ssize_t got = ReadUpTo(file.fd.get(), out);
  if (got < 0) return FileError(errno, path, "read");
  uint8_t more = 0;
  const ssize_t extra = ReadUpTo(file.fd.get(), {&more, 1});
  explicit_bzero(&more, 1);
  if (extra < 0) return FileError(errno, path, "read");
  if (static_cast<size_t>(got) != out.size() || extra != 0) {
    return Status(Code::kFailed, "file.io", path + " changed while it was read", "try again");
  }
  return Status();
}

// Writes and syncs a file that must not exist; on error it is gone again.
Status CreateFile(const std::string& path, ByteView content) {
  const Descriptor fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.ok()) return FileError(errno, path, "create");
  Status status;
  // The umask may have taken bits away that the owner needs.
  if (::fchmod(fd.get(), 0600) != 0) status = FileError(errno, path, "chmod");
  if (status.ok()) status = WriteAll(fd.get(), content, path);
  if (status.ok() && ::fsync(fd.get()) != 0) status = FileError(errno, path, "sync");
  if (!status.ok()) ::unlink(path.c_str());
  return status;
}

class RealFiles final : public FileSystem {
 public:
  Result<Bytes> Read(const std::string& path, size_t bytes_max) override {
    BAILEE_TRY(const OpenFile file, OpenForReading(path, bytes_max));
    Bytes content(file.size_bytes);
    BAILEE_RETURN_IF_ERROR(ReadWhole(file, content, path));
    return content;
  }

  Result<Secret> ReadSecret(const std::string& path, size_t bytes_max) override {
    BAILEE_TRY(const OpenFile file, OpenForReading(path, bytes_max));
    BAILEE_TRY(Secret content, Secret::Allocate(file.size_bytes));
    BAILEE_RETURN_IF_ERROR(
        content.RevealMutable([&](std::span<uint8_t> out) { return ReadWhole(file, out, path); }));
    return content;
  }

  Status WriteNew(const std::string& path, ByteView content) override {
    BAILEE_RETURN_IF_ERROR(CreateFile(path, content));
    Status status = SyncDirectoryOf(path);
    if (!status.ok()) ::unlink(path.c_str());
    return status;
  }

  Status Replace(const std::string& path, ByteView content) override {
    std::array<uint8_t, 8> suffix{};
    BAILEE_CHECK(::getrandom(suffix.data(), suffix.size(), 0) == ssize_t{suffix.size()});
    const std::string temporary = path + ".tmp-" + ToHex(suffix);
    BAILEE_RETURN_IF_ERROR(CreateFile(temporary, content));
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
      const int error = errno;
      ::unlink(temporary.c_str());
      return FileError(error, path, "replace");
    }
    return SyncDirectoryOf(path);
  }

  Status Delete(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return FileError(errno, path, "delete");
    return SyncDirectoryOf(path);
  }

  Result<bool> Exists(const std::string& path) override {
    struct stat info {};
    if (::lstat(path.c_str(), &info) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return FileError(errno, path, "look for");
  }

  Result<Info> Stat(const std::string& path) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return FileError(errno, path, "look at");
    return Info{.size_bytes = static_cast<uint64_t>(info.st_size),
                .mode = info.st_mode & 07777U,
                .owner = info.st_uid,
                .regular = S_ISREG(info.st_mode),
                .owned_by_us = info.st_uid == ::geteuid()};
  }
};

}  // namespace

FileSystem& SystemFiles() {
  static RealFiles files;
  return files;
}

}  // namespace bailee
