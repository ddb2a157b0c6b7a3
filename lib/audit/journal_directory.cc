// SPDX-License-Identifier: Apache-2.0
#include "audit/journal_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <optional>
#include <string_view>
#include <utility>

#include "audit/system_journal_file.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

constexpr std::string_view kSuffix = ".journal";
constexpr std::string_view kTemporarySuffix = ".new";
constexpr time_t kStaleSeconds = 60;
constexpr int kOpenFlags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

std::string NameOf(const InstanceId& instance, std::string_view suffix) {
  return instance.ToHex().append(suffix);
}

// The instance in a name with `suffix`, or nothing.
std::optional<InstanceId> InstanceOf(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  const Result<InstanceId> instance = InstanceId::FromHex(name);
  return instance.ok() ? std::optional(*instance) : std::nullopt;
}

// A lock of the open file description on the whole file: it goes when the last descriptor does, and
// not, as a POSIX lock, when the process closes some other descriptor of the same file.
// Errors: kBusy "journal.alive".
Status Lock(int fd) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  while (::fcntl(fd, F_OFD_SETLK, &lock) != 0) {
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EACCES) return JournalError(errno, "lock");
    return Status(Code::kBusy, "journal.alive", "the owner of a journal is still there",
                  "nothing is to be done: it looks after its journal itself");
  }
  return Status();
}

Status SyncDirectory(int fd) {
  while (::fsync(fd) != 0) {
    if (errno != EINTR) return JournalError(errno, "make durable");
  }
  return Status();
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// The names in a directory.
Result<std::vector<std::string>> NamesIn(int directory) {
  UniqueFd fd(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok()) return JournalError(errno, "list");
  const std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(fd.get()));
  if (stream == nullptr) return JournalError(errno, "list");
  (void)fd.Release();  // the stream closes it
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    names.emplace_back(entry->d_name);
    errno = 0;
  }
  if (errno != 0) return JournalError(errno, "list");
  return names;
}

Status NotFound() {
  return Status(Code::kNotFound, "journal.not-found", "the journal is not there any more",
                "nothing is to be done: somebody else has finished it");
}

// A temporary file, locked and durable with what it holds.
Status Fill(int fd, ByteView head) {
  // The umask may have taken bits away that the owner needs.
  if (::fchmod(fd, 0600) != 0) return JournalError(errno, "create");
  BAILEE_RETURN_IF_ERROR(Lock(fd));
  while (!head.empty()) {
    const ssize_t count = ::write(fd, head.data(), head.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return JournalError(count < 0 ? errno : EIO, "create");
    head = head.subspan(static_cast<size_t>(count));
  }
  while (::fsync(fd) != 0) {
    if (errno != EINTR) return JournalError(errno, "create");
  }
  return Status();
}

// Whether nobody makes a journal of this temporary file any more.
bool IsStale(int directory, const std::string& name) {
  const UniqueFd fd(::openat(directory, name.c_str(), kOpenFlags));
  struct stat info {};
  if (!fd.ok() || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  // The maker may not have come to its lock yet.
  if (::time(nullptr) - info.st_mtime <= kStaleSeconds) return false;
  return Lock(fd.get()).ok();
}

}  // namespace

Result<std::unique_ptr<JournalDirectory>> JournalDirectory::Open(const std::string& vault_path) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  const UniqueFd vault(::open(vault_path.c_str(), kFlags));
  if (!vault.ok()) return JournalError(errno, "find the vault of");
  if (::mkdirat(vault.get(), "journal", 0700) != 0 && errno != EEXIST)
    return JournalError(errno, "make a directory for");
  UniqueFd fd(::openat(vault.get(), "journal", kFlags | O_NOFOLLOW));
  if (!fd.ok()) return JournalError(errno, "open the directory of");
  // Whoever made it may have failed to sync it, or not come to it yet.
  BAILEE_RETURN_IF_ERROR(SyncDirectory(vault.get()));
  return std::unique_ptr<JournalDirectory>(new JournalDirectory(fd.Release()));
}

JournalDirectory::~JournalDirectory() { ::close(fd_); }

Result<std::unique_ptr<JournalFile>> JournalDirectory::Create(const InstanceId& instance,
                                                              ByteView head) const {
  const std::string name = NameOf(instance, kSuffix);
  const std::string temporary = NameOf(instance, kTemporarySuffix);
  struct stat info {};
  UniqueFd fd(::openat(fd_, temporary.c_str(), kOpenFlags | O_CREAT | O_EXCL, 0600));
  const int error = fd.ok() ? 0 : errno;
  if (error == EEXIST || ::fstatat(fd_, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
    if (fd.ok()) ::unlinkat(fd_, temporary.c_str(), 0);
    return Status(Code::kConflict, "journal.exists", "an instance has its journal already",
                  "open the vault again");
  }
  if (!fd.ok()) return JournalError(error, "create");
  Status status = Fill(fd.get(), head);
  if (status.ok() && ::renameat(fd_, temporary.c_str(), fd_, name.c_str()) != 0) {
    status = JournalError(errno, "create");
  }
  if (!status.ok()) {
    ::unlinkat(fd_, temporary.c_str(), 0);
    return status;
  }
  status = SyncDirectory(fd_);
  if (!status.ok()) {
    ::unlinkat(fd_, name.c_str(), 0);
    return status;
  }
  return MakeSystemJournalFile(std::move(fd), fd_, name);
}

Result<std::vector<InstanceId>> JournalDirectory::List() const {
  BAILEE_TRY(const std::vector<std::string> names, NamesIn(fd_));
  std::vector<InstanceId> instances;
  for (const std::string& name : names) {
    if (const auto instance = InstanceOf(name, kSuffix)) instances.push_back(*instance);
  }
  std::sort(instances.begin(), instances.end(),
            [](const InstanceId& a, const InstanceId& b) { return a.bytes < b.bytes; });
  return instances;
}

Result<std::unique_ptr<JournalFile>> JournalDirectory::TryTakeOver(
    const InstanceId& instance) const {
  const std::string name = NameOf(instance, kSuffix);
  UniqueFd fd(::openat(fd_, name.c_str(), kOpenFlags));
  if (!fd.ok()) return errno == ENOENT ? NotFound() : JournalError(errno, "open");
  BAILEE_RETURN_IF_ERROR(Lock(fd.get()));
  BAILEE_TRY(auto file, MakeSystemJournalFile(std::move(fd), fd_, name));
  // Between opening and locking it somebody may have finished and deleted it.
  if (!file->Check().ok()) return NotFound();
  return file;
}

Result<std::unique_ptr<JournalFile>> JournalDirectory::Look(const InstanceId& instance) const {
  const std::string name = NameOf(instance, kSuffix);
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  UniqueFd fd(::openat(fd_, name.c_str(), kFlags));
  if (!fd.ok()) return errno == ENOENT ? NotFound() : JournalError(errno, "open");
  return MakeSystemJournalFile(std::move(fd), fd_, name);
}

Status JournalDirectory::Remove(const InstanceId& instance) const {
  if (::unlinkat(fd_, NameOf(instance, kSuffix).c_str(), 0) != 0 && errno != ENOENT) {
    return JournalError(errno, "delete");
  }
  return SyncDirectory(fd_);
}

void JournalDirectory::RemoveStale() const {
  const Result<std::vector<std::string>> names = NamesIn(fd_);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    if (InstanceOf(name, kTemporarySuffix).has_value() && IsStale(fd_, name)) {
      ::unlinkat(fd_, name.c_str(), 0);
    }
  }
}

}  // namespace bailee::audit
