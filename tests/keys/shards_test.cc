// SPDX-License-Identifier: Apache-2.0
#include "keys/shards.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "crypto/init.h"
#include "support/error_is.h"
#include "support/memory_engine.h"
#include "support/revealed.h"
#include "support/test_random.h"

// Keys of shards: which is written with, how they are renewed, and under which epoch they lie.
namespace bailee::keys {
namespace {

using store::Table;
using testing::ErrorIs;
using testing::IsOk;
using testing::Revealed;
using testing::StatusOf;

constexpr uint16_t kShard = 700;

class ShardsTest : public ::testing::Test {
 protected:
  ShardsTest() {
    EXPECT_THAT(crypto::Init(), IsOk());
    vault_.bytes.fill(1);
    first_ = *crypto::EpochKey::Generate(random_);
    Write([&](store::WriteTransaction& transaction) {
      return CreateShards(transaction, vault_, 1, first_, random_);
    });
  }

  void Write(const std::function<Status(store::WriteTransaction&)>& job) {
    EXPECT_THAT(engine_->Write(job), IsOk());
  }
  Shards Of(uint64_t epoch, const crypto::EpochKey& key) const {
    return Shards(vault_, epoch, *key.Clone());
  }
  std::unique_ptr<store::Snapshot> Read() { return *engine_->Read(); }

  uint64_t BeginRenewal(Shards& shards) {
    uint64_t id = 0;
    Write([&](store::WriteTransaction& transaction) -> Status {
      const auto begun = shards.BeginRenewal(transaction, kShard, random_);
      if (begun.ok()) id = *begun;
      return begun.status();
    });
    return id;
  }
  void EndRenewal(Shards& shards) {
    Write([&](store::WriteTransaction& t) { return shards.EndRenewal(t, kShard); });
  }
  Bytes Row() {
    Bytes key = {'s', 'h', 'a', 'r', 'd'};
    Writer(key).Put(kShard);
    const auto snapshot = Read();
    const ByteView row = **snapshot->Get(Table::kMeta, key);
    return Bytes(row.begin(), row.end());
  }
  void SetRow(ByteView row, uint16_t shard = kShard) {
    Bytes key = {'s', 'h', 'a', 'r', 'd'};
    Writer(key).Put(shard);
    Write([&](store::WriteTransaction& t) { return t.Put(Table::kMeta, key, row); });
  }

