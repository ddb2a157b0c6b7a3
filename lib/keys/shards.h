// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "store/engine.h"

// Shard keys: FORMAT.md §8. Every S and H is sealed under the key of one of 1,024 shards, and shard
// keys under E of the epoch, so that a new key for a shard and a new epoch take away every S that
// was sealed under the old one, wherever old copies lie.
namespace bailee::keys {

inline constexpr uint16_t kShardCount = 1024;

// The shard of a handle or a lookup tag: its first 10 bits.
uint16_t ShardOf(const std::array<uint8_t, 16>& id);

// What an opener says that holds no key of any epoch.
inline constexpr uint64_t kNoEpochHeld = ~uint64_t{0};

// What meta["epoch"] says: the epoch, and the number of the transaction that began it.
struct EpochRow {
  uint64_t epoch = 0;
  uint64_t transaction = 0;
};
// Errors: kDamage "epoch.damaged"; those of the store.
Result<EpochRow> ReadEpochRow(store::Snapshot& snapshot);
Status PutEpochRow(store::WriteTransaction& transaction, const EpochRow& row);

// Writes fresh keys for all shards, and the row of the epoch that `key` is of.
// Errors: kFull; those of the store.
Status CreateShards(store::WriteTransaction& transaction, const VaultId& vault, uint64_t epoch,
                    const crypto::EpochKey& key, crypto::Random& random);

// A shard key with the id that rows name it by. Valid while the Shards it is of live.
struct NamedShardKey {
  uint64_t id = 0;
  const crypto::ShardKey* key = nullptr;
};

// The shard keys of one epoch. Opens them when first needed and keeps them. Thread-safe.
class Shards {
 public:
  Shards(const VaultId& vault, uint64_t epoch, crypto::EpochKey key);

  uint64_t epoch() const { return epoch_; }

  // The key that rows of a shard which say `id` are sealed under. REQUIRES: the snapshot is of this
  // epoch. Errors: kDamage "shard.damaged", or "shard.key-unknown" if the shard is whole and has no
  // key of that id; kFull; those of the store.
  Result<const crypto::ShardKey*> Get(store::Snapshot& snapshot, uint16_t shard, uint64_t id);

  // The key that rows of a shard are to be sealed under now. REQUIRES, errors: as Get.
  Result<NamedShardKey> Current(store::Snapshot& snapshot, uint16_t shard);

  // Opens every key of a shard, whether it was opened before or not, and says how many there are.
  // REQUIRES, errors: as Get.
  Result<size_t> CountKeys(store::Snapshot& snapshot, uint16_t shard) const;

  // Gives a shard a new key beside the one it has, unless one was given and not ended yet. Returns
  // the id of the new one. REQUIRES, errors: as Get.
  Result<uint64_t> BeginRenewal(store::WriteTransaction& transaction, uint16_t shard,
                                crypto::Random& random);
  // Takes away the old one. REQUIRES: no row names it.
  Status EndRenewal(store::WriteTransaction& transaction, uint16_t shard);

  // Seals all shard keys under E of the next epoch and writes the rows. REQUIRES, errors: as Get.
  Status MoveTo(store::WriteTransaction& transaction, uint64_t epoch, const crypto::EpochKey& key,
                crypto::Random& random);

 private:
  struct Opened {
    uint64_t id = 0;
    std::unique_ptr<const crypto::ShardKey> key;
  };
  const crypto::ShardKey* Find(uint16_t shard, uint64_t id);
  Result<const crypto::ShardKey*> Open(uint16_t shard, uint64_t id, ByteView sealed);

  const VaultId vault_;
  const uint64_t epoch_;
  const crypto::EpochKey key_;
  std::mutex mutex_;
  // The one opened last of each shard, for finding it without the mutex; all are in `opened_`.
  std::array<std::atomic<const Opened*>, kShardCount> last_{};
  std::array<std::vector<std::unique_ptr<const Opened>>, kShardCount> opened_;
};

}  // namespace bailee::keys
