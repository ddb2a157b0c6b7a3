// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <utility>

namespace bailee::store {

// Whose turn it is to ask for one of LMDB's two locks. Those are robust mutexes in memory that
// processes share, and where one who waits is killed in the moment in which it is woken, the C
// library can leave others asleep beside a free mutex, for good. So everybody waits for a lock of
// the kernel first, which passes on when its holder dies, and asks LMDB for a lock that is free, or
// whose owner is dead. Where the kernel gives none, LMDB's own is all there is: never less than
// that. Thread-safe.
class LmdbTurns {
 public:
  enum class Of : uint8_t { kWriters, kReaderTable };

  // Over when it goes; none, if made empty. Movable.
  class Turn {
   public:
    Turn() = default;
    Turn(Turn&& other) noexcept { *this = std::move(other); }
    Turn& operator=(Turn&& other) noexcept {
      std::swap(lock_, other.lock_);
      std::swap(fd_, other.fd_);
      std::swap(of_, other.of_);
      return *this;
    }
    ~Turn();

   private:
    friend class LmdbTurns;
    Turn(std::unique_lock<std::mutex> lock, int fd, Of of)
        : lock_(std::move(lock)), fd_(fd), of_(of) {}

    std::unique_lock<std::mutex> lock_;
    int fd_ = -1;
    Of of_ = Of::kWriters;
  };

  // `fd` is LMDB's own of the data file, borrowed: these are the process's locks, which no child
  // inherits, and which closing any other descriptor of that file takes away.
  void Use(int fd) { fd_ = fd; }

  // Waits for it. REQUIRES: the thread has no turn of the same kind.
  Turn Take(Of of);

 private:
  int fd_ = -1;
  std::array<std::mutex, 2> mutexes_;  // threads of a process would share its lock
};

}  // namespace bailee::store
