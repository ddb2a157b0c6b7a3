// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <thread>

#include "store_test_util.h"

namespace bailee::store {
namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;
const std::string kLarge(100'000, 'x');

class LmdbGrowth : public ::testing::Test {
 protected:
  // Puts `count` rows of 100 kB, each in its own write.
  static Status Fill(Engine& engine, const std::string& prefix, int count) {
    for (int i = 0; i < count; ++i) {
      const Status put = PutRow(engine, prefix + std::to_string(i), kLarge);
      if (!put.ok()) return put;
    }
    return {};
  }
  static bool Has(Engine& engine, const std::string& prefix, int count) {
    for (int i = 0; i < count; ++i) {
      if (GetText(engine, prefix + std::to_string(i)) != kLarge) return false;
    }
    return true;
  }

  testing::TemporaryDirectory directory_;
  const std::string vault_ = directory_ / "vault";
};

TEST_F(LmdbGrowth, TheMapGrowsByItself) {
  const auto engine = Must(CreateLmdb(vault_, SmallOptions()));
  EXPECT_EQ(engine->Measure()->map_bytes, kMebibyte);
  ASSERT_THAT(Fill(*engine, "k", 60), IsOk());
  EXPECT_TRUE(Has(*engine, "k", 60));
  EXPECT_GE(engine->Measure()->map_bytes, 8 * kMebibyte);
}

TEST_F(LmdbGrowth, OneJobMayNeedSeveralDoublings) {
  const auto engine = Must(CreateLmdb(vault_, SmallOptions()));
  int runs = 0;
  ASSERT_THAT(engine->Write([&](WriteTransaction& write) -> Status {
    ++runs;
    for (int i = 0; i < 100; ++i) {
      // The job swallows the error; the engine must see it all the same.
      (void)write.Put(Table::kRecords, AsBytes("k" + std::to_string(i)), AsBytes(kLarge));
    }
    return {};
  }),
              IsOk());
  EXPECT_GT(runs, 2);
  EXPECT_TRUE(Has(*engine, "k", 100));
}

TEST_F(LmdbGrowth, AtItsBoundItIsFullWithNothingHalfWrittenAndStaysUsable) {
  LmdbOptions options = SmallOptions();
  options.map_bytes_max = 4 * kMebibyte;
  const auto engine = Must(CreateLmdb(vault_, options));
  ASSERT_THAT(Fill(*engine, "k", 10), IsOk());
  const auto too_much = [](WriteTransaction& write) -> Status {
    for (int i = 0; i < 60; ++i) {
      const Status put =
          write.Put(Table::kRecords, AsBytes("n" + std::to_string(i)), AsBytes(kLarge));
      if (!put.ok()) return put;
    }
    return {};
  };
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(engine->Write(too_much), Fails(Code::kFull, "store.map-full"));
  }
  EXPECT_EQ(GetText(*engine, "n0"), "(none)");
  EXPECT_TRUE(Has(*engine, "k", 10));
  EXPECT_THAT(PutRow(*engine, "small", "v"), IsOk());
  EXPECT_LE(engine->Measure()->map_bytes, 4 * kMebibyte);
}

TEST_F(LmdbGrowth, WaitsForSnapshotsOfOtherThreadsToEnd) {
  const auto engine = Must(CreateLmdb(vault_, PatientOptions()));
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  ASSERT_THAT(PutRow(*engine, "fixed", "v"), IsOk());
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t) {
    readers.emplace_back([&] {
      while (!stop.load()) wrong += GetText(*engine, "fixed") == "v" ? 0 : 1;
    });
  }
  EXPECT_THAT(Fill(*engine, "k", 100), IsOk());
  stop.store(true);
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_TRUE(Has(*engine, "k", 100));
}

