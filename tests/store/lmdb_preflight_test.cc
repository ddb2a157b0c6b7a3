// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_preflight.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "store_image.h"
#include "support/campaign.h"
#include "support/compacted_copy.h"

namespace bailee::store {
namespace {

class LmdbPreflight : public ::testing::Test {
 protected:
  Status Check(const std::string& directory) {
    return PreflightDataFile({.data_file = directory + "/data.mdb"});
  }
  void Resize(const std::string& directory, uintmax_t bytes) {
    std::filesystem::resize_file(directory + "/data.mdb", bytes);
  }
  uintmax_t SizeOf(const std::string& directory) {
    return std::filesystem::file_size(directory + "/data.mdb");
  }

  const testing::TemporaryDirectory directory_ = MemoryDirectory();
  const std::string vault_ = directory_ / "vault";
};

// Changes rows of all tables at random: keys of any length, values of up to several pages,
// deletions in masses. `check` is called after each commit.
class RandomChanges {
 public:
  explicit RandomChanges(uint32_t seed) : random_(seed) {}

  // With `fail` the job does all that and is then given up.
  Status Commit(Engine& engine, bool fail = false) {
    return engine.Write([&](WriteTransaction& write) -> Status {
      const auto table = static_cast<Table>(random_() % kTableCount);
      const size_t rows = random_() % 300;
      const size_t space = 1 + random_() % 600;  // of keys: few are overwritten, many are spread
      const bool deletes = random_() % 3 == 0;
      const size_t bytes_max = random_() % 8 == 0 ? 30'000 : random_() % 2 == 0 ? 2'500 : 60;
      for (size_t i = 0; i < rows; ++i) {
        const std::string key = KeyOf(random_() % space);
        const Status done = deletes ? write.Delete(table, AsBytes(key))
                                    : write.Put(table, AsBytes(key),
                                                AsBytes(std::string(random_() % bytes_max, 'v')));
        if (!done.ok()) return done;
      }
      return fail ? Status(Code::kConflict, "test.given-up", "given up") : Status();
    });
  }

 private:
  static std::string KeyOf(size_t number) {
    const std::string digits = std::to_string(number * 7919 % 1009);
    return digits + std::string(number % 5 == 0 ? 511 - digits.size() : number % 40, 'k');
  }

