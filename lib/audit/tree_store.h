// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "audit/tree.h"
#include "bailee/bytes.h"
#include "bailee/result.h"
#include "store/engine.h"

// The tree in the tables audit_leaf and audit_node and the row meta["tree"]: FORMAT.md §13.5.
namespace bailee::audit {

// Keys of the two tables.
std::array<uint8_t, 8> LeafKey(uint64_t index);
std::array<uint8_t, 9> NodeKey(const Subtree& subtree);

// Appends leaves inside one write transaction. Changes one row for each leaf, one for each 256 and
// one at the end: the caller keeps a transaction under limits::kTransactionRowsMax. One writer at a
// time lives in a transaction, and nothing else changes the tree meanwhile; after an error the
// transaction must be given up. Thread-compatible.
class TreeWriter {
 public:
  // Reads the head. `transaction` must outlive the writer.
  // Errors: kDamage "audit.tree-damaged" (the head does not parse, or leaves are beyond it); those
  // of the store.
  static Result<TreeWriter> Begin(store::WriteTransaction& transaction);

  // Stores `leaf` as the next one and returns its index. Errors: kDamage "audit.tree-damaged"
  // (there is a row in its place already); kFull "audit.tree-full"; those of the store.
  Result<uint64_t> Append(ByteView leaf);

  // Stores the head. Once, after the last Append. Errors: those of the store.
  Status Finish();

  uint64_t size() const { return frontier_.size(); }
  TreeHash Root() const { return frontier_.Root(); }

 private:
  TreeWriter(store::WriteTransaction& transaction, const Frontier& frontier)
      : transaction_(&transaction), frontier_(frontier) {}

  Status Put(store::Table table, ByteView key, ByteView value);

  store::WriteTransaction* transaction_;
  Frontier frontier_;
};

// Reads the tree as one snapshot shows it. It hands out no hash and no proof that does not lead to
// the root of the head row: where rows are missing or changed the answer is an error. Whether the
// head itself is the one that was signed is for the caller to find out, with a checkpoint.
//
// Where a prefix of the leaves was deleted (§13.6), kept nodes stand for them: roots and
// consistency of sizes that are a multiple of 256 remain available, of others only beyond the
// prefix.
//
// Common errors: kDamage "audit.tree-damaged" (a row is missing or malformed); kAuditBroken
// "audit.tree-broken" (rows do not hash to the head); kNotFound "audit.leaf-pruned" (it takes
// leaves that were deleted), "audit.beyond-tree" (an index or size that the tree does not reach: if
// it is that of a checkpoint, history was cut off); those of the store.
class TreeReader {
 public:
  // Reads the head. `snapshot` must outlive the reader.
  // Errors: kDamage "audit.tree-damaged"; those of the store.
  static Result<TreeReader> Open(store::Snapshot& snapshot);

  uint64_t size() const { return head_.size(); }
  // Leaves that were deleted from the front.
  uint64_t pruned() const { return pruned_; }
  // The root of the head.
  TreeHash Root() const { return head_.Root(); }

  // The root that the tree had with `size` leaves. Errors: common.
  Result<TreeHash> RootAt(uint64_t size) const;

  // The frontier that the tree had with `size` leaves: from here on a checker can append the leaves
  // that follow and must come to Root(). Errors: common.
  Result<Frontier> FrontierAt(uint64_t size) const;

  // The bytes of a leaf, valid as long as views of the snapshot are. Not proven: an InclusionProof
  // of it is. Errors: common, but for "audit.tree-broken".
  Result<ByteView> Leaf(uint64_t index) const;

  // The proof for VerifyInclusion of leaf `index` in the tree of `size` leaves. Errors: common;
  // kNotFound "audit.beyond-tree" also if index is not below size.
  Result<std::vector<TreeHash>> InclusionProof(uint64_t index, uint64_t size) const;

  // The proof for VerifyConsistency from `older` leaves to `newer`. Errors: common.
  // REQUIRES: older ≤ newer.
  Result<std::vector<TreeHash>> ConsistencyProof(uint64_t older, uint64_t newer) const;

 private:
  TreeReader(store::Snapshot& snapshot, const Frontier& head, uint64_t pruned)
      : snapshot_(&snapshot), head_(head), pruned_(pruned) {}

  // The tree as it was with fewer leaves, and the proof that the head extends it.
  struct Earlier {
    Frontier frontier;
    std::vector<TreeHash> to_head;
  };
  Result<Earlier> At(uint64_t size) const;
  Result<TreeHash> HashOf(const Subtree& subtree) const;
  Result<std::vector<TreeHash>> HashesOf(const std::vector<Subtree>& subtrees) const;
  Result<std::vector<TreeHash>> HashesOf(const std::vector<LeafRange>& ranges) const;
  Result<TreeHash> KeptHash(const Subtree& subtree) const;

  store::Snapshot* snapshot_;
  Frontier head_;
  uint64_t pruned_;
};

}  // namespace bailee::audit
