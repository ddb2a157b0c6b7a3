// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_row_buffer.h"

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "store/lmdb_layout.h"
#include "store/lmdb_transaction.h"

namespace bailee::store {
namespace {

constexpr size_t kRowsInLeafMin = 2;  // LMDB gives rows that are larger pages of their own
// A run of fewer rows does not fill pages of its own.
constexpr size_t kRunRowsMin = 8;
// What is larger stays where it is.
constexpr size_t kMovedBytesMax = 1024;

struct Row {
  ByteView key;
  ByteView value;
};

// The room for rows in a leaf, and what one takes of it, with its place in the page's list.
class LeafSize {
 public:
  explicit LeafSize(size_t page_bytes) : room_(page_bytes - kPageHeadBytes) {}

  size_t room() const { return room_; }
  size_t Of(const Row& row) const {
    const size_t head = kNodeHeadBytes + row.key.size();
    const bool fits = head + row.value.size() + sizeof(uint16_t) <= room_ / kRowsInLeafMin;
    const size_t node = head + (fits ? row.value.size() : sizeof(uint64_t));
    return node + node % 2 + sizeof(uint16_t);
  }

 private:
  size_t room_;
};

// The order in which ascending rows are put so that leaves get full. LMDB splits a full leaf, when
// a row comes behind its last, before the last: that one moves along. So the last row that fits is
// put after the next two, which make the split, and then lies alone where it belongs.
class FillingOrder {
 public:
  // `used`: of the leaf that the first row goes to the end of, as far as is known. The first split
  // tells.
  FillingOrder(std::span<const Row> rows, const LeafSize& size, size_t used)
      : rows_(rows), size_(size), used_(used) {}

  // `put` says whether a leaf was split.
  template <typename Put>
  int ForEach(const Put& put) {
    for (size_t i = 0; i < rows_.size();) {
      const bool last = IsLastThatFits(i);
      bool split = false;
      if (last) {
        if (const int rc = PutOne(put, i + 1, split); rc != 0) return rc;
        if (const int rc = PutOne(put, i + 2, split); rc != 0) return rc;
      }
      const size_t used = used_;
      const size_t moved = moved_;
      const bool lies_before = split;
      if (const int rc = PutOne(put, i, split); rc != 0) return rc;
      if (last) moved_ = moved;
      if (lies_before) used_ = used;
      i += last ? 3 : 1;
    }
    return 0;
  }

 private:
  template <typename Put>
  int PutOne(const Put& put, size_t i, bool& split) {
    const int rc = put(rows_[i], split);
    used_ = Bytes(i) + (split ? moved_ : used_);
    moved_ = Bytes(i);
    return rc;
  }
  size_t Bytes(size_t i) const { return size_.Of(rows_[i]); }
  bool IsLastThatFits(size_t i) const {
    if (i + 2 >= rows_.size() || used_ + Bytes(i) > size_.room()) return false;
    const size_t without = used_ + Bytes(i + 1);
    return without + Bytes(i) > size_.room() && without <= size_.room() &&
           without + Bytes(i + 2) > size_.room();
  }

  const std::span<const Row> rows_;
  const LeafSize& size_;
  size_t used_;
  size_t moved_ = 0;  // what a split takes along
};

// Puts ascending rows into one table.
class RunWriter {
 public:
  RunWriter(MDB_cursor* cursor, size_t page_bytes)
      : cursor_(cursor), page_bytes_(page_bytes), size_(page_bytes) {}