  testing::TestRandom random_{17};
  VaultId vault_;
  crypto::EpochKey first_;
  std::unique_ptr<store::Engine> engine_ = testing::MakeMemoryEngine();
};

TEST_F(ShardsTest, OfAnIdIsItsFirstTenBits) {
  std::array<uint8_t, 16> id{};
  EXPECT_EQ(ShardOf(id), 0);
  id[0] = 0xff;
  id[1] = 0xbf;
  EXPECT_EQ(ShardOf(id), 0x3fe);
  id[1] = 0xff;
  EXPECT_EQ(ShardOf(id), kShardCount - 1);
}

TEST_F(ShardsTest, EachHaveAKeyAndAnIdOfTheirOwn) {
  Shards shards = Of(1, first_);
  const auto snapshot = Read();
  std::vector<Bytes> keys;
  std::vector<uint64_t> ids;
  for (uint16_t shard = 0; shard < kShardCount; ++shard) {
    const auto current = shards.Current(*snapshot, shard);
    ASSERT_THAT(StatusOf(current), IsOk());
    keys.push_back(Revealed(*current->key));
    ids.push_back(current->id);
    EXPECT_EQ(*shards.Get(*snapshot, shard, current->id), current->key) << "opened once";
  }
  std::sort(keys.begin(), keys.end());
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::adjacent_find(keys.begin(), keys.end()), keys.end());
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
}

TEST_F(ShardsTest, BeingRenewedHaveTwoKeysAndWriteWithTheNewOne) {
  Shards shards = Of(1, first_);
  const NamedShardKey old = *shards.Current(*Read(), kShard);
  const uint64_t id = BeginRenewal(shards);
  EXPECT_NE(id, old.id);
  EXPECT_EQ(BeginRenewal(shards), id) << "one at a time";
  const auto snapshot = Read();
  EXPECT_EQ(shards.Current(*snapshot, kShard)->id, id);
  EXPECT_NE(Revealed(*shards.Current(*snapshot, kShard)->key), Revealed(*old.key));
  EXPECT_EQ(Revealed(**Of(1, first_).Get(*snapshot, kShard, old.id)), Revealed(*old.key));
}

TEST_F(ShardsTest, ForgetTheOldKeyAtTheEndOfARenewal) {
  Shards shards = Of(1, first_);
  const uint64_t old = shards.Current(*Read(), kShard)->id;
  const uint64_t id = BeginRenewal(shards);
  EndRenewal(shards);
  EndRenewal(shards);  // again does nothing
  Shards anew = Of(1, first_);
  EXPECT_EQ(anew.Current(*Read(), kShard)->id, id);
  EXPECT_THAT(StatusOf(anew.Get(*Read(), kShard, old)),
              ErrorIs(Code::kDamage, "shard.key-unknown"));
}

TEST_F(ShardsTest, KeepTheirKeysInTheNextEpochWhereTheEarlierOneOpensNothing) {
  Shards shards = Of(1, first_);
  BeginRenewal(shards);
  const Bytes before = Revealed(*shards.Current(*Read(), kShard)->key);
  const crypto::EpochKey second = *crypto::EpochKey::Generate(random_);
  Write([&](store::WriteTransaction& t) { return shards.MoveTo(t, 2, second, random_); });
  const auto snapshot = Read();
  EXPECT_EQ(ReadEpochRow(*snapshot)->epoch, 2u);
  Shards moved = Of(2, second);
  EXPECT_EQ(Revealed(*moved.Current(*snapshot, kShard)->key), before);
  for (uint16_t shard = 0; shard < kShardCount; ++shard) {
    EXPECT_EQ(StatusOf(Of(1, first_).Current(*snapshot, shard)).code(), Code::kDamage);
    EXPECT_EQ(StatusOf(Of(2, first_).Current(*snapshot, shard)).code(), Code::kDamage);
  }
}

TEST_F(ShardsTest, OfAnotherVaultOrPlaceDoNotOpen) {
  VaultId other;
  other.bytes.fill(2);
  EXPECT_EQ(StatusOf(Shards(other, 1, *first_.Clone()).Current(*Read(), kShard)).code(),
            Code::kDamage);
  const Bytes row = Row();
  SetRow(row, kShard + 1);
  EXPECT_THAT(StatusOf(Of(1, first_).Current(*Read(), kShard + 1)),
              ErrorIs(Code::kDamage, "shard.damaged"));
}

TEST_F(ShardsTest, AreDamagedByEveryChangedBitAndEveryOtherLength) {
  Shards renewed = Of(1, first_);
  BeginRenewal(renewed);
  const Bytes good = Row();
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes changed = good;
    changed[bit / 8] ^= uint8_t{1} << (bit % 8);
    SetRow(changed);
    Shards shards = Of(1, first_);
    const auto snapshot = Read();
    // The key that comes first is not looked at by who writes.
    const size_t ids = 1 + 8 + 1;
    const bool of_old = bit / 8 >= ids && bit / 8 < ids + 8 + 104;
    if (of_old) continue;
    EXPECT_THAT(StatusOf(shards.Current(*snapshot, kShard)),
                ErrorIs(Code::kDamage, "shard.damaged"))
        << bit;
  }
  for (size_t size = 0; size < good.size(); ++size) {
    SetRow(ByteView(good).first(size));
    EXPECT_EQ(StatusOf(Of(1, first_).Current(*Read(), kShard)).code(), Code::kDamage) << size;
  }
  Bytes longer = good;
  longer.push_back(0);
  SetRow(longer);
  EXPECT_EQ(StatusOf(Of(1, first_).Current(*Read(), kShard)).code(), Code::kDamage);
}

TEST_F(ShardsTest, TheRowOfTheEpochIsWholeOrDamage) {
  Bytes key = {'e', 'p', 'o', 'c', 'h'};
  for (const size_t size : std::initializer_list<size_t>{0, 8, 15, 17}) {
    const Bytes row(size, 1);
    Write([&](store::WriteTransaction& t) { return t.Put(Table::kMeta, key, row); });
    EXPECT_THAT(StatusOf(ReadEpochRow(*Read())), ErrorIs(Code::kDamage, "epoch.damaged")) << size;
  }
  const Bytes zero(16, 0);
  Write([&](store::WriteTransaction& t) { return t.Put(Table::kMeta, key, zero); });
  EXPECT_THAT(StatusOf(ReadEpochRow(*Read())), ErrorIs(Code::kDamage, "epoch.damaged"));
}

}  // namespace
}  // namespace bailee::keys
