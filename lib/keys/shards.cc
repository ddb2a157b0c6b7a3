// SPDX-License-Identifier: Apache-2.0
#include "keys/shards.h"

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/suite1.h"

namespace bailee::keys {
namespace {

std::array<uint8_t, 7> RowKey(uint16_t shard) {
  std::array<uint8_t, 7> key = {'s', 'h', 'a', 'r', 'd'};
  StoreBigEndian(shard, key.data() + 5);
  return key;
}

crypto::EncodedBinding ShardBinding(const VaultId& vault, uint16_t shard, uint64_t epoch) {
  return crypto::Encode(crypto::Binding{
      .label = crypto::Label::kShardKey, .vault = vault, .revision = shard, .context = epoch});
}

Status DamagedShard() {
  return Status(Code::kDamage, "shard.damaged", "a shard key does not open",
                "restore the vault from a backup; subjects of other shards are still readable");
}

}  // namespace

uint16_t ShardOf(const std::array<uint8_t, 16>& id) {
  return static_cast<uint16_t>(id[0] << 2 | id[1] >> 6);
}

Status CreateShards(store::WriteTransaction& transaction, const VaultId& vault,
                    const crypto::StorageKey& storage, crypto::Random& random) {
  for (uint16_t shard = 0; shard < kShardCount; ++shard) {
    BAILEE_TRY(const crypto::ShardKey key, crypto::ShardKey::Generate(random));
    Bytes row;
    Writer(row).Put(kFirstEpoch);
    const auto binding = ShardBinding(vault, shard, kFirstEpoch);
    key.Reveal([&](ByteView bytes) { crypto::SealAppend(storage, binding, bytes, random, row); });
    BAILEE_RETURN_IF_ERROR(transaction.Put(store::Table::kMeta, RowKey(shard), row));
  }
  return Status();
}

Shards::Shards(const VaultId& vault, const crypto::StorageKey& storage)
    : vault_(vault), storage_(storage) {}

Result<const crypto::ShardKey*> Shards::Get(store::Snapshot& snapshot, uint16_t shard) {
  BAILEE_CHECK(shard < kShardCount);
  if (const crypto::ShardKey* key = ready_[shard].load(std::memory_order_acquire)) return key;
  BAILEE_TRY(const std::optional<ByteView> row, snapshot.Get(store::Table::kMeta, RowKey(shard)));
  if (!row) return DamagedShard();
  Reader reader(*row);
  const auto epoch = reader.Get<uint64_t>();
  Result<Secret> opened = crypto::Open(storage_, ShardBinding(vault_, shard, epoch), reader.rest());
  if (!opened.ok()) return crypto::DamageUnlessFull(opened.status(), DamagedShard());
  BAILEE_TRY(crypto::ShardKey key, crypto::ShardKey::FromSecret(*std::move(opened)));

  const std::lock_guard lock(mutex_);
  if (keys_[shard] == nullptr) {
    keys_[shard] = std::make_unique<crypto::ShardKey>(std::move(key));
    ready_[shard].store(keys_[shard].get(), std::memory_order_release);
  }
  return static_cast<const crypto::ShardKey*>(keys_[shard].get());
}

}  // namespace bailee::keys
