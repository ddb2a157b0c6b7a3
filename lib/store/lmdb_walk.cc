// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_walk.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/try.h"
#include "store/lmdb_errors.h"

namespace bailee::store {

Result<bool> DataFile::Read(uint64_t page, uint64_t offset, std::span<uint8_t> out) const {
  uint64_t at = page * page_bytes_ + offset;
  while (!out.empty()) {
    const ssize_t got = pread(fd_, out.data(), out.size(), static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return LmdbError(errno, "read the data file");
    if (got == 0) return false;
    out = out.subspan(static_cast<size_t>(got));
    at += static_cast<uint64_t>(got);
  }
  return true;
}

Status PageDamage(const std::string& tree, uint64_t page, const char* what) {
  return {Code::kDamage, "store.damaged",
          "page " + std::to_string(page) + " of " + tree + ": " + what,
          "run a check, then restore from a backup"};
}

Status TreeWalk::Run(const TreeRecord& tree, TreeKind kind, const std::string& name,
                     const Visitor& visit) {
  if (tree.root == kNoPage) return {};
  name_ = name;
  visit_ = visit ? &visit : nullptr;
  found_ = TreeRecord{.depth = tree.depth, .root = tree.root};
  // Before the walk, because views into the buffers are held during it.
  if (levels_.size() < tree.depth) levels_.resize(tree.depth);
  BAILEE_RETURN_IF_ERROR(
      Enter(0, PagePlace{.kind = kind, .leaf = tree.depth == 1, .number = tree.root}));
  if (tree.depth > 1) BAILEE_RETURN_IF_ERROR(Descend());
  return CompareCounts(tree);
}

// From the root, which has been entered, to the last leaf.
Status TreeWalk::Descend() {
  size_t depth = 0;
  for (;;) {
    Level& level = levels_[depth];
    if (level.next == level.count) {
      if (depth == 0) return {};
      --depth;
      continue;
    }
    const bool leaf = depth + 2 == found_.depth;
    BAILEE_RETURN_IF_ERROR(Enter(depth + 1, PlaceOfChild(level, level.next++, leaf)));
    if (!leaf) ++depth;
  }
}

PagePlace TreeWalk::PlaceOfChild(const Level& parent, size_t index, bool leaf) const {
  const Node node = NodeAt(parent.page, false, index);
  PagePlace place = parent.place;
  place.leaf = leaf;
  place.number = node.child;
  if (index > 0) place.lower = node.key;
  if (index + 1 < parent.count) place.upper = NodeAt(parent.page, false, index + 1).key;
  return place;
}

Status TreeWalk::Enter(size_t depth, const PagePlace& place) {
  Level& level = levels_[depth];
  level.page.resize(file_.page_bytes());
  if (const char* fault = pages_.Use(place.number, 1); fault != nullptr) {
    return PageDamage(name_, place.number, fault);
  }
  BAILEE_TRY(const bool whole, file_.Read(place.number, 0, level.page));
  if (!whole) return PageDamage(name_, place.number, "it lies behind the end of the file");
  if (const char* fault = checker_.Check(level.page, place); fault != nullptr) {
    return PageDamage(name_, place.number, fault);
  }
  level.place = place;
  level.next = 0;
  level.count = NodeCount(level.page);
  ++(place.leaf ? found_.leaf_pages : found_.branch_pages);
  return place.leaf ? VisitLeaf(level) : Status();
}

Status TreeWalk::VisitLeaf(const Level& level) {
  found_.entries += level.count;
  for (size_t i = 0; i < level.count; ++i) {
    const Node node = NodeAt(level.page, true, i);
    if (node.big()) BAILEE_RETURN_IF_ERROR(UseOverflow(node, level.place.number));
    if (visit_ != nullptr) BAILEE_RETURN_IF_ERROR((*visit_)(node, level.place.number));
  }
  return {};
}

// Its first page alone has a head. It may have more pages than its data needs now: LMDB keeps them
// when a row gets shorter.
Status TreeWalk::UseOverflow(const Node& node, uint64_t page) {
  const uint64_t first = node.OverflowPage();
  if (const char* fault = pages_.Use(first, 1); fault != nullptr) {
    return PageDamage(name_, first, fault);
  }
  std::array<uint8_t, kPageHeadBytes> head{};
  BAILEE_TRY(const bool whole, file_.Read(first, 0, head));
  if (!whole) return PageDamage(name_, first, "it lies behind the end of the file");
  if (LoadNative<uint64_t>(head, kPageNumberAt) != first) {
    return PageDamage(name_, first, "it carries the number of another page");
  }
  if (LoadNative<uint16_t>(head, kPageFlagsAt) != kPageIsOverflow) {
    return PageDamage(name_, first, "it is of another kind than its place wants");
  }
  const uint64_t count = LoadNative<uint32_t>(head, kPageRunAt);
  const uint64_t needed = (kPageHeadBytes - 1 + uint64_t{node.data_bytes}) / file_.page_bytes() + 1;
  if (count < needed) return PageDamage(name_, first, "it has fewer pages than its row needs");
  if (const char* fault = count > 1 ? pages_.Use(first + 1, count - 1) : nullptr;
      fault != nullptr) {
    return PageDamage(name_, page, "the pages of a row are not all its own");
  }
  found_.overflow_pages += count;
  return {};
}

Status TreeWalk::CompareCounts(const TreeRecord& tree) const {
  const auto differs = [&](const char* what) { return PageDamage(name_, tree.root, what); };
  if (found_.branch_pages != tree.branch_pages) return differs("the count of branches is wrong");
  if (found_.leaf_pages != tree.leaf_pages) return differs("the count of leaves is wrong");
  if (found_.overflow_pages != tree.overflow_pages) {
    return differs("the count of overflow pages is wrong");
  }
  if (found_.entries != tree.entries) return differs("the count of rows is wrong");
  return {};
}

}  // namespace bailee::store
