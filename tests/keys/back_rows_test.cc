// SPDX-License-Identifier: Apache-2.0
#include "keys/back_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/codec.h"
#include "crypto/init.h"
#include "support/error_is.h"
#include "support/memory_engine.h"
#include "support/test_random.h"

// From a person to the rows that lead to them, for whoever holds their history key and nobody else.
namespace bailee::keys {
namespace {

using store::Table;
using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

class BackRowsTest : public ::testing::Test {
 protected:
  BackRowsTest() {
    EXPECT_THAT(crypto::Init(), IsOk());
    vault_.bytes.fill(1);
    handle_.bytes.fill(2);
    history_ = *crypto::HistoryKey::Generate(random_);
    for (uint8_t i = 0; i < 3; ++i) entries_.push_back(Entry(i));
    Put(entries_);
    EXPECT_EQ(rows_.size(), 1u);
    std::tie(key_, value_) = *rows_.begin();
  }

  static BackEntry Entry(uint8_t number) {
    Bytes key = {kFieldKind};
    Writer writer(key);
    writer.Put(uint64_t{77}).Put(uint16_t{1});
    for (uint8_t i = 0; i < 16 + 8; ++i) writer.Put(static_cast<uint8_t>(i + number));
    BackEntry entry;
    std::copy(key.begin(), key.end(), entry.field_key.begin());
    entry.record.bytes.fill(number);
    return entry;
  }
  void Put(const BackEntries& entries) {
    EXPECT_THAT(engine_->Write([&](store::WriteTransaction& transaction) {
      return PutBackRows(vault_, transaction, {handle_, history_}, entries, random_);
    }),
                IsOk());
    Look();
  }
  void Replace(const BackEntries& entries) {
    EXPECT_THAT(engine_->Write([&](store::WriteTransaction& transaction) {
      return ReplaceBackRow(vault_, transaction, {handle_, history_}, key_, entries, random_);
    }),
                IsOk());
    Look();
  }
  void Look() {
    rows_.clear();
    const auto snapshot = *engine_->Read();
    const auto keep = [&](ByteView key, ByteView value) {
      rows_[{key.begin(), key.end()}] = {value.begin(), value.end()};
      return true;
    };
    EXPECT_THAT(snapshot->Scan(Table::kLookup, BackPrefix(handle_), {}, keep), IsOk());
  }

  Result<BackEntries> Open(ByteView key, ByteView value) const {
    return OpenBackRow(vault_, {handle_, history_}, key, value);
  }

  testing::TestRandom random_{18};
  VaultId vault_;
  Handle handle_;
  crypto::HistoryKey history_;
  BackEntries entries_;
  std::map<Bytes, Bytes> rows_;  // that there are
  Bytes key_;
  Bytes value_;
  std::unique_ptr<store::Engine> engine_ = testing::MakeMemoryEngine();
};

TEST_F(BackRowsTest, LeadToTheRowsTheTagsAndTheRecords) {
  const auto row = Open(key_, value_);
  ASSERT_THAT(StatusOf(row), IsOk());
  EXPECT_EQ(*row, entries_);
  EXPECT_EQ(row->front().tag(), (LookupTag{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}));
  EXPECT_EQ(OwnerOfBackRow(key_), handle_);
}

TEST_F(BackRowsTest, HaveRoomForSoManyAndNoMore) {
  Replace({});
  EXPECT_TRUE(rows_.empty());
  BackEntries many;
  for (uint8_t i = 0; i < 2 * kBackEntriesMax + 1; ++i) many.push_back(Entry(i));
  Put(many);
  ASSERT_EQ(rows_.size(), 3u);
  std::vector<size_t> sizes;
  BackEntries read;
  for (const auto& [key, value] : rows_) {
    const auto row = Open(key, value);
    ASSERT_THAT(StatusOf(row), IsOk());
    sizes.push_back(row->size());
    read.insert(read.end(), row->begin(), row->end());
  }
  std::sort(sizes.begin(), sizes.end());
  EXPECT_EQ(sizes, (std::vector<size_t>{1, kBackEntriesMax, kBackEntriesMax}));
  EXPECT_TRUE(std::is_permutation(read.begin(), read.end(), many.begin(), many.end()));
}

TEST_F(BackRowsTest, AreReplacedWhereTheyAre) {
  Replace({entries_[2]});
  ASSERT_EQ(rows_.size(), 1u);
  EXPECT_EQ(rows_.begin()->first, key_);
  EXPECT_EQ(*Open(key_, rows_.begin()->second), BackEntries{entries_[2]});
}

// Otherwise the pages of the file would say who looks up to what.
TEST_F(BackRowsTest, ShareNoRandomWithARowTheyLeadTo) {
  for (const BackEntry& entry : entries_)
    EXPECT_FALSE(std::equal(key_.end() - 8, key_.end(), entry.field_key.end() - 8));
}

TEST_F(BackRowsTest, OpenForNobodyElse) {
  const auto damaged = ErrorIs(Code::kDamage, "lookup.damaged");
  VaultId other_vault = vault_;
  other_vault.bytes[0] ^= 1;
  EXPECT_THAT(StatusOf(OpenBackRow(other_vault, {handle_, history_}, key_, value_)), damaged);
  const crypto::HistoryKey other = *crypto::HistoryKey::Generate(random_);
  EXPECT_THAT(StatusOf(OpenBackRow(vault_, {handle_, other}, key_, value_)), damaged);
  Handle stranger = handle_;
  stranger.bytes[15] ^= 1;
  EXPECT_THAT(StatusOf(OpenBackRow(vault_, {stranger, history_}, key_, value_)), damaged);
  Bytes moved = BackPrefix(stranger);
  moved.insert(moved.end(), key_.end() - 8, key_.end());
  EXPECT_THAT(StatusOf(OpenBackRow(vault_, {stranger, history_}, moved, value_)), damaged);
}

TEST_F(BackRowsTest, AreDamagedByEveryChangedBitAndEveryOtherLength) {
  for (size_t bit = 0; bit < key_.size() * 8; ++bit) {
    Bytes changed = key_;
    changed[bit / 8] ^= uint8_t{1} << (bit % 8);
    EXPECT_EQ(StatusOf(Open(changed, value_)).code(), Code::kDamage) << "key " << bit;
  }
  for (size_t bit = 0; bit < value_.size() * 8; ++bit) {
    Bytes changed = value_;
    changed[bit / 8] ^= uint8_t{1} << (bit % 8);
    EXPECT_EQ(StatusOf(Open(key_, changed)).code(), Code::kDamage) << "value " << bit;
  }
  for (size_t size = 0; size < value_.size(); ++size) {
    EXPECT_EQ(StatusOf(Open(key_, ByteView(value_).first(size))).code(), Code::kDamage) << size;
  }
  for (size_t size = 0; size < key_.size(); ++size) {
    EXPECT_FALSE(OwnerOfBackRow(ByteView(key_).first(size))) << size;
  }
  Bytes longer = value_;
  longer.push_back(0);
  EXPECT_EQ(StatusOf(Open(key_, longer)).code(), Code::kDamage);
}

}  // namespace
}  // namespace bailee::keys
