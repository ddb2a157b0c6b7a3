// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace bailee::store {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kNow{0};
constexpr milliseconds kLong{30000};

TEST(TransactionGate, LetsManyInAndCountsThem) {
  TransactionGate gate;
  const auto one = gate.Enter(kNow);
  auto two = gate.Enter(kNow);
  EXPECT_TRUE(one && two);
  EXPECT_EQ(gate.inside(), 2u);
  two.Release();
  EXPECT_EQ(gate.inside(), 1u);
}

TEST(TransactionGate, DoesNotCloseWhileSomebodyIsInside) {
  TransactionGate gate;
  auto pass = gate.Enter(kNow);
  EXPECT_FALSE(gate.Close(milliseconds(1)));
  EXPECT_TRUE(gate.Enter(kNow)) << "a failed closing leaves it open";
  pass.Release();
  EXPECT_TRUE(gate.Close(kNow));
}

TEST(TransactionGate, DoesNotCloseTwice) {
  TransactionGate gate;
  {
    const auto closure = gate.Close(kNow);
    ASSERT_TRUE(closure);
    EXPECT_FALSE(gate.Close(milliseconds(1)));
  }
  EXPECT_TRUE(gate.Enter(kNow));
}

// Whoever waits for it to close may wait for the thread that would enter.
TEST(TransactionGate, LetsNobodyInWhileSomebodyWaitsForItToClose) {
  TransactionGate gate;
  auto inside = gate.Enter(kNow);
  std::thread closes([&] { EXPECT_TRUE(gate.Close(kLong)); });
  while (gate.Enter(kNow)) std::this_thread::yield();
  EXPECT_FALSE(gate.Enter(milliseconds(1)));
  inside.Release();
  closes.join();
  EXPECT_TRUE(gate.Enter(kNow));
}

TEST(TransactionGate, KeepsWhoeverComesWaitingForAsLongAsItIsClosed) {
  TransactionGate gate;
  std::atomic<bool> open{false};
  std::thread enters;
  {
    const auto closure = gate.Close(kNow);
    ASSERT_TRUE(closure);
    enters = std::thread([&] {
      EXPECT_TRUE(gate.Enter(milliseconds(1)));
      EXPECT_TRUE(open.load());
    });
    std::this_thread::sleep_for(milliseconds(50));
    open = true;
  }
  enters.join();
}

TEST(TransactionGate, NobodyIsInsideWhileItIsClosedWhateverTheThreadsDo) {
  TransactionGate gate;
  uint64_t shared = 0;  // written only behind the closed gate, read only inside: a race if it leaks
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        const auto pass = gate.Enter(kLong);
        ASSERT_TRUE(pass);
        ASSERT_LE(shared, 200u);
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    const auto closure = gate.Close(kLong);
    ASSERT_TRUE(closure);
    ++shared;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(shared, 200u);
  EXPECT_EQ(gate.inside(), 0u);
}

}  // namespace
}  // namespace bailee::store