TEST_F(LmdbGrowth, ASnapshotHeldOnMakesTheWriteBusyAndNotTheMapMove) {
  const auto engine = Must(CreateLmdb(vault_, SmallOptions()));
  ASSERT_THAT(PutRow(*engine, "k", "v"), IsOk());
  auto snapshot = *engine->Read();
  Status status;
  for (int i = 0; i < 30 && status.ok(); ++i) status = Fill(*engine, std::to_string(i), 1);
  EXPECT_THAT(status, Fails(Code::kBusy, "store.snapshots-open"));
  EXPECT_EQ(GetText(*snapshot, "k"), "v");
  snapshot.reset();
  EXPECT_THAT(Fill(*engine, "again", 30), IsOk());
}

TEST_F(LmdbGrowth, AMapAnotherProcessGrewIsAdoptedByReadersAndWriters) {
  testing::ChildProcess child([&](const testing::Channel& line) {
    if (line.Receive() != 'g') return 1;
    const auto engine = OpenLmdb(vault_, PatientOptions());
    return engine.ok() && Fill(**engine, "child", 60).ok() ? 0 : 2;
  });
  const auto engine = Must(CreateLmdb(vault_, PatientOptions()));
  ASSERT_THAT(PutRow(*engine, "k", "v"), IsOk());
  EXPECT_EQ(GetText(*engine, "k"), "v");  // leaves an idle transaction to be renewed
  child.channel().Send('g');
  ASSERT_EQ(child.Join(), 0);
  EXPECT_EQ(engine->Measure()->map_bytes >= 8 * kMebibyte, true);
  EXPECT_TRUE(Has(*engine, "child", 60));
  EXPECT_THAT(PutRow(*engine, "l", "v"), IsOk());
}

TEST_F(LmdbGrowth, AWriterAdoptsFirstWhenItComesFirst) {
  testing::ChildProcess child([&](const testing::Channel& line) {
    if (line.Receive() != 'g') return 1;
    const auto engine = OpenLmdb(vault_, PatientOptions());
    return engine.ok() && Fill(**engine, "child", 60).ok() ? 0 : 2;
  });
  const auto engine = Must(CreateLmdb(vault_, PatientOptions()));
  child.channel().Send('g');
  ASSERT_EQ(child.Join(), 0);
  EXPECT_THAT(PutRow(*engine, "k", "v"), IsOk());
  EXPECT_TRUE(Has(*engine, "child", 60));
}

TEST_F(LmdbGrowth, TwoProcessesGrowAgainstEachOther) {
  constexpr int kRows = 120;
  { const auto made = Must(CreateLmdb(vault_, PatientOptions())); }
  const auto body = [&](const std::string& prefix, const testing::Channel& line) {
    const auto engine = OpenLmdb(vault_, PatientOptions());
    line.Send(engine.ok() ? 'y' : 'n');
    if (!engine.ok() || line.Receive() != 'g') return 1;
    return Fill(**engine, prefix, kRows).ok() && Has(**engine, prefix, kRows) ? 0 : 2;
  };
  testing::ChildProcess one([&](const testing::Channel& line) { return body("one", line); });
  testing::ChildProcess two([&](const testing::Channel& line) { return body("two", line); });
  for (const auto* child : {&one, &two}) ASSERT_EQ(child->channel().Receive(), 'y');
  for (const auto* child : {&one, &two}) child->channel().Send('g');
  EXPECT_EQ(one.Join(), 0);
  EXPECT_EQ(two.Join(), 0);
  const auto engine = Must(OpenLmdb(vault_, SmallOptions()));
  EXPECT_TRUE(Has(*engine, "one", kRows));
  EXPECT_TRUE(Has(*engine, "two", kRows));
}

TEST_F(LmdbGrowth, TheDefaultMapIsSparse) {
  const auto engine = Must(CreateLmdb(vault_, {}));
  const auto statistics = engine->Measure();
  EXPECT_EQ(statistics->map_bytes, uint64_t{64} << 30);
  EXPECT_LT(statistics->file_bytes, kMebibyte);
  EXPECT_EQ(statistics->readers_max, 1024u);
}

}  // namespace
}  // namespace bailee::store
