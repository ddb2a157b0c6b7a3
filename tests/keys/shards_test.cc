// SPDX-License-Identifier: Apache-2.0
#include "keys/shards.h"

#include <gtest/gtest.h>

#include <set>

#include "base/codec.h"
#include "crypto/binding.h"
#include "crypto/init.h"
#include "crypto/suite1.h"
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
constexpr uint16_t kGroup = kShard / kShardsPerGroup;

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
    Write([&](store::WriteTransaction& t) { return shards.EndRenewal(t, kShard, random_); });
  }
  static Bytes ShardsKey(uint16_t group = kGroup) {
    const auto key = ShardsRowKeyOf(group);
    return {key.begin(), key.end()};
  }
  static Bytes GroupsKey(uint16_t n = kGroup / kGroupsPerRow) {
    const auto key = GroupsRowKeyOf(n);
    return {key.begin(), key.end()};
  }
  Bytes Row(const Bytes& key) {
    const auto snapshot = Read();
    const ByteView row = **snapshot->Get(Table::kMeta, key);
    return Bytes(row.begin(), row.end());
  }
  void SetRow(const Bytes& key, ByteView row) {
    Write([&](store::WriteTransaction& t) { return t.Put(Table::kMeta, key, row); });
  }
  Status Opens(uint16_t shard = kShard) { return StatusOf(Of(1, first_).Current(*Read(), shard)); }
  // What is sealed in the rows of groups.
  Bytes GroupKeys(uint16_t n = kGroup / kGroupsPerRow) {
    return Opened(first_, crypto::Label::kGroupKeys, n, ByteView(Row(GroupsKey(n))).subspan(9));
  }
  crypto::GroupKey GroupKey(uint16_t group = kGroup) {
    return *crypto::GroupKey::FromBytes(
        ByteView(GroupKeys(group / kGroupsPerRow))
            .subspan(group % kGroupsPerRow * crypto::kKeyBytes, crypto::kKeyBytes));
  }
  Bytes ShardKeys(uint16_t group = kGroup) {
    return Opened(GroupKey(group), crypto::Label::kShardKeys, group,
                  ByteView(Row(ShardsKey(group))).subspan(1));
  }
  Bytes Opened(const crypto::Key& key, crypto::Label label, uint32_t number, ByteView sealed) {
    Bytes plain(sealed.size() - crypto::kEnvelopeOverhead);
    EXPECT_THAT(crypto::OpenInto(key, Bound(label, number), sealed, plain), IsOk());
    return plain;
  }
  crypto::EncodedBinding Bound(crypto::Label label, uint32_t number) const {
    return crypto::Encode(crypto::Binding{.label = label, .vault = vault_, .revision = number});
  }
  // As somebody who has the keys would write it.
  void SetShardKeys(ByteView plain) {
    Bytes row = {1};
    crypto::SealAppend(GroupKey(), Bound(crypto::Label::kShardKeys, kGroup), plain, random_, row);
    SetRow(ShardsKey(), row);
  }

  testing::TestRandom random_{17};
  VaultId vault_;
  crypto::EpochKey first_;
  std::unique_ptr<store::Engine> engine_ = testing::MakeMemoryEngine();
};

