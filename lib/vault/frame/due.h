// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "store/engine.h"

// What is owed before keys are gone for good: FORMAT.md §17.2.
namespace bailee::vault {

enum class Due : uint8_t {
  kRows = 1,       // of an erased subject: handle
  kShard = 2,      // a new key for a shard: u16
  kEpoch = 3,      // a new epoch
  kEnd = 4,        // of an epoch: u64
  kShardRows = 5,  // of a shard that has two keys: u16
};

// The key of a row, and its value, which is always the same.
Bytes DueKeyOf(Due due, ByteView id);
ByteView DueRow();

Status PutDue(store::WriteTransaction& transaction, Due due, ByteView id);
Status DeleteDue(store::WriteTransaction& transaction, Due due, ByteView id);
// The ids of what is owed, in order, at most `count_max`. Errors: those of the store.
Result<std::vector<Bytes>> ListDue(store::Snapshot& snapshot, Due due, size_t count_max);

// Something sealed under the key of this id's shard must not open again.
Status OweShardOf(store::WriteTransaction& transaction, const std::array<uint8_t, 16>& id);

}  // namespace bailee::vault
