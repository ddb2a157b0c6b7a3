// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include "bench/world.h"
#include "bench/write_floor.h"

namespace bailee::bench {
namespace {

void Collect(NoteWorld& world, Vault& vault, size_t subjects, size_t records_each) {
  Batch batch = vault.CollectBatch();
  AddNotes(batch, world.next_new, subjects, records_each);
  world.next_new += subjects;
  for (Result<Collected>& each : Done(batch.Commit())) Done(std::move(each));
}

// Validates, seals and stores notes of new people in one transaction; the time is that of a record.
// Without the purpose's key it can store what it cannot read.
void CollectNew(benchmark::State& state, size_t subjects, size_t records_each, bool write_only) {
  // What waits for a holder of the key would burden the other figures.
  static NoteWorld apart(1, 1);
  NoteWorld& world = write_only ? apart : World();
  Vault vault = world.vault().Open(write_only ? std::vector<std::string>{}
                                              : std::vector<std::string>{"read"});
  const auto records = static_cast<benchmark::IterationCount>(subjects * records_each);
  while (state.KeepRunningBatch(records)) Collect(world, vault, subjects, records_each);
}

// As many rows as the vault has.
void CollectByHand(benchmark::State& state, WriteFloor& floor, size_t records) {
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(records))) floor.Write();
}

std::vector<Row> RowsOfCollecting(size_t subjects, size_t records_each, bool write_only) {
  NoteWorld made(1, 1);
  return RowsWritten(made.vault(), kDataTables, [&] {
    Vault vault = made.vault().Open(write_only ? std::vector<std::string>{}
                                               : std::vector<std::string>{"read"});
    Collect(made, vault, subjects, records_each);
  });
}

constexpr size_t kBatchSubjects = kBatchRecords / kRecordsEach;

void CollectBatch(benchmark::State& state) {
  CollectNew(state, kBatchSubjects, kRecordsEach, false);
}
void CollectBatchFloor(benchmark::State& state) {
  static WriteFloor floor(RowsOfCollecting(kBatchSubjects, kRecordsEach, false),
                          RecordsRead() / kBatchRecords);
  CollectByHand(state, floor, kBatchRecords);
}
void CollectWriteOnly(benchmark::State& state) {
  CollectNew(state, kBatchSubjects, kRecordsEach, true);
}
void CollectWriteOnlyFloor(benchmark::State& state) {
  static WriteFloor floor(RowsOfCollecting(kBatchSubjects, kRecordsEach, true), 0);
  CollectByHand(state, floor, kBatchRecords);
}
void CollectOne(benchmark::State& state) { CollectNew(state, 1, 1, false); }
void CollectOneFloor(benchmark::State& state) {
  static WriteFloor floor(RowsOfCollecting(1, 1, false), RecordsRead());
  CollectByHand(state, floor, 1);
}

BENCHMARK(CollectBatch)->UseRealTime();
BENCHMARK(CollectBatchFloor)->UseRealTime();
BENCHMARK(CollectWriteOnly)->UseRealTime();
BENCHMARK(CollectWriteOnlyFloor)->UseRealTime();
BENCHMARK(CollectOne)->UseRealTime();
BENCHMARK(CollectOneFloor)->UseRealTime();

}  // namespace
}  // namespace bailee::bench
