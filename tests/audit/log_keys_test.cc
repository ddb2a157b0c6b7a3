// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "audit/checkpoint_text.h"
#include "audit/signed_log.h"
#include "bailee/checkpoint.h"
#include "support/error_is.h"

// A log whose key was replaced: what each of its keys counts for.
namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::SignedLog;

const auto kKeyRetired = ErrorIs(Code::kAuditBroken, "checkpoint.key-retired");
const auto kKeyNotSigned = ErrorIs(Code::kAuditBroken, "checkpoint.not-signed");

class LogKeysTest : public ::testing::Test {
 protected:
  // The old key counts up to seven leaves.
  LogKeys Planned() const { return LogKeys({{old_.key(), 7}, {new_.key()}}); }
  // The old key leaked, and counts for one head of seven leaves.
  LogKeys Leaked() const { return LogKeys({{old_.key(), 7, root_}, {new_.key()}}); }
  Result<Checkpoint> Verify(const std::string& text, const LogKeys& keys) const {
    return VerifyCheckpoint(text, old_.origin(), keys);
  }

  const SignedLog old_{31};
  const SignedLog new_{32};
  const SignedLog stranger_{33};
  const TreeHash root_ = LeafHash({});
  const TreeHash other_root_ = EmptyRoot();
};

TEST_F(LogKeysTest, TheOldKeyCountsUpToItsSizeAndTheNewOneForEverything) {
  for (const uint64_t size : {1u, 6u, 7u}) {
    const auto verified = Verify(old_.Checkpoint(size, root_), Planned());
    ASSERT_THAT(verified.status(), IsOk()) << size;
    EXPECT_EQ(verified->size, size);
    EXPECT_TRUE(verified->time.has_value());
  }
  for (const uint64_t size : {uint64_t{8}, uint64_t{9}, UINT64_MAX})
    EXPECT_THAT(Verify(old_.Checkpoint(size, root_), Planned()).status(), kKeyRetired) << size;
  for (const uint64_t size : {uint64_t{1}, uint64_t{7}, UINT64_MAX})
    EXPECT_THAT(Verify(new_.Checkpoint(size, root_), Planned()).status(), IsOk()) << size;
  EXPECT_THAT(Verify(stranger_.Checkpoint(7, root_), Planned()).status(), kKeyNotSigned);
  EXPECT_THAT(Verify(old_.Checkpoint(7, root_), LogKeys()).status(), kKeyNotSigned);
}

TEST_F(LogKeysTest, OneThatLeakedCountsForOneHeadAndForNoTime) {
  const auto known = Verify(old_.Checkpoint(7, root_), Leaked());
  ASSERT_THAT(known.status(), IsOk());
  EXPECT_EQ(known->time, std::nullopt);
  EXPECT_THAT(Verify(old_.Checkpoint(7, other_root_), Leaked()).status(), kKeyRetired);
  EXPECT_THAT(Verify(old_.Checkpoint(6, root_), Leaked()).status(), kKeyRetired);
  EXPECT_THAT(Verify(old_.Checkpoint(8, root_), Leaked()).status(), kKeyRetired);
}

// Whoever has the tree compares it with the head: the signature adds nothing.
TEST_F(LogKeysTest, OneThatLeakedCountsUpToItsSizeForWhoeverHasTheTree) {
  const auto with_tree = [&](const std::string& text) {
    return audit::VerifySigned(text, old_.origin(), Leaked(), audit::HeadProof::kTree);
  };
  const auto earlier = with_tree(old_.Checkpoint(6, other_root_));
  ASSERT_THAT(earlier.status(), IsOk());
  EXPECT_EQ(earlier->time, std::nullopt);
  EXPECT_THAT(with_tree(old_.Checkpoint(8, root_)).status(), kKeyRetired);
}

TEST_F(LogKeysTest, AStolenOldKeyAddsNothingToANoteOfTheNewOne) {
  const std::string text = audit::CheckpointText(old_.origin(), {9, root_});
  const std::string genuine = new_.Checkpoint(9, root_);
  const auto both =
      Verify(genuine + old_.Line(text, old_.origin()) + old_.TimeLine(text, 5), Planned());
  ASSERT_THAT(both.status(), IsOk());
  EXPECT_EQ(both->time, Timestamp{1'370'044'800'000});
  // A forged time of its own, next to the genuine signature, is none.
  const auto timed = Verify(new_.Note(text) + old_.TimeLine(text, 5), Planned());
  ASSERT_THAT(timed.status(), IsOk());
  EXPECT_EQ(timed->time, std::nullopt);
  // And no time makes up for a signature that does not count.
  EXPECT_THAT(Verify(old_.Note(text) + new_.TimeLine(text, 5), Planned()).status(), kKeyRetired);
}

TEST_F(LogKeysTest, ASignatureThatDoesNotHoldIsNeverPassedOver) {
  std::string bad = old_.Line(audit::CheckpointText(old_.origin(), {8, root_}), old_.origin());
  EXPECT_THAT(Verify(new_.Checkpoint(9, root_) + bad, Planned()).status(),
              ErrorIs(Code::kAuditBroken, "checkpoint.bad-signature"));
}

TEST_F(LogKeysTest, ItsOrderDoesNotMatter) {
  const LogKeys turned({{new_.key()}, {old_.key(), 7}});
  EXPECT_THAT(Verify(old_.Checkpoint(7, root_), turned).status(), IsOk());
  EXPECT_THAT(Verify(old_.Checkpoint(8, root_), turned).status(), kKeyRetired);
  EXPECT_THAT(Verify(new_.Checkpoint(8, root_), turned).status(), IsOk());
}

}  // namespace
}  // namespace bailee
