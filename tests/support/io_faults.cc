// SPDX-License-Identifier: Apache-2.0
#include "support/io_faults.h"

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "support/io_watch.h"

namespace bailee::testing {
namespace {

constexpr off_t kMetaBytes = off_t{2} * 4096;

// What /proc says that a descriptor stands for; empty if it is none.
std::string_view PathOf(int fd, std::array<char, 4096>& buffer) {
  std::array<char, 32> link{};
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link.data(), buffer.data(), buffer.size());
  return {buffer.data(), static_cast<size_t>(std::max<ssize_t>(length, 0))};
}

bool IsBelow(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

}  // namespace

IoWatch& TheIoWatch() {
  static auto* const watch = new IoWatch;
  return *watch;
}

bool IoWatch::Watches(int fd) const {
  if (!judge || judging) return false;
  if (!directory.empty()) {
    std::array<char, 4096> buffer;
    return IsBelow(PathOf(fd, buffer), directory);
  }
  struct stat info = {};
  return fstat(fd, &info) == 0 && info.st_dev == device && info.st_ino == inode;
}

bool IoWatch::Watches(int at, const char* name) const {
  if (!judge || judging || directory.empty() || name == nullptr) return false;
  if (name[0] == '/') return IsBelow(name, directory);
  std::array<char, 4096> buffer;
  if (at >= 0) return IsBelow(PathOf(at, buffer), directory);
  return getcwd(buffer.data(), buffer.size()) != nullptr && IsBelow(buffer.data(), directory);
}

IoFaults::Verdict JudgeNext(IoWatch& watch, IoFaults::Operation operation) {
  watch.judging = true;
  const IoFaults::Verdict verdict = watch.judge(operation, watch.seen.size());
  watch.seen.push_back(operation);
  watch.judging = false;
  return verdict;
}

IoFaults::IoFaults(const std::string& path, Judge judge) {
  IoWatch& watch = TheIoWatch();
  const std::lock_guard lock(watch.mutex);
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) std::abort();
  watch.device = info.st_dev;
  watch.inode = info.st_ino;
  watch.directory.clear();
  watch.seen.clear();
  watch.judge = std::move(judge);
}

IoFaults::~IoFaults() {
  IoWatch& watch = TheIoWatch();
  const std::lock_guard lock(watch.mutex);
  watch.judge = nullptr;
}

const std::vector<IoFaults::Operation>& IoFaults::seen() { return TheIoWatch().seen; }

}  // namespace bailee::testing

using bailee::testing::IoFaults;
using bailee::testing::JudgedOf;
using bailee::testing::RealCall;

extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): the names are the C library's.
ssize_t pwrite(int fd, const void* bytes, size_t count, off_t at) {
  static auto* const real = RealCall<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  const auto operation =
      at < bailee::testing::kMetaBytes ? IoFaults::Operation::kMeta : IoFaults::Operation::kData;
  return JudgedOf(
      fd, operation, [&] { return real(fd, bytes, count, at); },
      [&] { return real(fd, bytes, (count + 1) / 2, at); });
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  static auto* const real = RealCall<ssize_t(int, const struct iovec*, int)>("writev");
  return JudgedOf(
      fd, IoFaults::Operation::kData, [&] { return real(fd, parts, count); },
      [&] {
        if (count > 1) return real(fd, parts, count / 2);
        const struct iovec half = {parts->iov_base, (parts->iov_len + 1) / 2};
        return real(fd, &half, 1);
      });
}

int fdatasync(int fd) {
  static auto* const real = RealCall<int(int)>("fdatasync");
  const auto call = [&] { return real(fd); };
  return JudgedOf(fd, IoFaults::Operation::kSync, call, call);
}
// NOLINTEND(bugprone-reserved-identifier)

}  // extern "C"
