// SPDX-License-Identifier: Apache-2.0
#include "audit/journal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <thread>

#include "audit/fake_journal.h"
#include "support/error_is.h"

namespace bailee::audit {
namespace {

using testing::ErrorIs;
using testing::EventAt;
using testing::FakeJournal;
using testing::IsOk;
using testing::JournalCall;
using testing::StatusOf;

TEST(Journal, NumbersEventsWithoutGapsAndTheAuditorReadsThem) {
  FakeJournal fake;
  for (int64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(*fake->Append(EventAt(i)), static_cast<uint64_t>(i));
  }
  const auto events = fake.Events();
  ASSERT_EQ(events.size(), 100u);
  for (int64_t i = 0; i < 100; ++i) EXPECT_EQ(events[static_cast<size_t>(i)].at.unix_ms, i);
  EXPECT_EQ(events[0].purpose, "billing");
}

TEST(Journal, HasWrittenAsFarAsItsFileGoes) {
  FakeJournal fake;
  const uint64_t head = fake.world.head.bytes.size();
  EXPECT_EQ(fake->written(), (Journal::Position{0, head}));
  ASSERT_THAT(StatusOf(fake->Append(EventAt(1))), IsOk());
  EXPECT_EQ(fake->written(), (Journal::Position{1, fake.disk->content.size()}));
  EXPECT_EQ(fake->synced(), (Journal::Position{0, head}));
}

TEST(Journal, HoldsNothingReadable) {
  FakeJournal fake;
  ASSERT_THAT(StatusOf(fake->Append(EventAt(1))), IsOk());
  const std::string_view content = AsText(fake.disk->content);
  EXPECT_EQ(content.find("billing"), std::string_view::npos);
  EXPECT_EQ(content.find("payment_card"), std::string_view::npos);
  EXPECT_EQ(content.find(fake.world.origin.actor), std::string_view::npos);
}

TEST(Journal, CutAnywhereGivesEveryEventBeforeTheCut) {
  FakeJournal fake;
  std::vector<uint64_t> ends;
  for (int64_t i = 0; i < 5; ++i) {
    ASSERT_THAT(StatusOf(fake->Append(EventAt(i))), IsOk());
    ends.push_back(fake->written().offset);
  }
  const Bytes& whole = fake.disk->content;
  for (size_t cut = fake.world.head.bytes.size(); cut <= whole.size(); ++cut) {
    const ByteView content = ByteView(whole).first(cut);
    const auto expected =
        std::count_if(ends.begin(), ends.end(), [&](uint64_t end) { return end <= cut; });
    EXPECT_EQ(std::ssize(fake.world.Decode(content)), expected) << cut;
  }
}

TEST(Journal, RefusesAnEventAboveItsBoundAndTakesOneAtIt) {
  FakeJournal fake;
  const size_t fixed = EventSize({});
  // The largest bucket that fits is 15 MiB; what it holds is one byte less.
  const std::vector<EventRecord> records(((size_t{15} << 20) - 1 - fixed) / 56);
  EXPECT_THAT(StatusOf(fake->Append({.records = records})), IsOk());
  const std::vector<EventRecord> more(records.size() + 1);
  EXPECT_THAT(StatusOf(fake->Append({.records = more})),
              ErrorIs(Code::kInvalidValue, "trail.event-too-large"));
  EXPECT_EQ(*fake->Append(EventAt(1)), 1u);
  EXPECT_EQ(fake.Events().size(), 2u);
}

TEST(Journal, RefusesAnEventThatCannotBeEncodedAndGoesOn) {
  FakeJournal fake;
  const std::string text(256, 'x');
  EXPECT_THAT(StatusOf(fake->Append({.purpose = text})),
              ErrorIs(Code::kInvalidValue, "trail.event-too-large"));
  EXPECT_EQ(*fake->Append(EventAt(1)), 0u);
  EXPECT_EQ(fake.Events().size(), 1u);
}

TEST(Journal, NumbersEventsOfManyThreadsWithoutGaps) {
  FakeJournal fake;
  constexpr size_t kThreads = 8;
  constexpr size_t kEach = 250;
  std::vector<std::vector<uint64_t>> numbers(kThreads);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < kEach; ++i) {
        const auto at = static_cast<int64_t>(t * kEach + i);
        numbers[t].push_back(*fake->Append(EventAt(at)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto events = fake.Events();
  ASSERT_EQ(events.size(), kThreads * kEach);
  for (size_t t = 0; t < kThreads; ++t) {
    for (size_t i = 0; i < kEach; ++i) {
      EXPECT_EQ(events[numbers[t][i]].at.unix_ms, static_cast<int64_t>(t * kEach + i));
    }
  }
}

// --- Sync
// -----------------------------------------------------------------------------------------

TEST(Journal, SyncsAsFarAsItIsAskedAndNoMoreOftenThanNeeded) {
  FakeJournal fake;
  ASSERT_THAT(StatusOf(fake->Append(EventAt(1))), IsOk());
  const uint64_t first = fake->written().offset;
  ASSERT_THAT(StatusOf(fake->Append(EventAt(2))), IsOk());
  ASSERT_THAT(fake->SyncTo(first), IsOk());
  EXPECT_EQ(fake->synced(), fake->written());
  ASSERT_THAT(fake->SyncTo(fake->written().offset), IsOk());
  EXPECT_EQ(fake.disk->Calls(JournalCall::kSync), 1u);
  ASSERT_THAT(StatusOf(fake->Append(EventAt(3))), IsOk());
  ASSERT_THAT(fake->SyncTo(fake->written().offset), IsOk());
  EXPECT_EQ(fake.disk->Calls(JournalCall::kSync), 2u);
}

// The first sync takes until every thread has appended: whoever it does not cover shares the
// second.
TEST(Journal, SyncsOnceForAllWhoWait) {
  FakeJournal fake;
  constexpr size_t kThreads = 8;
  std::mutex mutex;
  std::condition_variable changed;
  size_t appended = 0;
  fake.disk->on_sync = [&] {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return appended == kThreads; });
  };
  std::vector<std::thread> threads;
  std::atomic<size_t> synced = 0;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      const bool ok = fake->Append(EventAt(1)).ok();
      const uint64_t offset = fake->written().offset;
      {
        const std::lock_guard lock(mutex);
        ++appended;
      }
      changed.notify_all();
      if (ok && fake->SyncTo(offset).ok() && fake->synced().offset >= offset) ++synced;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(synced, kThreads);
  EXPECT_LE(fake.disk->Calls(JournalCall::kSync), 2u);
}

TEST(Journal, CountsAsSyncedOnlyWhatWasWrittenWhenTheSyncBegan) {
  FakeJournal fake;
  ASSERT_THAT(StatusOf(fake->Append(EventAt(1))), IsOk());
  const Journal::Position before = fake->written();
  fake.disk->on_sync = [&] { EXPECT_THAT(StatusOf(fake->Append(EventAt(2))), IsOk()); };
  ASSERT_THAT(fake->SyncTo(before.offset), IsOk());
  EXPECT_EQ(fake->synced(), before);
  EXPECT_EQ(fake->written().number, 2u);
}

}  // namespace
}  // namespace bailee::audit
