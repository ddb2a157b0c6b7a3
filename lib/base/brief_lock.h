// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>

namespace bailee {

// Holds a mutex that everybody holds for a few microseconds at most. Whoever finds it taken looks
// again for about as long before it sleeps: to sleep and be woken takes the kernel longer than what
// is waited for.
class BriefLock {
 public:
  explicit BriefLock(std::mutex& mutex) : mutex_(mutex) {
    for (int looks = 0; looks < kLooksMax; ++looks) {
      if (mutex_.try_lock()) return;
      Relax();
    }
    mutex_.lock();
  }
  ~BriefLock() { mutex_.unlock(); }
  BriefLock(const BriefLock&) = delete;
  BriefLock& operator=(const BriefLock&) = delete;

 private:
  static constexpr int kLooksMax = 200;

  // Tells the processor that this is a loop of waiting, where it can be told.
  static void Relax() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
  }

  std::mutex& mutex_;
};

}  // namespace bailee
