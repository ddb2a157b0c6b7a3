// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lmdb.h>

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "bailee/bytes.h"
#include "bench/world.h"
#include "store/engine.h"

namespace bailee::bench {

// A row that an operation wrote.
struct Row {
  store::Table table;
  Bytes key;
  Bytes value;
};

// Tables of data, without the trail and what the vault notes for itself: so that a floor is not
// above what anybody would have to write.
extern const std::set<store::Table> kDataTables;
extern const std::set<store::Table> kTrailTables;

// The rows of `tables` that `operation` wrote or changed. REQUIRES: the vault is open in none but
// by `operation`.
std::vector<Row> RowsWritten(TempVault& vault, const std::set<store::Table>& tables,
                             const std::function<void()>& operation);

// What a write costs without any of our code: puts the very rows into LMDB, under other keys each
// time, in one synced transaction.
class WriteFloor {
 public:
  // `filled`: so many times they are there already, as the vault holds as much.
  WriteFloor(std::vector<Row> rows, size_t filled);
  ~WriteFloor();
  WriteFloor(const WriteFloor&) = delete;
  WriteFloor& operator=(const WriteFloor&) = delete;
  void Write() { WriteTimes(1); }

 private:
  void WriteTimes(size_t times);

  std::vector<Row> rows_;
  TempDirectory directory_;
  MDB_env* environment_ = nullptr;
  std::map<store::Table, MDB_dbi> tables_;
  uint64_t round_ = 0;
};

}  // namespace bailee::bench
