// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/checkpoint.h"
#include "bailee/result.h"

// The Merkle tree of RFC 6962 §2.1 without any storage: FORMAT.md §13.5.
namespace bailee::audit {

// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right). That of a leaf is LeafHash().
TreeHash NodeHash(const TreeHash& left, const TreeHash& right);

// Every how many levels the hashes of complete subtrees are kept.
inline constexpr uint8_t kKeptLevelStep = 8;
// Leaves of the smallest subtree whose hash is kept; leaves are deleted in multiples of it.
inline constexpr uint64_t kBlockLeaves = uint64_t{1} << kKeptLevelStep;
// A tree is never larger than this, so that no sum of sizes overflows.
inline constexpr uint64_t kTreeSizeMax = uint64_t{1} << 62;

// A complete subtree of 2^level leaves, the index-th of its level from the left.
struct Subtree {
  uint8_t level = 0;
  uint64_t index = 0;
  bool operator==(const Subtree&) const = default;
};

struct KeptNode {
  Subtree subtree;
  TreeHash hash;
};

// All of a tree that is needed to append to it: the hashes of the complete subtrees that its size
// is the sum of. Thread-compatible.
class Frontier {
 public:
  Frontier() = default;  // of the empty tree

  // Reads the value of meta["tree"]. It is proven by nothing but a checkpoint of the same size.
  // Errors: kDamage "audit.tree-damaged".
  static Result<Frontier> Parse(ByteView row);
  // That value.
  Bytes Encode() const;

  // The frontier of the tree made of `subtrees`: the hash of each of SubtreesOf({0, size}).
  static Frontier FromSubtrees(uint64_t size, const std::vector<TreeHash>& hashes);

  uint64_t size() const { return size_; }

  // Appends a leaf by its hash. Returns the kept nodes that it completes, lowest level first; most
  // leaves complete none. REQUIRES: size() < kTreeSizeMax.
  std::vector<KeptNode> Append(const TreeHash& leaf_hash);

  // The root of the tree as it is.
  TreeHash Root() const;

 private:
  uint64_t size_ = 0;
  std::array<TreeHash, 64> peaks_{};  // by level; those whose bit in size_ is set
};

// Leaves from `first` on and before `end`.
struct LeafRange {
  uint64_t first = 0;
  uint64_t end = 0;
  bool operator==(const LeafRange&) const = default;
};

// The ranges whose hashes make the proof of RFC 6962 §2.1.1 for leaf `index` in the tree of `size`,
// in the order of the proof. REQUIRES: index < size ≤ kTreeSizeMax.
std::vector<LeafRange> InclusionRanges(uint64_t index, uint64_t size);

// The same for the proof of §2.1.2 that the tree of `newer` leaves begins with that of `older`.
// Empty if they are equal, or `older` is 0. REQUIRES: older ≤ newer ≤ kTreeSizeMax.
std::vector<LeafRange> ConsistencyRanges(uint64_t older, uint64_t newer);

// The complete subtrees that a range of such a proof, or a whole tree, is the sum of, largest
// first; their hashes give the range's by RootOf. REQUIRES: range.first is a multiple of the
// largest power of two that is not above its length; the range is not empty.
std::vector<Subtree> SubtreesOf(const LeafRange& range);

// The hash of the range whose SubtreesOf hash to `hashes`; EmptyRoot() for none.
TreeHash RootOf(const std::vector<TreeHash>& hashes);

}  // namespace bailee::audit
