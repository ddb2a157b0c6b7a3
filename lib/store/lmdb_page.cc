// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_page.h"

#include <algorithm>
#include <utility>

namespace bailee::store {
namespace {

// What does not fit in half a page is kept in overflow pages; LMDB splits pages on that promise.
size_t NodeBytesMax(size_t page_bytes) {
  return ((page_bytes - kPageHeadBytes) / 2 & ~size_t{1}) - sizeof(uint16_t);
}

size_t NodeStart(ByteView page, size_t index) {
  return LoadNative<uint16_t>(page, kPageHeadBytes + 2 * index);
}

bool IsBefore(TreeKind kind, ByteView a, ByteView b) {
  if (kind == TreeKind::kFreeList) return LoadNative<uint64_t>(a, 0) < LoadNative<uint64_t>(b, 0);
  const int order = std::memcmp(a.data(), b.data(), std::min(a.size(), b.size()));
  return order != 0 ? order < 0 : a.size() < b.size();
}

const char* CheckHead(ByteView page, const PagePlace& place) {
  if (LoadNative<uint64_t>(page, kPageNumberAt) != place.number) {
    return "it carries the number of another page";
  }
  if (LoadNative<uint16_t>(page, kPageFlagsAt) != (place.leaf ? kPageIsLeaf : kPageIsBranch)) {
    return "it is of another kind than its place wants";
  }
  const size_t lower = LoadNative<uint16_t>(page, kPageLowerAt);
  const size_t upper = LoadNative<uint16_t>(page, kPageUpperAt);
  if (lower < kPageHeadBytes || lower % 2 != 0 || lower > upper || upper > page.size()) {
    return "the bounds of its free space make no sense";
  }
  // LMDB asserts so, and looks at the first node of a leaf without asking.
  if (NodeCount(page) < (place.leaf ? 1 : 2)) return "it has too few keys";
  return nullptr;
}

const char* CheckKeyBytes(const PagePlace& place, size_t index, size_t key_bytes) {
  const bool unused = !place.leaf && index == 0;
  if (place.kind == TreeKind::kFreeList && !unused) {
    return key_bytes == sizeof(uint64_t) ? nullptr : "a key is no transaction's number";
  }
  const bool sensible = key_bytes <= kKeyBytesMax && (unused || key_bytes > 0);
  return sensible ? nullptr : "the size of a key makes no sense";
}

const char* CheckFlags(const PagePlace& place, uint16_t flags) {
  const uint16_t other = place.kind == TreeKind::kTables ? kNodeIsTable : kNodeIsBig;
  return flags == 0 || flags == other ? nullptr : "a row is of a kind that is never written";
}

// Strictly ascending, and between what the parents promise.
const char* CheckOrder(ByteView page, const PagePlace& place) {
  const size_t count = NodeCount(page);
  const size_t first = place.leaf ? 0 : 1;
  ByteView last = NodeAt(page, place.leaf, first).key;
  if (!place.lower.empty() && IsBefore(place.kind, last, place.lower)) {
    return "a key lies before what its parent promises";
  }
  for (size_t i = first + 1; i < count; ++i) {
    const ByteView key = NodeAt(page, place.leaf, i).key;
    if (!IsBefore(place.kind, last, key)) return "its keys are not in order";
    last = key;
  }
  if (!place.upper.empty() && !IsBefore(place.kind, last, place.upper)) {
    return "a key lies behind what its parent promises";
  }
  return nullptr;
}

}  // namespace

size_t NodeCount(ByteView page) {
  return (LoadNative<uint16_t>(page, kPageLowerAt) - kPageHeadBytes) / 2;
}

Node NodeAt(ByteView page, bool leaf, size_t index) {
  const ByteView bytes = page.subspan(NodeStart(page, index));
  Node node;
  node.key = bytes.subspan(kNodeHeadBytes, LoadNative<uint16_t>(bytes, kNodeKeyBytesAt));
  const auto low = LoadNative<uint32_t>(bytes, kNodeDataBytesAt);
  const auto high = LoadNative<uint16_t>(bytes, kNodeFlagsAt);
  if (!leaf) {
    node.child = low | uint64_t{high} << 32;
    return node;
  }
  node.flags = high;
  node.data_bytes = low;
  node.data = bytes.subspan(kNodeHeadBytes + node.key.size(), node.big() ? sizeof(uint64_t) : low);
  return node;
}

const char* PageChecker::Check(ByteView page, const PagePlace& place) {
  if (const char* fault = CheckHead(page, place); fault != nullptr) return fault;
  if (const char* fault = CheckNodes(page, place); fault != nullptr) {
    std::ranges::fill(node_bytes_at_, uint16_t{0});
    return fault;
  }
  return CheckOrder(page, place);
}

const char* PageChecker::CheckNodes(ByteView page, const PagePlace& place) {
  const size_t count = NodeCount(page);
  for (size_t i = 0; i < count; ++i) {
    if (const char* fault = CheckNode(page, place, i); fault != nullptr) return fault;
  }
  return CheckTiling(page, count);
}

const char* PageChecker::CheckNode(ByteView page, const PagePlace& place, size_t index) {
  const size_t start = NodeStart(page, index);
  if (start < LoadNative<uint16_t>(page, kPageUpperAt) || start % 2 != 0 ||
      start + kNodeHeadBytes > page.size()) {
    return "a node starts outside of its place";
  }
  const size_t key_bytes = LoadNative<uint16_t>(page, start + kNodeKeyBytesAt);
  if (const char* fault = CheckKeyBytes(place, index, key_bytes); fault != nullptr) return fault;
  size_t bytes = kNodeHeadBytes + key_bytes;
  if (place.leaf) {
    const auto flags = LoadNative<uint16_t>(page, start + kNodeFlagsAt);
    if (const char* fault = CheckFlags(place, flags); fault != nullptr) return fault;
    const bool big = (flags & kNodeIsBig) != 0;
    bytes += big ? sizeof(uint64_t) : LoadNative<uint32_t>(page, start + kNodeDataBytesAt);
    if (bytes > NodeBytesMax(page.size())) return "a row is larger than fits beside another";
  }
  bytes += bytes % 2;
  if (start + bytes > page.size()) return "a node reaches behind its end";
  uint16_t& known = node_bytes_at_[start / 2];
  if (known != 0) return "two nodes are in one place";
  known = static_cast<uint16_t>(bytes);
  return nullptr;
}

// The nodes lie one behind the other up to the end: LMDB moves them together and would else move
// more than it has room for.
const char* PageChecker::CheckTiling(ByteView page, size_t count) {
  size_t at = LoadNative<uint16_t>(page, kPageUpperAt);
  size_t seen = 0;
  while (at < page.size()) {
    const uint16_t bytes = std::exchange(node_bytes_at_[at / 2], uint16_t{0});
    if (bytes == 0) return "its nodes overlap or leave gaps";
    at += bytes;
    ++seen;
  }
  return seen == count ? nullptr : "its nodes overlap or leave gaps";
}

}  // namespace bailee::store
