// SPDX-License-Identifier: Apache-2.0
#include "record/row.h"

#include <gtest/gtest.h>

#include <limits>
#include <tuple>
#include <vector>

#include "bailee/limits.h"
#include "record/smallest_envelope.h"

namespace bailee::record {
namespace {

constexpr size_t kSmallestWraps = 1 + kSmallestEnvelope;

RecordHead Head() {
  RecordHead head{.revision = 0x01020304, .collected_at = {-2}, .terms = {}};
  for (size_t i = 0; i < head.terms.bytes.size(); ++i) {
    head.terms.bytes[i] = static_cast<uint8_t>(0xA0 + i);
  }
  return head;
}

// An entry as owned bytes, to compare.
using Owned = std::tuple<uint16_t, uint32_t, Bytes, Bytes>;
struct OwnedRow {
  RecordHead head;
  std::vector<Owned> entries;
  bool operator==(const OwnedRow&) const = default;
};

OwnedRow SampleRow() {
  return {
      Head(),
      {{0, 5, {}, Bytes(kSmallestEnvelope, 0x11)},
       {2, kTravellingGeneration, Bytes(kSmallestWraps + 32, 0x22), Bytes(kSmallestEnvelope, 0x33)},
       {3, 0, {}, Bytes(72 + 288, 0x44)}}};
}

Bytes EncodeRow(const OwnedRow& row, ByteView revisions = {}) {
  std::vector<RowEntry> entries;
  for (const auto& [compartment, generation, travelling, sealed] : row.entries) {
    entries.push_back({compartment, generation, travelling, sealed});
  }
  return EncodeRecordRow(row.head, entries, revisions);
}

Bytes Copy(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

Result<OwnedRow> Parse(ByteView bytes) {
  const Result<RecordRow> row = ParseRecordRow(bytes);
  if (!row) return row.status();
  OwnedRow owned{row->head(), {}};
  for (const RowEntry& entry : *row) {
    owned.entries.emplace_back(entry.compartment, entry.generation, Copy(entry.travelling),
                               Copy(entry.sealed));
  }
  EXPECT_EQ(owned.entries.size(), row->size());
  return owned;
}

Code RowCodeOf(ByteView bytes) {
  const Status status = Parse(bytes).status();
  EXPECT_TRUE(status.ok() || status.name() == "record.row");
  return status.code();
}

TEST(RecordRow, IsAllocatedOnce) {
  for (const Bytes& revisions : {Bytes(), Bytes(SealedRevisionsBytes(3), 0x55)}) {
    const Bytes row = EncodeRow(SampleRow(), revisions);
    EXPECT_EQ(row.capacity(), row.size());
  }
}

TEST(RecordRow, IsReadBackAsItWasWritten) {
  const Result<OwnedRow> row = Parse(EncodeRow(SampleRow()));
  ASSERT_TRUE(row.ok());
  EXPECT_TRUE(*row == SampleRow());
}

TEST(RecordRow, HasTheBytesOfTheFormat) {
  OwnedRow row{Head(), {{0x0002, 0x03040506, {}, Bytes(kSmallestEnvelope, 0xEE)}}};
  Bytes expected = {1, 1, 2, 3, 4, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE};
  for (int i = 0; i < 16; ++i) expected.push_back(static_cast<uint8_t>(0xA0 + i));
  for (const int byte : {1, 0, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 104}) {
    expected.push_back(static_cast<uint8_t>(byte));
  }
  expected.insert(expected.end(), kSmallestEnvelope, 0xEE);
  EXPECT_EQ(EncodeRow(row), expected);
}

// It goes into a transaction that others wait for.
TEST(RecordRow, IsWrittenIntoMemoryThatIsTakenOnce) {
  for (const OwnedRow& row : {OwnedRow{Head(), {}}, SampleRow()}) {
    const Bytes bytes = EncodeRow(row);
    EXPECT_EQ(bytes.capacity(), bytes.size());
  }
}

TEST(RecordRow, KeepsTheExtremesOfItsHead) {
  for (const int64_t time :
       {std::numeric_limits<int64_t>::min(), int64_t{0}, std::numeric_limits<int64_t>::max()}) {
    OwnedRow row = SampleRow();
    row.head.collected_at.unix_ms = time;
    row.head.revision = 0xFFFFFFFF;
    const Result<OwnedRow> parsed = Parse(EncodeRow(row));
    ASSERT_TRUE(parsed.ok());
    EXPECT_TRUE(*parsed == row);
  }
}

TEST(RecordRow, FindsACompartmentOrNothing) {
  const Bytes bytes = EncodeRow(SampleRow());
  const Result<RecordRow> row = ParseRecordRow(bytes);
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(row->Find(3)->sealed.size(), 72u + 288u);
  EXPECT_EQ(row->Find(2)->generation, kTravellingGeneration);
  EXPECT_FALSE(row->Find(1).has_value());
}

TEST(RecordRow, RejectsEveryTruncation) {
  const Bytes bytes = EncodeRow(SampleRow());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(RowCodeOf(ByteView(bytes).first(size)), Code::kDamage) << size;
  }
}

TEST(RecordRow, RejectsATrailingByte) {
  Bytes bytes = EncodeRow(SampleRow());
  bytes.push_back(0);
  EXPECT_EQ(RowCodeOf(bytes), Code::kDamage);
}

TEST(RecordRow, IsRejectedOrChangedByEveryBitFlip) {
  const Bytes bytes = EncodeRow(SampleRow());
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes flipped = bytes;
    flipped[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    const Result<OwnedRow> row = Parse(flipped);
    EXPECT_FALSE(row.ok() && *row == SampleRow()) << bit;
  }
}

TEST(RecordRow, RejectsEveryOtherVersion) {
  Bytes bytes = EncodeRow(SampleRow());
  for (int version = 0; version < 256; ++version) {
    bytes[0] = static_cast<uint8_t>(version);
    EXPECT_EQ(RowCodeOf(bytes), version == 1 ? Code::kOk : Code::kDamage) << version;
  }
}

// The offset of the first entry, and of parts in it.
constexpr size_t kEntry = 30;
constexpr size_t kEntryBytes = 12 + kSmallestEnvelope;

Bytes TwoEntries() {
  return EncodeRow(
      {Head(), {{1, 5, {}, Bytes(kSmallestEnvelope, 1)}, {2, 5, {}, Bytes(kSmallestEnvelope, 2)}}});
}

TEST(RecordRow, RejectsCompartmentsThatAreNotAscending) {
  Bytes bytes = TwoEntries();
  bytes[kEntry + kEntryBytes + 1] = 1;
  EXPECT_EQ(RowCodeOf(bytes), Code::kDamage);
  bytes[kEntry + kEntryBytes + 1] = 0;
  EXPECT_EQ(RowCodeOf(bytes), Code::kDamage);
}

TEST(RecordRow, RejectsACompartmentBeyondTheLimit) {
  Bytes bytes = TwoEntries();
  bytes[kEntry + kEntryBytes + 1] = 63;
  EXPECT_EQ(RowCodeOf(bytes), Code::kOk);
  bytes[kEntry + kEntryBytes + 1] = 64;
  EXPECT_EQ(RowCodeOf(bytes), Code::kDamage);
}

TEST(RecordRow, RejectsTheTravellingGenerationWithoutTravellingWraps) {
  Bytes bytes = TwoEntries();
  for (size_t i = 2; i < 6; ++i) bytes[kEntry + i] = 0xFF;
  EXPECT_EQ(RowCodeOf(bytes), Code::kDamage);
}

TEST(RecordRow, RejectsTravellingWrapsWithAnotherGeneration) {
  Bytes bytes = EncodeRow(
      {Head(),
       {{1, kTravellingGeneration, Bytes(kSmallestWraps, 1), Bytes(kSmallestEnvelope, 2)}}});
  EXPECT_EQ(RowCodeOf(bytes), Code::kOk);
  bytes[kEntry + 5] = 0;
  EXPECT_EQ(RowCodeOf(bytes), Code::kDamage);
}

TEST(RecordRow, RejectsEnvelopesOfALengthThatNoneHas) {
  for (size_t size = 0; size < 400; ++size) {
    Bytes bytes = {EncodeRow({Head(), {}})};
    bytes[29] = 1;
    for (const uint8_t byte : Bytes{0, 1, 0, 0, 0, 5, 0, 0}) bytes.push_back(byte);
    for (const size_t byte : {size_t{0}, size_t{0}, size >> 8, size & 255}) {
      bytes.push_back(static_cast<uint8_t>(byte));
    }
    bytes.resize(bytes.size() + size);
    const bool bucket =
        size >= kSmallestEnvelope && (size - 72) % 32 == 0;  // FORMAT.md §5.3, up to 512
    EXPECT_EQ(RowCodeOf(bytes), bucket ? Code::kOk : Code::kDamage) << size;
  }
}

TEST(RecordRow, RejectsMoreEntriesThanACategoryHasFields) {
  OwnedRow row{Head(), {}};
  for (size_t i = 0; i < limits::kFieldsPerCategoryMax; ++i) {
    row.entries.emplace_back(static_cast<uint16_t>(i), 1, Bytes(), Bytes(kSmallestEnvelope, 0));
  }
  Bytes bytes = EncodeRow(row);
  EXPECT_EQ(RowCodeOf(bytes), Code::kOk);
  const Bytes extra = Bytes(bytes.end() - kEntryBytes, bytes.end());
  bytes.insert(bytes.end(), extra.begin(), extra.end());
  bytes[29] = limits::kFieldsPerCategoryMax + 1;
  EXPECT_EQ(RowCodeOf(bytes), Code::kDamage);
}

TEST(RecordRowDeathTest, IsNotWrittenOfEntriesThatNobodyWouldRead) {
  EXPECT_DEATH(EncodeRow({Head(), {{1, 5, {}, Bytes(kSmallestEnvelope - 1, 1)}}}),
               "broken invariant");
  EXPECT_DEATH(EncodeRow({Head(), {{1, kTravellingGeneration, {}, Bytes(kSmallestEnvelope, 1)}}}),
               "broken invariant");
}

}  // namespace
}  // namespace bailee::record
