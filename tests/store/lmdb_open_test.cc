// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "store/lmdb_header.h"
#include "store_test_util.h"

namespace bailee::store {
namespace {

class LmdbOpen : public ::testing::Test {
 protected:
  mode_t ModeOf(const std::string& path) {
    struct stat info = {};
    EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 07777;
  }
  void WriteFile(const std::string& path, const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
  }
  void MakeVaultWith(std::string_view key, std::string_view value) {
    const auto engine = Must(CreateLmdb(vault_, SmallOptions()));
    ASSERT_THAT(PutRow(*engine, key, value), IsOk());
  }

  testing::TemporaryDirectory directory_;
  const std::string vault_ = directory_ / "vault";
};

TEST_F(LmdbOpen, MakesFilesOnlyTheOwnerCanRead) {
  const mode_t before = umask(0);
  const auto engine = Must(CreateLmdb(vault_, SmallOptions()));
  umask(before);
  EXPECT_EQ(ModeOf(vault_), 0700u);
  for (const char* name : {"/data.mdb", "/lock.mdb", "/openers"}) {
    EXPECT_EQ(ModeOf(vault_ + name), 0600u) << name;
  }
}

// It is written to through a map: a block that is missing when the disk is full would end the host.
TEST_F(LmdbOpen, EverySlotOfTheLockFileHasItsBlock) {
  struct stat info = {};
  const std::string path = vault_ + "/lock.mdb";
  (void)Must(CreateLmdb(vault_, SmallOptions()));
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_GE(info.st_blocks * 512, info.st_size);
  // Also of one that was made without.
  ASSERT_EQ(truncate(path.c_str(), 0), 0);
  ASSERT_EQ(truncate(path.c_str(), info.st_size), 0);
  (void)Must(OpenLmdb(vault_, SmallOptions()));
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_GE(info.st_blocks * 512, info.st_size);
}

TEST_F(LmdbOpen, AMakingThatLostHalfOfItsFirstWriteIsTakenUpAgain) {
  (void)Must(CreateLmdb(vault_, SmallOptions()));
  Bytes half(2 * 4096, 0);
  {
    std::ifstream whole(vault_ + "/data.mdb", std::ios::binary);
    whole.read(reinterpret_cast<char*>(half.data()), 4096);
  }
  std::fill_n(half.begin() + 144, 8, uint8_t{0});  // as it was made
  WriteFile(vault_ + "/data.mdb", {half.begin(), half.end()});
  EXPECT_THAT(OpenLmdb(vault_, SmallOptions()).status(), Fails(Code::kNoVault, kNeverMade));
  EXPECT_THAT(CreateLmdb(vault_, SmallOptions()).status(), IsOk());
}

TEST_F(LmdbOpen, LeavesNoDescriptorToProgramsTheHostStarts) {
  const auto engine = Must(CreateLmdb(vault_, SmallOptions()));
  int of_ours = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(entry.path(), gone);
    if (gone || target.string().find(vault_) != 0) continue;
    ++of_ours;
    std::ifstream info("/proc/self/fdinfo/" + entry.path().filename().string());
    std::string word;
    while (info >> word && word != "flags:") {
    }
    info >> word;
    EXPECT_TRUE(std::stoul(word, nullptr, 8) & 02000000) << target;
  }
  EXPECT_GE(of_ours, 3);
}

TEST_F(LmdbOpen, FindsAgainWhatWasThere) {
  MakeVaultWith("k", "v");
  EXPECT_EQ(GetText(*Must(OpenLmdb(vault_, SmallOptions())), "k"), "v");
}

TEST_F(LmdbOpen, DoesNotMakeAVaultOverAnother) {
  MakeVaultWith("k", "v");
  EXPECT_THAT(CreateLmdb(vault_, SmallOptions()).status(), Fails(Code::kConflict, "store.exists"));
  EXPECT_EQ(GetText(*Must(OpenLmdb(vault_, SmallOptions())), "k"), "v");
}

TEST_F(LmdbOpen, TakesUpAMakingThatEndedEarly) {
  std::filesystem::create_directory(vault_);
  WriteFile(vault_ + "/data.mdb", "");
  EXPECT_THAT(OpenLmdb(vault_, SmallOptions()).status(),
              Fails(Code::kNoVault, "store.not-a-vault"));
  EXPECT_THAT(CreateLmdb(vault_, SmallOptions()).status(), IsOk());
}

TEST_F(LmdbOpen, WhatIsNoVaultIsSaidToBeNone) {
  const auto refused = [&](const std::string& path) {
    EXPECT_THAT(OpenLmdb(path, SmallOptions()).status(),
                Fails(Code::kNoVault, "store.not-a-vault"));
  };
  refused(directory_ / "absent");
  refused(directory_.path());
  WriteFile(directory_ / "file", "x");
  refused(directory_ / "file");
  std::filesystem::create_directory(vault_);
  WriteFile(vault_ + "/data.mdb", std::string(20000, 'x'));
  refused(vault_);
  EXPECT_THAT(CreateLmdb(vault_, SmallOptions()).status(), Fails(Code::kConflict, "store.exists"));
  EXPECT_EQ(std::filesystem::file_size(vault_ + "/data.mdb"), 20000u) << "left alone";
}

TEST_F(LmdbOpen, DoesNotFollowALinkToADataFile) {
  MakeVaultWith("k", "v");
  std::filesystem::create_directory(directory_ / "other");
  std::filesystem::create_symlink(vault_ + "/data.mdb", directory_ / "other/data.mdb");
  EXPECT_THAT(OpenLmdb(directory_ / "other", SmallOptions()).status(),
              Fails(Code::kNoVault, "store.not-a-vault"));
}

TEST_F(LmdbOpen, EveryTruncationAtAPageIsDamageOrTookFreePagesAloneAndNeverASignal) {
  {
    const auto engine = Must(CreateLmdb(vault_, SmallOptions()));
    for (int i = 0; i < 100; ++i) {
      ASSERT_THAT(PutRow(*engine, std::to_string(i), std::string(900, 'v')), IsOk());
    }
  }
  const auto size = std::filesystem::file_size(vault_ + "/data.mdb");
  ASSERT_EQ(size % 4096, 0u);
  size_t found = 0;
  for (auto left = size - 4096; left >= 4096; left -= 4096) {
    std::filesystem::resize_file(vault_ + "/data.mdb", left);
    const auto engine = OpenLmdb(vault_, SmallOptions());
    if (engine.ok()) {
      for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(GetText(**engine, std::to_string(i)), std::string(900, 'v')) << left;
      }
    } else {
      EXPECT_THAT(engine.status(), Fails(Code::kDamage, "store.damaged")) << left;
      ++found;
    }
  }
  EXPECT_GT(found, 20u);
}

