// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lmdb.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "store/engine.h"

namespace bailee::store {

// Rows that a job put, kept back so that those of a table go into it in the order of their keys:
// LMDB then fills pages, and changes each but once. Thread-compatible.
class RowBuffer {
 public:
  void Put(Table table, ByteView key, ByteView value);
  void Erase(Table table, ByteView key);
  // Null if it does not hold the row. Valid until the next change of the table.
  const Bytes* Find(Table table, ByteView key) const;

  // Goes through the rows whose key starts with a prefix; invalid after the table's next change.
  class Cursor;
  Cursor From(Table table, ByteView prefix, ByteView from) const;

  // Puts the rows of `table` into `dbi` and forgets them. Returns what LMDB answers; after an error
  // the transaction is to be given up.
  int Flush(Table table, MDB_txn* txn, MDB_dbi dbi);

 private:
  struct Less {
    using is_transparent = void;
    bool operator()(ByteView a, ByteView b) const {
      return std::ranges::lexicographical_compare(a, b);
    }
  };
  using Rows = std::map<Bytes, Bytes, Less>;
  Rows& RowsOf(Table table) { return rows_[static_cast<size_t>(table)]; }
  const Rows& RowsOf(Table table) const { return rows_[static_cast<size_t>(table)]; }

  std::array<Rows, kTableCount> rows_;
};

class RowBuffer::Cursor {
 public:
  // REQUIRES of key, value and Next: not at the end.
  ByteView key() const { return at_->first; }
  ByteView value() const { return at_->second; }
  void Next() { ++at_; }
  // False at the end.
  bool IsAt(ByteView key) const { return !done() && std::ranges::equal(at_->first, key); }
  // Whether a row is left that comes before `key`, or any row.
  bool IsBefore(std::optional<ByteView> key) const {
    return !done() && (!key || Less()(at_->first, *key));
  }

 private:
  friend class RowBuffer;
  Cursor(Rows::const_iterator at, Rows::const_iterator end, ByteView prefix)
      : at_(at), end_(end), prefix_(prefix) {}
  bool done() const {
    return at_ == end_ ||
           !std::ranges::equal(
               ByteView(at_->first).first(std::min(at_->first.size(), prefix_.size())), prefix_);
  }

  Rows::const_iterator at_;
  Rows::const_iterator end_;
  ByteView prefix_;
};

}  // namespace bailee::store
