// SPDX-License-Identifier: Apache-2.0
#include "base/brief_lock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace bailee {
namespace {

TEST(BriefLock, IsHeldByOneThreadAtATime) {
  std::mutex mutex;
  uint64_t count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20'000; ++n) {
        const BriefLock lock(mutex);
        ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, 80'000U);
}

// Longer than anybody looks: it sleeps, and is woken.
TEST(BriefLock, WaitsForWhoeverHoldsItForLong) {
  std::mutex mutex;
  std::atomic<bool> held = false;
  std::unique_lock first(mutex);
  std::thread second([&] {
    const BriefLock lock(mutex);
    held = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(held);
  first.unlock();
  second.join();
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace bailee
