// SPDX-License-Identifier: Apache-2.0
// The calls of a watched directory beyond those of io_faults.cc.
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>

#include "support/io_faults.h"
#include "support/io_watch.h"

namespace bailee::testing {

IoFaults::IoFaults(Below below, Judge judge) {
  IoWatch& watch = TheIoWatch();
  const std::lock_guard lock(watch.mutex);
  watch.directory = below.directory;
  watch.looks = below.looks;
  watch.seen.clear();
  watch.judge = std::move(judge);
}

namespace {

using Operation = IoFaults::Operation;

// Of a descriptor, and not when one file is watched.
template <typename Call, typename Half>
auto JudgedBelow(int fd, Operation operation, const Call& call, const Half& half)
    -> decltype(call()) {
  IoWatch& watch = TheIoWatch();
  const std::lock_guard lock(watch.mutex);
  if (watch.directory.empty() || !watch.Watches(fd)) return call();
  return AsJudged(watch, operation, call, half);
}

template <typename Call>
auto JudgedBelow(int fd, Operation operation, const Call& call) -> decltype(call()) {
  return JudgedBelow(fd, operation, call, call);
}

template <typename Call>
int JudgedLook(int fd, Operation operation, const Call& call) {
  IoWatch& watch = TheIoWatch();
  const std::lock_guard lock(watch.mutex);
  if (!watch.looks || watch.directory.empty() || !watch.Watches(fd)) return call();
  return AsJudged(watch, operation, call, call);
}

template <typename Call>
int JudgedLook(int at, const char* name, const Call& call) {
  IoWatch& watch = TheIoWatch();
  const std::lock_guard lock(watch.mutex);
  if (!watch.looks || !watch.Watches(at, name)) return call();
  return AsJudged(watch, Operation::kLook, call, call);
}

template <typename Call>
auto JudgedName(int at, const char* name, Operation operation, const Call& call)
    -> decltype(call()) {
  IoWatch& watch = TheIoWatch();
  const std::lock_guard lock(watch.mutex);
  if (!watch.Watches(at, name)) return call();
  return AsJudged(watch, operation, call, call);
}

// A file that is opened all the same has a descriptor that nobody would ever close.
template <typename Call>
int JudgedOpen(int at, const char* name, const Call& call) {
  IoWatch& watch = TheIoWatch();
  const std::lock_guard lock(watch.mutex);
  if (!watch.Watches(at, name)) return call();
  const IoFaults::Verdict verdict = JudgeNext(watch, Operation::kOpen);
  if (verdict.error == 0) return call();
  if (verdict.do_it_too) {
    if (const int fd = call(); fd >= 0) close(fd);
  }
  errno = verdict.error;
  return -1;
}

}  // namespace
}  // namespace bailee::testing

// NOLINTBEGIN: the names, types and variable arguments are the C library's.
using bailee::testing::JudgedBelow;
using bailee::testing::JudgedLook;
using bailee::testing::JudgedName;
using bailee::testing::JudgedOpen;
using bailee::testing::Operation;
using bailee::testing::RealCall;