  // All of them lie between the same two rows that are there.
  int Put(std::span<const Row> run) {
    if (run.size() < kRunRowsMin) return PutInOrder(run);
    // Leaves get full where rows come behind the last one, and half full where they come in
    // between. So what is behind the run in the same leaf is taken out and put back behind it.
    Leaf leaf;
    if (const int rc = LookAtLeaf(run.front().key, leaf); rc != 0) return rc;
    const size_t count = std::min(run.size(), leaf.behind.size());
    for (size_t i = 0; i < count; ++i) {
      if (const int rc = Exchange(run[i], i, leaf); rc != 0) return rc;
    }
    std::vector<Row> rows(run.begin() + static_cast<ptrdiff_t>(count), run.end());
    for (size_t i = 0; i < count; ++i)
      rows.push_back({leaf.behind[i].first, leaf.behind[i].second});
    return Fill(rows, leaf.used);
  }

  // The first row that is there at or behind `key`; nothing if there is none.
  int Next(ByteView key, std::optional<Bytes>& next) {
    MDB_val found = AsValue(key);
    MDB_val value = {};
    const int rc = mdb_cursor_get(cursor_, &found, &value, MDB_SET_RANGE);
    next.reset();
    if (rc == 0) next.emplace(AsView(found).begin(), AsView(found).end());
    return rc == MDB_NOTFOUND ? 0 : rc;
  }

 private:
  // What is known of the leaf that a run goes into.
  struct Leaf {
    size_t used = 0;  // by what is before the run
    size_t left = 0;  // and what is behind it
    std::vector<std::pair<Bytes, Bytes>> behind;
  };

  // Puts a row of the run and takes out one that is behind it. A leaf that is nearly empty between
  // the two would be given rows of others.
  int Exchange(const Row& row, size_t i, Leaf& leaf) {
    const Row behind{leaf.behind[i].first, leaf.behind[i].second};
    const bool fits = leaf.used + leaf.left + size_.Of(row) <= size_.room();
    leaf.used += size_.Of(row);
    leaf.left -= size_.Of(behind);
    int rc = fits ? PutOne(row) : Delete(behind.key);
    if (rc == 0) rc = fits ? Delete(behind.key) : PutOne(row);
    return rc;
  }

  // Puts what all comes behind the `used` bytes of a leaf.
  int Fill(std::span<const Row> rows, size_t used) {
    size_t leaves = 0;
    if (const int rc = CountLeaves(leaves); rc != 0) return rc;
    FillingOrder order(rows, size_, used);
    return order.ForEach([&](const Row& row, bool& split) {
      const size_t before = leaves;
      int rc = PutOne(row);
      if (rc == 0) rc = CountLeaves(leaves);
      split = leaves > before;
      return rc;
    });
  }

  int PutInOrder(std::span<const Row> rows) {
    for (const Row& row : rows) {
      if (const int rc = PutOne(row); rc != 0) return rc;
    }
    return 0;
  }

  int Delete(ByteView key) {
    MDB_val at = AsValue(key);
    MDB_val value = {};
    const int rc = mdb_cursor_get(cursor_, &at, &value, MDB_SET);
    return rc == 0 ? mdb_cursor_del(cursor_, 0) : rc;
  }

  int PutOne(const Row& row) {
    MDB_val key = AsValue(row.key);
    MDB_val value = AsValue(row.value);
    return mdb_cursor_put(cursor_, &key, &value, 0);
  }

  int CountLeaves(size_t& leaves) const {
    MDB_stat stat = {};
    const int rc = mdb_stat(mdb_cursor_txn(cursor_), mdb_cursor_dbi(cursor_), &stat);
    leaves = stat.ms_leaf_pages;
    return rc;
  }

  // Whether two keys seem to lie in one page. What is wrong about it costs room, and nothing else.
  bool Near(const MDB_val& one, const MDB_val& other) const {
    const auto a = reinterpret_cast<uintptr_t>(one.mv_data);
    const auto b = reinterpret_cast<uintptr_t>(other.mv_data);
    return (a > b ? a - b : b - a) < page_bytes_;
  }

