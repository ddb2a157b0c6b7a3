// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/fake_journal.h"
#include "support/error_is.h"

namespace bailee::audit {
namespace {

using testing::ErrorIs;
using testing::EventAt;
using testing::FakeDisk;
using testing::FakeJournal;
using testing::IsOk;
using testing::JournalCall;
using testing::kJournalGone;
using testing::StatusOf;

const auto kWriteFailed = ErrorIs(Code::kAuditDown, "trail.write-failed");
const auto kSyncFailed = ErrorIs(Code::kAuditDown, "trail.sync-failed");

// --- Writes
// ---------------------------------------------------------------------------------------

TEST(JournalFault, AFailedWriteIsNotCountedAndItsNumberIsUsedAgain) {
  FakeJournal fake;
  fake.disk->faults = {{.call = JournalCall::kWrite, .at = 1}};
  EXPECT_EQ(*fake->Append(EventAt(0)), 0u);
  const Journal::Position before = fake->written();
  EXPECT_THAT(StatusOf(fake->Append(EventAt(1))), kWriteFailed);
  EXPECT_EQ(fake->written(), before);
  EXPECT_EQ(*fake->Append(EventAt(2)), 1u);
  EXPECT_EQ(*fake->Append(EventAt(3)), 2u);
  const auto events = fake.Events();
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[1].at.unix_ms, 2);
  EXPECT_THAT(fake->closed(), IsOk());
}

TEST(JournalFault, WhateverAFailedWriteLeftIsWrittenOver) {
  FakeJournal probe;
  ASSERT_THAT(StatusOf(probe->Append(EventAt(0))), IsOk());
  const size_t entry_bytes = probe.disk->content.size() - probe.world.head.bytes.size();
  for (size_t written = 0; written <= entry_bytes; ++written) {
    FakeJournal fake;
    fake.disk->faults = {{.call = JournalCall::kWrite, .written_bytes = written}};
    EXPECT_THAT(StatusOf(fake->Append(EventAt(0))), kWriteFailed);
    EXPECT_EQ(*fake->Append(EventAt(1)), 0u);
    const auto events = fake.Events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].at.unix_ms, 1);
  }
}

// What a write left behind when there was no memory to say that it failed is sealed with this key.
TEST(JournalFault, NeverUsesANonceAgainAfterAnException) {
  FakeJournal fake;
  const size_t head = fake.world.head.bytes.size();
  fake.disk->faults = {{.call = JournalCall::kWrite, .written_bytes = 1 << 20, .no_memory = true}};
  EXPECT_THROW((void)fake->Append(EventAt(0)), std::bad_alloc);
  const Entry first = ParseEntry(fake.world.instance, ByteView(fake.disk->content).subspan(head));
  ASSERT_EQ(first.state, EntryState::kWhole);
  EXPECT_EQ(*fake->Append(EventAt(1)), 0u);
  const Entry second = ParseEntry(fake.world.instance, ByteView(fake.disk->content).subspan(head));
  ASSERT_EQ(second.state, EntryState::kWhole);
  EXPECT_EQ(second.number, 0u);
  EXPECT_NE(second.attempt, first.attempt);
}

TEST(JournalFault, NeverSealsTwoEventsWithOneKeyAndNonce) {
  FakeJournal fake;
  const size_t head = fake.world.head.bytes.size();
  fake.disk->faults = {{.call = JournalCall::kWrite, .for_ever = true, .written_bytes = 1 << 20}};
  std::vector<uint32_t> attempts;
  for (int64_t i = 0; i < 5; ++i) {
    EXPECT_THAT(StatusOf(fake->Append(EventAt(i))), kWriteFailed);
    const ByteView written = ByteView(fake.disk->content).subspan(head);
    const Entry entry = ParseEntry(fake.world.instance, written);
    ASSERT_EQ(entry.state, EntryState::kWhole);
    EXPECT_EQ(entry.number, 0u);
    attempts.push_back(entry.attempt);
  }
  EXPECT_EQ(attempts, (std::vector<uint32_t>{0, 1, 2, 3, 4}));
  fake.disk->faults.clear();
  EXPECT_EQ(*fake->Append(EventAt(9)), 0u);
  EXPECT_EQ(*fake->Append(EventAt(10)), 1u);
  ASSERT_EQ(fake.Events().size(), 2u);
  EXPECT_EQ(fake.Events()[0].at.unix_ms, 9);
}

TEST(JournalFault, ADescriptorThatIsClosedClosesTheJournal) {
  FakeJournal fake;
  fake.disk->faults = {{.call = JournalCall::kWrite, .status = testing::JournalGoneError()}};
  EXPECT_THAT(StatusOf(fake->Append(EventAt(0))), kJournalGone);
  EXPECT_THAT(StatusOf(fake->Append(EventAt(1))), kJournalGone);
  EXPECT_EQ(fake.disk->Calls(JournalCall::kWrite), 1u);
}

