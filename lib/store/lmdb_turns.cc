// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_turns.h"

#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace bailee::store {
namespace {

// Bytes far behind the end of any file, which nobody else locks.
constexpr off_t kFirstByte = off_t{1} << 62;
constexpr int kTriesMax = 1'000;

// 0, or errno.
int Call(int fd, short type, LmdbTurns::Of of) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = kFirstByte + static_cast<off_t>(of);
  lock.l_len = 1;
  return fcntl(fd, F_SETLKW, &lock) == 0 ? 0 : errno;
}

}  // namespace

LmdbTurns::Turn::~Turn() {
  if (lock_.owns_lock()) (void)Call(fd_, F_UNLCK, of_);
}

LmdbTurns::Turn LmdbTurns::Take(Of of) {
  Turn turn(std::unique_lock(mutexes_[static_cast<size_t>(of)]), fd_, of);
  for (int tries = 0; tries < kTriesMax; ++tries) {
    const int problem = Call(fd_, F_WRLCK, of);
    // The kernel takes threads of two processes that wait for different turns for a circle.
    if (problem == EDEADLK) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (problem != EDEADLK && problem != EINTR) break;
  }
  return turn;
}

}  // namespace bailee::store