  std::mt19937 random_;
};

TEST_F(LmdbPreflight, FindsNothingInAnEmptyStore) {
  { const auto engine = Must(CreateLmdb(vault_, SmallOptions())); }
  EXPECT_THAT(Check(vault_), IsOk());
}

TEST_F(LmdbPreflight, FindsNothingInAMakingThatEndedEarly) {
  // What LMDB makes of an empty file, before anything is committed.
  { const auto engine = Must(CreateLmdb(vault_, SmallOptions())); }
  StoreImage image = StoreImage::Load(vault_ + "/data.mdb");
  image.Set<uint64_t>(4096 + 144, 0);
  image.bytes.resize(2 * 4096);
  image.Write(vault_ + "/data.mdb");
  EXPECT_THAT(Check(vault_), IsOk());
}

TEST_F(LmdbPreflight, FindsNothingInTreesOfEveryKind) {
  MakeVariedStore(vault_);
  EXPECT_THAT(Check(vault_), IsOk());
}

TEST_F(LmdbPreflight, FindsNothingInACopyThatLmdbCompacted) {
  MakeVariedStore(vault_);
  const std::string copy = directory_ / "copy";
  std::filesystem::create_directory(copy);
  testing::CopyCompacted(vault_, copy);
  EXPECT_LT(SizeOf(copy), SizeOf(vault_));
  EXPECT_THAT(Check(copy), IsOk());
  const auto engine = Must(OpenLmdb(copy, SmallOptions()));
  RandomChanges changes(8);
  for (int i = 0; i < 20; ++i) {
    ASSERT_THAT(changes.Commit(*engine), IsOk());
    ASSERT_THAT(Check(copy), IsOk()) << i;
  }
}

TEST_F(LmdbPreflight, FindsNothingAfterAnyCommitOfARandomHistory) {
  const size_t histories = testing::CountFrom("BAILEE_HISTORIES", 6);
  const size_t first = testing::Seed() * histories;
  for (size_t seed = first; seed < first + histories; ++seed) {
    const testing::TemporaryDirectory directory = MemoryDirectory();
    const std::string vault = directory / "vault";
    const auto engine = Must(CreateLmdb(vault, SmallOptions()));
    RandomChanges changes(static_cast<uint32_t>(seed));
    for (int i = 0; i < 60; ++i) {
      ASSERT_THAT(changes.Commit(*engine), IsOk());
      ASSERT_THAT(Check(vault), IsOk()) << "seed " << seed << ", commit " << i;
    }
  }
  testing::Tell(histories * 60, "inputs");
}

TEST_F(LmdbPreflight, FindsNothingAfterGroupsOfJobsSomeOfWhichFailed) {
  LmdbOptions options = SmallOptions();
  options.map_bytes = uint64_t{1} << 28;
  const auto engine = Must(CreateLmdb(vault_, options));
  std::vector<std::thread> writers;
  for (uint32_t seed = 0; seed < 4; ++seed) {
    writers.emplace_back([&, seed] {
      RandomChanges changes(seed);
      for (int i = 0; i < 25; ++i) (void)changes.Commit(*engine, seed % 2 == 1 && i % 3 == 0);
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_GT(ReadRows(*engine)->size(), 1000u);
  EXPECT_THAT(Check(vault_), IsOk());
}

// A reader holds back the reuse of pages, so that the list of them grows long and is then used up.
TEST_F(LmdbPreflight, FindsNothingWhileAReaderHoldsAndReleasesPages) {
  LmdbOptions options = SmallOptions();
  options.map_bytes = options.map_bytes_max;
  const auto engine = Must(CreateLmdb(vault_, options));
  RandomChanges changes(5);
  std::unique_ptr<Snapshot> held;
  for (int i = 0; i < 120; ++i) {
    ASSERT_THAT(changes.Commit(*engine), IsOk());
    if (i % 30 == 5) held = std::move(*engine->Read());
    if (i % 30 == 25) held.reset();
    ASSERT_THAT(Check(vault_), IsOk()) << i;
  }
}

TEST_F(LmdbPreflight, FindsNothingAfterAllRowsWereDeleted) {
  const auto engine = Must(CreateLmdb(vault_, SmallOptions()));
  RandomChanges changes(6);
  for (int i = 0; i < 60; ++i) ASSERT_THAT(changes.Commit(*engine), IsOk());
  const auto rows = ReadRows(*engine);
  ASSERT_THAT(rows.status(), IsOk());
  ASSERT_GT(rows->size(), 1000u);
  size_t deleted = 0;
  for (const auto& [name, value] : *rows) {
    if (++deleted % 10 != 0) continue;  // then the rest at once
    ASSERT_THAT(engine->Write([&name = name](WriteTransaction& write) {
      return write.Delete(name.first, AsBytes(name.second));
    }),
                IsOk());
    if (deleted % 200 != 0) continue;
    ASSERT_THAT(Check(vault_), IsOk());
  }
  ASSERT_THAT(engine->Write([&](WriteTransaction& write) {
    for (const auto& [name, value] : *rows) {
      if (Status gone = write.Delete(name.first, AsBytes(name.second)); !gone.ok()) return gone;
    }
    return Status();
  }),
              IsOk());
  EXPECT_THAT(Check(vault_), IsOk());
}

TEST_F(LmdbPreflight, FindsNothingAfterAWriterWasKilledAnywhere) {
  { const auto engine = Must(CreateLmdb(vault_, SmallOptions())); }
  for (uint32_t round = 0; round < 12; ++round) {
    testing::ChildProcess child([&](const testing::Channel& line) {
      const auto engine = Must(OpenLmdb(vault_, PatientOptions()));
      RandomChanges changes(round);
      line.Send('y');
      while (changes.Commit(*engine).ok()) {
      }
      return 1;
    });
    ASSERT_EQ(child.channel().Receive(), 'y');
    usleep(1000 * (1 + 7 * round));
    child.Kill();
    ASSERT_THAT(Check(vault_), IsOk()) << round;
    // The open asks by itself.
    ASSERT_THAT(OpenLmdb(vault_, PatientOptions()).status(), IsOk()) << round;
  }
}

TEST_F(LmdbPreflight, FindsEveryTruncationThatTakesAPageInUseAndForgivesTheRest) {
  MakeVariedStore(vault_);
  const Rows rows = *ReadRows(*Must(OpenLmdb(vault_, SmallOptions())));
  size_t forgiven = 0;
  size_t found = 0;
  for (auto left = SizeOf(vault_) - 1; left >= 4096; left -= 2048) {
    const std::string copy = directory_ / "copy";
    std::filesystem::create_directory(copy);
    std::filesystem::copy_file(vault_ + "/data.mdb", copy + "/data.mdb");
    Resize(copy, left);
    const Status status = Check(copy);
    auto engine = OpenLmdb(copy, SmallOptions());
    ASSERT_EQ(engine.status().code(), status.code()) << left;
    if (status.ok()) {
      EXPECT_EQ(*ReadRows(**engine), rows) << left;
      *engine = nullptr;
      ++forgiven;
    } else {
      ASSERT_THAT(status, Fails(Code::kDamage, "store.damaged")) << left;
      ++found;
    }
    std::filesystem::remove_all(copy);
  }
  EXPECT_GT(found, 100u);
  RecordProperty("forgiven", static_cast<int>(forgiven));
}

// Some 100 pages at the end of the file are free.
TEST_F(LmdbPreflight, ForgivesAFileWithoutItsFreeTail) {
  {
    const auto engine = Must(CreateLmdb(vault_, SmallOptions()));
    ASSERT_THAT(PutRow(*engine, "kept", "value"), IsOk());
    ASSERT_THAT(PutRow(*engine, "large", std::string(400'000, 'v')), IsOk());
    ASSERT_THAT(engine->Write([](WriteTransaction& write) {
      return write.Delete(Table::kRecords, AsBytes("large"));
    }),
                IsOk());
    // So that everything in use comes to lie in front.
    for (int i = 0; i < 6; ++i) ASSERT_THAT(PutRow(*engine, "kept", "value"), IsOk());
  }
  const auto whole = SizeOf(vault_);
  Resize(vault_, whole - 300'000);
  ASSERT_THAT(Check(vault_), IsOk());
  {
    const auto engine = Must(OpenLmdb(vault_, SmallOptions()));
    EXPECT_EQ(GetText(*engine, "kept"), "value");
    EXPECT_THAT(PutRow(*engine, "large", std::string(200'000, 'w')), IsOk());
  }
  EXPECT_EQ(SizeOf(vault_), whole) << "lengthened";
  EXPECT_THAT(Check(vault_), IsOk());
}

TEST_F(LmdbPreflight, RefusesAHeadThatSpeaksOfFarMorePagesThanThereAre) {
  { const auto engine = Must(CreateLmdb(vault_, SmallOptions())); }
  StoreImage image = StoreImage::Load(vault_ + "/data.mdb");
  for (const size_t meta : {size_t{0}, size_t{4096}}) {
    image.Set<uint64_t>(meta + 136, uint64_t{1} << 34);
    image.Set<uint64_t>(meta + 32, uint64_t{1} << 46);
  }
  image.Write(vault_ + "/data.mdb");
  EXPECT_THAT(Check(vault_), Fails(Code::kDamage, "store.damaged"));
}

TEST_F(LmdbPreflight, SaysWhatIsNoVaultAndWhatCannotBeRead) {
  EXPECT_THAT(Check(vault_), Fails(Code::kFailed, "store.failed"));
  std::ofstream(directory_ / "data.mdb") << "not a vault";
  EXPECT_THAT(Check(directory_.path()), Fails(Code::kNoVault, "store.not-a-vault"));
  std::filesystem::create_directory(directory_ / "data");
  std::filesystem::create_directory(directory_ / "data/data.mdb");
  EXPECT_THAT(Check(directory_ / "data"), Fails(Code::kFailed, "store.failed"));
}

// What the open does by itself.

TEST_F(LmdbPreflight, IsDoneByAnOpenAfterAnUncleanShutdownAlone) {
  MakeVariedStore(vault_);
  StoreImage image = StoreImage::Load(vault_ + "/data.mdb");
  // What LMDB would not mind, because nobody reads it.
  image.Add<uint64_t>(image.RecordAt(Table::kReports) + 32, 1);
  image.Write(vault_ + "/data.mdb");
  EXPECT_THAT(OpenLmdb(vault_, SmallOptions()).status(), IsOk());
  LeaveUnclean(vault_);
  EXPECT_THAT(OpenLmdb(vault_, SmallOptions()).status(), Fails(Code::kDamage, "store.damaged"));
  EXPECT_THAT(OpenLmdb(vault_, SmallOptions()).status(), Fails(Code::kDamage, "store.damaged"))
      << "until it was mended";
}

TEST_F(LmdbPreflight, FindsNothingWhileOthersCommitAllTheTime) {
  { const auto engine = Must(CreateLmdb(vault_, PatientOptions())); }
  testing::ChildProcess child([&](const testing::Channel& line) {
    const auto engine = Must(OpenLmdb(vault_, PatientOptions()));
    RandomChanges changes(7);
    for (int i = 0; i < 100; ++i) {
      if (!changes.Commit(*engine).ok()) return 1;
    }
    line.Send('y');
    while (changes.Commit(*engine).ok()) {
    }
    return 1;
  });
  ASSERT_EQ(child.channel().Receive(), 'y');
  // A slot behind the child's of somebody who died.
  std::fstream(vault_ + "/openers", std::ios::in | std::ios::out | std::ios::binary).seekp(64 * 2)
      << std::string(64, 'x');
  LmdbOptions options = PatientOptions();
  int walks = 0;
  options.preflight = [&](const PreflightRequest& request) {
    EXPECT_TRUE(request.others_live);
    EXPECT_TRUE(request.held_in_place);
    for (; walks < 30; ++walks) {
      if (Status status = PreflightDataFile(request); !status.ok()) return status;
    }
    return Status();
  };
  EXPECT_THAT(OpenLmdb(vault_, options).status(), IsOk());
  EXPECT_EQ(walks, 30);
  // With nothing to hold the pages it may have to give up, and never calls it damage.
  for (int i = 0; i < 20; ++i) {
    const Status status =
        PreflightDataFile({.data_file = vault_ + "/data.mdb", .others_live = true});
    EXPECT_TRUE(status.ok() || status.name() == "store.changing") << status.message();
  }
}

}  // namespace
}  // namespace bailee::store
