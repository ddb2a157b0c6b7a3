// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <memory>

#include "bench/floor.h"
#include "bench/world.h"

namespace bailee::bench {
namespace {

constexpr size_t kSubjects = 2'000;
constexpr size_t kRecordsEach = 5;

NoteWorld& World() {
  static NoteWorld world(kSubjects, kRecordsEach);
  return world;
}

// A prime stride visits every note before any twice.
size_t Next(size_t note) { return (note + 7'919) % World().notes().size(); }

void ReadNotes(benchmark::State& state, size_t cached_subjects) {
  Vault vault = World().vault().Open({"read"}, {.cached_subjects_max = cached_subjects});
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

void ReadWarm(benchmark::State& state) { ReadNotes(state, 2 * kSubjects); }
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

BENCHMARK(ReadWarm);
BENCHMARK(ReadWarmFloor);
BENCHMARK(ReadCold);
BENCHMARK(ReadColdFloor);

}  // namespace
}  // namespace bailee::bench
