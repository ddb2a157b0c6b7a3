// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include "bailee/audit_trail.h"
#include "bench/world.h"
#include "bench/write_floor.h"

// The trail of ten thousand reads: from the journal into the tree, and what is asked of the tree.
namespace bailee::bench {
namespace {

constexpr size_t kReads = 10'000;
constexpr benchmark::IterationCount kDrained = 4'000;

void ReadSome(NoteWorld& world, Vault& vault, size_t count) {
  Session session = Done(vault.As("read"));
  for (size_t i = 0; i < count; ++i) {
    const Note& note = world.notes()[i % world.notes().size()];
    Done(session.Read({.who = Who::ByHandle(note.handle),
                       .category = "note",
                       .record = note.record,
                       .fields = {"body"}}));
  }
}

// A small world that was read from so often.
NoteWorld& Looked() {
  static NoteWorld world(100, kRecordsEach);
  static const bool read = [] {
    Vault vault = world.vault().Open({"read"});
    ReadSome(world, vault, kReads);
    return true;
  }();
  Must(read);
  return world;
}

AuditTrail OpenTrail(std::string_view keyring) {
  TempVault& vault = Looked().vault();
  return Done(AuditTrail::Open(vault.path(), vault.Origin(keyring),
                               {.clock = &vault.clock(), .map_bytes = uint64_t{1} << 30}));
}

// What waits in the journal goes into the tree with the next write; the time is that of an entry.
void Drain(benchmark::State& state) {
  static NoteWorld world(100, kRecordsEach);
  Vault vault = world.vault().Open({"read"});
  const Who who = Who::ByHandle(world.notes().front().handle);
  while (state.KeepRunningBatch(kDrained)) {
    state.PauseTiming();
    ReadSome(world, vault, kDrained);
    state.ResumeTiming();
    Done(vault.Record(who, {.kind = LedgerKind::kNoticeShown, .notice = "n1"}));
    Must(Done(vault.CheckHealth()).audit_backlog_bytes == 0, "something is not drained");
  }
}

// The leaves and nodes of as many reads.
void DrainFloor(benchmark::State& state) {
  static NoteWorld world(100, kRecordsEach);
  static WriteFloor floor(RowsWritten(world.vault(), kTrailTables,
                                      [] {
                                        Vault vault = world.vault().Open({"read"});
                                        ReadSome(world, vault, kDrained);
                                      }),
                          1);
  while (state.KeepRunningBatch(kDrained)) floor.Write();
}

// The whole tree and what it is signed with; the time is that of a leaf.
void Verify(benchmark::State& state, bool entries) {
  AuditTrail trail = OpenTrail(entries ? "auditor" : "log");
  const auto leaves =
      static_cast<benchmark::IterationCount>(Done(trail.Verify({.entries = entries})).size);
  while (state.KeepRunningBatch(leaves)) {
    if (!Done(trail.Verify({.entries = entries})).ToStatus().ok())
      return state.SkipWithError("the trail is broken");
  }
}
void VerifyTree(benchmark::State& state) { Verify(state, false); }
void VerifyEntries(benchmark::State& state) { Verify(state, true); }

void Prove(benchmark::State& state) {
  AuditTrail trail = OpenTrail("log");
  const std::string checkpoint = Done(trail.Sign(""));
  Round round(kReads);
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(Done(trail.Prove(round.Next(), checkpoint)).leaf.size());
}

BENCHMARK(Drain)->UseRealTime();
BENCHMARK(DrainFloor)->UseRealTime();
BENCHMARK(VerifyTree)->UseRealTime();
BENCHMARK(VerifyEntries)->UseRealTime();
BENCHMARK(Prove)->UseRealTime();

}  // namespace
}  // namespace bailee::bench