TEST_F(ShardsTest, OfAnIdIsItsFirstFourteenBits) {
  std::array<uint8_t, 16> id{};
  EXPECT_EQ(ShardOf(id), 0);
  id[0] = 0xff;
  id[1] = 0xfb;
  EXPECT_EQ(ShardOf(id), 0x3ffe);
  id[1] = 0xff;
  EXPECT_EQ(ShardOf(id), kShardCount - 1);
  EXPECT_EQ(kShardCount, 16'384);
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
  for (uint16_t shard = 0; shard < kShardCount; shard += kShardsPerGroup) {
    EXPECT_EQ(StatusOf(Of(1, first_).Current(*snapshot, shard)).code(), Code::kDamage);
    EXPECT_EQ(StatusOf(Of(2, first_).Current(*snapshot, shard)).code(), Code::kDamage);
    EXPECT_THAT(StatusOf(moved.Current(*snapshot, shard)), IsOk());
  }
}

// Whoever has the key of the group of then, and E of now, has nothing that was taken away.
TEST_F(ShardsTest, GiveTheirGroupAFreshKeyWheneverItsRowIsWritten) {
  Shards shards = Of(1, first_);
  std::set<Bytes> seen = {Revealed(GroupKey())};
  BeginRenewal(shards);
  EXPECT_TRUE(seen.insert(Revealed(GroupKey())).second);
  BeginRenewal(shards);
  EXPECT_FALSE(seen.insert(Revealed(GroupKey())).second) << "nothing was written";
  EndRenewal(shards);
  EXPECT_TRUE(seen.insert(Revealed(GroupKey())).second);
  const Bytes rows = Row(ShardsKey());
  const Bytes last = GroupKeys();
  const crypto::EpochKey second = *crypto::EpochKey::Generate(random_);
  Write([&](store::WriteTransaction& t) { return shards.MoveTo(t, 2, second, random_); });
  EXPECT_EQ(Row(ShardsKey()), rows) << "a new epoch does not write rows of shards";
  EXPECT_EQ(Opened(second, crypto::Label::kGroupKeys, kGroup / kGroupsPerRow,
                   ByteView(Row(GroupsKey())).subspan(9)),
            last);
}

TEST_F(ShardsTest, ThatAreRenewedLeaveTheOthersAsTheyAre) {
  Shards shards = Of(1, first_);
  const auto before = Read();
  BeginRenewal(shards);
  const auto between = Read();
  EndRenewal(shards);
  const auto after = Read();
  Shards anew = Of(1, first_);
  for (uint16_t shard = kGroup * kShardsPerGroup; shard < (kGroup + 1) * kShardsPerGroup; ++shard) {
    if (shard == kShard) continue;
    const NamedShardKey of_then = *shards.Current(*before, shard);
    const NamedShardKey of_now = *anew.Current(*after, shard);
    EXPECT_EQ(of_then.id, of_now.id);
    EXPECT_EQ(Revealed(*of_then.key), Revealed(*of_now.key));
  }
  const auto counts = shards.CountKeys(*between, kGroup);
  ASSERT_THAT(StatusOf(counts), IsOk());
  for (size_t i = 0; i < counts->size(); ++i)
    EXPECT_EQ((*counts)[i], i == kShard % kShardsPerGroup ? 2u : 1u) << i;
}

// One object serves snapshots of before and after a renewal.
TEST_F(ShardsTest, AreThoseOfTheSnapshot) {
  Shards shards = Of(1, first_);
  const auto before = Read();
  const NamedShardKey old = *shards.Current(*before, kShard);
  const uint64_t id = BeginRenewal(shards);
  const auto after = Read();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(shards.Current(*before, kShard)->id, old.id);
    EXPECT_EQ(shards.Current(*before, kShard)->key, old.key);
    EXPECT_EQ(shards.Current(*after, kShard)->id, id);
  }
}

TEST_F(ShardsTest, OfAnotherVaultOrPlaceDoNotOpen) {
  VaultId other;
  other.bytes.fill(2);
  EXPECT_EQ(StatusOf(Shards(other, 1, *first_.Clone()).Current(*Read(), kShard)).code(),
            Code::kDamage);
  const Bytes groups = Row(GroupsKey());
  SetRow(GroupsKey(1), groups);
  EXPECT_THAT(Opens(kGroupsPerRow * kShardsPerGroup), ErrorIs(Code::kDamage, "shard.damaged"));
  SetRow(ShardsKey(kGroup + 1), Row(ShardsKey()));
  EXPECT_THAT(Opens(kShard + kShardsPerGroup), ErrorIs(Code::kDamage, "shard.damaged"));
  EXPECT_THAT(Opens(), IsOk());
}

