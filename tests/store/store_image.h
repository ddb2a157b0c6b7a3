// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "store/lmdb_header.h"
#include "store/lmdb_page.h"
#include "store_test_util.h"

namespace bailee::store {

// Every row of every table.
using Rows = std::map<std::pair<Table, std::string>, std::string>;
Result<Rows> ReadRows(Engine& engine);

// The content of a data file, to be damaged on purpose.
class StoreImage {
 public:
  StoreImage() = default;
  // REQUIRES: the head is sound.
  explicit StoreImage(Bytes bytes);
  static StoreImage Load(const std::string& path);
  void Write(const std::string& path) const;

  Bytes bytes;

  uint64_t page_count() const { return bytes.size() / kPageBytes; }
  // Of the file as it was loaded.
  const MetaPages& meta() const { return meta_; }
  uint64_t newer_meta() const { return meta_.transaction_id % 2; }

  ByteView page(uint64_t number) const { return ByteView(bytes).subspan(At(number), kPageBytes); }
  bool IsLeaf(uint64_t page_number) const;
  // Where in the file: a page; the offset of a node in its page; that node; its data.
  static size_t At(uint64_t page_number) { return page_number * kPageBytes; }
  static size_t SlotAt(uint64_t page_number, size_t index);
  size_t NodeStartAt(uint64_t page_number, size_t index) const;
  size_t DataAt(uint64_t page_number, size_t index) const;
  // The record of a table.
  size_t RecordAt(Table table) const;
  TreeRecord Record(Table table) const;

  // All branches and leaves of a tree, the root first.
  std::vector<uint64_t> PagesOf(const TreeRecord& tree) const;
  std::vector<uint64_t> LeavesOf(const TreeRecord& tree) const;
  // The same of every tree there is.
  std::vector<uint64_t> PagesOfAllTrees() const;
  // A leaf of the tree with a node whose data is big, and the index of that node.
  std::pair<uint64_t, size_t> BigNode(const TreeRecord& tree) const;

  template <typename Int>
  Int Get(size_t at) const {
    return LoadNative<Int>(bytes, at);
  }
  template <typename Int>
  void Set(size_t at, Int value) {
    std::memcpy(bytes.data() + at, &value, sizeof value);
  }
  template <typename Int>
  void Add(size_t at, Int difference) {
    Set(at, static_cast<Int>(Get<Int>(at) + difference));
  }

  static constexpr size_t kPageBytes = 4096;

 private:
  MetaPages meta_;
};

// A directory in memory where the system has a file system there: for thousands of commits, each of
// which is synced.
testing::TemporaryDirectory MemoryDirectory();

// A file `openers` that says that somebody left without closing.
void LeaveUnclean(const std::string& directory);

// Makes a store with trees of every kind: deep ones of long keys, values of several pages, small
// tables, an empty one, and a long list of free pages. Its last two commits change no row. Some 250
// pages.
void MakeVariedStore(const std::string& directory);

}  // namespace bailee::store