TEST(JournalFault, ReservingThatFailsOtherThanForSpaceIsTriedAgain) {
  FakeJournal fake;
  fake.disk->faults = {{.call = JournalCall::kReserve, .at = 0, .for_ever = true}};
  size_t appended = 0;
  while (fake->Append(EventAt(0)).ok()) ++appended;
  EXPECT_GT(appended, 1000u);  // as much as was reserved
  EXPECT_TRUE(fake->low_on_space());
  EXPECT_THAT(StatusOf(fake->Append(EventAt(0))), kWriteFailed);
  fake.disk->faults.clear();
  EXPECT_EQ(*fake->Append(EventAt(0)), appended);
  EXPECT_FALSE(fake->low_on_space());
}

// --- Syncs
// ----------------------------------------------------------------------------------------

TEST(JournalFault, AFailedSyncClosesForEverAndTellsWhatIsInDoubt) {
  FakeJournal fake;
  for (int64_t i = 0; i < 3; ++i) ASSERT_THAT(StatusOf(fake->Append(EventAt(i))), IsOk());
  ASSERT_THAT(fake->SyncTo(fake->written().offset), IsOk());
  const uint64_t safe = fake->synced().offset;
  for (int64_t i = 3; i < 7; ++i) ASSERT_THAT(StatusOf(fake->Append(EventAt(i))), IsOk());
  EXPECT_EQ(fake->doubtful(), std::nullopt);
  fake.disk->faults = {{.call = JournalCall::kSync, .at = 1}};
  const uint64_t offset = fake->written().offset;
  EXPECT_THAT(fake->SyncTo(offset), kSyncFailed);
  EXPECT_EQ(fake->doubtful(), (Journal::Doubtful{3, 7}));
  // A sync would succeed now, and lie.
  EXPECT_THAT(fake->SyncTo(offset), kSyncFailed);
  EXPECT_EQ(fake.disk->Calls(JournalCall::kSync), 2u);
  EXPECT_THAT(fake->SyncTo(safe), IsOk());
  const size_t writes = fake.disk->Calls(JournalCall::kWrite);
  EXPECT_THAT(StatusOf(fake->Append(EventAt(8))), kSyncFailed);
  EXPECT_EQ(fake.disk->Calls(JournalCall::kWrite), writes);
  EXPECT_THAT(fake->Check(), kSyncFailed);
  EXPECT_THAT(fake->closed(), kSyncFailed);
}

TEST(JournalFault, WhatWasAppendedDuringAFailedSyncIsInDoubtToo) {
  FakeJournal fake;
  ASSERT_THAT(StatusOf(fake->Append(EventAt(0))), IsOk());
  fake.disk->faults = {{.call = JournalCall::kSync}};
  fake.disk->on_sync = [&] { EXPECT_THAT(StatusOf(fake->Append(EventAt(1))), IsOk()); };
  EXPECT_THAT(fake->SyncTo(fake->written().offset), kSyncFailed);
  EXPECT_EQ(fake->doubtful(), (Journal::Doubtful{0, 2}));
}

TEST(JournalFault, ASyncOfAFileThatIsGoneIsNoSync) {
  FakeJournal fake;
  ASSERT_THAT(StatusOf(fake->Append(EventAt(0))), IsOk());
  fake.disk->faults = {{.call = JournalCall::kCheck, .status = testing::JournalGoneError()}};
  EXPECT_THAT(fake->SyncTo(fake->written().offset), kJournalGone);
  EXPECT_EQ(fake->synced().number, 0u);
  EXPECT_THAT(StatusOf(fake->Append(EventAt(1))), kJournalGone);
}

TEST(JournalFault, ASyncWithoutMemoryToLookAtItsFileIsNoSync) {
  FakeJournal fake;
  ASSERT_THAT(StatusOf(fake->Append(EventAt(0))), IsOk());
  fake.disk->faults = {{.call = JournalCall::kCheck, .no_memory = true}};
  EXPECT_THAT(fake->SyncTo(fake->written().offset), kSyncFailed);
  EXPECT_EQ(fake->synced().number, 0u);
}

TEST(JournalFault, AFailedCheckClosesForEver) {
  FakeJournal fake;
  EXPECT_THAT(fake->Check(), IsOk());
  fake.disk->faults = {{.call = JournalCall::kCheck, .at = 1}};
  EXPECT_THAT(fake->Check(), kJournalGone);
  EXPECT_THAT(fake->Check(), kJournalGone);
  EXPECT_THAT(StatusOf(fake->Append(EventAt(0))), kJournalGone);
  EXPECT_EQ(fake.disk->Calls(JournalCall::kWrite), 0u);
}

