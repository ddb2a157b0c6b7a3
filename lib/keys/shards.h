// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "keys/shard_groups.h"
#include "store/engine.h"

// Shard keys: FORMAT.md §8. Every S and H is sealed under the key of one of 16,384 shards, and what
// leads to shard keys (shard_groups.h) under E of the epoch, so that a new key for a shard and a
// new epoch take away every S that was sealed under the old one, wherever old copies lie.
namespace bailee::keys {

inline constexpr uint16_t kShardCount = kGroupCount * kShardsPerGroup;

// The shard of a handle or a lookup tag: its first 14 bits.
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

  // Opens every key of a group, whether it was opened before or not, and says how many each of its
  // shards has. REQUIRES, errors: as Get.
  Result<std::array<size_t, kShardsPerGroup>> CountKeys(store::Snapshot& snapshot,
                                                        uint16_t group) const;

  // Gives a shard a new key beside the one it has, unless one was given and not ended yet. Returns
  // the id of the new one. REQUIRES, errors: as Get.
  Result<uint64_t> BeginRenewal(store::WriteTransaction& transaction, uint16_t shard,
                                crypto::Random& random);
  // Takes away the old one. REQUIRES: no row names it. REQUIRES, errors: as Get.
  Status EndRenewal(store::WriteTransaction& transaction, uint16_t shard, crypto::Random& random);

  // Seals what leads to shard keys under E of the next epoch and writes the rows. REQUIRES, errors:
  // as Get.
  Status MoveTo(store::WriteTransaction& transaction, uint64_t epoch, const crypto::EpochKey& key,
                crypto::Random& random);

 private:
  struct Opened {
    Opened(uint64_t of, crypto::ShardKey opened, const Opened* next)
        : id(of), key(std::move(opened)), before(next) {}
    const uint64_t id;
    const crypto::ShardKey key;
    const Opened* const before;  // one of the same shard that was opened before
  };
  // What is known of the shards of a group.
  struct Group {
    // The one opened last of each, for finding it without the mutex.
    std::array<std::atomic<const Opened*>, kShardsPerGroup> opened{};
    std::optional<GroupSalt> salt;  // of the row that `current` is from
    std::array<uint64_t, kShardsPerGroup> current{};
  };
  EpochRef Ref() const { return {vault_, epoch_, key_}; }
  const crypto::ShardKey* Find(uint16_t shard, uint64_t id) const;
  Result<const crypto::ShardKey*> Keep(uint16_t shard, uint64_t id, const OpenedGroup& opened);
  std::optional<uint64_t> KnownCurrent(uint16_t shard, const GroupSalt& salt);
  void LearnCurrent(uint16_t shard, const SaltedGroup& group);
  Group& GroupFor(uint16_t shard);  // REQUIRES: mutex_

  const VaultId vault_;
  const uint64_t epoch_;
  const crypto::EpochKey key_;
  std::mutex mutex_;
  // Null: nothing of the group was needed yet.
  std::array<std::atomic<Group*>, kGroupCount> groups_{};
  // Nothing goes before the object does, so that pointers stay good.
  std::deque<Group> made_groups_;
  std::deque<Opened> kept_;
};

}  // namespace bailee::keys
