// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "bailee/result.h"
#include "store/lmdb_page.h"
#include "store/lmdb_page_map.h"

namespace bailee::store {

// Reads from a data file; never maps it, so that a file cut short meanwhile is no signal.
class DataFile {
 public:
  // Borrows `fd`.
  DataFile(int fd, uint32_t page_bytes) : fd_(fd), page_bytes_(page_bytes) {}

  uint32_t page_bytes() const { return page_bytes_; }
  // Fills `out` from `offset` bytes into `page`; false if the file ends before.
  // Errors: kFailed "store.io" and its like.
  Result<bool> Read(uint64_t page, uint64_t offset, std::span<uint8_t> out) const;

 private:
  int fd_;
  uint32_t page_bytes_;
};

// "page 7 of the table records: what", code kDamage, name "store.damaged".
Status PageDamage(const std::string& tree, uint64_t page, const char* what);

// Walks trees depth first with one buffer a level, and notes their pages in a map.
class TreeWalk {
 public:
  // Borrows both.
  TreeWalk(const DataFile& file, PageMap& pages)
      : file_(file), pages_(pages), checker_(file.page_bytes()) {}

  // Called with each node of each leaf, in order, and the number of its page. What an error of it
  // says is the answer of the walk.
  using Visitor = std::function<Status(const Node& node, uint64_t page)>;

  // Walks one tree; `name` is for messages, e.g. "the table records"; `visit` may be empty.
  // Errors: kDamage "store.damaged": the first thing found that LMDB would rely on without looking;
  // kFailed (I/O); those of `visit`.
  Status Run(const TreeRecord& tree, TreeKind kind, const std::string& name, const Visitor& visit);

 private:
  struct Level {
    std::vector<uint8_t> page;
    PagePlace place;
    size_t next = 0;
    size_t count = 0;
  };

  Status Enter(size_t depth, const PagePlace& place);
  Status Descend();
  Status VisitLeaf(const Level& level);
  Status UseOverflow(const Node& node, uint64_t page);
  Status CompareCounts(const TreeRecord& tree) const;
  PagePlace PlaceOfChild(const Level& parent, size_t index, bool leaf) const;

  const DataFile& file_;
  PageMap& pages_;
  PageChecker checker_;
  std::vector<Level> levels_;  // grows to the depth of the deepest tree; views point into it

  // Of the tree being walked.
  std::string name_;
  const Visitor* visit_ = nullptr;
  TreeRecord found_;
};

}  // namespace bailee::store
