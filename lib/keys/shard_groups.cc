// SPDX-License-Identifier: Apache-2.0
#include "keys/shard_groups.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/suite1.h"

namespace bailee::keys {
namespace {

using store::Table;

constexpr uint8_t kRowVersion = 1;
constexpr size_t kIdBytes = 8;
constexpr size_t kEntryBytes = kIdBytes + crypto::kKeyBytes;
constexpr size_t kGroupKeysBytes = kGroupsPerRow * crypto::kKeyBytes;
static_assert(crypto::kSaltBytes == sizeof(GroupSalt));

crypto::EncodedBinding ShardsBinding(const VaultId& vault, uint16_t group) {
  return crypto::Encode(
      crypto::Binding{.label = crypto::Label::kShardKeys, .vault = vault, .revision = group});
}

crypto::EncodedBinding GroupsBinding(const VaultId& vault, uint16_t n) {
  return crypto::Encode(
      crypto::Binding{.label = crypto::Label::kGroupKeys, .vault = vault, .revision = n});
}

Status DamagedShard() {
  return Status(Code::kDamage, "shard.damaged", "a shard key does not open",
                "restore the vault from a backup; subjects of other shards are still readable");
}

std::array<uint8_t, 7> RowKey(std::string_view name, uint16_t number) {
  std::array<uint8_t, 7> key;
  std::memcpy(key.data(), name.data(), key.size() - 1);
  key.back() = static_cast<uint8_t>(number);
  return key;
}

// What is sealed in the row of a group's shards, borrowed from the snapshot.
Result<ByteView> ReadSealedShards(store::Snapshot& snapshot, uint16_t group) {
  BAILEE_TRY(const std::optional<ByteView> row, snapshot.Get(Table::kMeta, ShardsRowKeyOf(group)));
  Reader reader(row.value_or(ByteView()));
  if (reader.Get<uint8_t>() != kRowVersion || reader.rest().size() < crypto::kEnvelopeOverhead)
    return DamagedShard();
  return reader.rest();
}

Status PutGroupKeys(const EpochRef& epoch, store::WriteTransaction& transaction, uint16_t n,
                    const Secret& keys, crypto::Random& random) {
  Bytes row;
  Writer(row).Put(kRowVersion).Put(epoch.epoch);
  keys.RevealBytes([&](ByteView plain) {
    crypto::SealAppend(epoch.key, GroupsBinding(epoch.vault, n), plain, random, row);
  });
  return transaction.Put(Table::kMeta, GroupsRowKeyOf(n), row);
}

// Writes the row of a group's shards under a fresh key, which it puts among `group_keys`.
Status PutShards(const VaultId& vault, store::WriteTransaction& transaction, uint16_t group,
                 const OpenedGroup& opened, Secret& group_keys, crypto::Random& random) {
  BAILEE_TRY(const crypto::GroupKey key, crypto::GroupKey::Generate(random));
  Bytes row;
  Writer(row).Put(kRowVersion);
  opened.plain().RevealBytes([&](ByteView plain) {
    crypto::SealAppend(key, ShardsBinding(vault, group), plain, random, row);
  });
  group_keys.RevealMutable([&](std::span<uint8_t> out) {
    const size_t at = group % kGroupsPerRow * crypto::kKeyBytes;
    key.Reveal([&](ByteView bytes) { std::memcpy(out.data() + at, bytes.data(), bytes.size()); });
  });
  return transaction.Put(Table::kMeta, ShardsRowKeyOf(group), row);
}

}  // namespace

std::array<uint8_t, 7> ShardsRowKeyOf(uint16_t group) { return RowKey("shards", group); }
std::array<uint8_t, 7> GroupsRowKeyOf(uint16_t n) { return RowKey("groups", n); }

Result<OpenedGroup> OpenedGroup::Generate(crypto::Random& random) {
  constexpr size_t kShardBytes = 1 + kEntryBytes;
  BAILEE_TRY(Secret plain, Secret::Allocate(kShardsPerGroup * kShardBytes));
  plain.RevealMutable([&](std::span<uint8_t> out) {
    random.Fill(out);
    for (size_t at = 0; at < out.size(); at += kShardBytes) out[at] = 1;
  });
  return Decode(std::move(plain));
}

Result<OpenedGroup> OpenedGroup::Decode(Secret plain) {
  OpenedGroup group(std::move(plain));
  const bool whole = group.plain_.RevealBytes([&](ByteView bytes) {
    Reader reader(bytes);
    for (size_t shard = 0; shard < kShardsPerGroup; ++shard) {
      group.begins_[shard] = static_cast<uint16_t>(bytes.size() - reader.rest().size());
      const auto count = reader.Get<uint8_t>();
      if (count < 1 || count > kKeysMax) return false;
      reader.GetBytes(count * kEntryBytes);
    }
    group.begins_.back() = static_cast<uint16_t>(bytes.size());
    return reader.complete();
  });
  if (!whole) return DamagedShard();
  return group;
}

size_t OpenedGroup::CountOf(size_t shard) const {
  return static_cast<size_t>(begins_.at(shard + 1) - begins_.at(shard)) / kEntryBytes;
}

uint64_t OpenedGroup::IdOf(size_t shard, size_t n) const {
  return plain_.RevealBytes([&](ByteView bytes) {
    return LoadBigEndian<uint64_t>(bytes.data() + begins_.at(shard) + 1 + n * kEntryBytes);
  });
}

Result<std::optional<crypto::ShardKey>> OpenedGroup::Find(size_t shard, uint64_t id) const {
  for (size_t n = 0; n < CountOf(shard); ++n) {
    if (IdOf(shard, n) != id) continue;
    const size_t at = begins_[shard] + 1 + n * kEntryBytes + kIdBytes;
    BAILEE_TRY(crypto::ShardKey key, plain_.RevealBytes([&](ByteView bytes) {
      return crypto::ShardKey::FromBytes(bytes.subspan(at, crypto::kKeyBytes));
    }));
    return std::optional(std::move(key));
  }
  return std::optional<crypto::ShardKey>();
}

Result<OpenedGroup> OpenedGroup::Renewed(size_t shard, bool more, crypto::Random& random) const {
  const size_t begin = begins_.at(shard);
  const size_t end = begins_.at(shard + 1);
  const size_t count = more ? 2 : 1;
  BAILEE_TRY(Secret made,
             Secret::Allocate(plain_.size_bytes() - (end - begin) + 1 + count * kEntryBytes));
  plain_.RevealBytes([&](ByteView from) {
    made.RevealMutable([&](std::span<uint8_t> out) {
      auto to = std::copy_n(from.begin(), begin, out.begin());
      *to++ = static_cast<uint8_t>(count);
      to = std::copy_n(from.begin() + static_cast<ptrdiff_t>(end - kEntryBytes), kEntryBytes, to);
      if (more) {
        random.Fill(std::span(to, kEntryBytes));
        to += kEntryBytes;
      }
      std::copy(from.begin() + static_cast<ptrdiff_t>(end), from.end(), to);
    });
  });
  return Decode(std::move(made));
}

Result<Secret> OpenGroupKeys(const EpochRef& epoch, store::Snapshot& snapshot, uint16_t n) {
  BAILEE_TRY(const std::optional<ByteView> row, snapshot.Get(Table::kMeta, GroupsRowKeyOf(n)));
  Reader reader(row.value_or(ByteView()));
  const auto version = reader.Get<uint8_t>();
  const auto of = reader.Get<uint64_t>();
  const ByteView sealed = reader.GetBytes(kGroupKeysBytes + crypto::kEnvelopeOverhead);
  if (!reader.complete() || version != kRowVersion || of != epoch.epoch) return DamagedShard();
  Result<Secret> opened = crypto::Open(epoch.key, GroupsBinding(epoch.vault, n), sealed);
  if (!opened.ok()) return crypto::DamageUnlessFull(opened.status(), DamagedShard());
  return opened;
}

Result<GroupSalt> ReadGroupSalt(store::Snapshot& snapshot, uint16_t group) {
  BAILEE_TRY(const ByteView sealed, ReadSealedShards(snapshot, group));
  return Reader(sealed).GetArray<sizeof(GroupSalt)>();
}

Result<SaltedGroup> OpenGroup(const EpochRef& epoch, store::Snapshot& snapshot, uint16_t group) {
  BAILEE_TRY(const Secret keys, OpenGroupKeys(epoch, snapshot, group / kGroupsPerRow));
  BAILEE_TRY(const crypto::GroupKey key, keys.RevealBytes([&](ByteView bytes) {
    return crypto::GroupKey::FromBytes(
        bytes.subspan(group % kGroupsPerRow * crypto::kKeyBytes, crypto::kKeyBytes));
  }));
  BAILEE_TRY(const ByteView sealed, ReadSealedShards(snapshot, group));
  Result<Secret> plain = crypto::Open(key, ShardsBinding(epoch.vault, group), sealed);
  if (!plain.ok()) return crypto::DamageUnlessFull(plain.status(), DamagedShard());
  BAILEE_TRY(OpenedGroup opened, OpenedGroup::Decode(*std::move(plain)));
  return SaltedGroup{Reader(sealed).GetArray<sizeof(GroupSalt)>(), std::move(opened)};
}

Status PutGroup(const EpochRef& epoch, store::WriteTransaction& transaction, uint16_t group,
                const OpenedGroup& opened, crypto::Random& random) {
  const auto n = static_cast<uint16_t>(group / kGroupsPerRow);
  BAILEE_TRY(Secret keys, OpenGroupKeys(epoch, transaction, n));
  BAILEE_RETURN_IF_ERROR(PutShards(epoch.vault, transaction, group, opened, keys, random));
  return PutGroupKeys(epoch, transaction, n, keys, random);
}

Status CreateGroups(const EpochRef& epoch, store::WriteTransaction& transaction,
                    crypto::Random& random) {
  for (uint16_t n = 0; n < kGroupRowCount; ++n) {
    BAILEE_TRY(Secret keys, Secret::Allocate(kGroupKeysBytes));
    for (uint16_t i = 0; i < kGroupsPerRow; ++i) {
      BAILEE_TRY(const OpenedGroup made, OpenedGroup::Generate(random));
      const auto group = static_cast<uint16_t>(n * kGroupsPerRow + i);
      BAILEE_RETURN_IF_ERROR(PutShards(epoch.vault, transaction, group, made, keys, random));
    }
    BAILEE_RETURN_IF_ERROR(PutGroupKeys(epoch, transaction, n, keys, random));
  }
  return Status();
}

Status MoveGroupKeys(const EpochRef& from, const EpochRef& next,
                     store::WriteTransaction& transaction, crypto::Random& random) {
  for (uint16_t n = 0; n < kGroupRowCount; ++n) {
    BAILEE_TRY(const Secret keys, OpenGroupKeys(from, transaction, n));
    BAILEE_RETURN_IF_ERROR(PutGroupKeys(next, transaction, n, keys, random));
  }
  return Status();
}

}  // namespace bailee::keys
