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
// What is larger lies in pages of its own.
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
  // `used`: of the leaf that the first row goes to the end of.
  FillingOrder(std::span<const Row> rows, const LeafSize& size, size_t used)
      : rows_(rows), size_(size), used_(used) {}

  template <typename Put>
  int ForEach(const Put& put) {
    for (size_t i = 0; i < rows_.size();) {
      if (IsLastThatFits(i)) {
        for (const size_t each : {i + 1, i + 2, i}) {
          if (const int rc = put(rows_[each]); rc != 0) return rc;
        }
        used_ = Bytes(i + 1) + Bytes(i + 2);
        i += 3;
        continue;
      }
      if (const int rc = put(rows_[i]); rc != 0) return rc;
      const bool splits = used_ + Bytes(i) > size_.room();
      used_ = splits ? Bytes(i) + (i > 0 ? Bytes(i - 1) : 0) : used_ + Bytes(i);
      ++i;
    }
    return 0;
  }

 private:
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
    std::vector<std::pair<Bytes, Bytes>> taken;
    size_t used = 0;
    if (const int rc = TakeOutBehind(run.front().key, taken, used); rc != 0) return rc;
    FillingOrder order(run, size_, used);
    const int rc = order.ForEach([&](const Row& row) { return PutOne(row); });
    if (rc != 0) return rc;
    std::vector<Row> behind;
    for (const auto& [key, value] : taken) behind.push_back({key, value});
    return PutInOrder(behind);
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
  int PutInOrder(std::span<const Row> rows) {
    for (const Row& row : rows) {
      if (const int rc = PutOne(row); rc != 0) return rc;
    }
    return 0;
  }

  int PutOne(const Row& row) {
    MDB_val key = AsValue(row.key);
    MDB_val value = AsValue(row.value);
    return mdb_cursor_put(cursor_, &key, &value, 0);
  }

  // Whether two keys seem to lie in one page. What is wrong about it costs room, and nothing else.
  bool Near(const MDB_val& one, const MDB_val& other) const {
    const auto a = reinterpret_cast<uintptr_t>(one.mv_data);
    const auto b = reinterpret_cast<uintptr_t>(other.mv_data);
    return (a > b ? a - b : b - a) < page_bytes_;
  }

  // Takes rows at or behind `key` out of the leaf that it would lie in between of; `used` becomes
  // what is before it there.
  int TakeOutBehind(ByteView key, std::vector<std::pair<Bytes, Bytes>>& behind, size_t& used) {
    MDB_val first = AsValue(key);
    MDB_val value = {};
    int rc = mdb_cursor_get(cursor_, &first, &value, MDB_SET_RANGE);
    const bool at_end = rc == MDB_NOTFOUND;
    if (rc != 0 && !at_end) return rc;
    MDB_val before = {};
    rc = mdb_cursor_get(cursor_, &before, &value, at_end ? MDB_LAST : MDB_PREV);
    const MDB_val last = before;
    const bool between = rc == 0 && !at_end && Near(last, first);
    for (; rc == 0 && Near(before, last) && used < page_bytes_;
         rc = mdb_cursor_get(cursor_, &before, &value, MDB_PREV))
      used += size_.Of({AsView(before), AsView(value)});
    if (rc != 0 && rc != MDB_NOTFOUND) return rc;
    if (!between) return 0;
    MDB_val next = AsValue(key);
    size_t bytes = 0;
    for (rc = mdb_cursor_get(cursor_, &next, &value, MDB_SET_RANGE);
         rc == 0 && Near(next, first) && value.mv_size <= kMovedBytesMax && bytes < page_bytes_;
         rc = mdb_cursor_get(cursor_, &next, &value, MDB_NEXT)) {
      behind.emplace_back(Bytes(AsView(next).begin(), AsView(next).end()),
                          Bytes(AsView(value).begin(), AsView(value).end()));
      bytes += next.mv_size + value.mv_size;
    }
    if (rc != 0 && rc != MDB_NOTFOUND) return rc;
    for (const auto& each : behind) {
      MDB_val at = AsValue(each.first);
      rc = mdb_cursor_get(cursor_, &at, &value, MDB_SET);
      if (rc == 0) rc = mdb_cursor_del(cursor_, 0);
      if (rc != 0) return rc;
    }
    return 0;
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
