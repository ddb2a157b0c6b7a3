// SPDX-License-Identifier: Apache-2.0
#include "crash/recorder.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace bailee::testing {
namespace {

using Kind = DiskOperation::Kind;
using Identity = std::pair<dev_t, ino_t>;

struct Recording {
  std::recursive_mutex mutex;
  bool on = false;
  bool lying = false;  // about syncs
  DiskLog log;
  FileNumber next = 0;
  std::map<Identity, FileNumber> numbers;
};

Recording& TheRecording() {
  static auto* const recording = new Recording;
  return *recording;
}

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

[[noreturn]] void Stop(const std::string& why) {
  std::fprintf(stderr, "recorder: %s\n", why.c_str());
  std::abort();
}

std::optional<FileNumber> NumberOf(const struct stat& info) {
  const auto& numbers = TheRecording().numbers;
  const auto it = numbers.find({info.st_dev, info.st_ino});
  return it == numbers.end() ? std::nullopt : std::optional(it->second);
}

std::optional<FileNumber> NumberOf(int fd) {
  struct stat info {};
  return fstat(fd, &info) == 0 ? NumberOf(info) : std::nullopt;
}

void Add(DiskOperation operation) { TheRecording().log.operations.push_back(std::move(operation)); }

// A name in a directory that is recorded.
struct Place {
  FileNumber directory = 0;
  std::string name;
};

std::optional<Place> PlaceOf(int directory, const char* path) {
  std::string text(path);
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  const size_t slash = text.rfind('/');
  const std::string name = slash == std::string::npos ? text : text.substr(slash + 1);
  const std::string parent = slash == std::string::npos ? "."
                             : slash == 0               ? "/"
                                                        : text.substr(0, slash);
  struct stat info {};
  if (!IsRecorded(name) || fstatat(directory, parent.c_str(), &info, 0) != 0) return std::nullopt;
  const auto number = NumberOf(info);
  return number ? std::optional(Place{*number, name}) : std::nullopt;
}

std::optional<struct stat> Info(int directory, const char* path) {
  struct stat info {};
  return fstatat(directory, path, &info, AT_SYMLINK_NOFOLLOW) == 0 ? std::optional(info)
                                                                   : std::nullopt;
}

// A file or directory that was just made.
void EnterNew(const Place& place, const struct stat& info) {
  Recording& recording = TheRecording();
  const FileNumber number = recording.next++;
  recording.numbers[{info.st_dev, info.st_ino}] = number;
  Add({.kind = Kind::kEnter,
       .file = number,
       .count = S_ISDIR(info.st_mode) ? 1U : 0U,
       .directory = place.directory,
       .name = place.name});
}

// Runs `call`, and what `record` does with its result, as one.
template <typename Call, typename Record>
auto Recorded(const Call& call, const Record& record) -> decltype(call()) {
  Recording& recording = TheRecording();
  const std::lock_guard lock(recording.mutex);
  const auto result = call();
  if (!recording.on || result < 0) return result;
  const int error = errno;
  record(result);
  errno = error;
  return result;
}

void AddWrite(int fd, off_t at, std::string bytes) {
  const auto number = NumberOf(fd);
  if (!number || bytes.empty()) return;
  Add({.kind = Kind::kWrite,
       .file = *number,
       .at = static_cast<uint64_t>(at),
       .bytes = std::move(bytes)});
  if ((fcntl(fd, F_GETFL) & O_DSYNC) != 0) Add({.kind = Kind::kSyncWrite, .file = *number});
}

// Where a write without a place of its own went that wrote `count` bytes.
off_t PlaceBefore(int fd, ssize_t count) { return lseek(fd, 0, SEEK_CUR) - count; }

template <typename Call>
int RecordedOpen(int directory, const char* path, int flags, const Call& call) {
  Recording& recording = TheRecording();
  const std::lock_guard lock(recording.mutex);
  if (!recording.on || (flags & (O_CREAT | O_TRUNC)) == 0) return call();
  const bool existed = Info(directory, path).has_value();
  return Recorded(call, [&](int fd) {
    struct stat info {};
    if (fstat(fd, &info) != 0) return;
    const auto place = PlaceOf(directory, path);
    if (!existed && place) {
      EnterNew(*place, info);
    } else if (const auto number = NumberOf(info); number && (flags & O_TRUNC) != 0) {
      Add({.kind = Kind::kResize, .file = *number, .at = 0});
    }
  });
}

template <typename Call>
int RecordedRemove(int directory, const char* path, const Call& call) {
  Recording& recording = TheRecording();
  const std::lock_guard lock(recording.mutex);
  const auto place = recording.on ? PlaceOf(directory, path) : std::nullopt;
  const auto info = place ? Info(directory, path) : std::nullopt;
  return Recorded(call, [&](int) {
    if (!place || !info) return;
    Add({.kind = Kind::kRemove, .directory = place->directory, .name = place->name});
    // The number of the inode may come again for another file.
    if (info->st_nlink <= 1 || S_ISDIR(info->st_mode))
      recording.numbers.erase({info->st_dev, info->st_ino});
  });
}

template <typename Call>
int RecordedRename(int from, const char* path, int to, const char* to_path, const Call& call) {
  Recording& recording = TheRecording();
  const std::lock_guard lock(recording.mutex);
  const auto place = recording.on ? PlaceOf(from, path) : std::nullopt;
  const auto to_place = recording.on ? PlaceOf(to, to_path) : std::nullopt;
  if (place.has_value() != to_place.has_value()) Stop("a file came from outside or went there");
  const auto info = place ? Info(from, path) : std::nullopt;
  const auto number = info ? NumberOf(*info) : std::nullopt;
  return Recorded(call, [&](int) {
    if (!number) return;
    Add({.kind = Kind::kRename,
         .file = *number,
         .directory = place->directory,
         .name = place->name,
         .to_directory = to_place->directory,
         .to_name = to_place->name});
  });
}

template <typename Call>
int RecordedLink(int from, const char* path, int to, const char* to_path, const Call& call) {
  return Recorded(call, [&](int) {
    const auto place = PlaceOf(to, to_path);
    const auto info = Info(from, path);
    const auto number = info ? NumberOf(*info) : std::nullopt;
    if (place.has_value() != number.has_value()) Stop("a file from outside was linked");
    if (place)
      Add({.kind = Kind::kEnter,
           .file = *number,
           .directory = place->directory,
           .name = place->name});
  });
}

template <typename Call>
int RecordedMakeDirectory(int directory, const char* path, const Call& call) {
  return Recorded(call, [&](int) {
    const auto place = PlaceOf(directory, path);
    const auto info = Info(directory, path);
    if (place && info) EnterNew(*place, *info);
  });
}

template <typename Call>
int RecordedResize(std::optional<FileNumber> number, off_t size, const Call& call) {
  return Recorded(call, [&](int) {
    if (number) Add({.kind = Kind::kResize, .file = *number, .at = static_cast<uint64_t>(size)});
  });
}

int WithoutSync(int flags) { return TheRecording().lying ? flags & ~(O_DSYNC | O_SYNC) : flags; }

template <typename Call>
int RecordedSync(int fd, const Call& call) {
  if (TheRecording().lying) return 0;
  return Recorded(call, [&](int) {
    if (const auto number = NumberOf(fd)) Add({.kind = Kind::kSync, .file = *number});
  });
}

// Numbers as Disk::Of gives them: in the same order.
void NumberAll(const std::string& path) {
  Recording& recording = TheRecording();
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) Stop("cannot look at " + path);
  recording.numbers[{info.st_dev, info.st_ino}] = recording.next++;
  if (!S_ISDIR(info.st_mode)) return;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (IsRecorded(entry.path().filename().string())) NumberAll(entry.path().string());
  }
}

}  // namespace

