// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>

#include "bench/floor.h"
#include "bench/world.h"
#include "support/counting_sink.h"

namespace bailee::bench {
namespace {

enum class Trail : uint8_t { kNone, kJournal };

std::shared_ptr<audit::EventSink> SinkOf(Trail trail) {
  return trail == Trail::kJournal ? nullptr : std::make_shared<CountingSink>();
}

Result<Record> ReadNote(Session& session, const Note& note) {
  return session.Read({.who = Who::ByHandle(note.handle),
                       .category = "note",
                       .record = note.record,
                       .fields = {"body"}});
}

// Warm: a few notes of people who were opened before. Cold: all notes, and nobody is kept.
void ReadNotes(benchmark::State& state, bool warm, Trail trail) {
  const std::vector<Note>& notes = warm ? World().hot() : World().notes();
  Vault vault = World().vault().Open(
      {"read"}, {.cached_subjects_max = warm ? 2 * notes.size() : 0, .events = SinkOf(trail)});
  Session session = Done(vault.As("read"));
  for (size_t i = 0; warm && i < notes.size(); ++i) Done(ReadNote(session, notes[i]));
  Round round(notes.size());
  for ([[maybe_unused]] auto _ : state) {
    const Result<Record> record = ReadNote(session, notes[round.Next()]);
    if (!record.ok()) return state.SkipWithError("a read failed");
    benchmark::DoNotOptimize(record->values.front().value->size_bytes());
  }
}

void ReadWarm(benchmark::State& state) { ReadNotes(state, true, Trail::kNone); }
void ReadAudited(benchmark::State& state) { ReadNotes(state, true, Trail::kJournal); }
void ReadCold(benchmark::State& state) { ReadNotes(state, false, Trail::kNone); }
void ReadColdAudited(benchmark::State& state) { ReadNotes(state, false, Trail::kJournal); }

void ReadByHand(benchmark::State& state, bool warm, Trail trail) {
  const std::vector<Note>& notes = warm ? World().hot() : World().notes();
  ReadFloor floor(World().vault(), notes, warm ? ReadFloor::Keys::kAtHand : ReadFloor::Keys::kNone);
  const std::string path = World().vault().directory() / "journal-by-hand";
  const int journal = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (journal < 0) return state.SkipWithError("no file");
  Round round(notes.size());
  for ([[maybe_unused]] auto _ : state) {
    const size_t at = round.Next();
    benchmark::DoNotOptimize(warm ? floor.Warm(at) : floor.Cold(at));
    if (trail == Trail::kJournal) floor.Journal(journal);
  }
  close(journal);
}

void ReadWarmFloor(benchmark::State& state) { ReadByHand(state, true, Trail::kNone); }
void ReadAuditedFloor(benchmark::State& state) { ReadByHand(state, true, Trail::kJournal); }
void ReadColdFloor(benchmark::State& state) { ReadByHand(state, false, Trail::kNone); }
void ReadColdAuditedFloor(benchmark::State& state) { ReadByHand(state, false, Trail::kJournal); }

// All threads together: before the trail's caretaker begins to drain, which takes a processor too;
// and until it has drained many times.
constexpr benchmark::IterationCount kBurst = 6'000;
constexpr benchmark::IterationCount kSustained = 400'000;

// Everything was read before, nothing waits to be drained, and those that are read first were read
// since: to drain is to commit, after which each person is looked at anew, once.
void WarmUp(Vault& vault, Session& session, const std::vector<Note>& notes) {
  for (const Note& note : notes) Done(ReadNote(session, note));
  while (Done(vault.CheckHealth()).audit_backlog_bytes > 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  Round round(notes.size());
  for (size_t i = 0; i < kBurst; ++i) Done(ReadNote(session, notes[round.Next()]));
}

// Threads that read at the same time, each with a session of its own.
void ReadAtOnce(benchmark::State& state, ReadDurability durability) {
  static std::optional<Vault> vault;
  const std::vector<Note>& notes = World().hot();
  if (state.thread_index() == 0) {
    vault = World().vault().Open({"read"},
                                 {.cached_subjects_max = 2 * notes.size(), .reads = durability});
    Session session = Done(vault->As("read"));
    if (durability == ReadDurability::kWritten) WarmUp(*vault, session, notes);
  }
  std::optional<Session> session;
  Round round(notes.size());
  for (int i = 0; i < state.thread_index() * 101; ++i) round.Next();
  for ([[maybe_unused]] auto _ : state) {
    if (!session) session = Done(vault->As("read"));
    if (!ReadNote(*session, notes[round.Next()]).ok()) state.SkipWithError("a read failed");
  }
  session.reset();
  if (state.thread_index() == 0) vault.reset();
}
void ReadUnsynced(benchmark::State& state) { ReadAtOnce(state, ReadDurability::kWritten); }
void ReadSynced(benchmark::State& state) { ReadAtOnce(state, ReadDurability::kSynced); }

// All records of one who has a hundred; the time is that of one record.
constexpr size_t kBulk = 100;

void ReadBulk(benchmark::State& state, Trail trail) {
  static NoteWorld world(8, kBulk);
  Vault vault = world.vault().Open({"read"}, {.events = SinkOf(trail)});
  Session session = Done(vault.As("read"));
  size_t at = 0;
  while (state.KeepRunningBatch(kBulk)) {
    const auto records = session.ReadAll(
        {.who = Who::ByHandle(world.notes()[at].handle), .category = "note", .fields = {"body"}});
    if (!records.ok() || records->size() != kBulk) return state.SkipWithError("a read failed");
    at = (at + kBulk) % world.notes().size();
  }
}
void ReadMany(benchmark::State& state) { ReadBulk(state, Trail::kJournal); }
void ReadManyUnaudited(benchmark::State& state) { ReadBulk(state, Trail::kNone); }

// Every record there is; the time is that of one.
void Scan(benchmark::State& state) {
  World();
  Vault vault = World().vault().Open({"read"});
  Session session = Done(vault.As("read"));
  const auto all = static_cast<benchmark::IterationCount>(Done(vault.Info()).records);
  while (state.KeepRunningBatch(all)) {
    benchmark::IterationCount count = 0;
    const Status scanned =
        session.Scan({.category = "note", .fields = {"body"}}, [&](const Record& record) {
          count += record.values.size() == 1;
          return true;
        });
    if (!scanned.ok() || count != all) return state.SkipWithError("a scan failed");
  }
}

void ScanFloor(benchmark::State& state) {
  ReadFloor floor(World().vault(), World().hot(), ReadFloor::Keys::kNone);
  const auto all = static_cast<benchmark::IterationCount>(floor.Scan());
  while (state.KeepRunningBatch(all)) floor.Scan();
}

void Find(benchmark::State& state) {
  Vault vault = World().vault().Open({"read"}, {.cached_subjects_max = 2 * kHotRecords});
  Session session = Done(vault.As("read"));
  const size_t hot = World().hot().size();
  Round round(hot);
  for ([[maybe_unused]] auto _ : state) {
    const size_t record = HotRecord(round.Next());
    const Secret address = MakeSecret(AddressOf(record / kRecordsEach, record % kRecordsEach));
    const auto found = session.Find({.category = "note", .field = "address", .value = address});
    if (!found.ok() || found->size() != 1 ||
        !(found->front().record == World().notes()[record].record))
      return state.SkipWithError("not found");
  }
}

BENCHMARK(ReadWarm);
BENCHMARK(ReadWarmFloor);
BENCHMARK(ReadAudited)->UseRealTime();
BENCHMARK(ReadAuditedFloor)->UseRealTime();
BENCHMARK(ReadCold);
BENCHMARK(ReadColdFloor);
BENCHMARK(ReadColdAudited)->UseRealTime();
BENCHMARK(ReadColdAuditedFloor)->UseRealTime();
BENCHMARK(ReadUnsynced)->Name("BurstOneThread")->Threads(1)->Iterations(kBurst)->UseRealTime();
BENCHMARK(ReadUnsynced)->Name("BurstTwoThreads")->Threads(2)->Iterations(kBurst / 2)->UseRealTime();
BENCHMARK(ReadUnsynced)->Name("ReadOneThread")->Threads(1)->Iterations(kSustained)->UseRealTime();
BENCHMARK(ReadUnsynced)
    ->Name("ReadTwoThreads")
    ->Threads(2)
    ->Iterations(kSustained / 2)
    ->UseRealTime();
BENCHMARK(ReadSynced)->Name("ReadSynced")->Threads(1)->UseRealTime();
BENCHMARK(ReadSynced)->Name("ReadSyncedBySixteen")->Threads(16)->UseRealTime();
BENCHMARK(ReadMany)->UseRealTime();
BENCHMARK(ReadManyUnaudited)->UseRealTime();
BENCHMARK(Scan)->UseRealTime();
BENCHMARK(ScanFloor)->UseRealTime();
BENCHMARK(Find)->UseRealTime();

}  // namespace
}  // namespace bailee::bench
