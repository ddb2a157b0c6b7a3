// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "base/file.h"
#include "crash/crash_world.h"

// Streams, vaults made of them and new vaults, wherever the power goes.
namespace bailee {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using testing::Disk;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusOf;

constexpr int kPeople = 5;

class BackupCrash : public CrashWorld {
 protected:
  BackupCrash() {
    Vault vault = OpenAll();
    for (int i = 0; i < kPeople; ++i) {
      EXPECT_THAT(
          StatusOf(StoreCard(vault, IdOf(1), kCardNumber, Who::Ref("user-" + std::to_string(i)))),
          IsOk());
    }
    EXPECT_THAT(Data(vault, "data"), IsOk());
    EXPECT_THAT(Keys(vault), IsOk());
  }

  Status Data(Vault& vault, const std::string& name) const {
    return vault.BackUpData({.file = File(name), .base = {}, .progress = {}}).status();
  }
  Status Keys(Vault& vault) const {
    return vault.BackUpKeys({.file = File("keys"), .base = {}, .progress = {}}).status();
  }
  Status Verify(const std::vector<std::string>& names) const {
    std::vector<std::string> paths;
    for (const std::string& name : names) paths.push_back(File(name));
    return VerifyBackup(world_.Origin("backup"), paths).status();
  }
  Status Restore() {
    const Keyring backup = world_.Origin("backup");
    const Keyring authority = world_.Origin("authority");
    const Keyring storage = world_.Origin("upkeep");
    return RestoreVault({.directory = File("restored"),
                         .files = {File("data"), File("keys")},
                         .clock = &world_.clock(),
                         .map_bytes = uint64_t{1} << 30,
                         .epoch_path = {},
                         .progress = {}},
                        {.backup = backup, .authority = authority, .storage = storage})
        .status();
  }
  Status OpenRestored() {
    auto vault = Vault::Open(File("restored"), Kept("all"),
                             {.clock = &world_.clock(), .map_bytes = uint64_t{1} << 30});
    if (!vault.ok()) return vault.status();
    EXPECT_EQ(FindCard(*vault)->size(), size_t{kPeople});
    EXPECT_EQ(*ReadCard(*vault, "billing", IdOf(1), "pan", Who::Ref("user-3")), kCardNumber);
    return Status();
  }
  void ExpectRestoredWhole() {
    const Keyring auditor = world_.Origin("auditor");
    const Checked checked = RunCheck(File("restored"), Kept("all"),
                                     {.clock = &world_.clock(), .slices = 1, .auditor = &auditor});
    ASSERT_THAT(StatusOf(checked.report), IsOk());
    EXPECT_EQ(checked.report->damages, 0u) << ::testing::PrintToString(checked);
  }
};

TEST_F(BackupCrash, AStreamIsWholeOrHasNoName) {
  const std::string old_keys = ReadFile(File("keys")).substr(2'000, 64);
  ASSERT_EQ(old_keys.size(), 64u);
  Explore(
      [&](const Steps& told) {
        Vault vault = OpenAll();
        ASSERT_THAT(Data(vault, "more"), IsOk());
        told(1);
        ASSERT_THAT(Keys(vault), IsOk());
        told(2);
      },
      [&](uint64_t told, const Disk& disk) {
        EXPECT_TRUE(told < 1 || fs::exists(File("more")));
        if (fs::exists(File("more"))) {
          const Status whole = Verify({"more", "keys"});
          EXPECT_TRUE(whole.ok() || (told < 2 && whole.name() == "backup.keys-older"))
              << whole.name();
        }
        EXPECT_THAT(Verify({"data", "keys"}), IsOk());
        // With the keys that were replaced whoever was erased since would be there again.
        if (told >= 2) {
          EXPECT_THAT(disk.FilesWith(old_keys), IsEmpty());
        }
        (void)EventsOfWhole("backup");
        {
          Vault vault = OpenAll();
          ASSERT_THAT(Data(vault, "again"), IsOk());
          ASSERT_THAT(Keys(vault), IsOk());
        }
        EXPECT_THAT(Verify({"again", "keys"}), IsOk());
      });
}

TEST_F(BackupCrash, WhatIsRestoredIsAVaultOrSaysThatItIsNone) {
  Explore(
      [&](const Steps& told) {
        ASSERT_THAT(Restore(), IsOk());
        told(1);
      },
      [&](uint64_t told, const Disk&) {
        const Status opened = OpenRestored();
        EXPECT_TRUE(opened.ok() || (told == 0 && opened.code() == Code::kNoVault))
            << opened.name() << " " << opened.message();
        if (opened.ok()) {
          ExpectRestoredWhole();
        } else {
          fs::remove_all(File("restored"));
          ASSERT_THAT(Restore(), IsOk());
          EXPECT_THAT(OpenRestored(), IsOk());
        }
        ExpectNothingDamaged();
      });
}

// The first file that it makes is given numbers that follow those of the streams, with two writes.
TEST_F(BackupCrash, ARestoreThatHasJustBegunLooksLikeNoDamagedVault) {
  testing::DiskLog log = Record([&](const Steps&) { ASSERT_THAT(Restore(), IsOk()); });
  const auto named = std::find_if(
      log.operations.begin(), log.operations.end(), [](const testing::DiskOperation& each) {
        return each.kind == testing::DiskOperation::Kind::kRename && each.to_name == "data.mdb";
      });
  log.operations.erase(named, log.operations.end());
  const auto explored = ExploreLog(
      log, [&](uint64_t, const Disk&) { EXPECT_EQ(OpenRestored().code(), Code::kNoVault); }, 0);
  for (const std::string& finding : explored.findings) ADD_FAILURE() << finding;
  EXPECT_GT(explored.distinct, 10u);
}

class InitCrash : public CrashWorld {
 protected:
  Result<CreatedVault> Create() {
    return Vault::Create(File("made"), {.policy_text = policy_, .clock = &world_.clock()});
  }
  Status Keep(const CreatedVault& created) const {
    for (const KeyringFile& file : created.reserved) {
      if (file.name != "upkeep") continue;
      return SystemFiles().WriteNewSecret(File("made.keyring"), file.bytes);
    }
    return Status(Code::kFailed, "test.no-upkeep", "no such keyring");
  }
  const std::string policy_ = PolicyText("livelook_2013");
};

// Whoever was told has a vault that opens with the keyrings they got. Nobody else has its keys, so
// that it does not matter what is there: but it never looks like damage, and it can be made again.
TEST_F(InitCrash, AVaultIsMadeOrIsNone) {
  Explore(
      [&](const Steps& told) {
        const auto created = Create();
        ASSERT_THAT(StatusOf(created), IsOk());
        told(1);
        ASSERT_THAT(Keep(*created), IsOk());
        told(2);
      },
      [&](uint64_t told, const Disk&) {
        const auto open = [&](const std::string& keyring) {
          auto loaded = Keyring::Load(KeySource::File(keyring));
          if (!loaded.ok()) return loaded.status();
          auto vault = Vault::Open(File("made"), *std::move(loaded),
                                   {.clock = &world_.clock(), .map_bytes = uint64_t{1} << 30});
          if (!vault.ok()) return vault.status();
          return StatusOf(vault->Info());
        };
        if (told >= 2) {
          EXPECT_THAT(open(File("made.keyring")), IsOk());
          return;
        }
        // Of another vault: all that it can say is what it is.
        const Status opened = open(File("all.held.keyring"));
        EXPECT_THAT(opened.code(), AnyOf(Code::kNoVault, Code::kKey))
            << opened.name() << " " << opened.message();
        EXPECT_TRUE(told == 0 || opened.code() == Code::kKey) << opened.name();
        const auto again = Create();
        if (again.ok()) {
          fs::remove(File("made.keyring"));
          ASSERT_THAT(Keep(*again), IsOk());
          EXPECT_THAT(open(File("made.keyring")), IsOk());
        } else {
          EXPECT_EQ(again.status().code(), Code::kConflict)
              << again.status().name() << " " << again.status().message();
        }
      });
}

}  // namespace
}  // namespace bailee
