// SPDX-License-Identifier: Apache-2.0
#include "leaks/written_bytes.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>

namespace bailee::testing {
namespace {

std::atomic<int> g_kept{-1};

// A system call of its own, so that what is kept is not kept again.
void Keep(const void* bytes, size_t count) {
  const int kept = g_kept.load();
  if (kept < 0) return;
  if (syscall(SYS_write, kept, bytes, count) != static_cast<long>(count)) std::abort();
}

void KeepParts(const struct iovec* parts, size_t count) {
  for (size_t i = 0; i < count; ++i) Keep(parts[i].iov_base, parts[i].iov_len);
}

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

void KeepWrittenBytes(const std::string& file) {
  g_kept = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (g_kept < 0) std::abort();
}

}  // namespace bailee::testing

using bailee::testing::Keep;
using bailee::testing::KeepParts;
using bailee::testing::Real;

extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): the names are the C library's.
ssize_t write(int fd, const void* bytes, size_t count) {
  static auto* const real = Real<ssize_t(int, const void*, size_t)>("write");
  Keep(bytes, count);
  return real(fd, bytes, count);
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t at) {
  static auto* const real = Real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  Keep(bytes, count);
  return real(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t at) {
  static auto* const real = Real<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  Keep(bytes, count);
  return real(fd, bytes, count, at);
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  static auto* const real = Real<ssize_t(int, const struct iovec*, int)>("writev");
  KeepParts(parts, static_cast<size_t>(count));
  return real(fd, parts, count);
}

ssize_t pwritev(int fd, const struct iovec* parts, int count, off_t at) {
  static auto* const real = Real<ssize_t(int, const struct iovec*, int, off_t)>("pwritev");
  KeepParts(parts, static_cast<size_t>(count));
  return real(fd, parts, count, at);
}

ssize_t send(int fd, const void* bytes, size_t count, int flags) {
  static auto* const real = Real<ssize_t(int, const void*, size_t, int)>("send");
  Keep(bytes, count);
  return real(fd, bytes, count, flags);
}

ssize_t sendto(int fd, const void* bytes, size_t count, int flags, const struct sockaddr* to,
               socklen_t to_bytes) {
  static auto* const real =
      Real<ssize_t(int, const void*, size_t, int, const struct sockaddr*, socklen_t)>("sendto");
  Keep(bytes, count);
  return real(fd, bytes, count, flags, to, to_bytes);
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  static auto* const real = Real<ssize_t(int, const struct msghdr*, int)>("sendmsg");
  KeepParts(message->msg_iov, message->msg_iovlen);
  return real(fd, message, flags);
}
// NOLINTEND(bugprone-reserved-identifier)

}  // extern "C"
