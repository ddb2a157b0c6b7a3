// SPDX-License-Identifier: Apache-2.0
#include "bailee/audit_trail.h"
#include "vault/backup_world.h"
#include "vault/rotate_world.h"

// Data from before a key was replaced, and the keys of today.
namespace bailee {
namespace {

using testing::IsOk;
using testing::StatusOf;

constexpr std::string_view kPurpose = "purpose/billing";
constexpr std::string_view kIndex = "index/payment_card.pan/billing";

class BackupRotated : public RotateWorld {
 protected:
  std::string File(std::string_view name) const { return world_.directory() / name; }

  void TakeData() {
    Vault vault = world_.Open({});
    ASSERT_THAT(StatusOf(vault.BackUpData({.file = File("data"), .base = {}, .progress = {}})),
                IsOk());
  }
  void TakeKeys() {
    Vault vault = world_.Open({});
    ASSERT_THAT(StatusOf(vault.BackUpKeys({.file = File("keys"), .base = {}, .progress = {}})),
                IsOk());
  }
  Result<Restored> Restore() { return RestoreWith(world_.Granted("restorer", {})); }
  Result<Restored> RestoreWith(const Keyring& storage) {
    const Keyring backup = world_.Origin("backup");
    const Keyring authority = world_.Origin("authority");
    return RestoreVault({.directory = File("restored"),
                         .files = {File("data"), File("keys")},
                         .clock = &world_.clock(),
                         .map_bytes = uint64_t{1} << 30,
                         .epoch_path = {},
                         .progress = {}},
                        {.backup = backup, .authority = authority, .storage = storage});
  }
  Vault OpenRestored(Keyring keyring) {
    auto vault = Vault::Open(File("restored"), std::move(keyring),
                             {.clock = &world_.clock(), .map_bytes = uint64_t{1} << 30});
    EXPECT_THAT(StatusOf(vault), IsOk());
    return *std::move(vault);
  }
};

TEST_F(BackupRotated, DataOlderThanARotationIsRestoredForTheNewKey) {
  StoreCards();
  TakeData();
  const Keyring old = world_.Granted("old", {"billing"});
  Rotate(kPurpose, {"billing"});
  TakeKeys();
  const auto restored = Restore();
  ASSERT_THAT(StatusOf(restored), IsOk());
  EXPECT_EQ(restored->records, size_t{kUsers} * 8);
  EXPECT_EQ(restored->records_outdated + restored->subjects_lacking, 0u);
  EXPECT_EQ(OpensIn(File("restored"), old), 0u) << "the old key opens nothing of it";
  Vault vault = OpenRestored(world_.Granted("new", {"billing"}));
  ExpectReadable(vault);
  EXPECT_EQ(FindCard(vault)->size(), size_t{kUsers});
}

TEST_F(BackupRotated, DataOlderThanTwoRotationsIsRestoredForTheNewestKey) {
  StoreCards();
  TakeData();
  Rotate(kPurpose, {"billing"});
  Rotate(kPurpose, {"billing"});
  TakeKeys();
  ASSERT_THAT(StatusOf(Restore()), IsOk());
  Vault vault = OpenRestored(world_.Granted("new", {"billing"}));
  ExpectReadable(vault);
}

// A leak took D of then: nothing that lies under it comes back.
TEST_F(BackupRotated, DataOlderThanALeakIsLeftOutAndSaidToBe) {
  StoreCards();
  TakeData();
  Rotate(kPurpose, {"billing"}, true);
  TakeKeys();
  const auto restored = Restore();
  ASSERT_THAT(StatusOf(restored), IsOk());
  EXPECT_EQ(restored->records, 0u);
  EXPECT_EQ(restored->records_outdated, size_t{kUsers} * 8);
  EXPECT_EQ(restored->subjects_lacking, size_t{kUsers});
}

TEST_F(BackupRotated, AnIndexWhoseKeyWasReplacedIsMadeAnewByRotatingItAgain) {
  StoreCards();
  TakeData();
  Rotate(kIndex, {"billing"});
  TakeKeys();
  const auto restored = Restore();
  ASSERT_THAT(StatusOf(restored), IsOk());
  EXPECT_EQ(restored->lookups_retired, size_t{kUsers} * 8) << "rows, and entries that wait";
  {
    Vault vault = OpenRestored(world_.Granted("new", {"billing"}));
    ExpectReadable(vault);
    EXPECT_TRUE(FindCard(vault)->empty());
    ASSERT_THAT(StatusOf(vault.BeginRotation(world_.Origin("authority"), kIndex, Keeping())),
                IsOk());
  }
  Vault vault = OpenRestored(world_.Granted("newer", {"billing"}));
  ASSERT_THAT(StatusOf(vault.RunRotation(kIndex)), IsOk());
  ASSERT_THAT(StatusOf(vault.FinishRotation(world_.Origin("authority"), kIndex, Keeping())),
              IsOk());
  EXPECT_EQ(FindCard(vault)->size(), size_t{kUsers});
  EXPECT_EQ(FindCard(vault, kOtherCardNumber)->size(), size_t{kUsers} * 7);
}

TEST_F(BackupRotated, WhileTwoStorageKeysAreOpenBothOpenWhatIsRestored) {
  StoreCards();
  Keyring older = world_.Granted("older", {"billing"});
  const Keyring older_too = world_.Granted("older-too", {});
  ASSERT_THAT(StatusOf(Begin("storage", {})), IsOk());
  TakeData();
  TakeKeys();
  EXPECT_THAT(StatusOf(RestoreWith(older_too)),
              testing::ErrorIs(Code::kKey, "restore.older-storage"));
  EXPECT_FALSE(std::filesystem::exists(File("restored")));
  ASSERT_THAT(StatusOf(Restore()), IsOk());
  {
    Vault vault = OpenRestored(std::move(older));
    ExpectReadable(vault);
    // A new epoch is begun under both, by whoever has the newer.
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1), kCardNumber, Who::Ref("user-new"))), IsOk());
  }
  {
    Vault vault = OpenRestored(world_.Granted("newer", {"billing", "upkeep"}));
    ExpectReadable(vault);
    const auto finished = vault.FinishRotation(world_.Origin("authority"), "storage", Keeping());
    ASSERT_THAT(StatusOf(finished), IsOk());
  }
  EXPECT_THAT(StatusOf(Vault::Open(File("restored"), world_.Granted("newer", {}),
                                   {.clock = &world_.clock(), .map_bytes = uint64_t{1} << 30})),
              IsOk());
}

