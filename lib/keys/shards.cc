// SPDX-License-Identifier: Apache-2.0
#include "keys/shards.h"

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/suite1.h"

namespace bailee::keys {
namespace {

using store::Table;

constexpr uint8_t kShardRowVersion = 1;
constexpr size_t kKeysMax = 2;
constexpr size_t kSealedShardBytes = crypto::kKeyBytes + crypto::kEnvelopeOverhead;
constexpr std::string_view kEpochRow = "epoch";

std::array<uint8_t, 7> RowKey(uint16_t shard) {
  std::array<uint8_t, 7> key = {'s', 'h', 'a', 'r', 'd'};
  StoreBigEndian(shard, key.data() + 5);
  return key;
}

crypto::EncodedBinding ShardBinding(const VaultId& vault, uint16_t shard, uint64_t id) {
  return crypto::Encode(crypto::Binding{
      .label = crypto::Label::kShardKey, .vault = vault, .revision = shard, .context = id});
}

Status DamagedShard() {
  return Status(Code::kDamage, "shard.damaged", "a shard key does not open",
                "restore the vault from a backup; subjects of other shards are still readable");
}

// A row of a shard, borrowed from the snapshot.
struct ShardRow {
  struct Entry {
    uint64_t id = 0;
    ByteView sealed;
  };
  std::array<Entry, kKeysMax> entries;
  size_t count = 0;

  const Entry& current() const { return entries[count - 1]; }
};

Result<ShardRow> ReadShardRow(store::Snapshot& snapshot, uint16_t shard, uint64_t epoch) {
  BAILEE_TRY(const std::optional<ByteView> row, snapshot.Get(Table::kMeta, RowKey(shard)));
  if (!row) return DamagedShard();
  Reader reader(*row);
  const auto version = reader.Get<uint8_t>();
  const auto of = reader.Get<uint64_t>();
  const auto count = reader.Get<uint8_t>();
  if (version != kShardRowVersion || of != epoch || count < 1 || count > kKeysMax)
    return DamagedShard();
  ShardRow read;
  for (; read.count < count; ++read.count) {
    const auto id = reader.Get<uint64_t>();
    read.entries[read.count] = {id, reader.GetBytes(kSealedShardBytes)};
  }
  if (!reader.complete()) return DamagedShard();
  return read;
}

// Makes a row of what is added to it.
class RowMaker {
 public:
  RowMaker(const VaultId& vault, uint16_t shard, uint64_t epoch, uint8_t count)
      : vault_(vault), shard_(shard) {
    Writer(row_).Put(kShardRowVersion).Put(epoch).Put(count);
  }
  void Add(const ShardRow::Entry& entry) { Writer(row_).Put(entry.id).Put(entry.sealed); }
  void Add(uint64_t id, const crypto::ShardKey& key, const crypto::EpochKey& epoch,
           crypto::Random& random) {
    Writer(row_).Put(id);
    key.Reveal([&](ByteView bytes) {
      crypto::SealAppend(epoch, ShardBinding(vault_, shard_, id), bytes, random, row_);
    });
  }
  Status Put(store::WriteTransaction& transaction) const {
    return transaction.Put(Table::kMeta, RowKey(shard_), row_);
  }

