// SPDX-License-Identifier: Apache-2.0
#include "audit/tree_rows.h"
#include "audit/tree_store.h"
#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"

namespace bailee::audit {

std::array<uint8_t, 8> LeafKey(uint64_t index) {
  std::array<uint8_t, 8> key;
  StoreBigEndian(index, key.data());
  return key;
}

std::array<uint8_t, 9> NodeKey(const Subtree& subtree) {
  std::array<uint8_t, 9> key;
  key[0] = subtree.level;
  StoreBigEndian(subtree.index, key.data() + 1);
  return key;
}

Status TreeDamaged(const char* what) {
  return Status(Code::kDamage, "audit.tree-damaged", what, "restore the vault from a backup");
}

Result<Frontier> ReadHead(store::Snapshot& snapshot) {
  BAILEE_TRY(const std::optional<ByteView> row, snapshot.Get(store::Table::kMeta, kTreeRow));
  Frontier head;
  if (row.has_value()) {
    BAILEE_TRY(head, Frontier::Parse(*row));
  }
  bool beyond = false;
  BAILEE_RETURN_IF_ERROR(
      snapshot.Scan(store::Table::kAuditLeaf, {}, LeafKey(head.size()), [&](ByteView, ByteView) {
        beyond = true;
        return false;
      }));
  // An older head put back, or the head deleted, would let its leaves be written over.
  if (beyond) return TreeDamaged("the audit tree has leaves beyond its head");
  return head;
}

Result<TreeWriter> TreeWriter::Begin(store::WriteTransaction& transaction) {
  BAILEE_TRY(const Frontier head, ReadHead(transaction));
  return TreeWriter(transaction, head);
}

Result<uint64_t> TreeWriter::Append(ByteView leaf) {
  const uint64_t index = frontier_.size();
  if (index >= kTreeSizeMax) {
    return Status(Code::kFull, "audit.tree-full", "the audit tree has as many leaves as it can",
                  "start a new vault");
  }
  BAILEE_RETURN_IF_ERROR(Put(store::Table::kAuditLeaf, LeafKey(index), leaf));
  for (const KeptNode& node : frontier_.Append(LeafHash(leaf))) {
    BAILEE_RETURN_IF_ERROR(Put(store::Table::kAuditNode, NodeKey(node.subtree), node.hash));
  }
  return index;
}

Status TreeWriter::Put(store::Table table, ByteView key, ByteView value) {
  Status status = transaction_->Insert(table, key, value);
  if (status.code() != Code::kConflict) return status;
  return TreeDamaged("a row of the audit tree is there before it was written");
}

Status TreeWriter::Finish() {
  return transaction_->Put(store::Table::kMeta, kTreeRow, frontier_.Encode());
}

}  // namespace bailee::audit