Recorder::Recorder(const std::string& root) : root_(root) {
  Recording& recording = TheRecording();
  const std::lock_guard lock(recording.mutex);
  if (recording.on) Stop("one at a time");
  recording.log = {.before = Disk::Of(root), .operations = {}};
  recording.next = 0;
  recording.numbers.clear();
  NumberAll(root);
  recording.on = true;
}

Recorder::~Recorder() {
  Recording& recording = TheRecording();
  const std::lock_guard lock(recording.mutex);
  recording.on = false;
}

void Recorder::LieAboutSyncs() { TheRecording().lying = true; }

void Recorder::Told(uint64_t steps) {
  Recording& recording = TheRecording();
  const std::lock_guard lock(recording.mutex);
  Add({.kind = Kind::kTold, .count = steps});
}

DiskLog Recorder::Take() {
  Recording& recording = TheRecording();
  const std::lock_guard lock(recording.mutex);
  recording.on = false;
  Disk after = recording.log.before;
  for (const DiskOperation& each : recording.log.operations) {
    if (each.is_data() || each.is_name()) after.Apply(each);
  }
  if (after.Hash() != Disk::Of(root_).Hash()) Stop("files were changed in a way it does not see");
  return std::move(recording.log);
}

}  // namespace bailee::testing

using namespace bailee::testing;  // NOLINT: the calls below have to be outside

