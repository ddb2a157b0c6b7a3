// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "audit/tree_rows.h"
#include "audit/tree_store.h"
#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

Status Pruned() {
  return Status(Code::kNotFound, "audit.leaf-pruned", "the beginning of the audit trail was pruned",
                "look in the export that was made before the pruning");
}

Status BeyondTree() {
  return Status(Code::kNotFound, "audit.beyond-tree", "the audit tree is not that large",
                "if a checkpoint says so, the vault was put back to an earlier state");
}

Result<uint64_t> ReadPruned(store::Snapshot& snapshot, uint64_t size) {
  BAILEE_TRY(const std::optional<ByteView> row, snapshot.Get(store::Table::kMeta, kPrunedRow));
  if (!row.has_value()) return uint64_t{0};
  Reader in(*row);
  const auto pruned = in.Get<uint64_t>();
  if (!in.complete() || pruned % kBlockLeaves != 0 || pruned > size) {
    return TreeDamaged("the row of what was pruned makes no sense");
  }
  return pruned;
}

// What came from rows must lead to the head, or it is not handed out.
Status Proven(const Status& verified) {
  if (verified.ok()) return verified;
  return Status(Code::kAuditBroken, "audit.tree-broken",
                "the rows of the audit tree do not hash to its head",
                "keep the files as they are and compare them with a backup and the checkpoints");
}

}  // namespace

Result<TreeReader> TreeReader::Open(store::Snapshot& snapshot) {
  BAILEE_TRY(const Frontier head, ReadHead(snapshot));
  BAILEE_TRY(const uint64_t pruned, ReadPruned(snapshot, head.size()));
  return TreeReader(snapshot, head, pruned);
}

Result<ByteView> TreeReader::Leaf(uint64_t index) const {
  if (index >= size()) return BeyondTree();
  if (index < pruned_) return Pruned();
  BAILEE_TRY(const std::optional<ByteView> leaf,
             snapshot_->Get(store::Table::kAuditLeaf, LeafKey(index)));
  if (!leaf.has_value()) return TreeDamaged("a leaf of the audit tree is missing");
  return *leaf;
}

Result<TreeHash> TreeReader::KeptHash(const Subtree& subtree) const {
  BAILEE_TRY(const std::optional<ByteView> row,
             snapshot_->Get(store::Table::kAuditNode, NodeKey(subtree)));
  TreeHash hash;
  if (!row.has_value()) return TreeDamaged("a node of the audit tree is missing");
  if (row->size() != hash.size()) return TreeDamaged("a node of the audit tree has a wrong size");
  std::copy(row->begin(), row->end(), hash.begin());
  return hash;
}

// From the nodes or leaves that are kept below it, at most 128 of them.
Result<TreeHash> TreeReader::HashOf(const Subtree& subtree) const {
  if (subtree.level == 0) {
    BAILEE_TRY(const ByteView leaf, Leaf(subtree.index));
    return LeafHash(leaf);
  }
  if (subtree.level % kKeptLevelStep == 0) return KeptHash(subtree);
  const auto below = static_cast<uint8_t>(subtree.level - 1);
  BAILEE_TRY(const TreeHash left, HashOf(Subtree{below, 2 * subtree.index}));
  BAILEE_TRY(const TreeHash right, HashOf(Subtree{below, 2 * subtree.index + 1}));
  return NodeHash(left, right);
}

Result<std::vector<TreeHash>> TreeReader::HashesOf(const std::vector<Subtree>& subtrees) const {
  std::vector<TreeHash> hashes;
  for (const Subtree& subtree : subtrees) {
    BAILEE_TRY(const TreeHash hash, HashOf(subtree));
    hashes.push_back(hash);
  }
  return hashes;
}

Result<std::vector<TreeHash>> TreeReader::HashesOf(const std::vector<LeafRange>& ranges) const {
  std::vector<TreeHash> hashes;
  for (const LeafRange& range : ranges) {
    BAILEE_TRY(const std::vector<TreeHash> parts, HashesOf(SubtreesOf(range)));
    hashes.push_back(RootOf(parts));
  }
  return hashes;
}

Result<TreeReader::Earlier> TreeReader::At(uint64_t size) const {
  if (size > this->size()) return BeyondTree();
  if (size == this->size()) return Earlier{head_, {}};
  BAILEE_TRY(const std::vector<TreeHash> subtrees, HashesOf(SubtreesOf({0, size})));
  BAILEE_TRY(std::vector<TreeHash> to_head, HashesOf(ConsistencyRanges(size, this->size())));
  Earlier earlier{Frontier::FromSubtrees(size, subtrees), std::move(to_head)};
  BAILEE_RETURN_IF_ERROR(Proven(
      VerifyConsistency({size, earlier.frontier.Root()}, {this->size(), Root()}, earlier.to_head)));
  return earlier;
}

Result<Frontier> TreeReader::FrontierAt(uint64_t size) const {
  BAILEE_TRY(const Earlier earlier, At(size));
  return earlier.frontier;
}

Result<TreeHash> TreeReader::RootAt(uint64_t size) const {
  BAILEE_TRY(const Frontier frontier, FrontierAt(size));
  return frontier.Root();
}

Result<std::vector<TreeHash>> TreeReader::InclusionProof(uint64_t index, uint64_t size) const {
  if (index >= size) return BeyondTree();
  BAILEE_TRY(const TreeHash root, RootAt(size));
  BAILEE_TRY(const ByteView leaf, Leaf(index));
  const TreeHash hash = LeafHash(leaf);
  BAILEE_TRY(std::vector<TreeHash> proof, HashesOf(InclusionRanges(index, size)));
  BAILEE_RETURN_IF_ERROR(Proven(VerifyInclusion(hash, index, size, proof, root)));
  return proof;
}

Result<std::vector<TreeHash>> TreeReader::ConsistencyProof(uint64_t older, uint64_t newer) const {
  BAILEE_CHECK(older <= newer);
  BAILEE_TRY(const TreeHash newer_root, RootAt(newer));
  BAILEE_TRY(Earlier from, At(older));
  if (newer == size()) return std::move(from.to_head);
  BAILEE_TRY(std::vector<TreeHash> proof, HashesOf(ConsistencyRanges(older, newer)));
  BAILEE_RETURN_IF_ERROR(
      Proven(VerifyConsistency({older, from.frontier.Root()}, {newer, newer_root}, proof)));
  return proof;
}

}  // namespace bailee::audit
