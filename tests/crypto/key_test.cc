// SPDX-License-Identifier: Apache-2.0
#include "crypto/key.h"

#include <gtest/gtest.h>

#include <concepts>

#include "base/arena.h"
#include "crypto/init.h"
#include "support/error_is.h"
#include "support/revealed.h"
#include "support/test_random.h"

namespace bailee::crypto {
namespace {

using testing::ErrorIs;
using testing::Revealed;
using testing::StatusOf;

static_assert(std::movable<SubjectKey> && !std::copyable<SubjectKey>);
static_assert(!std::convertible_to<SubjectKey, PurposeKey>);
static_assert(!std::constructible_from<SubjectKey, PurposeKey>);
static_assert(!std::constructible_from<Key, SubjectKey>, "no slicing");

TEST(Key, HasExactly32Bytes) {
  for (const size_t size : {0U, 1U, 31U, 33U, 64U}) {
    EXPECT_THAT(StatusOf(SubjectKey::FromBytes(Bytes(size, 1))),
                ErrorIs(Code::kDamage, "crypto.key-size"));
    EXPECT_THAT(StatusOf(SubjectKey::FromSecret(*Secret::Allocate(size))),
                ErrorIs(Code::kDamage, "crypto.key-size"));
  }
  EXPECT_EQ(Revealed(*SubjectKey::FromBytes(Bytes(32, 1))), Bytes(32, 1));
  EXPECT_EQ(Revealed(*SubjectKey::FromSecret(*Secret::From(Bytes(32, 2)))), Bytes(32, 2));
}

TEST(Key, IsGeneratedFromTheGivenRandomness) {
  testing::TestRandom one(1);
  testing::TestRandom two(1);
  const ShardKey first = *ShardKey::Generate(one);
  EXPECT_EQ(Revealed(first), Revealed(*ShardKey::Generate(two)));
  EXPECT_NE(Revealed(first), Revealed(*ShardKey::Generate(two)));
}

TEST(Key, IsEmptyOnceMovedFrom) {
  SubjectKey from = *SubjectKey::FromBytes(Bytes(32, 1));
  const SubjectKey to = std::move(from);
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): this is what is tested
  EXPECT_FALSE(to.empty());
  EXPECT_TRUE(SubjectKey().empty());
}

TEST(Key, ACloneIsAnEqualKeyOfItsOwn) {
  const SubjectKey key = *SubjectKey::FromBytes(Bytes(32, 9));
  const SubjectKey clone = *key.Clone();
  EXPECT_EQ(Revealed(clone), Revealed(key));
  EXPECT_NE(clone.Reveal([](ByteView b) { return b.data(); }),
            key.Reveal([](ByteView b) { return b.data(); }));
}

TEST(Init, SucceedsHowOftenEver) {
  EXPECT_THAT(Init(), testing::IsOk());
  EXPECT_THAT(Init(), testing::IsOk());
}

}  // namespace
}  // namespace bailee::crypto
