// SPDX-License-Identifier: Apache-2.0
#include "vault/frame/subject_cache.h"

#include <gtest/gtest.h>

namespace bailee::vault {
namespace {

using Shared = std::shared_ptr<const OpenedSubject>;

// All in one part of the cache.
Handle HandleOf(uint8_t number) {
  Handle handle;
  handle.bytes[8] = number;
  return handle;
}

Shared SubjectOf(uint8_t number, uint32_t revision = 1) {
  keys::Subject subject;
  subject.head.revision = revision;
  return std::make_shared<const OpenedSubject>(VaultId{}, HandleOf(number), std::move(subject),
                                               LedgerState{}, nullptr);
}

class SubjectCaching : public ::testing::Test {
 protected:
  static constexpr size_t kParts = 8;
  SubjectCaching() { cache_.Begin(1); }
  Shared Put(uint8_t number, uint64_t transaction) {
    Shared subject = SubjectOf(number);
    cache_.Put(1, transaction, subject);
    return subject;
  }
  SubjectCache cache_{4 * kParts};
};

TEST_F(SubjectCaching, KnowsASubjectInTheTransactionThatShowedIt) {
  const Shared subject = Put(1, 10);
  EXPECT_EQ(cache_.Find(HandleOf(1), 10), subject);
  EXPECT_EQ(cache_.Find(HandleOf(1), 9), nullptr);
  EXPECT_EQ(cache_.Find(HandleOf(1), 11), nullptr);
  EXPECT_EQ(cache_.Find(HandleOf(2), 10), nullptr);
}

TEST_F(SubjectCaching, KnowsItInAnotherOnceItsRowWasSeenThere) {
  const Shared subject = Put(1, 10);
  EXPECT_EQ(cache_.Find(HandleOf(1), 11, keys::SubjectHead{}), subject);
  EXPECT_EQ(cache_.Find(HandleOf(1), 11), subject);
  EXPECT_EQ(cache_.Find(HandleOf(1), 10), nullptr);
}

TEST_F(SubjectCaching, ForgetsWhoseRowIsAnother) {
  Put(1, 10);
  const Shared other = Put(2, 10);
  for (keys::SubjectHead head :
       {keys::SubjectHead{.generation = 2}, {.shard_key = 7}, {.revision = 2}}) {
    Put(1, 10);
    EXPECT_EQ(cache_.Find(HandleOf(1), 11, head), nullptr);
    EXPECT_EQ(cache_.Find(HandleOf(1), 10), nullptr);
    EXPECT_EQ(cache_.Find(HandleOf(1), 11, keys::SubjectHead{}), nullptr);
  }
  EXPECT_EQ(cache_.Find(HandleOf(2), 10), other);
}

TEST_F(SubjectCaching, TakesTheNewerOfTwoThatWereOpenedAtOnce) {
  Put(1, 10);
  const Shared again = Put(1, 10);
  EXPECT_EQ(cache_.Find(HandleOf(1), 10), again);
}

TEST_F(SubjectCaching, LetsGoOfOneThatWasNotAskedFor) {
  for (uint8_t n = 0; n < 5; ++n) Put(n, 10);  // one had to go, and nobody was asked for since
  for (uint8_t n = 5; n < 50; ++n) {
    EXPECT_NE(cache_.Find(HandleOf(0), 10), nullptr) << int{n};
    Put(n, 10);
  }
  EXPECT_NE(cache_.Find(HandleOf(49), 10), nullptr);
  EXPECT_EQ(cache_.Find(HandleOf(40), 10), nullptr);
}

TEST_F(SubjectCaching, KeepsNoMoreThanItMay) {
  for (uint8_t n = 0; n < 100; ++n) Put(n, 10);
  size_t left = 0;
  for (uint8_t n = 0; n < 100; ++n) left += cache_.Find(HandleOf(n), 10) != nullptr;
  EXPECT_EQ(left, 4U);
}

TEST_F(SubjectCaching, KeepsNobodyOfAnEpochThatIsOver) {
  Put(1, 10);
  cache_.Begin(2);
  EXPECT_EQ(cache_.Find(HandleOf(1), 10), nullptr);
  Put(1, 10);  // opened in the one before
  EXPECT_EQ(cache_.Find(HandleOf(1), 10), nullptr);
  cache_.Put(2, 11, SubjectOf(1));
  EXPECT_NE(cache_.Find(HandleOf(1), 11), nullptr);
  cache_.Begin(1);
  EXPECT_NE(cache_.Find(HandleOf(1), 11), nullptr);
}

TEST(SubjectCacheOfNobody, KeepsNobody) {
  SubjectCache cache(0);
  cache.Begin(1);
  cache.Put(1, 10, SubjectOf(1));
  EXPECT_EQ(cache.Find(HandleOf(1), 10), nullptr);
}

}  // namespace
}  // namespace bailee::vault
