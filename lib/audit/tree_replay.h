// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "audit/findings.h"
#include "audit/tree.h"
#include "bailee/bytes.h"
#include "bailee/result.h"
#include "store/engine.h"

namespace bailee::audit {

// Makes the tree again from its leaves and compares it with what is stored. Findings, all broken:
//   trail.node-missing  the hash of a complete subtree is not there
//   trail.node-differs  it is not that of its leaves; the leaf is the subtree's last
//   trail.root-differs  the leaves do not make the head
class TreeReplay {
 public:
  // Begins behind the first `pruned` leaves, whose kept nodes are compared with each other.
  // `engine` and `findings` outlive the replay. Errors: those of the store.
  static Result<TreeReplay> Begin(store::Engine& engine, uint64_t pruned, Findings& findings);

  // The next leaf. Errors: those of the store.
  Status Add(ByteView leaf);
  // Leaves up to `end` are missing, which somebody else has found: from here on nothing can be
  // compared.
  void Miss() { complete_ = false; }

  // After the last leaf.
  void Finish(const Frontier& head);

  const Frontier& frontier() const { return frontier_; }
  bool complete() const { return complete_; }

 private:
  TreeReplay(store::Engine& engine, Findings& findings) : engine_(engine), findings_(findings) {}

  Status Compare(const KeptNode& node);

  store::Engine& engine_;
  Findings& findings_;
  Frontier frontier_;
  bool complete_ = true;
};

// The rows of audit_node that a tree of `size` leaves does not have: "trail.node-stray", broken.
Status FindStrayNodes(store::Snapshot& snapshot, uint64_t size, Findings& findings);

}  // namespace bailee::audit