  // Copies what is at or behind `key` in the leaf that it would lie in between of.
  int LookAtLeaf(ByteView key, Leaf& leaf) {
    MDB_val first = AsValue(key);
    MDB_val value = {};
    int rc = mdb_cursor_get(cursor_, &first, &value, MDB_SET_RANGE);
    const bool at_end = rc == MDB_NOTFOUND;
    if (rc != 0 && !at_end) return rc;
    MDB_val before = {};
    rc = mdb_cursor_get(cursor_, &before, &value, at_end ? MDB_LAST : MDB_PREV);
    const MDB_val last = before;
    const bool between = !at_end && (rc == MDB_NOTFOUND || Near(last, first));
    for (; rc == 0 && Near(before, last) && leaf.used < size_.room();
         rc = mdb_cursor_get(cursor_, &before, &value, MDB_PREV))
      leaf.used += size_.Of({AsView(before), AsView(value)});
    if (rc != 0 && rc != MDB_NOTFOUND) return rc;
    if (!between) return 0;
    MDB_val next = AsValue(key);
    for (rc = mdb_cursor_get(cursor_, &next, &value, MDB_SET_RANGE);
         rc == 0 && Near(next, first) && value.mv_size <= kMovedBytesMax;
         rc = mdb_cursor_get(cursor_, &next, &value, MDB_NEXT)) {
      const size_t bytes = size_.Of({AsView(next), AsView(value)});
      if (leaf.left + bytes > size_.room()) return 0;
      leaf.behind.emplace_back(Bytes(AsView(next).begin(), AsView(next).end()),
                               Bytes(AsView(value).begin(), AsView(value).end()));
      leaf.left += bytes;
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
  }

  MDB_cursor* const cursor_;
  const size_t page_bytes_;
  const LeafSize size_;
};

}  // namespace

void RowBuffer::Put(Table table, ByteView key, ByteView value) {
  Bytes copy(value.begin(), value.end());  // which may lie in here
  Rows& rows = RowsOf(table);
  const auto at = rows.lower_bound(key);
  if (at != rows.end() && std::ranges::equal(at->first, key)) {
    at->second = std::move(copy);
  } else {
    rows.emplace_hint(at, Bytes(key.begin(), key.end()), std::move(copy));
  }
}

void RowBuffer::Erase(Table table, ByteView key) {
  Rows& rows = RowsOf(table);
  if (const auto at = rows.find(key); at != rows.end()) rows.erase(at);
}

const Bytes* RowBuffer::Find(Table table, ByteView key) const {
  const Rows& rows = RowsOf(table);
  const auto at = rows.find(key);
  return at == rows.end() ? nullptr : &at->second;
}

RowBuffer::Cursor RowBuffer::From(Table table, ByteView prefix, ByteView from) const {
  const Rows& rows = RowsOf(table);
  return {rows.lower_bound(Less()(prefix, from) ? from : prefix), rows.end(), prefix};
}

int RowBuffer::Flush(Table table, MDB_txn* txn, MDB_dbi dbi) {
  Rows& rows = RowsOf(table);
  if (rows.empty()) return 0;
  MDB_cursor* opened = nullptr;
  if (const int rc = mdb_cursor_open(txn, dbi, &opened); rc != 0) return rc;
  const std::unique_ptr<MDB_cursor, decltype(&mdb_cursor_close)> cursor(opened, mdb_cursor_close);
  MDB_stat stat = {};
  if (const int rc = mdb_stat(txn, dbi, &stat); rc != 0) return rc;
  RunWriter writer(opened, stat.ms_psize);
  std::vector<Row> run;
  for (auto at = rows.cbegin(); at != rows.cend();) {
    std::optional<Bytes> next;
    if (const int rc = writer.Next(at->first, next); rc != 0) return rc;
    run.clear();
    do {
      run.push_back({at->first, at->second});
      ++at;
    } while (at != rows.cend() && (!next || Less()(at->first, *next)));
    if (const int rc = writer.Put(run); rc != 0) return rc;
  }
  rows.clear();
  return 0;
}

}  // namespace bailee::store
