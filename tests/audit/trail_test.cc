// SPDX-License-Identifier: Apache-2.0
#include "audit/trail.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include <thread>

#include "audit/trail_world.h"
#include "support/child_process.h"

namespace bailee::audit {
namespace {

using testing::Channel;
using testing::ChildProcess;
using testing::ErrorIs;
using testing::EventAt;
using testing::IsOk;
using testing::ReadLeaf;
using testing::StatusOf;
using testing::TrailWorld;
namespace fs = std::filesystem;

std::vector<LeafType> TypesOf(const std::vector<ReadLeaf>& leaves) {
  std::vector<LeafType> types;
  for (const ReadLeaf& leaf : leaves) types.push_back(leaf.type);
  return types;
}

std::vector<int64_t> TimesOf(const std::vector<ReadLeaf>& leaves) {
  std::vector<int64_t> times;
  for (const ReadLeaf& leaf : leaves) {
    if (leaf.event && leaf.event->kind != EventKind::kClose)
      times.push_back(leaf.event->at.unix_ms);
  }
  return times;
}

size_t JournalsIn(const TrailWorld& world) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(world.journals()), {}));
}
std::string OnlyJournal(const TrailWorld& world) {
  EXPECT_EQ(JournalsIn(world), 1u);
  return fs::directory_iterator(world.journals())->path();
}