// What a collector left for a holder of the old key is left for one of the new.
TEST_F(BackupRotated, EntriesThatWaitedForTheOldKeyWaitForTheNewOne) {
  StoreCards();
  TakeData();
  Rotate(kPurpose, {"billing"});
  TakeKeys();
  ASSERT_THAT(StatusOf(Restore()), IsOk());
  Vault vault = OpenRestored(world_.Granted("new", {"billing"}));
  EXPECT_EQ(FindCard(vault, kOtherCardNumber)->size(), size_t{kUsers} * 7);
}

// Keys that sign: the log's of before count for nothing under the new origin, not even one that was
// open, and old keyrings of the authority stay as refused as they were.
TEST_F(BackupRotated, KeysThatSignAreThoseOfTheKeyStream) {
  {
    Vault vault = world_.Open({"billing"});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
  }
  TakeData();
  Keyring old = world_.Granted("old", {"billing"});
  const std::vector<std::string> names = KeptNames(world_);
  {
    std::vector<Keyring> kept;
    for (const std::string& name : names) kept.push_back(world_.Origin(name));
    Vault vault = world_.Open({});
    RotateOptions options = Keeping();
    for (const Keyring& each : kept) options.keyrings.push_back(&each);
    ASSERT_THAT(StatusOf(vault.BeginRotation(world_.Origin("authority"), "authority", options)),
                IsOk());
  }
  ASSERT_THAT(StatusOf(Finish("authority", {})), IsOk());
  ASSERT_THAT(StatusOf(Begin("log", {})), IsOk());
  TakeKeys();
  ASSERT_THAT(StatusOf(Restore()), IsOk());
  EXPECT_EQ(
      StatusOf(Vault::Open(File("restored"), std::move(old), {.clock = &world_.clock()})).name(),
      "key.retired");
  {
    Vault vault = OpenRestored(world_.Granted("new", {"billing"}));
    EXPECT_EQ(*ReadCard(vault, "billing", IdOf(1), "pan"), kCardNumber);
    const auto under_way = vault.Rotations();
    for (const RotationState& each : *under_way) ADD_FAILURE() << each.key;
  }
  auto trail = AuditTrail::Open(File("restored"), world_.Origin("log"), {.clock = &world_.clock()});
  ASSERT_THAT(StatusOf(trail), IsOk());
  EXPECT_EQ(trail->log_keys().ranges.size(), 1u);
  EXPECT_THAT(StatusOf(trail->Sign("")), IsOk());
}

}  // namespace
}  // namespace bailee
