// SPDX-License-Identifier: Apache-2.0
#include <bit>

#include "audit/tree.h"
#include "bailee/checkpoint.h"

namespace bailee {
namespace {

using audit::NodeHash;

Status NotIncluded() {
  return Status(Code::kAuditBroken, "proof.inclusion",
                "the proof does not show that the leaf is in the tree",
                "check that leaf, proof and checkpoint belong together; if they do, the trail was "
                "changed");
}

Status NotConsistent() {
  return Status(Code::kAuditBroken, "proof.consistency",
                "the newer tree does not begin with the leaves of the older",
                "keep both checkpoints and the files as they are: the trail was changed");
}

}  // namespace

Status VerifyInclusion(const TreeHash& leaf, uint64_t index, uint64_t size,
                       std::span<const TreeHash> proof, const TreeHash& root) {
  if (index >= size) return NotIncluded();
  uint64_t node = index;     // of the path, in its level
  uint64_t last = size - 1;  // of the level
  TreeHash hash = leaf;
  for (const TreeHash& sibling : proof) {
    if (last == 0) return NotIncluded();
    if ((node & 1) != 0 || node == last) {
      hash = NodeHash(sibling, hash);
      // A last node without a sibling goes up as it is.
      const int up = (node & 1) != 0 ? 0 : std::countr_zero(node);
      node >>= up;
      last >>= up;
    } else {
      hash = NodeHash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last == 0 && hash == root) return Status();
  return NotIncluded();
}

Status VerifyConsistency(const TreeHead& older, const TreeHead& newer,
                         std::span<const TreeHash> proof) {
  if (older.size > newer.size) {
    return Status(Code::kAuditBroken, "proof.shorter", "the newer tree has fewer leaves",
                  "check the order of the two; if it is right, the trail was cut off");
  }
  if (older.size == 0 && older.root != EmptyRoot()) return NotConsistent();
  if (older.size == newer.size && older.root != newer.root) return NotConsistent();
  if (older.size == 0 || older.size == newer.size)
    return proof.empty() ? Status() : NotConsistent();

  uint64_t node = older.size - 1;  // the last of the older tree, in its level
  uint64_t last = newer.size - 1;  // of the newer
  // Up to the largest complete subtree that ends where the older tree does.
  const int up = std::countr_one(node);
  node >>= up;
  last >>= up;
  // If that is all of the older tree, its root is not repeated in the proof.
  const bool whole = node == 0;
  if (!whole && proof.empty()) return NotConsistent();
  TreeHash older_hash = whole ? older.root : proof.front();
  TreeHash newer_hash = older_hash;
  for (const TreeHash& sibling : whole ? proof : proof.subspan(1)) {
    if (last == 0) return NotConsistent();
    if ((node & 1) != 0 || node == last) {
      older_hash = NodeHash(sibling, older_hash);
      newer_hash = NodeHash(sibling, newer_hash);
      const int skip = (node & 1) != 0 ? 0 : std::countr_zero(node);
      node >>= skip;
      last >>= skip;
    } else {
      newer_hash = NodeHash(newer_hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last == 0 && older_hash == older.root && newer_hash == newer.root) return Status();
  return NotConsistent();
}

}  // namespace bailee
