// SPDX-License-Identifier: Apache-2.0
#include "files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace bailee::tool {
namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

// Reads until `capacity` is full or the file ends. Returns the count, or -1.
ssize_t ReadAll(int fd, char* buffer, size_t capacity) {
  size_t have = 0;
  while (have < capacity) {
    const ssize_t count = read(fd, buffer + have, capacity - have);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -1;
    if (count == 0) break;
    have += static_cast<size_t>(count);
  }
  return static_cast<ssize_t>(have);
}

Status WriteFailed(const std::string& path) {
  const bool full = errno == ENOSPC || errno == EDQUOT;
  return {full ? Code::kFull : Code::kFailed, "io.write",
          fmt::format("cannot write {}: {}", path, std::strerror(errno)),
          "check the directory, its permissions and the room left"};
}

// So that the new name survives a power loss.
void SyncDirectoryOf(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  const Descriptor directory(open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY));
  if (directory.ok()) (void)fsync(directory.get());
}

Status Exists(const std::string& path) {
  return {Code::kConflict, "io.exists", fmt::format("{} exists already", path),
          "name another file; nothing is overwritten"};
}

std::string DraftOf(const std::string& path) { return fmt::format("{}.{}.tmp", path, getpid()); }

Status BadPassphraseFile(const std::string& path, const char* why, const char* hint) {
  return {Code::kKey, "key.passphrase-file", fmt::format("passphrase file {}: {}", path, why),
          hint};
}

}  // namespace

Result<std::string> ReadTextFile(const std::string& path, size_t bytes_max, const char* what) {
  const Descriptor file(path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok()) {
    return Status(Code::kNotFound, "io.not-found",
                  fmt::format("{} {}: {}", what, path, std::strerror(errno)),
                  "check the path and who may read it");
  }
  std::string text(bytes_max + 1, '\0');
  const ssize_t count = ReadAll(file.get(), text.data(), text.size());
  if (count < 0) {
    return Status(Code::kFailed, "io.read",
                  fmt::format("{} {}: {}", what, path, std::strerror(errno)),
                  "check that it is a readable file");
  }
  if (static_cast<size_t>(count) > bytes_max) {
    return Status(Code::kInvalidValue, "io.too-large",
                  fmt::format("{} {} is larger than {} bytes", what, path, bytes_max),
                  "check that it is the right file");
  }
  text.resize(static_cast<size_t>(count));
  return text;
}

Result<Secret> ReadPassphraseFile(const std::string& path) {
  constexpr size_t kBytesMax = 4096;
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat facts = {};
  if (!file.ok() || fstat(file.get(), &facts) != 0) {
    return BadPassphraseFile(path, "cannot be read", "check the path and who may read it");
  }
  if (!S_ISREG(facts.st_mode) || (facts.st_mode & (S_IRWXG | S_IRWXO)) != 0 ||
      facts.st_uid != geteuid()) {
    return BadPassphraseFile(path, "others may read it", "make it yours alone: chmod 600");
  }
  std::array<char, kBytesMax + 1> buffer{};
  const ssize_t count = ReadAll(file.get(), buffer.data(), buffer.size());
  const auto have = static_cast<size_t>(count < 0 ? 0 : count);
  std::string_view line(buffer.data(), have);
  line = line.substr(0, line.find('\n'));
  Result<Secret> secret = have > kBytesMax || line.empty()
                              ? BadPassphraseFile(path, "it is empty or too long",
                                                  "put the passphrase on its first line")
                              : Secret::From(line);
  explicit_bzero(buffer.data(), buffer.size());
  return secret;
}

NewFile::NewFile(std::string path, std::string draft, int fd)
    : path_(std::move(path)), draft_(std::move(draft)), fd_(fd) {}

NewFile::NewFile(NewFile&& other) noexcept
    : path_(std::move(other.path_)),
      draft_(std::exchange(other.draft_, {})),
      fd_(std::exchange(other.fd_, -1)) {}

NewFile::~NewFile() {
  if (fd_ >= 0) close(fd_);
  if (!draft_.empty()) (void)unlink(draft_.c_str());
}

Result<NewFile> NewFile::Begin(const std::string& path) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(path, error))) return Exists(path);
  std::string draft = DraftOf(path);
  const int fd = open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return WriteFailed(path);
  return NewFile(path, std::move(draft), fd);
}

Status NewFile::Write(std::string_view bytes) {
  return WriteAll(fd_, bytes) ? Status() : WriteFailed(path_);
}

Status NewFile::Finish() {
  if (fsync(fd_) != 0) return WriteFailed(path_);
  // link, unlike rename, never replaces what has that name already.
  if (link(draft_.c_str(), path_.c_str()) != 0) {
    return errno == EEXIST ? Exists(path_) : WriteFailed(path_);
  }
  SyncDirectoryOf(path_);
  return {};
}

Status WriteNewFile(const std::string& path, std::string_view bytes) {
  auto file = NewFile::Begin(path);
  if (!file.ok()) return file.status();
  if (Status written = file->Write(bytes); !written.ok()) return written;
  return file->Finish();
}

Status ReplaceFile(const std::string& path, std::string_view bytes) {
  const std::string draft = DraftOf(path);
  {
    const Descriptor file(
        open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.ok()) return WriteFailed(path);
    if (!WriteAll(file.get(), bytes) || fsync(file.get()) != 0) {
      Status failed = WriteFailed(path);
      (void)unlink(draft.c_str());
      return failed;
    }
  }
  if (rename(draft.c_str(), path.c_str()) != 0) {
    Status failed = WriteFailed(path);
    (void)unlink(draft.c_str());
    return failed;
  }
  SyncDirectoryOf(path);
  return {};
}

Status MakeDirectories(const std::string& path) {
  std::error_code error;
  const fs::path whole = fs::path(path).lexically_normal();
  fs::path made;
  for (const fs::path& part : whole) {
    made /= part;
    if (mkdir(made.c_str(), 0700) == 0) SyncDirectoryOf(made.string());
  }
  if (fs::is_directory(whole, error)) return {};
  return {Code::kFailed, "io.directory", fmt::format("cannot make directory {}", path),
          "check that the directory above it exists and is yours"};
}

Status MakePrivateDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0) {
    SyncDirectoryOf(path);
    return {};
  }
  if (errno != EEXIST) {
    return {Code::kFailed, "io.directory",
            fmt::format("cannot make directory {}: {}", path, std::strerror(errno)),
            "check that the directory above it exists and is yours"};
  }
  std::error_code error;
  struct stat facts = {};
  const bool private_mode = lstat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode) &&
                            facts.st_uid == geteuid() && (facts.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  if (private_mode && fs::is_empty(path, error) && !error) return {};
  return {Code::kConflict, "io.exists",
          fmt::format("{} exists and is not an empty directory of yours with mode 0700", path),
          "name a new directory"};
}

bool IsInside(const std::string& path, const std::string& directory) {
  std::error_code error;
  const fs::path inner = fs::weakly_canonical(fs::absolute(path, error), error);
  const fs::path outer = fs::weakly_canonical(fs::absolute(directory, error), error);
  const std::string relative = inner.lexically_relative(outer).string();
  return !relative.empty() && relative != ".." && relative.rfind("../", 0) != 0;
}

}  // namespace bailee::tool
