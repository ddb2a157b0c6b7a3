// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "audit/fake_journal.h"
#include "audit/journal_directory.h"
#include "support/error_is.h"
#include "support/temp_vault.h"
#include "support/temporary_directory.h"

namespace bailee::audit {
namespace {

using testing::ErrorIs;
using testing::EventAt;
using testing::FakeJournal;
using testing::InstanceWorld;
using testing::IsOk;
using testing::JournalCall;
using testing::StatusOf;

const auto kFull = ErrorIs(Code::kAuditDown, "trail.full");

Event LargeEvent() {
  static const std::vector<EventRecord> records(16);
  Event event = EventAt(1);
  event.records = records;
  return event;
}

Status FillUp(Journal& journal) {
  for (int64_t i = 0; i < 100'000; ++i) {
    if (const Result<uint64_t> number = journal.Append(LargeEvent()); !number.ok()) {
      return number.status();
    }
  }
  return Status();
}

TEST(JournalFull, KeepsRoomForTheEventThatSaysSo) {
  FakeJournal fake;
  fake.disk->capacity = 0;  // what was reserved is all there is
  EXPECT_THAT(FillUp(*fake.journal), kFull);
  const Journal::Position end = fake->written();
  EXPECT_THAT(StatusOf(fake->Append(EventAt(0))), kFull);
  EXPECT_EQ(fake->written(), end) << "it is said once";
  const auto events = fake.Events();
  ASSERT_EQ(events.size(), end.number);
  EXPECT_EQ(events.back().kind, EventKind::kAuditFull);
  EXPECT_EQ(events.back().outcome, Outcome::kFailed);
  EXPECT_EQ(events.back().transaction, 99u);
  EXPECT_EQ(events[events.size() - 2].kind, EventKind::kRead);
  EXPECT_GT(end.number, 1'000u);
}

TEST(JournalFull, WorksAgainOnceThereIsSpaceAndSaysSoAgainWhenThereIsNone) {
  FakeJournal fake;
  fake.disk->capacity = 0;
  EXPECT_THAT(FillUp(*fake.journal), kFull);
  EXPECT_TRUE(fake->low_on_space());
  const uint64_t first = fake->written().number;
  fake.disk->capacity = fake->written().offset + (4 << 20);
  EXPECT_EQ(*fake->Append(EventAt(7)), first);
  EXPECT_FALSE(fake->low_on_space());
  EXPECT_THAT(FillUp(*fake.journal), kFull);
  const auto events = fake.Events();
  ASSERT_EQ(events.size(), fake->written().number);
  EXPECT_EQ(events[first - 1].kind, EventKind::kAuditFull);
  EXPECT_EQ(events[first].kind, EventKind::kRead);
  EXPECT_EQ(events.back().kind, EventKind::kAuditFull);
}

TEST(JournalFull, AlwaysHasAMegabyteAheadWhileThereIsSpace) {
  FakeJournal fake;
  fake.disk->capacity = fake->written().offset + (10 << 20);
  while (!fake->low_on_space()) ASSERT_THAT(StatusOf(fake->Append(LargeEvent())), IsOk());
  // The disk was found full when this much could still be recorded.
  const uint64_t found = fake->written().offset;
  EXPECT_THAT(FillUp(*fake.journal), kFull);
  constexpr uint64_t kLastWordsAndLessThanAnEntry = 2 * 4096;
  EXPECT_GE(fake->written().offset - found + kLastWordsAndLessThanAnEntry, uint64_t{1} << 20);
}

TEST(JournalFull, DoesNotStartWithoutSpace) {
  InstanceWorld world;
  auto disk = std::make_shared<testing::FakeDisk>();
  disk->capacity = 1 << 20;
  EXPECT_THAT(
      StatusOf(Journal::Start(std::make_unique<testing::FakeJournalFile>(disk),
                              world.head.bytes.size(), world.instance, world.JournalChain())),
      kFull);
}

TEST(JournalFull, OfAWriteThatFindsNoSpaceAllTheSameIsFullAndNotForEver) {
  FakeJournal fake;
  fake.disk->faults = {{.call = JournalCall::kWrite, .status = testing::JournalFullError()}};
  EXPECT_THAT(StatusOf(fake->Append(EventAt(0))), kFull);
  EXPECT_EQ(*fake->Append(EventAt(1)), 0u);
}

TEST(JournalFull, HoldsOnARealDisk) {
  const testing::TemporaryDirectory directory;
  if (::mount("tmpfs", directory.path().c_str(), "tmpfs", 0, "size=6m,mode=0700") != 0) {
    GTEST_SKIP() << "a small file system cannot be mounted here; run as root";
  }
  {
    InstanceWorld world;
    const auto journals = *JournalDirectory::Open(directory.path());
    auto journal = *Journal::Start(*journals->Create(world.instance, world.head.bytes),
                                   world.head.bytes.size(), world.instance, world.JournalChain());
    {
      std::ofstream(directory / "ballast") << std::string(size_t{3} << 20, 'x');
      EXPECT_THAT(FillUp(*journal), kFull);
      const std::string name = directory.path() + "/journal/" + world.instance.ToHex() + ".journal";
      auto events = world.Decode(AsBytes(ReadFile(name)));
      ASSERT_EQ(events.size(), journal->written().number);
      EXPECT_EQ(events.back().kind, EventKind::kAuditFull);
      ASSERT_EQ(::unlink((directory / "ballast").c_str()), 0);
      EXPECT_THAT(StatusOf(journal->Append(EventAt(5))), IsOk());
      EXPECT_THAT(journal->SyncTo(journal->written().offset), IsOk());
      events = world.Decode(AsBytes(ReadFile(name)));
      EXPECT_EQ(events.back().at.unix_ms, 5);
    }
  }
  EXPECT_EQ(::umount(directory.path().c_str()), 0);
}

TEST(JournalFull, OfALimitOnTheSizeOfFilesKillsNobody) {
  const testing::TemporaryDirectory directory;
  InstanceWorld world;
  const auto journals = *JournalDirectory::Open(directory.path());
  auto journal = *Journal::Start(*journals->Create(world.instance, world.head.bytes),
                                 world.head.bytes.size(), world.instance, world.JournalChain());
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit less = before;
  less.rlim_cur = 4 << 20;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &less), 0);
  const Status status = FillUp(*journal);  // SIGXFSZ would end the test here
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_THAT(status, kFull);
  EXPECT_THAT(StatusOf(journal->Append(EventAt(0))), IsOk());
}

}  // namespace
}  // namespace bailee::audit
