// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "store_test_util.h"

namespace bailee::store {
namespace {

class LmdbReaders : public ::testing::Test {
 protected:
  static LmdbOptions FewReaders() {
    LmdbOptions options = PatientOptions();
    options.readers_max = 8;
    return options;
  }
  // A child that takes `count` snapshots and holds them until it is killed.
  std::unique_ptr<testing::ChildProcess> HoldSnapshots(size_t count,
                                                       const LmdbOptions& options = FewReaders()) {
    auto child = std::make_unique<testing::ChildProcess>([=, this](const testing::Channel& line) {
      const auto engine = OpenLmdb(vault_, options);
      if (!engine.ok()) return 1;
      std::vector<std::unique_ptr<Snapshot>> held;
      for (size_t i = 0; i < count; ++i) {
        auto snapshot = (*engine)->Read();
        if (!snapshot.ok()) return 2;
        held.push_back(*std::move(snapshot));
      }
      line.Send('y');
      line.Receive();
      return 0;
    });
    EXPECT_EQ(child->channel().Receive(), 'y');
    return child;
  }

  testing::TemporaryDirectory directory_;
  const std::string vault_ = directory_ / "vault";
};

TEST_F(LmdbReaders, AFullTableIsBusyAndFreesItselfWhenSnapshotsEnd) {
  const auto engine = Must(CreateLmdb(vault_, FewReaders()));
  std::vector<std::unique_ptr<Snapshot>> held;
  for (int i = 0; i < 8; ++i) held.push_back(*engine->Read());
  EXPECT_THAT(engine->Read().status(), Fails(Code::kBusy, "store.readers-full"));
  held.pop_back();
  EXPECT_THAT(engine->Read().status(), IsOk());
}

TEST_F(LmdbReaders, SlotsOfKilledProcessesAreTakenOver) {
  { const auto made = Must(CreateLmdb(vault_, FewReaders())); }
  auto child = HoldSnapshots(8);
  const auto engine = Must(OpenLmdb(vault_, FewReaders()));
  EXPECT_THAT(engine->Read().status(), Fails(Code::kBusy, "store.readers-full"));
  EXPECT_THAT(PutRow(*engine, "k", "v"), IsOk()) << "writing needs no slot";
  child->Kill();
  EXPECT_EQ(GetText(*engine, "k"), "v");
}

// As many as LMDB has by default, and many processes.
TEST_F(LmdbReaders, ATableThatKilledProcessesFilledServesTheNextReader) {
  LmdbOptions options = PatientOptions();
  options.readers_max = 126;
  const auto engine = Must(CreateLmdb(vault_, options));
  std::vector<std::unique_ptr<testing::ChildProcess>> readers;
  for (int i = 0; i < 9; ++i) readers.push_back(HoldSnapshots(14, options));
  ASSERT_THAT(engine->Read().status(), Fails(Code::kBusy, "store.readers-full"));
  for (const auto& reader : readers) reader->Kill();
  EXPECT_THAT(engine->Read().status(), IsOk());
  EXPECT_LE(engine->Measure()->readers_used, 2u);
}

TEST_F(LmdbReaders, SlotsOfKilledProcessesAreFreedAtOpen) {
  const auto first = Must(CreateLmdb(vault_, FewReaders()));
  HoldSnapshots(5)->Kill();
  testing::ChildProcess opener([&](const testing::Channel&) {
    const auto engine = OpenLmdb(vault_, FewReaders());
    return engine.ok() ? static_cast<int>((*engine)->Measure()->readers_used) : 100;
  });
  EXPECT_EQ(opener.Join(), 1) << "its own only";
}

TEST_F(LmdbReaders, SnapshotsAreReusedAndDoNotPileUpSlots) {
  const auto engine = Must(CreateLmdb(vault_, PatientOptions()));
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(GetText(*engine, "k"), "(none)");
  EXPECT_EQ(engine->Measure()->readers_used, 1u);
  {
    std::vector<std::unique_ptr<Snapshot>> held;
    for (int i = 0; i < 100; ++i) held.push_back(*engine->Read());
    EXPECT_GE(engine->Measure()->readers_used, 100u);
  }
  EXPECT_LE(engine->Measure()->readers_used, 17u) << "few stay idle";
}

// Threads keep what they used for themselves as long as nobody is short of it.
TEST_F(LmdbReaders, ASlotThatOneThreadLeftIdleServesAnother) {
  const auto engine = Must(CreateLmdb(vault_, FewReaders()));
  const uint32_t slots = FewReaders().readers_max;
  {
    std::barrier all_hold(slots);
    std::vector<std::jthread> threads;
    for (uint32_t i = 0; i < slots; ++i) {
      threads.emplace_back([&] {
        const auto snapshot = engine->Read();
        EXPECT_THAT(snapshot.status(), IsOk());
        all_hold.arrive_and_wait();
      });
    }
  }
  EXPECT_EQ(engine->Measure()->readers_used, slots);
  std::vector<std::unique_ptr<Snapshot>> held;
  for (uint32_t i = 0; i < slots; ++i) held.push_back(*engine->Read());
  EXPECT_THAT(engine->Read().status(), Fails(Code::kBusy, "store.readers-full"));
}

TEST_F(LmdbReaders, AKilledWriterLeavesTheWriterOfOthersFree) {
  testing::ChildProcess child([&](const testing::Channel& line) {
    const auto engine = CreateLmdb(vault_, PatientOptions());
    if (!engine.ok()) return 1;
    return (*engine)
                   ->Write([&](WriteTransaction& write) {
                     const Status put = write.Put(Table::kRecords, AsBytes("half"), AsBytes("v"));
                     line.Send('y');
                     line.Receive();
                     return put;
                   })
                   .ok()
               ? 0
               : 2;
  });
  ASSERT_EQ(child.channel().Receive(), 'y');
  const auto engine = Must(OpenLmdb(vault_, PatientOptions()));
  child.Kill();
  EXPECT_THAT(PutRow(*engine, "k", "v"), IsOk());
  EXPECT_EQ(GetText(*engine, "half"), "(none)");
}

TEST_F(LmdbReaders, ProcessesOpenAndCloseAtOnceWithoutLosingARow) {
  constexpr int kProcesses = 4;
  constexpr int kRounds = 40;
  { const auto made = Must(CreateLmdb(vault_, PatientOptions())); }
  std::vector<std::unique_ptr<testing::ChildProcess>> children;
  for (int p = 0; p < kProcesses; ++p) {
    children.push_back(std::make_unique<testing::ChildProcess>([=, this](const testing::Channel&) {
      for (int i = 0; i < kRounds; ++i) {
        const auto engine = OpenLmdb(vault_, PatientOptions());
        const std::string key = std::to_string(p) + "." + std::to_string(i);
        if (!engine.ok() || !PutRow(**engine, key, "v").ok()) return 1;
        if (GetText(**engine, key) != "v") return 2;
      }
      return 0;
    }));
  }
  for (const auto& child : children) EXPECT_EQ(child->Join(), 0);
  EXPECT_EQ(Must(OpenLmdb(vault_, PatientOptions()))
                ->Measure()
                ->rows[static_cast<size_t>(Table::kRecords)],
            size_t{kProcesses} * kRounds);
}

TEST_F(LmdbReaders, MeasuresRowsFileMapAndReaders) {
  const auto engine = Must(CreateLmdb(vault_, PatientOptions()));
  ASSERT_THAT(PutRow(*engine, "a", "v", Table::kLedger), IsOk());
  ASSERT_THAT(PutRow(*engine, "b", "v", Table::kLedger), IsOk());
  const auto statistics = engine->Measure();
  ASSERT_THAT(statistics.status(), IsOk());
  EXPECT_EQ(statistics->rows[static_cast<size_t>(Table::kLedger)], 2u);
  EXPECT_EQ(statistics->rows[static_cast<size_t>(Table::kMeta)], 0u);
  EXPECT_GT(statistics->file_bytes, 8192u);
  EXPECT_EQ(statistics->map_bytes, uint64_t{1} << 20);
  EXPECT_EQ(statistics->last_transaction_id, (*engine->Read())->transaction_id());
  EXPECT_EQ(statistics->readers_max, 1024u);
}

}  // namespace
}  // namespace bailee::store