TEST(JournalFault, NothingIsAppendedToAFileThatIsGoneForATenthOfASecond) {
  constexpr auto kTick = std::chrono::nanoseconds(1);
  FakeJournal fake;
  const auto checks = [&] { return fake.disk->Calls(JournalCall::kCheck); };
  const auto start = FakeJournal::now;
  ASSERT_THAT(fake->Check(), IsOk());
  FakeJournal::now = start + std::chrono::milliseconds(40);
  ASSERT_THAT(fake->Check(), IsOk());
  // Gone from here on, and nobody looks.
  fake.disk->faults = {
      {.call = JournalCall::kCheck, .for_ever = true, .status = testing::JournalGoneError()}};
  FakeJournal::now = start + std::chrono::milliseconds(140) - kTick;
  EXPECT_THAT(StatusOf(fake->Append(EventAt(0))), IsOk());
  EXPECT_EQ(checks(), 2u);
  FakeJournal::now += kTick;
  EXPECT_THAT(StatusOf(fake->Append(EventAt(1))), kJournalGone);
  EXPECT_THAT(fake->closed(), kJournalGone);
  EXPECT_EQ(fake.Events().size(), 1u);
}

TEST(JournalFault, AnAppendThatFindsTheFileLooksAgainAfterATenthOfASecondAndNotBefore) {
  FakeJournal fake;
  for (size_t i = 1; i <= 5; ++i) {
    FakeJournal::now += Journal::kGoneUnnoticedMax;
    EXPECT_THAT(StatusOf(fake->Append(EventAt(1))), IsOk());
    EXPECT_THAT(StatusOf(fake->Append(EventAt(2))), IsOk());
    EXPECT_EQ(fake.disk->Calls(JournalCall::kCheck), i);
  }
}

// --- Every call, once and for ever
// ----------------------------------------------------------------

// Whatever fails, whenever: an event that was said to be recorded is, one that was not is not
// counted, and what the auditor reads has no gap.
TEST(JournalFault, OfAnyCallLosesNothingThatWasPromised) {
  for (const JournalCall call :
       {JournalCall::kWrite, JournalCall::kSync, JournalCall::kReserve, JournalCall::kCheck}) {
    for (const bool for_ever : {false, true}) {
      for (const Status& status :
           {testing::JournalIoError(), testing::JournalFullError(), testing::JournalGoneError()}) {
        for (size_t at = 0; at < 12; ++at) {
          FakeJournal fake;
          fake.disk->faults = {{call, at, for_ever, 7, status}};
          std::vector<int64_t> promised;
          uint64_t durable = 0;
          for (int64_t i = 0; i < 12; ++i) {
            const Result<uint64_t> number = fake->Append(EventAt(i));
            if (number.ok()) {
              EXPECT_EQ(*number, promised.size());
              promised.push_back(i);
            } else {
              EXPECT_EQ(number.status().code(), Code::kAuditDown);
            }
            if (fake->SyncTo(fake->written().offset).ok()) durable = promised.size();
          }
          EXPECT_EQ(fake->written().number, promised.size());
          EXPECT_EQ(fake->synced().number, durable);
          const auto events = fake.Events();
          ASSERT_EQ(events.size(), promised.size());
          for (size_t i = 0; i < events.size(); ++i) {
            EXPECT_EQ(events[i].at.unix_ms, promised[i]);
          }
        }
      }
    }
  }
}

// --- Fork
// -----------------------------------------------------------------------------------------

TEST(JournalFault, AForkedChildRecordsNothing) {
  FakeJournal fake;
  ASSERT_THAT(StatusOf(fake->Append(EventAt(0))), IsOk());
  const uint64_t offset = fake->written().offset;
  const pid_t child = fork();
  if (child == 0) {
    const auto forked = [](const Status& status) {
      return status.code() == Code::kFailed && status.name() == "trail.forked";
    };
    const bool all = forked(StatusOf(fake->Append(EventAt(1)))) && forked(fake->SyncTo(offset)) &&
                     forked(fake->Check()) && forked(fake->closed()) &&
                     fake->written() == Journal::Position{} && !fake->low_on_space() &&
                     fake.disk->calls == std::array<size_t, testing::kJournalCallCount>{1};
    _exit(all ? 0 : 1);
  }
  int result = -1;
  ASSERT_EQ(waitpid(child, &result, 0), child);
  EXPECT_EQ(result, 0);
  EXPECT_EQ(*fake->Append(EventAt(1)), 1u);
}

}  // namespace
}  // namespace bailee::audit
