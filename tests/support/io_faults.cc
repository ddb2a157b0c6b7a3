// SPDX-License-Identifier: Apache-2.0
#include "support/io_faults.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>

namespace bailee::testing {
namespace {

constexpr off_t kMetaBytes = off_t{2} * 4096;

struct Watch {
  std::recursive_mutex mutex;
  dev_t device = 0;
  ino_t inode = 0;
  IoFaults::Judge judge;  // empty: nothing is watched
  std::vector<IoFaults::Operation> seen;
};

Watch& TheWatch() {
  static auto* const watch = new Watch;
  return *watch;
}

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

template <typename Call>
auto Judged(int fd, IoFaults::Operation operation, const Call& call) -> decltype(call()) {
  Watch& watch = TheWatch();
  const std::lock_guard lock(watch.mutex);
  struct stat info = {};
  if (!watch.judge || fstat(fd, &info) != 0 || info.st_dev != watch.device ||
      info.st_ino != watch.inode) {
    return call();
  }
  const IoFaults::Verdict verdict = watch.judge(operation, watch.seen.size());
  watch.seen.push_back(operation);
  if (verdict.error == 0) return call();
  if (verdict.do_it_too) (void)call();
  errno = verdict.error;
  return -1;
}

}  // namespace

IoFaults::IoFaults(const std::string& path, Judge judge) {
  Watch& watch = TheWatch();
  const std::lock_guard lock(watch.mutex);
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) std::abort();
  watch.device = info.st_dev;
  watch.inode = info.st_ino;
  watch.judge = std::move(judge);
  watch.seen.clear();
}

IoFaults::~IoFaults() {
  Watch& watch = TheWatch();
  const std::lock_guard lock(watch.mutex);
  watch.judge = nullptr;
}

const std::vector<IoFaults::Operation>& IoFaults::seen() { return TheWatch().seen; }

}  // namespace bailee::testing

using bailee::testing::IoFaults;
using bailee::testing::Judged;
using bailee::testing::Real;

extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): the names are the C library's.
ssize_t pwrite(int fd, const void* bytes, size_t count, off_t at) {
  static auto* const real = Real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  const auto operation =
      at < bailee::testing::kMetaBytes ? IoFaults::Operation::kMeta : IoFaults::Operation::kData;
  return Judged(fd, operation, [&] { return real(fd, bytes, count, at); });
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  static auto* const real = Real<ssize_t(int, const struct iovec*, int)>("writev");
  return Judged(fd, IoFaults::Operation::kData, [&] { return real(fd, parts, count); });
}

int fdatasync(int fd) {
  static auto* const real = Real<int(int)>("fdatasync");
  return Judged(fd, IoFaults::Operation::kSync, [&] { return real(fd); });
}
// NOLINTEND(bugprone-reserved-identifier)

}  // extern "C"
