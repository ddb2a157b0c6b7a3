// SPDX-License-Identifier: Apache-2.0
#include "crypto/id_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace bailee::crypto {
namespace {

std::vector<IdRun::Id> Make(IdRun& run, size_t count) {
  std::vector<IdRun::Id> made;
  for (size_t i = 0; i < count; ++i) made.push_back(run.Next());
  return made;
}

TEST(IdRun, AscendsToItsLengthAndThenBeginsElsewhere) {
  IdRun run(SystemRandom(), 300);
  const std::vector<IdRun::Id> made = Make(run, 600);
  EXPECT_TRUE(std::is_sorted(made.begin(), made.begin() + 300));
  EXPECT_TRUE(std::is_sorted(made.begin() + 300, made.end()));
  for (size_t i = 0; i < made.size(); ++i) {
    const IdRun::Id& first = made[i / 300 * 300];
    EXPECT_TRUE(std::equal(first.begin(), first.begin() + 6, made[i].begin())) << i;
  }
  EXPECT_FALSE(std::equal(made[0].begin(), made[0].begin() + 6, made[300].begin()));
}

TEST(IdRun, EachEndsInBytesOfItsOwn) {
  IdRun run(SystemRandom(), 64);
  std::set<std::vector<uint8_t>> ends;
  for (const IdRun::Id& id : Make(run, 1'000)) ends.insert({id.begin() + 8, id.end()});
  EXPECT_EQ(ends.size(), 1'000U);
}

TEST(IdRun, TwoBeginApart) {
  IdRun one(SystemRandom(), 64);
  IdRun other(SystemRandom(), 64);
  const IdRun::Id a = one.Next();
  const IdRun::Id b = other.Next();
  EXPECT_FALSE(std::equal(a.begin(), a.begin() + 6, b.begin()));
}

}  // namespace
}  // namespace bailee::crypto
