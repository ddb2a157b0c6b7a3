// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include "bench/world.h"
#include "bench/write_floor.h"
#include "policy/decide.h"
#include "policy/policy.h"

// What people say and ask, in a vault of a thousand people with a card, an account and a visit
// each, and erasing in the large one.
namespace bailee::bench {
namespace {

constexpr size_t kPeople = 1'000;
constexpr LedgerEvent kShown{.kind = LedgerKind::kNoticeShown, .notice = "n1"};
constexpr LedgerEvent kYes{
    .kind = LedgerKind::kGiven, .purpose = "news", .notice = "n1", .method = "web-form"};
constexpr LedgerEvent kNo{.kind = LedgerKind::kWithdrawn, .purpose = "news"};

struct PeopleWorld {
  explicit PeopleWorld(size_t people = kPeople) : vault(BenchPolicy()) {
    Vault open = vault.Open({"read", "news"});
    Batch batch = open.CollectBatch();
    for (size_t i = 0; i < people; ++i) {
      batch.Add({.who = Who::Ref(RefOf(i)), .notice = "n1", .source = "web", .on_behalf_of = {}})
          .Put("account", {{"name", MakeSecret("Ada")}})
          .Put("card", {{"pan", MakeSecret("4111111111111111")}})
          .Put("visit", {{"country", MakeSecret(i % 3 == 0 ? "DE" : "FR")},
                         {"at", MakeSecret("2013-05-30T10:00:00Z")}});
    }
    for (Result<Collected>& each : Done(batch.Commit())) stored.push_back(Done(std::move(each)));
  }
  Who Somebody() { return Who::ByHandle(stored[next++ % stored.size()].handle); }