// LMDB counts pages it took and gave back in one transaction, and never writes them: without the
// engine's lengthening, some of these commits leave a file that looks cut short.
TEST_F(LmdbOpen, AHealthyFileIsNeverLeftShorterThanItsHeadSays) {
  LmdbOptions options = SmallOptions();
  options.map_bytes = uint64_t{1} << 30;
  const auto engine = Must(CreateLmdb(vault_, options));
  const int data = open((vault_ + "/data.mdb").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(data, 0);
  std::mt19937 random(2);
  for (int round = 0; round < 200; ++round) {
    const size_t rows = random() % 400;
    const size_t deleted = random() % 3 == 0 ? rows : random() % (rows + 1);
    const size_t base = random() % 100'000;
    const size_t bytes_max = random() % 10 == 0 ? 800'000 / (1 + rows) : 1500;
    ASSERT_THAT(engine->Write([&](WriteTransaction& write) -> Status {
      for (size_t i = 0; i < rows; ++i) {
        const std::string value(random() % bytes_max + 1, 'v');
        const Status put =
            write.Put(Table::kRecords, AsBytes(std::to_string(base + i)), AsBytes(value));
        if (!put.ok()) return put;
      }
      for (size_t i = rows - deleted; i < rows; ++i) {
        const Status done = write.Delete(Table::kRecords, AsBytes(std::to_string(base + i)));
        if (!done.ok()) return done;
      }
      return {};
    }),
                IsOk());
    const auto meta = ReadMetaPages(data);
    ASSERT_THAT(meta.status(), IsOk());
    ASSERT_FALSE(meta->short_tail) << round;
  }
  close(data);
}

TEST_F(LmdbOpen, AsksThePreflightAboutAShortFileAndObeysIt) {
  MakeVaultWith("k", "v");
  const auto size = std::filesystem::file_size(vault_ + "/data.mdb");
  // Heads that name one page more than there is.
  std::fstream file(vault_ + "/data.mdb", std::ios::in | std::ios::out | std::ios::binary);
  const uint64_t last_page = size / 4096;
  for (const std::streamoff page : {0, 4096}) {
    file.seekp(page + 136);
    file.write(reinterpret_cast<const char*>(&last_page), sizeof last_page);
  }
  file.close();
  LmdbOptions options = SmallOptions();
  std::vector<PreflightRequest> asked;
  Status answer(Code::kDamage, "test.damage", "no");
  options.preflight = [&](const PreflightRequest& request) {
    asked.push_back(request);
    return answer;
  };
  EXPECT_THAT(OpenLmdb(vault_, options).status(), Fails(Code::kDamage, "test.damage"));
  answer = Status();
  EXPECT_EQ(GetText(*Must(OpenLmdb(vault_, options)), "k"), "v");
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_TRUE(asked[0].short_tail);
  EXPECT_FALSE(asked[0].unclean_shutdown);
  EXPECT_EQ(asked[0].data_file, vault_ + "/data.mdb");
  options.preflight = [](const PreflightRequest&) {
    return Status(Code::kDamage, "test.damage", "asked again");
  };
  EXPECT_THAT(OpenLmdb(vault_, options).status(), IsOk()) << "lengthened";
}

TEST_F(LmdbOpen, AsksThePreflightAfterAnOpenerDiedAndOnlyOnce) {
  testing::ChildProcess child([&](const testing::Channel& line) {
    const auto engine = Must(CreateLmdb(vault_, PatientOptions()));
    line.Send(PutRow(*engine, "k", "v").ok() ? 'y' : 'n');
    line.Receive();
    return 0;
  });
  ASSERT_EQ(child.channel().Receive(), 'y');
  child.Kill();
  LmdbOptions options = PatientOptions();
  int asked = 0;
  options.preflight = [&](const PreflightRequest& request) {
    asked += request.unclean_shutdown && !request.others_live ? 1 : 100;
    return Status();
  };
  EXPECT_EQ(GetText(*Must(OpenLmdb(vault_, options)), "k"), "v");
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(GetText(*Must(OpenLmdb(vault_, options)), "k"), "v");
  EXPECT_EQ(asked, 1);
}

TEST_F(LmdbOpen, OneProcessOpensAFileOnce) {
  const auto engine = Must(CreateLmdb(vault_, SmallOptions()));
  ASSERT_THAT(PutRow(*engine, "k", "v"), IsOk());
  std::filesystem::create_symlink(vault_, directory_ / "way");
  EXPECT_THAT(OpenLmdb(vault_, SmallOptions()).status(), Fails(Code::kBusy, "store.open-twice"));
  EXPECT_THAT(OpenLmdb((directory_ / "way") + "/", SmallOptions()).status(),
              Fails(Code::kBusy, "store.open-twice"));
  EXPECT_THAT(CreateLmdb(vault_, SmallOptions()).status(), Fails(Code::kBusy, "store.open-twice"));
  EXPECT_EQ(GetText(*engine, "k"), "v") << "the first goes on";
}

TEST_F(LmdbOpen, TheRefusedSecondOpenDropsNoLock) {
  const auto engine = Must(CreateLmdb(vault_, PatientOptions()));
  const auto snapshot = engine->Read();
  ASSERT_TRUE(snapshot.ok());
  EXPECT_FALSE(OpenLmdb(vault_, SmallOptions()).ok());
  // Another process must find the lock file in use, and so leave our slot in it.
  testing::ChildProcess child([&](const testing::Channel&) {
    const auto other = OpenLmdb(vault_, PatientOptions());
    if (!other.ok()) return 1;
    const auto statistics = (*other)->Measure();
    return statistics.ok() && statistics->readers_used == 2 ? 0 : 2;
  });
  EXPECT_EQ(child.Join(), 0);
}

TEST_F(LmdbOpen, AClosedVaultOpensAgain) {
  { const auto engine = Must(CreateLmdb(vault_, SmallOptions())); }
  for (int i = 0; i < 20; ++i) EXPECT_THAT(OpenLmdb(vault_, SmallOptions()).status(), IsOk());
}

TEST_F(LmdbOpen, AFileWithoutOurTablesIsNoVault) {
  // The metas of an empty LMDB file: what a making leaves that ended before its transaction.
  MakeVaultWith("k", "v");
  const auto clear_root = [&](std::streamoff page) {
    std::fstream file(vault_ + "/data.mdb", std::ios::in | std::ios::out | std::ios::binary);
    std::string tree(48, '\0');
    tree.replace(40, 8, 8, '\xff');
    file.seekp(page + 88);
    file.write(tree.data(), 48);
  };
  clear_root(0);
  clear_root(4096);
  EXPECT_THAT(OpenLmdb(vault_, SmallOptions()).status(),
              Fails(Code::kNoVault, "store.not-a-vault"));
}

TEST_F(LmdbOpen, ATableOfAnotherKindIsDamage) {
  MakeVaultWith("k", "v");
  std::ifstream in(vault_ + "/data.mdb", std::ios::binary);
  std::string file{std::istreambuf_iterator<char>(in), {}};
  in.close();
  // The record of a table follows its name: pad 4, flags 2. Every copy of "lookup" gets DUPSORT.
  for (size_t at = file.find("lookup"); at != std::string::npos; at = file.find("lookup", at + 1)) {
    file[at + 6 + 4] = 4;
  }
  WriteFile(vault_ + "/data.mdb", file);
  EXPECT_THAT(OpenLmdb(vault_, SmallOptions()).status(), Fails(Code::kDamage, "store.damaged"));
}

TEST_F(LmdbOpen, ATableThatIsGoneIsDamage) {
  MakeVaultWith("k", "v");
  std::ifstream in(vault_ + "/data.mdb", std::ios::binary);
  std::string file{std::istreambuf_iterator<char>(in), {}};
  in.close();
  // Another name in its place, in the order of the others.
  for (size_t at = file.find("lookup"); at != std::string::npos; at = file.find("lookup", at + 1)) {
    file[at + 5] = 'q';
  }
  WriteFile(vault_ + "/data.mdb", file);
  EXPECT_THAT(OpenLmdb(vault_, SmallOptions()).status(), Fails(Code::kDamage, "store.damaged"));
}

TEST(LmdbEngineDeath, ASnapshotMustNotOutliveItsEngine) {
  const testing::TemporaryDirectory directory;
  EXPECT_DEATH(
      {
        auto engine = Must(CreateLmdb(directory / "vault", SmallOptions()));
        auto snapshot = engine->Read();
        engine.reset();
      },
      "broken invariant");
}

}  // namespace
}  // namespace bailee::store
