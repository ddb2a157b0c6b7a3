// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>

#include "bailee/bytes.h"

namespace bailee::store {

// The layout of LMDB 0.9's data file on 64-bit machines, in native byte order, for those who read
// it without LMDB.

inline constexpr uint64_t kNoPage = ~uint64_t{0};
inline constexpr uint64_t kFirstPage = 2;  // behind the meta pages

// A page: number 8, pad 2, flags 2, then lower 2 and upper 2, or of a run of overflow pages their
// count 4. In a tree's page the nodes' offsets follow up to `lower`, the nodes begin at `upper`.
inline constexpr size_t kPageNumberAt = 0;
inline constexpr size_t kPageFlagsAt = 10;
inline constexpr size_t kPageLowerAt = 12;
inline constexpr size_t kPageUpperAt = 14;
inline constexpr size_t kPageRunAt = 12;
inline constexpr size_t kPageHeadBytes = 16;

inline constexpr uint16_t kPageIsBranch = 0x01;
inline constexpr uint16_t kPageIsLeaf = 0x02;
inline constexpr uint16_t kPageIsOverflow = 0x04;
inline constexpr uint16_t kPageIsMeta = 0x08;

// A node: bytes of its data 4, flags 2, bytes of its key 2, the key, the data. In a branch the
// first 6 bytes are the number of the child.
inline constexpr size_t kNodeDataBytesAt = 0;
inline constexpr size_t kNodeFlagsAt = 4;
inline constexpr size_t kNodeKeyBytesAt = 6;
inline constexpr size_t kNodeHeadBytes = 8;
inline constexpr size_t kKeyBytesMax = 511;

inline constexpr uint16_t kNodeIsBig = 0x01;    // its data is the number of a run of overflow pages
inline constexpr uint16_t kNodeIsTable = 0x02;  // its data is a TreeRecord

inline constexpr uint16_t kTreeHasIntegerKeys = 0x08;

// REQUIRES: at + sizeof(Int) <= bytes.size()
template <typename Int>
Int LoadNative(ByteView bytes, size_t at) {
  Int value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// What LMDB knows of a tree: pad 4, flags 2, depth 2, then five numbers of 8 bytes.
struct TreeRecord {
  uint16_t flags = 0;
  uint16_t depth = 0;  // pages from the root to any leaf
  uint64_t branch_pages = 0;
  uint64_t leaf_pages = 0;
  uint64_t overflow_pages = 0;
  uint64_t entries = 0;
  uint64_t root = kNoPage;
};
inline constexpr size_t kTreeRecordBytes = 48;

// The record at the start of `bytes`, or nothing if its numbers do not fit each other or a file
// whose last page is `last_page`. REQUIRES: bytes.size() >= kTreeRecordBytes.
std::optional<TreeRecord> ParseTreeRecord(ByteView bytes, uint64_t last_page);

}  // namespace bailee::store
