// SPDX-License-Identifier: Apache-2.0
#include "bench/write_floor.h"

#include "store/lmdb_engine.h"

namespace bailee::bench {
namespace {

using Tables = std::map<std::pair<store::Table, Bytes>, Bytes>;

Tables RowsOf(TempVault& vault, const std::set<store::Table>& tables) {
  auto engine = Done(store::OpenLmdb(vault.path(), {.map_bytes = uint64_t{1} << 30}));
  auto snapshot = Done(engine->Read());
  Tables rows;
  for (const store::Table table : tables) {
    Must(snapshot
             ->Scan(table, {}, {},
                    [&](ByteView key, ByteView value) {
                      rows[{table, {key.begin(), key.end()}}] = {value.begin(), value.end()};
                      return true;
                    })
             .ok());
  }
  return rows;
}

// Where in a key what differs from person to person begins: the handle, or a tag. FORMAT.md §11.
size_t OwnPartOf(const Row& row) {
  constexpr uint8_t kFieldRow = 0x03;
  if (row.table != store::Table::kLookup) return 0;
  return row.key.front() == kFieldRow ? 11 : 1;
}

void Lmdb(int code) { Must(code == 0, mdb_strerror(code)); }

}  // namespace

const std::set<store::Table> kDataTables = {
    store::Table::kTerms,  store::Table::kSubjects, store::Table::kRecords, store::Table::kLookup,
    store::Table::kLedger, store::Table::kDue,      store::Table::kKeywork, store::Table::kReports};
const std::set<store::Table> kTrailTables = {store::Table::kAuditLeaf, store::Table::kAuditNode};

std::vector<Row> RowsWritten(TempVault& vault, const std::set<store::Table>& tables,
                             const std::function<void()>& operation) {
  const Tables before = RowsOf(vault, tables);
  operation();
  std::vector<Row> written;
  for (auto& [at, value] : RowsOf(vault, tables)) {
    const auto was = before.find(at);
    if (was == before.end() || was->second != value)
      written.push_back({at.first, at.second, value});
  }
  Must(!written.empty());
  return written;
}

WriteFloor::WriteFloor(std::vector<Row> rows, size_t filled) : rows_(std::move(rows)) {
  MDB_txn* transaction = nullptr;
  Lmdb(mdb_env_create(&environment_));
  Lmdb(mdb_env_set_maxdbs(environment_, 16));
  Lmdb(mdb_env_set_mapsize(environment_, size_t{64} << 30));
  Lmdb(mdb_env_open(environment_, directory_.path().c_str(), MDB_NOTLS, 0600));
  Lmdb(mdb_txn_begin(environment_, nullptr, 0, &transaction));
  for (const Row& row : rows_) {
    const std::string name(store::TableName(row.table));
    Lmdb(mdb_dbi_open(transaction, name.c_str(), MDB_CREATE, &tables_[row.table]));
  }
  Lmdb(mdb_txn_commit(transaction));
  constexpr size_t kRowsAtOnce = 20'000;
  const size_t times = std::max<size_t>(1, kRowsAtOnce / rows_.size());
  for (size_t done = 0; done < filled; done += times) WriteTimes(std::min(times, filled - done));
}

WriteFloor::~WriteFloor() { mdb_env_close(environment_); }

void WriteFloor::WriteTimes(size_t times) {
  MDB_txn* transaction = nullptr;
  Lmdb(mdb_txn_begin(environment_, nullptr, 0, &transaction));
  for (size_t i = 0; i < times; ++i) {
    ++round_;
    for (Row& row : rows_) {
      // Keys as those of people who are new: where rows lay apart or together, so do these.
      const size_t begin = OwnPartOf(row);
      for (size_t at = 0; at < 4 && begin + at < row.key.size(); ++at)
        row.key[begin + at] ^= static_cast<uint8_t>(round_ * 0x9E3779B1 >> 8 * at);
      MDB_val key{row.key.size(), row.key.data()};
      MDB_val value{row.value.size(), row.value.data()};
      Lmdb(mdb_put(transaction, tables_[row.table], &key, &value, 0));
    }
  }
  Lmdb(mdb_txn_commit(transaction));
}

}  // namespace bailee::bench
