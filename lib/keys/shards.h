// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "store/engine.h"

// Shard keys: FORMAT.md §8. Every S is sealed under the key of one of 1,024 shards, so that
// whatever takes away a shard key takes away every S that was sealed under it, wherever old copies
// lie.
namespace bailee::keys {

inline constexpr uint16_t kShardCount = 1024;
inline constexpr uint64_t kFirstEpoch = 1;

// The shard of a handle or a lookup tag: its first 10 bits.
uint16_t ShardOf(const std::array<uint8_t, 16>& id);

// Writes fresh keys for all shards. Errors: kFull; those of the store.
Status CreateShards(store::WriteTransaction& transaction, const VaultId& vault,
                    const crypto::StorageKey& storage, crypto::Random& random);

// Opens shard keys when first needed and keeps them. Thread-safe.
class Shards {
 public:
  Shards(const VaultId& vault, const crypto::StorageKey& storage);

  // The key of a shard, valid while this object lives.
  // Errors: kDamage "shard.damaged"; kFull; those of the store.
  Result<const crypto::ShardKey*> Get(store::Snapshot& snapshot, uint16_t shard);

 private:
  const VaultId vault_;
  const crypto::StorageKey& storage_;
  std::mutex mutex_;
  std::array<std::atomic<const crypto::ShardKey*>, kShardCount> ready_{};
  std::array<std::unique_ptr<crypto::ShardKey>, kShardCount> keys_;
};

}  // namespace bailee::keys