extern "C" {

int open(const char* name, int flags, ...) {
  static auto* const real = RealCall<int(const char*, int, mode_t)>("open");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return JudgedOpen(AT_FDCWD, name, [&] { return real(name, flags, mode); });
}

int openat(int at, const char* name, int flags, ...) {
  static auto* const real = RealCall<int(int, const char*, int, mode_t)>("openat");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return JudgedOpen(at, name, [&] { return real(at, name, flags, mode); });
}

ssize_t write(int fd, const void* bytes, size_t count) {
  static auto* const real = RealCall<ssize_t(int, const void*, size_t)>("write");
  return JudgedBelow(
      fd, Operation::kData, [&] { return real(fd, bytes, count); },
      [&] { return real(fd, bytes, (count + 1) / 2); });
}

ssize_t read(int fd, void* bytes, size_t count) {
  static auto* const real = RealCall<ssize_t(int, void*, size_t)>("read");
  return JudgedBelow(fd, Operation::kRead, [&] { return real(fd, bytes, count); });
}

ssize_t pread(int fd, void* bytes, size_t count, off_t at) {
  static auto* const real = RealCall<ssize_t(int, void*, size_t, off_t)>("pread");
  return JudgedBelow(
      fd, Operation::kRead, [&] { return real(fd, bytes, count, at); },
      [&] { return real(fd, bytes, (count + 1) / 2, at); });
}

int fsync(int fd) {
  static auto* const real = RealCall<int(int)>("fsync");
  return JudgedBelow(fd, Operation::kSync, [&] { return real(fd); });
}

int msync(void* at, size_t length, int flags) {
  // LMDB does so for a writable map alone, which is never made.
  static auto* const real = RealCall<int(void*, size_t, int)>("msync");
  return real(at, length, flags);
}

int ftruncate(int fd, off_t length) {
  static auto* const real = RealCall<int(int, off_t)>("ftruncate");
  return JudgedBelow(fd, Operation::kLength, [&] { return real(fd, length); });
}

int fallocate(int fd, int mode, off_t at, off_t length) {
  static auto* const real = RealCall<int(int, int, off_t, off_t)>("fallocate");
  return JudgedBelow(fd, Operation::kLength, [&] { return real(fd, mode, at, length); });
}

off_t lseek(int fd, off_t at, int whence) {
  static auto* const real = RealCall<off_t(int, off_t, int)>("lseek");
  return JudgedBelow(fd, Operation::kRead, [&] { return real(fd, at, whence); });
}

int fchmod(int fd, mode_t mode) {
  static auto* const real = RealCall<int(int, mode_t)>("fchmod");
  return JudgedBelow(fd, Operation::kMode, [&] { return real(fd, mode); });
}

int fstat(int fd, struct stat* info) {
  static auto* const real = RealCall<int(int, struct stat*)>("fstat");
  return JudgedLook(fd, Operation::kLook, [&] { return real(fd, info); });
}

int stat(const char* name, struct stat* info) {
  static auto* const real = RealCall<int(const char*, struct stat*)>("stat");
  return JudgedLook(AT_FDCWD, name, [&] { return real(name, info); });
}

int lstat(const char* name, struct stat* info) {
  static auto* const real = RealCall<int(const char*, struct stat*)>("lstat");
  return JudgedLook(AT_FDCWD, name, [&] { return real(name, info); });
}

int fstatat(int at, const char* name, struct stat* info, int flags) {
  static auto* const real = RealCall<int(int, const char*, struct stat*, int)>("fstatat");
  return JudgedLook(at, name, [&] { return real(at, name, info, flags); });
}

int fcntl(int fd, int command, ...) {
  static auto* const real = RealCall<int(int, int, void*)>("fcntl");
  va_list rest;
  va_start(rest, command);
  void* const argument = va_arg(rest, void*);
  va_end(rest);
  const auto call = [&] { return real(fd, command, argument); };
  switch (command) {
    case F_OFD_SETLK:
    case F_OFD_GETLK:
    case F_SETLK:
    case F_ADD_SEALS:
      return JudgedLook(fd, Operation::kControl, call);
    case F_DUPFD_CLOEXEC:
      return JudgedLook(fd, Operation::kOpen, call);
    default:
      return call();
  }
}

struct dirent* readdir(DIR* directory) {
  static auto* const real = RealCall<struct dirent*(DIR*)>("readdir");
  const int fd = dirfd(directory);
  return JudgedLook(fd, Operation::kLook, [] { return 0; }) == 0 ? real(directory) : nullptr;
}

int rename(const char* from, const char* to) {
  static auto* const real = RealCall<int(const char*, const char*)>("rename");
  return JudgedName(AT_FDCWD, to, Operation::kName, [&] { return real(from, to); });
}

int renameat(int from_at, const char* from, int to_at, const char* to) {
  static auto* const real = RealCall<int(int, const char*, int, const char*)>("renameat");
  return JudgedName(to_at, to, Operation::kName, [&] { return real(from_at, from, to_at, to); });
}

int link(const char* from, const char* to) {
  static auto* const real = RealCall<int(const char*, const char*)>("link");
  return JudgedName(AT_FDCWD, to, Operation::kName, [&] { return real(from, to); });
}

int mkdir(const char* name, mode_t mode) {
  static auto* const real = RealCall<int(const char*, mode_t)>("mkdir");
  return JudgedName(AT_FDCWD, name, Operation::kMake, [&] { return real(name, mode); });
}

int mkdirat(int at, const char* name, mode_t mode) {
  static auto* const real = RealCall<int(int, const char*, mode_t)>("mkdirat");
  return JudgedName(at, name, Operation::kMake, [&] { return real(at, name, mode); });
}

int unlink(const char* name) {
  static auto* const real = RealCall<int(const char*)>("unlink");
  return JudgedName(AT_FDCWD, name, Operation::kRemove, [&] { return real(name); });
}

int unlinkat(int at, const char* name, int flags) {
  static auto* const real = RealCall<int(int, const char*, int)>("unlinkat");
  return JudgedName(at, name, Operation::kRemove, [&] { return real(at, name, flags); });
}

int rmdir(const char* name) {
  static auto* const real = RealCall<int(const char*)>("rmdir");
  return JudgedName(AT_FDCWD, name, Operation::kRemove, [&] { return real(name); });
}

int remove(const char* name) {
  static auto* const real = RealCall<int(const char*)>("remove");
  return JudgedName(AT_FDCWD, name, Operation::kRemove, [&] { return real(name); });
}

void* mmap(void* at, size_t length, int protection, int flags, int fd, off_t offset) {
  static auto* const real = RealCall<void*(void*, size_t, int, int, int, off_t)>("mmap");
  const auto call = [&] { return real(at, length, protection, flags, fd, offset); };
  if (fd < 0) return call();
  using bailee::testing::IoFaults;
  using bailee::testing::IoWatch;
  IoWatch& watch = bailee::testing::TheIoWatch();
  const std::lock_guard lock(watch.mutex);
  if (watch.directory.empty() || !watch.Watches(fd)) return call();
  const IoFaults::Verdict verdict = bailee::testing::JudgeNext(watch, Operation::kMap);
  if (verdict.error == 0) return call();
  errno = verdict.error;
  return MAP_FAILED;
}

}  // extern "C"
// NOLINTEND
