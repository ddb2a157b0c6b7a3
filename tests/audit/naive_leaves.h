// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "audit/naive_tree.h"
#include "bailee/checkpoint.h"

namespace bailee::testing {

inline constexpr uint64_t kLeaves = 600;  // crosses 256 and 512

// A NaiveTree of kLeaves leaves, made once.
inline const NaiveTree& Naive() {
  static const NaiveTree tree(kLeaves);
  return tree;
}

// The hash of leaf `index` of every NaiveTree.
inline TreeHash LeafAt(uint64_t index) { return LeafHash(AsBytes(NaiveTree::LeafText(index))); }

}  // namespace bailee::testing