TEST(Trail, BringsReadsAndWritesIntoTheTreeInTheOrderTheirProcessMadeThem) {
  TrailWorld world;
  const auto trail = world.Start();
  for (int64_t i = 0; i < 3; ++i) ASSERT_THAT(StatusOf(trail->Append(EventAt(i))), IsOk());
  ASSERT_THAT(StatusOf(world.Write(*trail, EventAt(3))), IsOk());
  ASSERT_THAT(StatusOf(trail->Append(EventAt(4))), IsOk());
  ASSERT_THAT(StatusOf(world.Write(*trail, EventAt(5))), IsOk());
  ASSERT_THAT(StatusOf(trail->Append(EventAt(6))), IsOk());
  ASSERT_THAT(trail->Drain(), IsOk());
  const auto leaves = world.Leaves();
  EXPECT_EQ(TimesOf(leaves), (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(TypesOf(leaves), (std::vector{LeafType::kOpened, LeafType::kJournal, LeafType::kJournal,
                                          LeafType::kJournal, LeafType::kWrite, LeafType::kJournal,
                                          LeafType::kWrite, LeafType::kJournal}));
}

TEST(Trail, EachEventOfAWriteIsALeafOfItsOwn) {
  TrailWorld world;
  const auto trail = world.Start();
  const auto mark = trail->BeginWrite();
  ASSERT_THAT(StatusOf(mark), IsOk());
  ASSERT_THAT(world.engine->Write([&](store::WriteTransaction& transaction) -> Status {
    const auto events = trail->EventsOf(transaction, *mark);
    for (int64_t i = 0; i < 3; ++i) EXPECT_THAT(StatusOf(events->Append(EventAt(i))), IsOk());
    return events->Finish();
  }),
              IsOk());
  EXPECT_EQ(TimesOf(world.Leaves()), (std::vector<int64_t>{0, 1, 2}));
}

TEST(Trail, DrainedTwiceHoldsEverythingOnce) {
  TrailWorld world;
  const auto trail = world.Start();
  ASSERT_THAT(StatusOf(trail->Append(EventAt(1))), IsOk());
  ASSERT_THAT(trail->Drain(), IsOk());
  ASSERT_THAT(trail->Drain(), IsOk());
  EXPECT_EQ(TimesOf(world.Leaves()), (std::vector<int64_t>{1}));
}

TEST(Trail, ClosedLeavesNoJournalAndSaysHowFarItWent) {
  TrailWorld world;
  {
    const auto trail = world.Start();
    ASSERT_THAT(StatusOf(trail->Append(EventAt(1))), IsOk());
    ASSERT_THAT(StatusOf(world.Write(*trail, EventAt(2))), IsOk());
    ASSERT_THAT(trail->Close(), IsOk());
  }
  EXPECT_EQ(JournalsIn(world), 0u);
  const auto leaves = world.Leaves();
  ASSERT_EQ(leaves.back().type, LeafType::kClosed);
  EXPECT_EQ(leaves.back().chain_ends->journal_number, 1u);
  EXPECT_EQ(leaves.back().chain_ends->write_number, 2u);  // the close is an event too
  // Its watermark is forgotten by whoever opens next.
  const InstanceId first = leaves.front().instance;
  ASSERT_TRUE((*ReadWatermark(**world.engine->Read(), first)).has_value());
  const auto next = world.Start();
  EXPECT_FALSE((*ReadWatermark(**world.engine->Read(), first)).has_value());
}

// A write that is given up must leave no gap, and its event no second text under one key.
TEST(Trail, AWriteThatIsGivenUpLeavesNoTraceAndNoGap) {
  TrailWorld world;
  const auto trail = world.Start();
  const Status no(Code::kFailed, "test.no", "given up");
  EXPECT_THAT(StatusOf(world.Write(*trail, EventAt(1), no)), ErrorIs(Code::kFailed, "test.no"));
  EXPECT_EQ(world.Write(*trail, EventAt(2))->number, 0u);
  EXPECT_THAT(StatusOf(world.Write(*trail, EventAt(3), no)), ErrorIs(Code::kFailed, "test.no"));
  EXPECT_EQ(world.Write(*trail, EventAt(4))->number, 1u);
  EXPECT_EQ(TimesOf(world.Leaves()), (std::vector<int64_t>{2, 4}));
}

TEST(Trail, ThreadsThatReadAndWriteLoseAndDoubleNothing) {
  TrailWorld world;
  TrailOptions options = world.Options();
  options.tend_every = std::chrono::milliseconds(1);
  const auto trail = *Trail::Start(*world.engine, options);
  std::vector<std::thread> threads;
  for (int64_t t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      for (int64_t i = 0; i < 50; ++i) {
        const Event event = EventAt(t * 1'000 + i);
        const Status done =
            t < 3 ? trail->Append(event).status() : world.Write(*trail, event).status();
        EXPECT_THAT(done, IsOk());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_THAT(trail->Close(), IsOk());
  const std::vector<int64_t> times = TimesOf(world.Leaves());
  EXPECT_EQ(times.size(), 300u);
  EXPECT_EQ(std::set<int64_t>(times.begin(), times.end()).size(), 300u);
  std::vector<int64_t> last(6, -1);
  for (const int64_t time : times) {
    EXPECT_GT(time, last[static_cast<size_t>(time / 1'000)]) << "one thread's events, out of order";
    last[static_cast<size_t>(time / 1'000)] = time;
  }
}

// A process that records events 0 to count − 1, says so, and is killed. The store must be closed
// in this process meanwhile.
void RecordAndDie(TrailWorld& world, int64_t count) {
  world.engine.reset();
  ChildProcess child([&](const Channel& channel) {
    world.engine = *store::OpenLmdb(world.path(), TrailWorld::Small());
    const auto trail = world.Start();
    for (int64_t i = 0; i < count; ++i) (void)trail->Append(EventAt(i));
    channel.Send('r');
    (void)channel.Receive();
    return 0;
  });
  ASSERT_EQ(child.channel().Receive(), 'r');
  child.Kill();
  world.engine = *store::OpenLmdb(world.path(), TrailWorld::Small());
}

TEST(Trail, OfAKilledProcessIsAdoptedWhole) {
  TrailWorld world;
  RecordAndDie(world, 20);
  const auto trail = world.Start();
  const auto leaves = world.Leaves();
  ASSERT_EQ(TimesOf(leaves).size(), 20u);
  ASSERT_EQ(leaves.back().type, LeafType::kAdopted);
  EXPECT_EQ(leaves.back().instance, leaves.front().instance);
  EXPECT_EQ(leaves.back().adoption->adopter, trail->instance());
  EXPECT_EQ(leaves.back().adoption->ends.journal_number, 20u);
  EXPECT_EQ(leaves.back().adoption->first_unproven, 0u);
  EXPECT_EQ(leaves.back().adoption->bytes_left_over, 0u);
  EXPECT_EQ(JournalsIn(world), 1u);
}

// More than one transaction takes.
TEST(Trail, ThatIsAdoptedInPartsSaysWhereTheFirstOfThemBegan) {
  TrailWorld world;
  constexpr int64_t kEntries = 9'000;
  RecordAndDie(world, kEntries);
  const auto trail = world.Start();
  const auto leaves = world.Leaves();
  ASSERT_EQ(TimesOf(leaves).size(), size_t{kEntries});
  ASSERT_EQ(leaves.back().type, LeafType::kAdopted);
  EXPECT_EQ(leaves.back().adoption->ends.journal_number, uint64_t{kEntries});
  EXPECT_EQ(leaves.back().adoption->first_unproven, 0u);
}

TEST(Trail, AdoptsEveryWholeEntryBeforeATornEndAndTellsOfTheRest) {
  for (const uint64_t cut : {1u, 40u, 200u}) {
    TrailWorld world;
    RecordAndDie(world, 5);
    const std::string journal = OnlyJournal(world);
    fs::resize_file(journal, fs::file_size(journal) - cut);
    const auto trail = world.Start();
    const auto leaves = world.Leaves();
    ASSERT_EQ(leaves.back().type, LeafType::kAdopted);
    const uint64_t whole = leaves.back().adoption->ends.journal_number;
    EXPECT_EQ(TimesOf(leaves).size(), whole);
    EXPECT_LT(whole, 5u);
    EXPECT_GE(whole, 3u);
    EXPECT_GT(leaves.back().adoption->bytes_left_over, 0u);
  }
}

TEST(Trail, LeavesAJournalThatIsInUseAlone) {
  TrailWorld world;
  const auto one = world.Start();
  ASSERT_THAT(StatusOf(one->Append(EventAt(1))), IsOk());
  const auto two = world.Start();
  EXPECT_EQ(JournalsIn(world), 2u);
  EXPECT_TRUE(TimesOf(world.Leaves()).empty());
  ASSERT_THAT(one->Drain(), IsOk());
  EXPECT_EQ(TimesOf(world.Leaves()), (std::vector<int64_t>{1}));
}

TEST(Trail, WhoseJournalWasDeletedIsDownWithinOneLookAndLosesNothing) {
  TrailWorld world;
  const auto trail = world.Start();
  ASSERT_THAT(StatusOf(trail->Append(EventAt(1))), IsOk());
  fs::remove(OnlyJournal(world));
  EXPECT_THAT(trail->Tend(), ErrorIs(Code::kAuditDown, "trail.journal-gone"));
  EXPECT_THAT(StatusOf(trail->Append(EventAt(2))), ErrorIs(Code::kAuditDown, "trail.journal-gone"));
  EXPECT_THAT(StatusOf(world.Write(*trail, EventAt(3))),
              ErrorIs(Code::kAuditDown, "trail.journal-gone"));
  EXPECT_THAT(trail->Look().writable, ErrorIs(Code::kAuditDown, "trail.journal-gone"));
  ASSERT_THAT(trail->Close(), IsOk());
  const auto leaves = world.Leaves();
  EXPECT_EQ(TimesOf(leaves), (std::vector<int64_t>{1}));
  EXPECT_EQ(leaves[leaves.size() - 2].event->outcome, Outcome::kFailed);
}

TEST(Trail, WhoseJournalWasChangedBehindItsBackGoesDown) {
  TrailWorld world;
  const auto trail = world.Start();
  ASSERT_THAT(StatusOf(trail->Append(EventAt(1))), IsOk());
  const std::string journal = OnlyJournal(world);
  {
    std::fstream file(journal, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(journal)) - 3);
    file.put('x');
  }
  EXPECT_THAT(trail->Drain(), ErrorIs(Code::kAuditDown, "trail.journal-damaged"));
  EXPECT_THAT(StatusOf(world.Write(*trail, EventAt(2))),
              ErrorIs(Code::kAuditDown, "trail.journal-damaged"));
  EXPECT_TRUE(TimesOf(world.Leaves()).empty());
}

TEST(Trail, OfAVaultThatDoesNotKnowItIsDown) {
  TrailWorld world;
  const auto trail = world.Start();
  ASSERT_THAT(world.engine->Write([&](store::WriteTransaction& transaction) {
    return transaction.Delete(store::Table::kMeta, WatermarkKey(trail->instance()));
  }),
              IsOk());
  EXPECT_THAT(StatusOf(world.Write(*trail, EventAt(1))),
              ErrorIs(Code::kAuditDown, "trail.not-registered"));
  ASSERT_THAT(StatusOf(trail->Append(EventAt(2))), IsOk());
  EXPECT_THAT(trail->Drain(), ErrorIs(Code::kAuditDown, "trail.not-registered"));
}

TEST(Trail, ThatRunsAheadOfItsTreeWaitsAndThenRefuses) {
  TrailWorld world;
  const auto trail = world.Start();
  const std::vector<EventRecord> many(100'000);
  Event big = EventAt(1);
  big.records = many;
  Status last;
  for (int i = 0; i < 20 && last.ok(); ++i) last = trail->Append(big).status();
  EXPECT_THAT(last, ErrorIs(Code::kAuditDown, "trail.backlog"));
  EXPECT_GE(trail->Look().backlog_bytes, Trail::kBacklogBytesMax);
  // Bounded memory and transactions, however far behind it is; the map must grow for it.
  ASSERT_THAT(trail->Drain(), IsOk());
  EXPECT_THAT(StatusOf(trail->Append(EventAt(2))), IsOk());
}

TEST(Trail, ThatRunsAheadOfItsTreeWakesItsCaretaker) {
  TrailWorld world;
  TrailOptions options = world.Options();
  options.tend_every = std::chrono::hours(1);
  const auto trail = *Trail::Start(*world.engine, options);
  const std::vector<EventRecord> many(100'000);
  Event big = EventAt(1);
  big.records = many;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (int i = 0; i < 15; ++i) {
    Status appended = trail->Append(big).status();
    // A slow disk may take longer than it waits.
    while (appended.name() == "trail.backlog" && std::chrono::steady_clock::now() < deadline) {
      appended = trail->Append(big).status();
    }
    ASSERT_THAT(appended, IsOk()) << i;
  }
}

TEST(Trail, GivesBackTheSpaceOfWhatIsInTheTree) {
  TrailWorld world;
  const auto trail = world.Start();
  const std::vector<EventRecord> many(100'000);
  Event big = EventAt(1);
  big.records = many;
  for (int i = 0; i < 3; ++i) ASSERT_THAT(StatusOf(trail->Append(big)), IsOk());
  const auto taken_bytes = [journal = OnlyJournal(world)] {
    struct stat info {};
    EXPECT_EQ(::stat(journal.c_str(), &info), 0);
    return info.st_blocks * 512;
  };
  EXPECT_GT(taken_bytes(), 15 << 20);
  ASSERT_THAT(trail->Drain(), IsOk());
  EXPECT_LT(taken_bytes(), 4 << 20) << "what is reserved for events to come";
}

TEST(Trail, BringsALongJournalToTheTreeBeforeAWrite) {
  TrailWorld world;
  const auto trail = world.Start();
  const std::vector<EventRecord> many(100'000);
  Event big = EventAt(1);
  big.records = many;
  for (int i = 0; i < 8; ++i) ASSERT_THAT(StatusOf(trail->Append(big)), IsOk());
  EXPECT_THAT(StatusOf(world.Write(*trail, EventAt(2))), IsOk());
}

TEST(Trail, CountsAFloodOfRefusals) {
  TrailWorld world;
  const auto trail = world.Start();
  Event refusal = EventAt(1);
  refusal.outcome = Outcome::kRefused;
  DecisionId last;
  for (int i = 0; i < 500; ++i) last = *trail->Append(refusal);
  EXPECT_EQ(last.number, Floods::kRecordedEach - 1);
  ASSERT_THAT(trail->Close(), IsOk());
  const auto leaves = world.Leaves();
  uint32_t told = 0;
  for (const ReadLeaf& leaf : leaves) {
    if (!leaf.event || leaf.event->outcome != Outcome::kRefused) continue;
    told += leaf.event->repeats > 0 ? leaf.event->repeats : 1;
    if (leaf.event->repeats == 0) continue;
    ASSERT_EQ(leaf.event->details.size(), 1u);
    EXPECT_EQ(leaf.event->details[0].what, What::kOf);
    EXPECT_EQ(leaf.event->details[0].text, std::to_string(last.number));
  }
  EXPECT_EQ(told, 500u);
  EXPECT_LT(leaves.size(), 30u);
}

TEST(Trail, InAForkedChildRefusesAndTouchesNothing) {
  TrailWorld world;
  TrailOptions options = world.Options();
  options.tend_every = std::chrono::milliseconds(5);
  auto trail = *Trail::Start(*world.engine, options);
  ASSERT_THAT(StatusOf(trail->Append(EventAt(1))), IsOk());
  ChildProcess child([&](const Channel&) {
    const bool refused = trail->Append(EventAt(2)).status().name() == "trail.forked" &&
                         trail->BeginWrite().status().name() == "trail.forked" &&
                         trail->Drain().name() == "trail.forked";
    trail.reset();
    return refused ? 0 : 1;
  });
  EXPECT_EQ(child.Join(), 0);
  ASSERT_THAT(StatusOf(trail->Append(EventAt(3))), IsOk());
  ASSERT_THAT(trail->Close(), IsOk());
  EXPECT_EQ(TimesOf(world.Leaves()), (std::vector<int64_t>{1, 3}));
}

TEST(Trail, ItsCaretakerSyncsDrainsAndNoticesADeletedJournalByItself) {
  TrailWorld world;
  TrailOptions options = world.Options();
  options.tend_every = std::chrono::milliseconds(10);
  std::promise<std::string> found;
  options.report = [&](const Status& status) { found.set_value(std::string(status.name())); };
  const auto trail = *Trail::Start(*world.engine, options);
  ASSERT_THAT(StatusOf(trail->Append(EventAt(1))), IsOk());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (trail->Look().backlog_bytes > 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::yield();
  }
  EXPECT_EQ(TimesOf(world.Leaves()), (std::vector<int64_t>{1}));
  fs::remove(OnlyJournal(world));
  EXPECT_EQ(found.get_future().get(), "trail.journal-gone");
}

}  // namespace
}  // namespace bailee::audit
