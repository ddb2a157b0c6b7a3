// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "bailee/ids.h"
#include "bailee/result.h"
#include "bailee/secret.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "store/engine.h"

// Rows of shard keys: FORMAT.md §8. The keys of neighbouring shards lie together under the key of
// their group, group keys under E of the epoch: so a new epoch seals group keys alone. What a group
// has is only ever written under a fresh key, because the one before opens what was taken away.
namespace bailee::keys {

inline constexpr uint16_t kShardsPerGroup = 64;
inline constexpr uint16_t kGroupCount = 256;
inline constexpr uint16_t kGroupsPerRow = 16;
inline constexpr uint16_t kGroupRowCount = kGroupCount / kGroupsPerRow;

// Keys of rows in `meta`: of the shard keys of a group, and of the `n`th row of group keys.
std::array<uint8_t, 7> ShardsRowKeyOf(uint16_t group);
std::array<uint8_t, 7> GroupsRowKeyOf(uint16_t n);

// What rows of groups are bound to and lie under.
struct EpochRef {
  const VaultId& vault;
  uint64_t epoch;
  const crypto::EpochKey& key;
};

// The opened keys of the shards of a group. Shards are counted from the first of the group.
class OpenedGroup {
 public:
  static constexpr size_t kKeysMax = 2;

  // Fresh keys, one for each shard. Errors: kFull.
  static Result<OpenedGroup> Generate(crypto::Random& random);
  // Errors: kDamage "shard.damaged".
  static Result<OpenedGroup> Decode(Secret plain);

  size_t CountOf(size_t shard) const;
  uint64_t IdOf(size_t shard, size_t n) const;
  uint64_t CurrentOf(size_t shard) const { return IdOf(shard, CountOf(shard) - 1); }
  // Nothing if the shard has no key of that id. Errors: kFull.
  Result<std::optional<crypto::ShardKey>> Find(size_t shard, uint64_t id) const;

  // The same, but that the shard has its last key alone, and behind it one that is fresh if `more`.
  // Errors: kFull.
  Result<OpenedGroup> Renewed(size_t shard, bool more, crypto::Random& random) const;

  const Secret& plain() const { return plain_; }

 private:
  explicit OpenedGroup(Secret plain) : plain_(std::move(plain)) {}

  Secret plain_;
  std::array<uint16_t, kShardsPerGroup + 1> begins_{};  // of each shard in `plain_`, and the end
};

// Names what a row of a group holds: a row that was sealed anew has another.
using GroupSalt = std::array<uint8_t, 24>;
// Errors: kDamage "shard.damaged"; those of the store.
Result<GroupSalt> ReadGroupSalt(store::Snapshot& snapshot, uint16_t group);

// The keys of the groups of the `n`th row of group keys, one behind the other.
// REQUIRES: the snapshot is of the epoch. Errors: kDamage "shard.damaged"; kFull; those of the
// store.
Result<Secret> OpenGroupKeys(const EpochRef& epoch, store::Snapshot& snapshot, uint16_t n);

struct SaltedGroup {
  GroupSalt salt;
  OpenedGroup opened;
};
// REQUIRES: the snapshot is of the epoch. Errors: kDamage "shard.damaged"; kFull; those of the
// store.
Result<SaltedGroup> OpenGroup(const EpochRef& epoch, store::Snapshot& snapshot, uint16_t group);

// Writes the row of a group under a fresh key, and that key. REQUIRES, errors: as OpenGroup.
Status PutGroup(const EpochRef& epoch, store::WriteTransaction& transaction, uint16_t group,
                const OpenedGroup& opened, crypto::Random& random);

// Writes all rows, with fresh keys for all. Errors: kFull; those of the store.
Status CreateGroups(const EpochRef& epoch, store::WriteTransaction& transaction,
                    crypto::Random& random);

// Seals the keys of all groups under `next`. REQUIRES, errors: as OpenGroup.
Status MoveGroupKeys(const EpochRef& from, const EpochRef& next,
                     store::WriteTransaction& transaction, crypto::Random& random);

}  // namespace bailee::keys
