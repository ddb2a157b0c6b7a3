// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <optional>

#include "bench/floor.h"
#include "bench/world.h"
#include "support/counting_sink.h"

namespace bailee::bench {
namespace {

constexpr size_t kSubjectsRead = 2'000;
constexpr size_t kRecordsOfEachRead = 5;

NoteWorld& World() {
  static NoteWorld world(kSubjectsRead, kRecordsOfEachRead);
  return world;
}

// A prime stride visits every note before any twice.
size_t Next(size_t note) { return (note + 7'919) % World().notes().size(); }

// Without a trail unless said otherwise: what it adds is measured by itself.
void ReadNotes(benchmark::State& state, size_t cached_subjects, bool audited = false) {
  Vault vault = World().vault().Open(
      {"read"}, {.cached_subjects_max = cached_subjects,
                 .events = audited ? nullptr : std::make_shared<CountingSink>()});
  Result<Session> session = vault.As("read");
  if (!session.ok()) return state.SkipWithError("no session");
  size_t at = 0;
  const auto read = [&] {
    const Note& note = World().notes()[at];
    at = Next(at);
    return session->Read({.who = Who::ByHandle(note.handle),
                          .category = "note",
                          .record = note.record,
                          .fields = {"body"}});
  };
  for (size_t i = 0; cached_subjects > 0 && i < World().notes().size(); ++i) {
    if (!read().ok()) return state.SkipWithError("a read failed");
  }
  for ([[maybe_unused]] auto _ : state) {
    const Result<Record> record = read();
    if (!record.ok()) return state.SkipWithError("a read failed");
    benchmark::DoNotOptimize(record->values.front().value->size_bytes());
  }
}

void ReadWarm(benchmark::State& state) { ReadNotes(state, 2 * kSubjectsRead); }
void ReadCold(benchmark::State& state) { ReadNotes(state, 0); }

void ReadWarmFloor(benchmark::State& state) {
  ReadFloor floor(World().vault(), World().notes());
  size_t at = 0;
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(floor.Warm(at));
    at = Next(at);
  }
}

void ReadColdFloor(benchmark::State& state) {
  ReadFloor floor(World().vault(), World().notes());
  size_t at = 0;
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(floor.Cold(at));
    at = Next(at);
  }
}

void ReadAudited(benchmark::State& state) { ReadNotes(state, 2 * kSubjectsRead, true); }

void ReadAuditedFloor(benchmark::State& state) {
  ReadFloor floor(World().vault(), World().notes());
  const std::string path = World().vault().directory() / "journal-by-hand";
  const int journal = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (journal < 0) return state.SkipWithError("no file");
  size_t at = 0;
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(floor.WarmAudited(at, journal));
    at = Next(at);
  }
  close(journal);
}

// Every read waits until its event is on the disk; threads share the wait.
void ReadSynced(benchmark::State& state) {
  static std::optional<Vault> vault;
  if (state.thread_index() == 0) {
    vault = World().vault().Open({"read"}, {.reads = ReadDurability::kSynced});
  }
  std::optional<Session> session;
  size_t at = static_cast<size_t>(state.thread_index()) * 101;
  for ([[maybe_unused]] auto _ : state) {
    if (!session) session = *vault->As("read");
    const Note& note = World().notes()[at % World().notes().size()];
    at = Next(at % World().notes().size());
    const auto record = session->Read({.who = Who::ByHandle(note.handle),
                                       .category = "note",
                                       .record = note.record,
                                       .fields = {"body"}});
    if (!record.ok()) return state.SkipWithError("a read failed");
  }
  session.reset();
  if (state.thread_index() == 0) vault.reset();
}

// All records of one who has a hundred; the time is that of one record.
constexpr size_t kBulk = 100;

void ReadBulk(benchmark::State& state, bool audited) {
  static NoteWorld world(8, kBulk);
  Vault vault = world.vault().Open(
      {"read"}, {.events = audited ? nullptr : std::make_shared<CountingSink>()});
  Result<Session> session = vault.As("read");
  if (!session.ok()) return state.SkipWithError("no session");
  size_t at = 0;
  while (state.KeepRunningBatch(kBulk)) {
    const auto records = session->ReadAll(
        {.who = Who::ByHandle(world.notes()[at].handle), .category = "note", .fields = {"body"}});
    if (!records.ok() || records->size() != kBulk) return state.SkipWithError("a read failed");
    at = (at + kBulk) % world.notes().size();
  }
}

// Ratio: what the trail makes of a bulk read.
void ReadBulkAudited(benchmark::State& state) { ReadBulk(state, true); }
void ReadBulkBare(benchmark::State& state) { ReadBulk(state, false); }

BENCHMARK(ReadAudited);
BENCHMARK(ReadAuditedFloor);
BENCHMARK(ReadSynced)->Threads(1)->Threads(4)->Threads(16)->UseRealTime();
BENCHMARK(ReadBulkAudited);
BENCHMARK(ReadBulkBare)->Name("ReadBulkAuditedFloor");
BENCHMARK(ReadWarm);
BENCHMARK(ReadWarmFloor);
BENCHMARK(ReadCold);
BENCHMARK(ReadColdFloor);

}  // namespace
}  // namespace bailee::bench
