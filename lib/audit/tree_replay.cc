// SPDX-License-Identifier: Apache-2.0
#include "audit/tree_replay.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "audit/tree_store.h"
#include "base/codec.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

using store::Table;

// The hash in a row of audit_node; nothing if there is no such row, or it is no hash.
Result<std::optional<TreeHash>> StoredNode(store::Engine& engine, const Subtree& subtree) {
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine.Read());
  BAILEE_TRY(const std::optional<ByteView> row, snapshot->Get(Table::kAuditNode, NodeKey(subtree)));
  if (!row || row->size() != sizeof(TreeHash)) return std::optional<TreeHash>();
  return std::optional<TreeHash>(Reader(*row).GetArray<sizeof(TreeHash)>());
}

uint64_t LastLeafOf(const Subtree& subtree) { return ((subtree.index + 1) << subtree.level) - 1; }

}  // namespace

Status TreeReplay::Compare(const KeptNode& node) {
  BAILEE_TRY(const std::optional<TreeHash> stored, StoredNode(engine_, node.subtree));
  const Where where{LastLeafOf(node.subtree)};
  if (!stored) {
    findings_.Broken("trail.node-missing", "the hash of a complete subtree is not there", where);
  } else if (*stored != node.hash) {
    findings_.Broken("trail.node-differs", "the hash of a complete subtree is not its leaves'",
                     where);
  }
  return Status();
}

// Blocks whose leaves are gone are the leaves of a tree of their own, eight levels up.
Result<TreeReplay> TreeReplay::Begin(store::Engine& engine, uint64_t pruned, Findings& findings) {
  TreeReplay replay(engine, findings);
  Frontier blocks;
  for (uint64_t block = 0; block < pruned / kBlockLeaves; ++block) {
    const Subtree subtree{kKeptLevelStep, block};
    BAILEE_TRY(const std::optional<TreeHash> stored, StoredNode(engine, subtree));
    if (!stored) {
      findings.Broken("trail.node-missing", "the hash of leaves that were pruned is not there",
                      {LastLeafOf(subtree)});
      replay.complete_ = false;
      return replay;
    }
    for (KeptNode node : blocks.Append(*stored)) {
      node.subtree.level = static_cast<uint8_t>(node.subtree.level + kKeptLevelStep);
      BAILEE_RETURN_IF_ERROR(replay.Compare(node));
    }
  }
  Bytes leaves = blocks.Encode();
  StoreBigEndian(pruned, leaves.data());
  BAILEE_TRY(replay.frontier_, Frontier::Parse(leaves));
  return replay;
}

Status TreeReplay::Add(ByteView leaf) {
  if (!complete_) return Status();
  for (const KeptNode& node : frontier_.Append(LeafHash(leaf))) {
    BAILEE_RETURN_IF_ERROR(Compare(node));
  }
  return Status();
}

void TreeReplay::Finish(const Frontier& head) {
  if (!complete_ || frontier_.Encode() == head.Encode()) return;
  findings_.Broken("trail.root-differs", "the leaves do not make the head of the tree");
}

Status FindStrayNodes(store::Snapshot& snapshot, uint64_t size, Findings& findings) {
  return snapshot.Scan(Table::kAuditNode, {}, {}, [&](ByteView key, ByteView) {
    Reader in(key);
    const auto level = in.Get<uint8_t>();
    const auto index = in.Get<uint64_t>();
    const bool known = in.complete() && level > 0 && level < 64 && level % kKeptLevelStep == 0 &&
                       index < (size >> level);
    if (!known) findings.Broken("trail.node-stray", "a hash of a subtree that the tree has not");
    return true;
  });
}

}  // namespace bailee::audit
