// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_layout.h"

namespace bailee::store {
namespace {

// LMDB's cursors have room for 32 levels and do not look when a root splits. Twelve levels of the
// longest keys hold more pages than a file can have.
constexpr uint16_t kDepthMax = 24;

}  // namespace

std::optional<TreeRecord> ParseTreeRecord(ByteView bytes, uint64_t last_page) {
  TreeRecord tree;
  tree.flags = LoadNative<uint16_t>(bytes, 4);
  tree.depth = LoadNative<uint16_t>(bytes, 6);
  tree.branch_pages = LoadNative<uint64_t>(bytes, 8);
  tree.leaf_pages = LoadNative<uint64_t>(bytes, 16);
  tree.overflow_pages = LoadNative<uint64_t>(bytes, 24);
  tree.entries = LoadNative<uint64_t>(bytes, 32);
  tree.root = LoadNative<uint64_t>(bytes, 40);
  for (const uint64_t pages : {tree.branch_pages, tree.leaf_pages, tree.overflow_pages}) {
    if (pages > last_page) return std::nullopt;
  }
  const uint64_t pages = tree.branch_pages + tree.leaf_pages + tree.overflow_pages;
  if (tree.root == kNoPage) {
    const bool empty = tree.depth == 0 && pages == 0 && tree.entries == 0;
    return empty ? std::optional(tree) : std::nullopt;
  }
  const bool sensible = tree.depth >= 1 && tree.depth <= kDepthMax && tree.leaf_pages >= 1 &&
                        pages <= last_page && tree.entries >= tree.leaf_pages &&
                        tree.root >= kFirstPage && tree.root <= last_page;
  return sensible ? std::optional(tree) : std::nullopt;
}

}  // namespace bailee::store
