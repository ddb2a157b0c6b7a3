// SPDX-License-Identifier: Apache-2.0
#include "crypto/random.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <set>
#include <thread>
#include <vector>

#include "bailee/bytes.h"
#include "base/arena.h"
#include "support/child.h"
#include "support/test_random.h"

namespace bailee::crypto {
namespace {

using Salt = std::array<uint8_t, 24>;

TEST(SystemRandom, FillsEveryByteOfEverySize) {
  for (const size_t size : {1U, 23U, 24U, 32U, 64U, 65U, 256U, 257U, 5'000U}) {
    Bytes seen(size, 0);
    for (int i = 0; i < 40; ++i) {
      Bytes out(size, 0);
      SystemRandom().Fill(out);
      for (size_t at = 0; at < size; ++at) seen[at] |= out[at];
    }
    // The chance that a bit stays 0 in 40 rounds is 1 in 10^12.
    for (const uint8_t byte : seen) EXPECT_EQ(byte, 0xFF);
  }
  SystemRandom().Fill({});
}

TEST(SystemRandom, DoesNotRepeatAcrossThreads) {
  std::vector<std::vector<Salt>> made(4);
  std::vector<std::thread> threads;
  for (auto& salts : made) {
    threads.emplace_back([&salts] {
      for (int i = 0; i < 5'000; ++i) salts.push_back(RandomArray<24>(SystemRandom()));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<Salt> all;
  for (const auto& salts : made) all.insert(salts.begin(), salts.end());
  EXPECT_EQ(all.size(), 20'000U);
}

TEST(SystemRandom, DoesNotRepeatInAForkedChild) {
  RandomArray<24>(SystemRandom());  // the block of this thread is part used
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  EXPECT_EQ(testing::ExitCodeOfChild([&] {
              for (int i = 0; i < 20; ++i) {
                const Salt salt = RandomArray<24>(SystemRandom());
                if (::write(pipe[1], salt.data(), salt.size()) != 24) return 1;
              }
              return 0;
            }),
            0);
  std::set<Salt> all;
  for (int i = 0; i < 20; ++i) {
    Salt salt;
    ASSERT_EQ(::read(pipe[0], salt.data(), salt.size()), 24);
    EXPECT_TRUE(all.insert(salt).second);
    EXPECT_TRUE(all.insert(RandomArray<24>(SystemRandom())).second);
  }
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(SystemRandom, WorksWithoutGuardedMemory) {
  EXPECT_EQ(testing::ExitCodeOfChild([] {
              arena::SetLimit(0);  // the child's arena is empty and stays so
              const Salt one = RandomArray<24>(SystemRandom());
              return one != RandomArray<24>(SystemRandom()) ? 0 : 1;
            }),
            0);
}

TEST(TestRandom, IsTheSameStreamForTheSameSeedAndNeverRepeats) {
  testing::TestRandom one(5);
  testing::TestRandom two(5);
  std::set<Salt> all;
  for (int i = 0; i < 1'000; ++i) {
    const Salt salt = RandomArray<24>(one);
    EXPECT_EQ(salt, RandomArray<24>(two));
    EXPECT_TRUE(all.insert(salt).second);
  }
}

}  // namespace
}  // namespace bailee::crypto