// Also what is right but for the place that it was sealed for.
TEST_F(ShardsTest, AreBoundToTheirPlace) {
  const uint16_t group = kGroup + kGroupsPerRow;
  const uint16_t shard = group * kShardsPerGroup;
  const auto sealed_for = [&](uint16_t bound) {
    Bytes row = {1};
    const auto key = GroupKey(group);
    crypto::SealAppend(key, Bound(crypto::Label::kShardKeys, bound), ShardKeys(group), random_,
                       row);
    return row;
  };
  const Bytes wrong = sealed_for(kGroup);
  const Bytes right = sealed_for(group);
  SetRow(ShardsKey(group), wrong);
  EXPECT_THAT(Opens(shard), ErrorIs(Code::kDamage, "shard.damaged"));
  SetRow(ShardsKey(group), right);
  EXPECT_THAT(Opens(shard), IsOk());
  const Bytes keys = GroupKeys(1);
  for (const uint16_t bound : {uint16_t{0}, uint16_t{1}}) {
    Bytes row = {1};
    Writer(row).Put(uint64_t{1});
    crypto::SealAppend(first_, Bound(crypto::Label::kGroupKeys, bound), keys, random_, row);
    SetRow(GroupsKey(1), row);
    EXPECT_EQ(Opens(shard).ok(), bound == 1);
  }
}

// Put back within the epoch, the row of shards alone opens nothing.
TEST_F(ShardsTest, OfBeforeARenewalDoNotOpenUnderTheKeyOfAfter) {
  const Bytes before = Row(ShardsKey());
  Shards shards = Of(1, first_);
  BeginRenewal(shards);
  SetRow(ShardsKey(), before);
  EXPECT_THAT(Opens(), ErrorIs(Code::kDamage, "shard.damaged"));
}

TEST_F(ShardsTest, AreDamagedByEveryChangedBitAndEveryOtherLength) {
  for (const Bytes& key : {ShardsKey(), GroupsKey()}) {
    const Bytes good = Row(key);
    for (size_t at = 0; at < good.size(); ++at) {
      Bytes changed = good;
      changed[at] ^= static_cast<uint8_t>(1 << at % 8);
      SetRow(key, changed);
      EXPECT_THAT(Opens(), ErrorIs(Code::kDamage, "shard.damaged")) << at;
    }
    for (size_t size = 0; size < good.size(); size = size < 100 ? size + 1 : size + 41) {
      SetRow(key, ByteView(good).first(size));
      EXPECT_THAT(Opens(), ErrorIs(Code::kDamage, "shard.damaged")) << size;
    }
    Bytes longer = good;
    longer.push_back(0);
    SetRow(key, longer);
    EXPECT_THAT(Opens(), ErrorIs(Code::kDamage, "shard.damaged"));
    Write([&](store::WriteTransaction& t) { return t.Delete(Table::kMeta, key); });
    EXPECT_THAT(Opens(), ErrorIs(Code::kDamage, "shard.damaged"));
    SetRow(key, good);
    EXPECT_THAT(Opens(), IsOk());
  }
}

TEST_F(ShardsTest, HaveOneKeyOrTwoWhateverIsSealed) {
  constexpr size_t kEntryBytes = 8 + crypto::kKeyBytes;
  const Bytes good = ShardKeys();
  ASSERT_EQ(good.size(), kShardsPerGroup * (1 + kEntryBytes));
  const auto place = [](size_t shard) {
    return static_cast<ptrdiff_t>(shard * (1 + kEntryBytes) + 1);
  };
  for (const size_t shard : {size_t{0}, size_t{kShard % kShardsPerGroup}, size_t{63}}) {
    const auto begin = good.begin() + place(shard);
    const Bytes entry(begin, begin + kEntryBytes);
    for (const int count : {0, 1, 2, 3, 255}) {
      Bytes plain = good;
      plain[static_cast<size_t>(place(shard)) - 1] = static_cast<uint8_t>(count);
      plain.erase(plain.begin() + place(shard), plain.begin() + place(shard) + kEntryBytes);
      for (int i = 0; i < count; ++i)
        plain.insert(plain.begin() + place(shard), entry.begin(), entry.end());
      SetShardKeys(plain);
      EXPECT_EQ(Opens().ok(), count == 1 || count == 2) << count;
    }
  }
  for (const auto change :
       {+[](Bytes& plain) { plain.push_back(0); }, +[](Bytes& plain) { plain.push_back(1); },
        +[](Bytes& plain) { plain.pop_back(); },
        +[](Bytes& plain) { plain.resize(plain.size() - 1 - kEntryBytes); },
        +[](Bytes& plain) { plain.clear(); }}) {
    Bytes plain = good;
    change(plain);
    SetShardKeys(plain);
    EXPECT_THAT(Opens(), ErrorIs(Code::kDamage, "shard.damaged"));
  }
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