  TempVault vault;
  std::vector<Collected> stored;
  size_t next = 0;
};

PeopleWorld& People() {
  static PeopleWorld world;
  return world;
}

// Times `operation` on somebody for whom `before` was done, untimed.
template <typename Before, typename Operation>
void OnSomebody(benchmark::State& state, const std::vector<std::string>& purposes,
                const Before& before, const Operation& operation) {
  Vault vault = People().vault.Open(purposes);
  for ([[maybe_unused]] auto _ : state) {
    state.PauseTiming();
    const Who who = People().Somebody();
    before(vault, who);
    state.ResumeTiming();
    operation(vault, who);
  }
}

void Nothing(Vault&, const Who&) {}
void SayYes(Vault& vault, const Who& who) { Done(vault.Record(who, kYes)); }
void SayNo(Vault& vault, const Who& who) {
  Must(Done(vault.Record(who, kNo)).wraps_removed > 0, "nothing was withdrawn");
}

// The rows of one event of a person for whom `before` was done.
template <typename Before, typename Operation>
void EventFloor(benchmark::State& state, const Before& before, const Operation& operation) {
  PeopleWorld world(10);
  const std::vector<std::string> purposes = {"read", "news"};
  const Who who = world.Somebody();
  {
    Vault vault = world.vault.Open(purposes);
    before(vault, who);
  }
  WriteFloor floor(RowsWritten(world.vault, kDataTables,
                               [&] {
                                 Vault vault = world.vault.Open(purposes);
                                 operation(vault, who);
                               }),
                   kPeople);
  for ([[maybe_unused]] auto _ : state) floor.Write();
}

void Event(Vault& vault, const Who& who) { Done(vault.Record(who, kShown)); }
void LedgerEventOfOne(benchmark::State& state) {
  OnSomebody(state, {"read", "news"}, Nothing, Event);
}
void LedgerEventFloor(benchmark::State& state) { EventFloor(state, Nothing, Event); }
void Consent(benchmark::State& state) { OnSomebody(state, {"read", "news"}, Nothing, SayYes); }
void ConsentFloor(benchmark::State& state) { EventFloor(state, Nothing, SayYes); }
void Withdraw(benchmark::State& state) { OnSomebody(state, {"read", "news"}, SayYes, SayNo); }
void WithdrawFloor(benchmark::State& state) { EventFloor(state, SayYes, SayNo); }

// What one withdrawal owes: shards get new keys, an epoch begins and the one before is overwritten.
void Renew(benchmark::State& state) {
  OnSomebody(
      state, {"read", "news", "upkeep"},
      [](Vault& vault, const Who& who) {
        SayYes(vault, who);
        SayNo(vault, who);
      },
      [](Vault& vault, const Who&) {
        Must(Done(vault.Upkeep()).shredded.shards > 0, "nothing was renewed");
      });
}

void ReadView(benchmark::State& state) {
  Vault vault = People().vault.Open({"support"});
  Session session = Done(vault.As("support"));
  const auto read = [&](size_t person) {
    const Collected& of = People().stored[person];
    return session.Read({.who = Who::ByHandle(of.handle),
                         .category = "card",
                         .record = of.records[1],
                         .fields = {"pan.last4"}});
  };
  for (size_t i = 0; i < kPeople; ++i) Done(read(i));
  Round round(kPeople);
  for ([[maybe_unused]] auto _ : state) {
    if (!read(round.Next()).ok()) return state.SkipWithError("a read failed");
  }
}

// One person of the large world with ten records, found by all their addresses.
void Erase(benchmark::State& state) {
  NoteWorld& world = World();
  Vault vault = world.vault().Open({"rights"});
  uint64_t shredded = 0;
  for ([[maybe_unused]] auto _ : state) {
    if (world.next_spare == SubjectsRead() + kSpareSubjects)
      return state.SkipWithError("nobody is left to erase");
    const std::string ref = RefOf(world.next_spare++);
    const Erased erased = Done(vault.Erase(Who::Ref(ref)));
    Must(erased.records == kRecordsEach, "somebody had other records");
    shredded += erased.shredded.grade == ErasureGrade::kShredded;
  }
  Must(shredded == static_cast<uint64_t>(state.iterations()), "somebody was not shredded");
}

// The first time: counts all visits. Then it answers from what it counted.
void ReportOnce(benchmark::State& state, bool first) {
  for ([[maybe_unused]] auto _ : state) {
    state.PauseTiming();
    {
      PeopleWorld world;
      Vault vault = world.vault.Open({"tally"});
      const ReportRequest request{.id = "visits",
                                  .from = {kJune2013.unix_ms - 2 * kMillisPerDay},
                                  .until = {kJune2013.unix_ms - kMillisPerDay},
                                  .recipient = "public"};
      if (!first) Done(vault.Report(request));
      state.ResumeTiming();
      Must(Done(vault.Report(request)).buckets.front().cells.size() == 2, "cells are missing");
      state.PauseTiming();
    }
    state.ResumeTiming();
  }
}
void Report(benchmark::State& state) { ReportOnce(state, true); }
void ReportAgain(benchmark::State& state) { ReportOnce(state, false); }

// Both stages on one field: what each read, and whoever asks what it may, waits for.
void Decide(benchmark::State& state) {
  const auto policy = Done(policy::Policy::FromText(BenchPolicy(), "bench"));
  const policy::Datum datum{.policy = policy.get(),
                            .terms = {.notice = policy->FindNotice("n1"),
                                      .source = policy->FindSource("web"),
                                      .controller = {}},
                            .collected_at = kJune2013};
  const policy::Standing standing;
  policy::Request request{.purpose = "read",
                          .category = "note",
                          .field = "body",
                          .on_behalf_of = {},
                          .case_reference = {},
                          .now = kJune2013,
                          .purpose_key_held = true};
  for ([[maybe_unused]] auto _ : state) {
    const policy::Decision decision = policy::Decide(*policy, &datum, standing, request);
    Must(decision.allowed());
    benchmark::DoNotOptimize(decision);
  }
}

// Refused, with every reason and an offer in words.
void DecideNo(benchmark::State& state) {
  const auto policy = Done(policy::Policy::FromText(BenchPolicy(), "bench"));
  const policy::Standing standing;
  policy::Request request{.purpose = "support",
                          .category = "card",
                          .field = "pan",
                          .on_behalf_of = {},
                          .case_reference = {},
                          .now = kJune2013,
                          .purpose_key_held = true};
  for ([[maybe_unused]] auto _ : state) {
    const policy::Decision decision = policy::Decide(*policy, nullptr, standing, request);
    Must(!decision.allowed() && !decision.offer.empty());
    benchmark::DoNotOptimize(decision);
  }
}

BENCHMARK(LedgerEventOfOne)->Name("LedgerEvent")->UseRealTime()->Iterations(8);
BENCHMARK(LedgerEventFloor)->UseRealTime()->Iterations(8);
BENCHMARK(Consent)->UseRealTime()->Iterations(8);
BENCHMARK(ConsentFloor)->UseRealTime()->Iterations(8);
BENCHMARK(Withdraw)->UseRealTime()->Iterations(8);
BENCHMARK(WithdrawFloor)->UseRealTime()->Iterations(8);
BENCHMARK(Renew)->UseRealTime()->Iterations(4);
BENCHMARK(ReadView)->UseRealTime();
// Work apart from waiting for the disk is what the processor did.
BENCHMARK(Erase)->MeasureProcessCPUTime()->UseRealTime()->Iterations(4);
BENCHMARK(Report)->UseRealTime()->Iterations(1);
BENCHMARK(ReportAgain)->UseRealTime()->Iterations(1);
BENCHMARK(Decide);
BENCHMARK(DecideNo);

}  // namespace
}  // namespace bailee::bench
