// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "store/lmdb_layout.h"

namespace bailee::store {

// What a tree holds decides how its keys compare and which nodes may be in it.
enum class TreeKind : uint8_t {
  kFreeList,  // numbers of transactions -> the pages each freed
  kTables,    // LMDB's table of tables
  kRows,      // one of our tables
};

// One entry of a page. Views are into the page.
struct Node {
  ByteView key;             // empty in the first node of a branch
  uint64_t child = 0;       // of a branch: a page's number
  uint16_t flags = 0;       // of a leaf
  uint32_t data_bytes = 0;  // of a leaf
  ByteView data;            // of a leaf: its data, or if it is big 8 bytes, see OverflowPage

  bool big() const { return (flags & kNodeIsBig) != 0; }
  // The first of the pages that hold the data. REQUIRES: big().
  uint64_t OverflowPage() const { return LoadNative<uint64_t>(data, 0); }
};

// What is known of a page before it is read.
struct PagePlace {
  TreeKind kind = TreeKind::kRows;
  bool leaf = false;
  uint64_t number = 0;
  // Keys are at or after `lower` and before `upper`, where these are not empty.
  ByteView lower;
  ByteView upper;
};

// Tells whether a page of a tree is one that LMDB can be trusted with. Allocates nothing per page.
class PageChecker {
 public:
  explicit PageChecker(uint32_t page_bytes) : node_bytes_at_(page_bytes / 2) {}

  // Null if it is, else what is wrong. Trusts no byte of `page`, of page_bytes bytes.
  const char* Check(ByteView page, const PagePlace& place);

 private:
  const char* CheckNodes(ByteView page, const PagePlace& place);
  const char* CheckNode(ByteView page, const PagePlace& place, size_t index);
  const char* CheckTiling(ByteView page, size_t count);

  std::vector<uint16_t> node_bytes_at_;  // by half the offset; all zero between two checks
};

// Of a page that was checked. REQUIRES: index < NodeCount(page).
size_t NodeCount(ByteView page);
Node NodeAt(ByteView page, bool leaf, size_t index);

}  // namespace bailee::store
