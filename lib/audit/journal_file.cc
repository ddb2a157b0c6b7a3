// SPDX-License-Identifier: Apache-2.0
#include "audit/journal_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "audit/system_journal_file.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

Status Gone() {
  return Status(Code::kFailed, "journal.gone", "the journal is no longer the file it was",
                "nobody but bailee may touch VAULT/journal; open the vault again");
}

class SystemJournalFile final : public JournalFile {
 public:
  SystemJournalFile(UniqueFd file, UniqueFd directory, std::string name, const struct stat& info)
      : fd_(file.Release()),
        directory_(std::move(directory)),
        name_(std::move(name)),
        device_(info.st_dev),
        inode_(info.st_ino),
        end_(static_cast<uint64_t>(info.st_size)) {}

  // A number that somebody else closed may be another file's by now.
  ~SystemJournalFile() override {
    struct stat info {};
    if (::fstat(fd_, &info) == 0 && IsOurs(info)) ::close(fd_);
  }

  Status WriteAt(uint64_t offset, ByteView bytes) override;
  Result<size_t> ReadAt(uint64_t offset, std::span<uint8_t> out) const override;
  Status Sync() override;
  Status Reserve(uint64_t offset, uint64_t bytes) override;
  void Release(uint64_t offset, uint64_t bytes) override;
  Status Check() const override;
  Result<uint64_t> Size() const override;

 private:
  bool IsOurs(const struct stat& info) const {
    return info.st_dev == device_ && info.st_ino == inode_;
  }

  const int fd_;
  const UniqueFd directory_;
  const std::string name_;
  const dev_t device_;
  const ino_t inode_;
  std::atomic<uint64_t> end_;  // of what is known to be there
};

Status SystemJournalFile::WriteAt(uint64_t offset, ByteView bytes) {
  const uint64_t end = offset + bytes.size();
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return JournalError(errno, "write to");
    if (count == 0) return JournalError(EIO, "write to");
    bytes = bytes.subspan(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
  uint64_t known = end_.load();
  while (known < end && !end_.compare_exchange_weak(known, end)) {
  }
  return Status();
}

Result<size_t> SystemJournalFile::ReadAt(uint64_t offset, std::span<uint8_t> out) const {
  size_t got = 0;
  while (got < out.size()) {
    const ssize_t count =
        ::pread(fd_, out.data() + got, out.size() - got, static_cast<off_t>(offset + got));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return JournalError(errno, "read");
    if (count == 0) break;
    got += static_cast<size_t>(count);
  }
  return got;
}

Status SystemJournalFile::Sync() {
  while (::fdatasync(fd_) != 0) {
    if (errno != EINTR) return JournalError(errno, "sync");
  }
  return Status();
}

Status SystemJournalFile::Reserve(uint64_t offset, uint64_t bytes) {
  // Writing beyond this limit would not only fail: the signal that comes with it kills the process.
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
      offset + bytes > limit.rlim_cur) {
    return JournalError(EFBIG, "extend");
  }
  while (::fallocate(fd_, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                     static_cast<off_t>(bytes)) != 0) {
    if (errno == EOPNOTSUPP || errno == ENOSYS) return Status();
    if (errno != EINTR) return JournalError(errno, "extend");
  }
  return Status();
}

void SystemJournalFile::Release(uint64_t offset, uint64_t bytes) {
  if (bytes == 0) return;
  (void)::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                    static_cast<off_t>(bytes));
}

Status SystemJournalFile::Check() const {
  struct stat held {};
  struct stat named {};
  // `end_` first: what is written while we look only makes the file longer.
  const uint64_t end = end_.load();
  if (::fstat(fd_, &held) != 0 || !IsOurs(held) || held.st_nlink == 0) return Gone();
  if (static_cast<uint64_t>(held.st_size) < end) return Gone();
  if (::fstatat(directory_.get(), name_.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0 ||
      !IsOurs(named)) {
    return Gone();
  }
  return Status();
}

Result<uint64_t> SystemJournalFile::Size() const {
  struct stat info {};
  if (::fstat(fd_, &info) != 0) return JournalError(errno, "look at");
  return static_cast<uint64_t>(info.st_size);
}

}  // namespace

Status JournalError(int error, const char* doing) {
  const std::string what = std::string("cannot ") + doing + " a journal: ";
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return Status(Code::kFull, "journal.disk-full", what + "no space left",
                    "free some space on the file system of the vault");
    case EFBIG:
      return Status(Code::kFull, "journal.disk-full", what + "files may not grow so large",
                    "raise the limit on the size of files (ulimit -f)");
    case EBADF:
      return Gone();
    case EACCES:
    case EPERM:
    case EROFS:
      return Status(Code::kFailed, "journal.io", what + "not permitted",
                    "check the owner and mode of VAULT/journal");
    default:
      return Status(Code::kFailed, "journal.io", what + std::strerror(error),
                    "check the disk and the system's log");
  }
}

Result<std::unique_ptr<JournalFile>> MakeSystemJournalFile(UniqueFd file, int directory,
                                                           const std::string& name) {
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return JournalError(errno, "look at");
  if (!S_ISREG(info.st_mode)) return JournalError(EISDIR, "use");
  UniqueFd own(::fcntl(directory, F_DUPFD_CLOEXEC, 0));
  if (!own.ok()) return JournalError(errno, "open");
  return std::unique_ptr<JournalFile>(
      std::make_unique<SystemJournalFile>(std::move(file), std::move(own), name, info));
}

}  // namespace bailee::audit
