// SPDX-License-Identifier: Apache-2.0
#include "record/revisions.h"

#include <gtest/gtest.h>

#include <functional>

#include "crypto/init.h"
#include "record/smallest_envelope.h"

namespace bailee::record {
namespace {

class RowOfRevisions : public ::testing::Test {
 protected:
  RowOfRevisions() {
    EXPECT_TRUE(crypto::Init().ok());
    key_ = *crypto::HistoryKey::Generate(crypto::SystemRandom());
    place_ = {.vault = {{1}}, .handle = {{2}}, .category = {{3}}, .record = {{4}}};
    head_ = {.revision = 7, .collected_at = {8}, .terms = {{9}}};
    sealed_ = Sealed(head_);
    row_ = Row(head_, sealed_);
  }

  Bytes Sealed(const RecordHead& head, std::vector<uint32_t> revisions = {7, 0, 5}) const {
    return SealRevisions(place_, head, key_, revisions, crypto::SystemRandom());
  }
  Bytes Row(const RecordHead& head, ByteView sealed) const {
    const Bytes entry(kSmallestEnvelope, 0x11);
    const RowEntry entries[] = {{0, 1, {}, entry}, {2, 1, {}, entry}, {3, 1, {}, entry}};
    return EncodeRecordRow(head, entries, sealed);
  }
  // Whether the row's revisions open; a row that does not parse has none.
  bool Opens(const RecordPlace& place, ByteView row) const {
    const Result<RecordRow> parsed = ParseRecordRow(row);
    if (!parsed.ok()) return false;
    const Result<Revisions> opened = Revisions::Open(place, key_, *parsed);
    if (!opened.ok()) {
      EXPECT_EQ(opened.status().name(), "record.not-authentic");
    }
    return opened.ok();
  }

  crypto::HistoryKey key_;
  RecordPlace place_;
  RecordHead head_;
  Bytes sealed_;
  Bytes row_;
};

TEST_F(RowOfRevisions, SaysOfEachCompartmentWhichItIs) {
  const Result<RecordRow> row = ParseRecordRow(row_);
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(row->head(), head_);
  EXPECT_EQ(row->size(), 3u);
  const Result<Revisions> revisions = Revisions::Open(place_, key_, *row);
  ASSERT_TRUE(revisions.ok());
  EXPECT_EQ(revisions->Of(0), 7u);
  EXPECT_EQ(revisions->Of(2), 0u);
  EXPECT_EQ(revisions->Of(3), 5u);
  EXPECT_EQ(revisions->HeadOf(3), (RecordHead{.revision = 5, .collected_at = {8}, .terms = {{9}}}));
}

TEST_F(RowOfRevisions, WithoutThemIsOfOneRevision) {
  const Bytes bytes = Row(head_, {});
  const Result<RecordRow> row = ParseRecordRow(bytes);
  ASSERT_TRUE(row.ok());
  const Result<Revisions> revisions = Revisions::Open(place_, key_, *row);
  ASSERT_TRUE(revisions.ok());
  for (const uint16_t compartment : {uint16_t{0}, uint16_t{2}, uint16_t{3}})
    EXPECT_EQ(revisions->Of(compartment), 7u);
}

TEST_F(RowOfRevisions, HasTheBytesOfTheFormat) {
  EXPECT_EQ(row_[0], 2);
  EXPECT_EQ(row_[29], 3);  // entries
  ASSERT_EQ(sealed_.size(), 72u + 3 * 4);
  EXPECT_TRUE(std::equal(sealed_.begin(), sealed_.end(), row_.begin() + 30));
}

TEST_F(RowOfRevisions, OpensInNoOtherPlace) {
  const std::vector<std::function<void(RecordPlace&)>> moves = {
      [](RecordPlace& p) { p.vault.bytes[15] ^= 1; },
      [](RecordPlace& p) { p.handle.bytes[15] ^= 1; },
      [](RecordPlace& p) { p.category.bytes[7] ^= 1; },
      [](RecordPlace& p) { p.record.bytes[15] ^= 1; }};
  EXPECT_TRUE(Opens(place_, row_));
  for (const auto& move : moves) {
    RecordPlace other = place_;
    move(other);
    EXPECT_FALSE(Opens(other, row_));
  }
}

TEST_F(RowOfRevisions, OpensUnderNoOtherHead) {
  for (RecordHead other :
       {RecordHead{8, {8}, {{9}}}, RecordHead{7, {9}, {{9}}}, RecordHead{7, {8}, {{8}}}}) {
    EXPECT_FALSE(Opens(place_, Row(other, sealed_)));
  }
}

TEST_F(RowOfRevisions, RejectsEveryBitFlipAndTruncationOfThem) {
  for (size_t bit = 0; bit < sealed_.size() * 8; ++bit) {
    Bytes flipped = row_;
    flipped[30 + bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    EXPECT_FALSE(Opens(place_, flipped)) << bit;
  }
  for (size_t size = 0; size < row_.size(); ++size)
    EXPECT_FALSE(Opens(place_, ByteView(row_).first(size))) << size;
  Bytes longer = row_;
  longer.push_back(0);
  EXPECT_FALSE(Opens(place_, longer));
}

// Whoever holds S could seal them; what they say must still make sense.
TEST_F(RowOfRevisions, RejectsARevisionOfTheFuture) {
  const RecordHead newer{9, {8}, {{9}}};
  const Bytes of_newer = Sealed(newer, {9, 0, 5});
  EXPECT_TRUE(Opens(place_, Row(newer, of_newer)));
  EXPECT_DEATH(Sealed(head_, {8, 0, 5}), "broken invariant");
}

TEST_F(RowOfRevisions, IsNotWrittenWithRevisionsOfAnotherNumberOfEntries) {
  const Bytes of_two = Sealed(head_, {7, 0});
  EXPECT_DEATH(Row(head_, of_two), "broken invariant");
}

}  // namespace
}  // namespace bailee::record