extern "C" {

// NOLINTBEGIN: the names and the shapes are the C library's.
ssize_t pwrite(int fd, const void* bytes, size_t count, off_t at) {
  static auto* const real = Real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return Recorded(
      [&] { return real(fd, bytes, count, at); },
      [&](ssize_t put) {
        AddWrite(fd, at, std::string(static_cast<const char*>(bytes), static_cast<size_t>(put)));
      });
}

ssize_t write(int fd, const void* bytes, size_t count) {
  static auto* const real = Real<ssize_t(int, const void*, size_t)>("write");
  return Recorded([&] { return real(fd, bytes, count); },
                  [&](ssize_t put) {
                    if (NumberOf(fd))
                      AddWrite(
                          fd, PlaceBefore(fd, put),
                          std::string(static_cast<const char*>(bytes), static_cast<size_t>(put)));
                  });
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  static auto* const real = Real<ssize_t(int, const struct iovec*, int)>("writev");
  return Recorded([&] { return real(fd, parts, count); },
                  [&](ssize_t put) {
                    if (!NumberOf(fd)) return;
                    std::string bytes;
                    for (int i = 0; i < count; ++i)
                      bytes.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
                    bytes.resize(static_cast<size_t>(put));
                    AddWrite(fd, PlaceBefore(fd, put), std::move(bytes));
                  });
}

int ftruncate(int fd, off_t size) noexcept {
  static auto* const real = Real<int(int, off_t)>("ftruncate");
  return RecordedResize(NumberOf(fd), size, [&] { return real(fd, size); });
}

int truncate(const char* path, off_t size) noexcept {
  static auto* const real = Real<int(const char*, off_t)>("truncate");
  struct stat info {};
  const auto number = stat(path, &info) == 0 ? NumberOf(info) : std::nullopt;
  return RecordedResize(number, size, [&] { return real(path, size); });
}

int fallocate(int fd, int mode, off_t at, off_t count) {
  static auto* const real = Real<int(int, int, off_t, off_t)>("fallocate");
  // Space that is only set aside is a third of what it costs to open a vault in memory.
  if (mode == FALLOC_FL_KEEP_SIZE) {
    errno = EOPNOTSUPP;
    return -1;
  }
  return Recorded([&] { return real(fd, mode, at, count); },
                  [&](int) {
                    const auto number = NumberOf(fd);
                    if (!number) return;
                    if ((mode & FALLOC_FL_PUNCH_HOLE) == 0)
                      Stop("a fallocate that it does not know");
                    Add({.kind = Kind::kPunch,
                         .file = *number,
                         .at = static_cast<uint64_t>(at),
                         .count = static_cast<uint64_t>(count)});
                  });
}

int open(const char* path, int flags, ...) {
  static auto* const real = Real<int(const char*, int, mode_t)>("open");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  const int used = WithoutSync(flags);
  return RecordedOpen(AT_FDCWD, path, flags, [&] { return real(path, used, mode); });
}

int openat(int directory, const char* path, int flags, ...) {
  static auto* const real = Real<int(int, const char*, int, mode_t)>("openat");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  const int used = WithoutSync(flags);
  return RecordedOpen(directory, path, flags, [&] { return real(directory, path, used, mode); });
}

int unlink(const char* path) noexcept {
  static auto* const real = Real<int(const char*)>("unlink");
  return RecordedRemove(AT_FDCWD, path, [&] { return real(path); });
}

int unlinkat(int directory, const char* path, int flags) noexcept {
  static auto* const real = Real<int(int, const char*, int)>("unlinkat");
  return RecordedRemove(directory, path, [&] { return real(directory, path, flags); });
}

int rmdir(const char* path) noexcept {
  static auto* const real = Real<int(const char*)>("rmdir");
  return RecordedRemove(AT_FDCWD, path, [&] { return real(path); });
}

int remove(const char* path) noexcept {
  static auto* const real = Real<int(const char*)>("remove");
  return RecordedRemove(AT_FDCWD, path, [&] { return real(path); });
}

int rename(const char* path, const char* to) noexcept {
  static auto* const real = Real<int(const char*, const char*)>("rename");
  return RecordedRename(AT_FDCWD, path, AT_FDCWD, to, [&] { return real(path, to); });
}

int renameat(int from, const char* path, int to, const char* to_path) noexcept {
  static auto* const real = Real<int(int, const char*, int, const char*)>("renameat");
  return RecordedRename(from, path, to, to_path, [&] { return real(from, path, to, to_path); });
}

int link(const char* path, const char* to) noexcept {
  static auto* const real = Real<int(const char*, const char*)>("link");
  return RecordedLink(AT_FDCWD, path, AT_FDCWD, to, [&] { return real(path, to); });
}

int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const real = Real<int(const char*, mode_t)>("mkdir");
  return RecordedMakeDirectory(AT_FDCWD, path, [&] { return real(path, mode); });
}

int mkdirat(int directory, const char* path, mode_t mode) noexcept {
  static auto* const real = Real<int(int, const char*, mode_t)>("mkdirat");
  return RecordedMakeDirectory(directory, path, [&] { return real(directory, path, mode); });
}

int fsync(int fd) {
  static auto* const real = Real<int(int)>("fsync");
  return RecordedSync(fd, [&] { return real(fd); });
}

int fdatasync(int fd) {
  static auto* const real = Real<int(int)>("fdatasync");
  return RecordedSync(fd, [&] { return real(fd); });
}
// NOLINTEND

}  // extern "C"
