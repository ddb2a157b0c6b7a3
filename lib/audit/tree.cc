// SPDX-License-Identifier: Apache-2.0
#include "audit/tree.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "base/codec.h"
#include "crypto/sha256.h"

namespace bailee {

TreeHash LeafHash(ByteView leaf) {
  static constexpr uint8_t kLeafPrefix[] = {0x00};
  return crypto::Sha256({kLeafPrefix, leaf});
}

TreeHash EmptyRoot() { return crypto::Sha256({}); }

namespace audit {
namespace {

// The largest power of two that is not above `n`, which is not 0, as an exponent.
uint8_t FloorLog2(uint64_t n) { return static_cast<uint8_t>(std::bit_width(n) - 1); }

// Where RFC 6962 divides n ≥ 2 leaves: the largest power of two below n.
uint64_t SplitOf(uint64_t n) {
  BAILEE_CHECK(n >= 2);
  return uint64_t{1} << FloorLog2(n - 1);
}

}  // namespace

TreeHash NodeHash(const TreeHash& left, const TreeHash& right) {
  static constexpr uint8_t kNodePrefix[] = {0x01};
  return crypto::Sha256({kNodePrefix, left, right});
}

Result<Frontier> Frontier::Parse(ByteView row) {
  Reader in(row);
  Frontier frontier;
  frontier.size_ = in.Get<uint64_t>();
  for (const Subtree& subtree : SubtreesOf({0, frontier.size_})) {
    frontier.peaks_[subtree.level] = in.GetArray<sizeof(TreeHash)>();
  }
  if (!in.complete() || frontier.size_ > kTreeSizeMax) {
    return Status(Code::kDamage, "audit.tree-damaged", "the head of the audit tree makes no sense",
                  "restore the vault from a backup");
  }
  return frontier;
}

Bytes Frontier::Encode() const {
  Bytes row;
  Writer out(row);
  out.Put(size_);
  for (const Subtree& subtree : SubtreesOf({0, size_})) out.Put(ByteView(peaks_[subtree.level]));
  return row;
}

Frontier Frontier::FromSubtrees(uint64_t size, const std::vector<TreeHash>& hashes) {
  const std::vector<Subtree> subtrees = SubtreesOf({0, size});
  BAILEE_CHECK(subtrees.size() == hashes.size() && size <= kTreeSizeMax);
  Frontier frontier;
  frontier.size_ = size;
  for (size_t i = 0; i < hashes.size(); ++i) frontier.peaks_[subtrees[i].level] = hashes[i];
  return frontier;
}

std::vector<KeptNode> Frontier::Append(const TreeHash& leaf_hash) {
  BAILEE_CHECK(size_ < kTreeSizeMax);
  std::vector<KeptNode> completed;
  TreeHash hash = leaf_hash;
  uint8_t level = 0;
  for (; ((size_ >> level) & 1) != 0;) {
    hash = NodeHash(peaks_[level], hash);
    ++level;
    if (level % kKeptLevelStep == 0) completed.push_back({{level, size_ >> level}, hash});
  }
  peaks_[level] = hash;
  ++size_;
  return completed;
}

TreeHash Frontier::Root() const {
  std::vector<TreeHash> hashes;
  for (const Subtree& subtree : SubtreesOf({0, size_})) hashes.push_back(peaks_[subtree.level]);
  return RootOf(hashes);
}

std::vector<LeafRange> InclusionRanges(uint64_t index, uint64_t size) {
  BAILEE_CHECK(index < size && size <= kTreeSizeMax);
  std::vector<LeafRange> ranges;
  LeafRange around{0, size};
  while (around.end - around.first > 1) {
    const uint64_t middle = around.first + SplitOf(around.end - around.first);
    if (index < middle) {
      ranges.push_back({middle, around.end});
      around.end = middle;
    } else {
      ranges.push_back({around.first, middle});
      around.first = middle;
    }
  }
  std::reverse(ranges.begin(), ranges.end());
  return ranges;
}

std::vector<LeafRange> ConsistencyRanges(uint64_t older, uint64_t newer) {
  BAILEE_CHECK(older <= newer && newer <= kTreeSizeMax);
  std::vector<LeafRange> ranges;
  if (older == 0) return ranges;
  LeafRange around{0, newer};
  while (around.end != older) {
    const uint64_t middle = around.first + SplitOf(around.end - around.first);
    if (older <= middle) {
      ranges.push_back({middle, around.end});
      around.end = middle;
    } else {
      ranges.push_back({around.first, middle});
      around.first = middle;
    }
  }
  // What is left is the end of the older tree. If it is all of it, its root is known already.
  if (around.first != 0) ranges.push_back(around);
  std::reverse(ranges.begin(), ranges.end());
  return ranges;
}

std::vector<Subtree> SubtreesOf(const LeafRange& range) {
  std::vector<Subtree> subtrees;
  for (uint64_t first = range.first; first != range.end;) {
    const uint8_t level = FloorLog2(range.end - first);
    subtrees.push_back({level, first >> level});
    first += uint64_t{1} << level;
  }
  return subtrees;
}

TreeHash RootOf(const std::vector<TreeHash>& hashes) {
  if (hashes.empty()) return EmptyRoot();
  TreeHash root = hashes.back();
  for (auto left = hashes.rbegin() + 1; left != hashes.rend(); ++left) root = NodeHash(*left, root);
  return root;
}

}  // namespace audit
}  // namespace bailee