 private:
  const VaultId& vault_;
  const uint16_t shard_;
  Bytes row_;
};

uint64_t FreshId(crypto::Random& random) {
  return LoadBigEndian<uint64_t>(crypto::RandomArray<8>(random).data());
}

}  // namespace

uint16_t ShardOf(const std::array<uint8_t, 16>& id) {
  return static_cast<uint16_t>(id[0] << 2 | id[1] >> 6);
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
  for (uint16_t shard = 0; shard < kShardCount; ++shard) {
    BAILEE_TRY(const crypto::ShardKey made, crypto::ShardKey::Generate(random));
    RowMaker row(vault, shard, epoch, 1);
    row.Add(FreshId(random), made, key, random);
    BAILEE_RETURN_IF_ERROR(row.Put(transaction));
  }
  return PutEpochRow(transaction, {epoch, transaction.transaction_id()});
}

Shards::Shards(const VaultId& vault, uint64_t epoch, crypto::EpochKey key)
    : vault_(vault), epoch_(epoch), key_(std::move(key)) {}

const crypto::ShardKey* Shards::Find(uint16_t shard, uint64_t id) {
  BAILEE_CHECK(shard < kShardCount);
  const Opened* last = last_[shard].load(std::memory_order_acquire);
  if (last != nullptr && last->id == id) return last->key.get();
  const std::lock_guard lock(mutex_);
  for (const auto& each : opened_[shard]) {
    if (each->id == id) return each->key.get();
  }
  return nullptr;
}

Result<const crypto::ShardKey*> Shards::Open(uint16_t shard, uint64_t id, ByteView sealed) {
  if (const crypto::ShardKey* key = Find(shard, id)) return key;
  Result<Secret> opened = crypto::Open(key_, ShardBinding(vault_, shard, id), sealed);
  if (!opened.ok()) return crypto::DamageUnlessFull(opened.status(), DamagedShard());
  BAILEE_TRY(crypto::ShardKey key, crypto::ShardKey::FromSecret(*std::move(opened)));
  auto entry = std::make_unique<const Opened>(
      Opened{id, std::make_unique<const crypto::ShardKey>(std::move(key))});
  const std::lock_guard lock(mutex_);
  // Somebody may have been quicker; both stay, because both may be in use. An id that was given up
  // with its transaction stays as well: it is random, so that nothing else will have it.
  last_[shard].store(entry.get(), std::memory_order_release);
  opened_[shard].push_back(std::move(entry));
  return static_cast<const crypto::ShardKey*>(opened_[shard].back()->key.get());
}

Result<const crypto::ShardKey*> Shards::Get(store::Snapshot& snapshot, uint16_t shard,
                                            uint64_t id) {
  if (const crypto::ShardKey* key = Find(shard, id)) return key;
  BAILEE_TRY(const ShardRow row, ReadShardRow(snapshot, shard, epoch_));
  for (size_t i = 0; i < row.count; ++i) {
    if (row.entries[i].id == id) return Open(shard, id, row.entries[i].sealed);
  }
  return Status(Code::kDamage, "shard.key-unknown",
                "a row is sealed under a shard key that there is not",
                "restore the vault from a backup; other rows are still readable");
}

Result<NamedShardKey> Shards::Current(store::Snapshot& snapshot, uint16_t shard) {
  BAILEE_TRY(const ShardRow row, ReadShardRow(snapshot, shard, epoch_));
  const ShardRow::Entry& current = row.current();
  BAILEE_TRY(const crypto::ShardKey* key, Open(shard, current.id, current.sealed));
  return NamedShardKey{current.id, key};
}

Result<size_t> Shards::CountKeys(store::Snapshot& snapshot, uint16_t shard) const {
  BAILEE_TRY(const ShardRow row, ReadShardRow(snapshot, shard, epoch_));
  for (size_t i = 0; i < row.count; ++i) {
    const ShardRow::Entry& entry = row.entries[i];
    const Result<Secret> opened =
        crypto::Open(key_, ShardBinding(vault_, shard, entry.id), entry.sealed);
    if (!opened.ok()) return crypto::DamageUnlessFull(opened.status(), DamagedShard());
  }
  return row.count;
}

Result<uint64_t> Shards::BeginRenewal(store::WriteTransaction& transaction, uint16_t shard,
                                      crypto::Random& random) {
  BAILEE_TRY(const ShardRow row, ReadShardRow(transaction, shard, epoch_));
  if (row.count == kKeysMax) return row.current().id;
  BAILEE_TRY(const crypto::ShardKey fresh, crypto::ShardKey::Generate(random));
  const uint64_t id = FreshId(random);
  RowMaker renewed(vault_, shard, epoch_, kKeysMax);
  renewed.Add(row.current());
  renewed.Add(id, fresh, key_, random);
  BAILEE_RETURN_IF_ERROR(renewed.Put(transaction));
  return id;
}

Status Shards::EndRenewal(store::WriteTransaction& transaction, uint16_t shard) {
  BAILEE_TRY(const ShardRow row, ReadShardRow(transaction, shard, epoch_));
  RowMaker ended(vault_, shard, epoch_, 1);
  ended.Add(row.current());
  return ended.Put(transaction);
}

Status Shards::MoveTo(store::WriteTransaction& transaction, uint64_t epoch,
                      const crypto::EpochKey& key, crypto::Random& random) {
  for (uint16_t shard = 0; shard < kShardCount; ++shard) {
    BAILEE_TRY(const ShardRow row, ReadShardRow(transaction, shard, epoch_));
    RowMaker moved(vault_, shard, epoch, static_cast<uint8_t>(row.count));
    for (size_t i = 0; i < row.count; ++i) {
      const ShardRow::Entry& entry = row.entries[i];
      BAILEE_TRY(const crypto::ShardKey* opened, Open(shard, entry.id, entry.sealed));
      moved.Add(entry.id, *opened, key, random);
    }
    BAILEE_RETURN_IF_ERROR(moved.Put(transaction));
  }
  return PutEpochRow(transaction, {epoch, transaction.transaction_id()});
}

}  // namespace bailee::keys
