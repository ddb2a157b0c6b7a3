// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <lmdb.h>

#include <filesystem>

#include "bailee/check.h"
#include "bench/world.h"

// The vault as a whole: opening, checking, copying, and what it takes.
namespace bailee::bench {
namespace {

void Open(benchmark::State& state) {
  World();
  for ([[maybe_unused]] auto _ : state) {
    state.PauseTiming();
    Keyring keyring = World().vault().Granted("bench", {"read"});
    state.ResumeTiming();
    Vault vault = Done(World().vault().TryOpen(std::move(keyring)));
    state.PauseTiming();
    { const Vault closed = std::move(vault); }
    state.ResumeTiming();
  }
}

// Every row, and every value opened; the time is that of a record.
void CheckAll(benchmark::State& state) {
  TempVault& vault = World().vault();
  const auto records = static_cast<benchmark::IterationCount>(
      Done(Done(vault.TryOpen(vault.Granted("bench", {"read"}))).Info()).records);
  while (state.KeepRunningBatch(records)) {
    const CheckReport report = Done(Check(vault.path(), vault.Granted("bench", {"read"}),
                                          {.clock = &vault.clock(), .slices = 1}));
    if (report.damages != 0) return state.SkipWithError("the vault is damaged");
  }
}

// Both streams; the time is that of a record.
void Backup(benchmark::State& state) {
  TempDirectory copies;
  Vault vault = World().vault().Open({});
  const auto records = static_cast<benchmark::IterationCount>(Done(vault.Info()).records);
  int number = 0;
  while (state.KeepRunningBatch(records)) {
    const std::string name = copies / std::to_string(++number);
    Done(vault.BackUpData({.file = name, .base = {}, .progress = {}}));
    Done(vault.BackUpKeys({.file = copies / "keys", .base = {}, .progress = {}}));
    std::filesystem::remove(name);
  }
}

// LMDB's own copy of the file, synced.
void BackupFloor(benchmark::State& state) {
  TempVault& vault = World().vault();
  const auto records = static_cast<benchmark::IterationCount>(Done(vault.Open({}).Info()).records);
  MDB_env* environment = nullptr;
  Must(mdb_env_create(&environment) == 0);
  Must(mdb_env_set_mapsize(environment, size_t{64} << 30) == 0);
  Must(mdb_env_open(environment, vault.path().c_str(), MDB_RDONLY | MDB_NOTLS, 0600) == 0);
  while (state.KeepRunningBatch(records)) {
    TempDirectory copy;
    Must(mdb_env_copy(environment, copy.path().c_str()) == 0);
  }
  mdb_env_close(environment);
}

void FileBytes(benchmark::State& state) {
  World();
  for ([[maybe_unused]] auto _ : state) {
  }
  state.counters["value"] = World().bytes_ratio();
}

BENCHMARK(Open)->UseRealTime()->Iterations(5);
BENCHMARK(CheckAll)->Name("Check")->UseRealTime();
BENCHMARK(Backup)->UseRealTime();
BENCHMARK(BackupFloor)->UseRealTime();
BENCHMARK(FileBytes)->Iterations(1);

}  // namespace
}  // namespace bailee::bench
