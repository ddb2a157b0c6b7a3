// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <lmdb.h>

#include <filesystem>
#include <map>

#include "bench/world.h"
#include "store/lmdb_engine.h"

namespace bailee::bench {
namespace {

constexpr size_t kSubjectsPerBatch = 100;
constexpr size_t kRecordsPerSubject = 10;

// The rows that one batch leaves in a vault.
struct Row {
  store::Table table;
  Bytes key;
  Bytes value;
};

std::vector<Row> RowsOf(store::Engine& engine) {
  std::vector<Row> rows;
  auto snapshot = engine.Read();
  if (!snapshot.ok()) std::abort();
  for (const store::Table table : {store::Table::kTerms, store::Table::kSubjects,
                                   store::Table::kRecords, store::Table::kLookup}) {
    const Status scanned = (*snapshot)->Scan(table, {}, {}, [&](ByteView key, ByteView value) {
      rows.push_back({table, {key.begin(), key.end()}, {value.begin(), value.end()}});
      return true;
    });
    if (!scanned.ok()) std::abort();
  }
  return rows;
}

std::vector<Row> RowsOfOneBatch() {
  TempVault made(NotePolicy());
  {
    Vault vault = made.Open({"read"});
    Batch batch = vault.CollectBatch();
    AddNotes(batch, 0, kSubjectsPerBatch, kRecordsPerSubject);
    if (!batch.Commit().ok()) std::abort();
  }
  auto engine = store::OpenLmdb(made.path(), {.map_bytes = uint64_t{1} << 30});
  if (!engine.ok()) std::abort();
  return RowsOf(**engine);
}

// Validates, seals and stores 1,000 records of 100 new subjects in one batch.
void CollectBatch(benchmark::State& state) {
  TempVault made(NotePolicy());
  Vault vault = made.Open({"read"});
  size_t round = 0;
  for ([[maybe_unused]] auto _ : state) {
    Batch batch = vault.CollectBatch();
    AddNotes(batch, round++, kSubjectsPerBatch, kRecordsPerSubject);
    const auto stored = batch.Commit();
    if (!stored.ok() || !stored->front().ok()) return state.SkipWithError("a batch failed");
  }
  state.SetItemsProcessed(static_cast<int64_t>(round * kSubjectsPerBatch * kRecordsPerSubject));
}

// Puts the very rows of such a batch into LMDB, under fresh keys, in one synced transaction.
void CollectBatchFloor(benchmark::State& state) {
  std::vector<Row> rows = RowsOfOneBatch();
  TempDirectory directory;
  MDB_env* environment = nullptr;
  MDB_txn* transaction = nullptr;
  std::map<store::Table, MDB_dbi> tables;
  const auto must = [](int code) {
    if (code != 0) std::abort();
  };
  must(mdb_env_create(&environment));
  must(mdb_env_set_maxdbs(environment, 16));
  must(mdb_env_set_mapsize(environment, size_t{8} << 30));
  must(mdb_env_open(environment, directory.path().c_str(), MDB_NOTLS, 0600));
  must(mdb_txn_begin(environment, nullptr, 0, &transaction));
  for (const Row& row : rows) {
    const std::string name(store::TableName(row.table));
    must(mdb_dbi_open(transaction, name.c_str(), MDB_CREATE, &tables[row.table]));
  }
  must(mdb_txn_commit(transaction));
  uint64_t round = 0;
  for ([[maybe_unused]] auto _ : state) {
    ++round;
    must(mdb_txn_begin(environment, nullptr, 0, &transaction));
    for (Row& row : rows) {
      // Keys as random as those of new subjects.
      for (size_t i = 0; i < 4 && i < row.key.size(); ++i)
        row.key[i] ^= static_cast<uint8_t>(round * 0x9E3779B1 >> 8 * i);
      MDB_val key{row.key.size(), row.key.data()};
      MDB_val value{row.value.size(), row.value.data()};
      must(mdb_put(transaction, tables[row.table], &key, &value, 0));
    }
    must(mdb_txn_commit(transaction));
  }
  mdb_env_close(environment);
  state.SetItemsProcessed(static_cast<int64_t>(round * kSubjectsPerBatch * kRecordsPerSubject));
}

BENCHMARK(CollectBatch)->Unit(benchmark::kMillisecond);
BENCHMARK(CollectBatchFloor)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bailee::bench
