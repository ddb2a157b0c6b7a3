// SPDX-License-Identifier: Apache-2.0
#include "keys/back_rows.h"

#include <gtest/gtest.h>

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
    record_.bytes.fill(3);
    history_ = *crypto::HistoryKey::Generate(random_);
    field_key_ = {kFieldKind};
    Writer writer(field_key_);
    writer.Put(uint64_t{77}).Put(uint16_t{1});
    for (uint8_t i = 0; i < 16 + 8; ++i) writer.Put(i);
    const Status put = engine_->Write([&](store::WriteTransaction& transaction) {
      return PutBackRow(vault_, transaction, {handle_, history_}, field_key_, record_, random_);
    });
    EXPECT_THAT(put, IsOk());
    const auto snapshot = *engine_->Read();
    const auto keep = [&](ByteView key, ByteView value) {
      key_.assign(key.begin(), key.end());
      value_.assign(value.begin(), value.end());
      return true;
    };
    EXPECT_THAT(snapshot->Scan(Table::kLookup, BackPrefix(handle_), {}, keep), IsOk());
  }

  Result<BackRow> Open(ByteView key, ByteView value) const {
    return OpenBackRow(vault_, {handle_, history_}, key, value);
  }

  testing::TestRandom random_{18};
  VaultId vault_;
  Handle handle_;
  RecordId record_;
  crypto::HistoryKey history_;
  Bytes field_key_;
  Bytes key_;
  Bytes value_;
  std::unique_ptr<store::Engine> engine_ = testing::MakeMemoryEngine();
};

TEST_F(BackRowsTest, LeadToTheRowTheTagAndTheRecord) {
  const auto row = Open(key_, value_);
  ASSERT_THAT(StatusOf(row), IsOk());
  EXPECT_EQ(row->field_key, field_key_);
  EXPECT_EQ(row->tag, (LookupTag{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}));
  EXPECT_EQ(row->record, record_);
  EXPECT_EQ(OwnerOfBackRow(key_), handle_);
}

// Otherwise the pages of the file would say who looks up to what.
TEST_F(BackRowsTest, ShareNoRandomWithTheRowTheyLeadTo) {
  EXPECT_NE(Bytes(key_.end() - 8, key_.end()), Bytes(field_key_.end() - 8, field_key_.end()));
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
