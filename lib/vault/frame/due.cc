// SPDX-License-Identifier: Apache-2.0
#include "vault/frame/due.h"

#include <array>

#include "base/codec.h"
#include "base/try.h"
#include "keys/shards.h"

namespace bailee::vault {
namespace {

using store::Table;

constexpr uint8_t kDueRow[] = {1};

}  // namespace

Bytes DueKeyOf(Due due, ByteView id) {
  Bytes key;
  Writer(key).Put(static_cast<uint8_t>(due)).Put(id);
  return key;
}

ByteView DueRow() { return kDueRow; }

Status PutDue(store::WriteTransaction& transaction, Due due, ByteView id) {
  return transaction.Put(Table::kDue, DueKeyOf(due, id), kDueRow);
}

Status DeleteDue(store::WriteTransaction& transaction, Due due, ByteView id) {
  return transaction.Delete(Table::kDue, DueKeyOf(due, id));
}

Result<std::vector<Bytes>> ListDue(store::Snapshot& snapshot, Due due, size_t count_max) {
  std::vector<Bytes> ids;
  BAILEE_RETURN_IF_ERROR(
      snapshot.Scan(Table::kDue, DueKeyOf(due, {}), {}, [&](ByteView key, ByteView) {
        if (ids.size() == count_max) return false;
        ids.emplace_back(key.begin() + 1, key.end());
        return true;
      }));
  return ids;
}

Status OweShardOf(store::WriteTransaction& transaction, const std::array<uint8_t, 16>& id) {
  std::array<uint8_t, 2> shard{};
  StoreBigEndian(keys::ShardOf(id), shard.data());
  return PutDue(transaction, Due::kShard, shard);
}

}  // namespace bailee::vault
