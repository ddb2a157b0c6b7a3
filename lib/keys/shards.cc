// SPDX-License-Identifier: Apache-2.0
#include "keys/shards.h"

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"

namespace bailee::keys {
namespace {

using store::Table;

constexpr std::string_view kEpochRow = "epoch";

uint16_t GroupOf(uint16_t shard) { return shard / kShardsPerGroup; }
size_t PlaceOf(uint16_t shard) { return shard % kShardsPerGroup; }

}  // namespace

uint16_t ShardOf(const std::array<uint8_t, 16>& id) {
  return static_cast<uint16_t>(id[0] << 6 | id[1] >> 2);
}

Result<EpochRow> ReadEpochRow(store::Snapshot& snapshot) {
  BAILEE_TRY(const std::optional<ByteView> row, snapshot.Get(Table::kMeta, AsBytes(kEpochRow)));
  Reader reader(row.value_or(ByteView()));
  const EpochRow read{reader.Get<uint64_t>(), reader.Get<uint64_t>()};
  if (!reader.complete() || read.epoch == 0) {
    return Status(Code::kDamage, "epoch.damaged", "the vault does not say which epoch it is in",
                  "restore the vault from a backup");
  }
  return read;
}

Status PutEpochRow(store::WriteTransaction& transaction, const EpochRow& row) {
  Bytes value;
  Writer(value).Put(row.epoch).Put(row.transaction);
  return transaction.Put(Table::kMeta, AsBytes(kEpochRow), value);
}

Status CreateShards(store::WriteTransaction& transaction, const VaultId& vault, uint64_t epoch,
                    const crypto::EpochKey& key, crypto::Random& random) {
  BAILEE_RETURN_IF_ERROR(CreateGroups({vault, epoch, key}, transaction, random));
  return PutEpochRow(transaction, {epoch, transaction.transaction_id()});
}

Shards::Shards(const VaultId& vault, uint64_t epoch, crypto::EpochKey key)
    : vault_(vault), epoch_(epoch), key_(std::move(key)) {}

const crypto::ShardKey* Shards::Find(uint16_t shard, uint64_t id) const {
  BAILEE_CHECK(shard < kShardCount);
  const Group* group = groups_[GroupOf(shard)].load(std::memory_order_acquire);
  if (group == nullptr) return nullptr;
  const Opened* each = group->opened[PlaceOf(shard)].load(std::memory_order_acquire);
  while (each != nullptr && each->id != id) each = each->before;
  return each == nullptr ? nullptr : &each->key;
}

Shards::Group& Shards::GroupFor(uint16_t shard) {
  std::atomic<Group*>& place = groups_[GroupOf(shard)];
  if (place.load(std::memory_order_relaxed) == nullptr)
    place.store(&made_groups_.emplace_back(), std::memory_order_release);
  return *place.load(std::memory_order_relaxed);
}

Result<const crypto::ShardKey*> Shards::Keep(uint16_t shard, uint64_t id,
                                             const OpenedGroup& opened) {
  if (const crypto::ShardKey* key = Find(shard, id)) return key;
  BAILEE_TRY(std::optional<crypto::ShardKey> key, opened.Find(PlaceOf(shard), id));
  if (!key) {
    return Status(Code::kDamage, "shard.key-unknown",
                  "a row is sealed under a shard key that there is not",
                  "restore the vault from a backup; other rows are still readable");
  }
  const std::lock_guard lock(mutex_);
  std::atomic<const Opened*>& last = GroupFor(shard).opened[PlaceOf(shard)];
  // Somebody may have been quicker; both stay, because both may be in use. An id that was given up
  // with its transaction stays as well: it is random, so that nothing else will have it.
  const Opened& kept =
      kept_.emplace_back(id, *std::move(key), last.load(std::memory_order_relaxed));
  last.store(&kept, std::memory_order_release);
  return &kept.key;
}

Result<const crypto::ShardKey*> Shards::Get(store::Snapshot& snapshot, uint16_t shard,
                                            uint64_t id) {
  if (const crypto::ShardKey* key = Find(shard, id)) return key;
  BAILEE_TRY(const SaltedGroup group, OpenGroup(Ref(), snapshot, GroupOf(shard)));
  return Keep(shard, id, group.opened);
}

std::optional<uint64_t> Shards::KnownCurrent(uint16_t shard, const GroupSalt& salt) {
  const std::lock_guard lock(mutex_);
  const Group& group = GroupFor(shard);
  if (!group.salt || *group.salt != salt) return std::nullopt;
  return group.current[PlaceOf(shard)];
}

void Shards::LearnCurrent(uint16_t shard, const SaltedGroup& group) {
  const std::lock_guard lock(mutex_);
  Group& known = GroupFor(shard);
  known.salt = group.salt;
  for (size_t i = 0; i < kShardsPerGroup; ++i) known.current[i] = group.opened.CurrentOf(i);
}

Result<NamedShardKey> Shards::Current(store::Snapshot& snapshot, uint16_t shard) {
  BAILEE_CHECK(shard < kShardCount);
  BAILEE_TRY(const GroupSalt salt, ReadGroupSalt(snapshot, GroupOf(shard)));
  if (const std::optional<uint64_t> id = KnownCurrent(shard, salt)) {
    if (const crypto::ShardKey* key = Find(shard, *id)) return NamedShardKey{*id, key};
  }
  BAILEE_TRY(const SaltedGroup group, OpenGroup(Ref(), snapshot, GroupOf(shard)));
  LearnCurrent(shard, group);
  const uint64_t id = group.opened.CurrentOf(PlaceOf(shard));
  BAILEE_TRY(const crypto::ShardKey* key, Keep(shard, id, group.opened));
  return NamedShardKey{id, key};
}

Result<std::array<size_t, kShardsPerGroup>> Shards::CountKeys(store::Snapshot& snapshot,
                                                              uint16_t group) const {
  BAILEE_TRY(const SaltedGroup opened, OpenGroup(Ref(), snapshot, group));
  std::array<size_t, kShardsPerGroup> counts;
  for (size_t i = 0; i < kShardsPerGroup; ++i) counts[i] = opened.opened.CountOf(i);
  return counts;
}

Result<uint64_t> Shards::BeginRenewal(store::WriteTransaction& transaction, uint16_t shard,
                                      crypto::Random& random) {
  const size_t place = PlaceOf(shard);
  BAILEE_TRY(const SaltedGroup group, OpenGroup(Ref(), transaction, GroupOf(shard)));
  if (group.opened.CountOf(place) == OpenedGroup::kKeysMax) return group.opened.CurrentOf(place);
  BAILEE_TRY(const OpenedGroup renewed, group.opened.Renewed(place, true, random));
  BAILEE_RETURN_IF_ERROR(PutGroup(Ref(), transaction, GroupOf(shard), renewed, random));
  return renewed.CurrentOf(place);
}

Status Shards::EndRenewal(store::WriteTransaction& transaction, uint16_t shard,
                          crypto::Random& random) {
  BAILEE_TRY(const SaltedGroup group, OpenGroup(Ref(), transaction, GroupOf(shard)));
  BAILEE_TRY(const OpenedGroup ended, group.opened.Renewed(PlaceOf(shard), false, random));
  return PutGroup(Ref(), transaction, GroupOf(shard), ended, random);
}

Status Shards::MoveTo(store::WriteTransaction& transaction, uint64_t epoch,
                      const crypto::EpochKey& key, crypto::Random& random) {
  BAILEE_RETURN_IF_ERROR(MoveGroupKeys(Ref(), {vault_, epoch, key}, transaction, random));
  return PutEpochRow(transaction, {epoch, transaction.transaction_id()});
}

}  // namespace bailee::keys
