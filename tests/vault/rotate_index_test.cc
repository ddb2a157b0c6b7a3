// SPDX-License-Identifier: Apache-2.0
#include "crypto/binding.h"
#include "crypto/box.h"
#include "keys/lookup.h"
#include "keys/pending.h"
#include "rotate_world.h"
#include "support/checked.h"

// The next version of an index key, and what a purpose's rotation moves beside wraps.
namespace bailee {
namespace {

using store::Table;
using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

constexpr std::string_view kIndex = "index/payment_card.pan/billing";

class RotateIndex : public RotateWorld {
 protected:
  // Rows of one version of the index, pending ones too, and back rows.
  size_t RowsOf(uint16_t version) const {
    const RawRows rows(world_.path());
    const keys::IndexName name{crypto::NameIdOf("payment_card.pan/billing"), version};
    return rows.All(Table::kLookup, keys::FieldPrefix(name)).size() +
           rows.All(Table::kLookup, keys::PendingPrefix(name)).size();
  }
  size_t BackRows() const {
    return RawRows(world_.path()).All(Table::kLookup, keys::BackPrefix()).size();
  }
};

TEST_F(RotateIndex, FindsEverythingAllTheWhileWithEitherKeyring) {
  StoreCards();
  Keyring old = world_.Granted("old", {"billing"});
  ASSERT_THAT(StatusOf(Begin(kIndex, {"billing"})), IsOk());
  {
    Vault vault = *world_.TryOpen(std::move(old));
    EXPECT_EQ(FindCard(vault)->size(), size_t{kUsers});
    ASSERT_TRUE(StoreCard(vault, IdOf(9), kCardNumber, Who::Ref("user-new")).ok());
    EXPECT_EQ(FindCard(vault)->size(), size_t{kUsers} + 1);
  }
  {
    Vault collector = world_.Open({});
    ASSERT_TRUE(StoreCard(collector, IdOf(9), kCardNumber, Who::Ref("user-newer")).ok());
  }
  {
    Vault vault = world_.Open({"billing"});
    EXPECT_EQ(FindCard(vault)->size(), size_t{kUsers} + 2);
    ASSERT_THAT(StatusOf(vault.RunRotation(kIndex)), IsOk());
    EXPECT_EQ(FindCard(vault)->size(), size_t{kUsers} + 2);
    ASSERT_THAT(StatusOf(vault.FinishRotation(world_.Origin("authority"), kIndex, Keeping())),
                IsOk());
    EXPECT_EQ(FindCard(vault)->size(), size_t{kUsers} + 2);
    EXPECT_EQ(FindCard(vault, kOtherCardNumber)->size(), size_t{kUsers} * 7);
  }
}

TEST_F(RotateIndex, LeavesNoRowOfTheOldKeyAndAsManyOfTheNew) {
  StoreCards();
  {
    Vault vault = world_.Open({"billing"});  // what waits becomes rows
  }
  const size_t before = RowsOf(1);
  const size_t back = BackRows();
  EXPECT_EQ(before, size_t{kUsers} * 8);
  Rotate(kIndex, {"billing"});
  EXPECT_EQ(RowsOf(1), 0u);
  EXPECT_EQ(RowsOf(2), before);
  EXPECT_EQ(BackRows(), back);
  Vault vault = world_.Open({"rights"});
  ASSERT_THAT(StatusOf(vault.Erase(Who::Ref(UserName(0)))), IsOk());
}

// Who is erased while it is finished must be found by all rows that lead to them, and a check then
// sees no damage.
TEST_F(RotateIndex, StoppedWhileFinishingLeavesNoRowThatNobodyLists) {
  StoreCards();
  ASSERT_THAT(StatusOf(Begin(kIndex, {"billing"})), IsOk());
  ASSERT_THAT(StatusOf(Run(kIndex, {"billing"})), IsOk());
  const size_t before = RowsOf(1) + RowsOf(2);
  ASSERT_EQ(before, BackRows());
  {
    Vault vault = world_.Open({"billing"});
    RotateOptions stopping = Keeping();
    stopping.progress = [](const RotationState&) { return false; };
    const auto stopped = vault.FinishRotation(world_.Origin("authority"), kIndex, stopping);
    ASSERT_THAT(StatusOf(stopped), IsOk());
    ASSERT_TRUE(stopped->stopped);
  }
  EXPECT_LT(BackRows(), before);
  EXPECT_EQ(RowsOf(1) + RowsOf(2), BackRows());
  ExpectNoDamage(world_);
  {
    Vault vault = world_.Open({"rights"});
    ASSERT_THAT(StatusOf(vault.Erase(Who::Ref(UserName(0)))), IsOk());
  }
  ExpectNoDamage(world_);
  ASSERT_THAT(StatusOf(Finish(kIndex, {"billing"})), IsOk());
  EXPECT_EQ(RowsOf(1), 0u);
  ExpectNoDamage(world_);
}

TEST_F(RotateIndex, EndsFindingWithTheOldKeyAlone) {
  StoreCards();
  Keyring old = world_.Granted("old", {"billing"});
  Rotate(kIndex, {"billing"});
  Vault vault = *world_.TryOpen(std::move(old));
  ExpectReadable(vault);
  EXPECT_THAT(StatusOf(FindCard(vault)), ErrorIs(Code::kKey, "key.index-missing"));
}

TEST_F(RotateIndex, NamesWhatIsMissing) {
  StoreCards();
  EXPECT_THAT(StatusOf(Begin(kIndex, {"support"})), ErrorIs(Code::kKey, "key.source-missing"));
  EXPECT_THAT(StatusOf(Begin("index/payment_card.expiry/billing", {"billing"})),
              ErrorIs(Code::kNotFound, "rotate.unknown-key"));
  ASSERT_THAT(StatusOf(Begin(kIndex, {"billing"})), IsOk());
  EXPECT_THAT(StatusOf(Begin(kIndex, {"billing"})), ErrorIs(Code::kConflict, "rotate.under-way"));
  EXPECT_THAT(StatusOf(Finish(kIndex, {"billing"})), ErrorIs(Code::kConflict, "rotate.not-ready"));
  EXPECT_THAT(StatusOf(Run(kIndex, {"support"})), ErrorIs(Code::kKey, "key.source-missing"));
}

class RotateReserved : public RotateWorld {};

// What collectors left for the old key is found after it, by the new one alone.
TEST_F(RotateReserved, PendingEntriesAreLeftForTheNewKey) {
  {
    Vault vault = world_.Open({});
    ASSERT_TRUE(StoreCard(vault, IdOf(1)).ok());
  }
  // An actor that holds the purpose and not its index leaves entries as they are.
  ASSERT_THAT(StatusOf(Begin("purpose/billing", {"billing"})), IsOk());
  {
    Vault vault = world_.Open({});
    ASSERT_TRUE(StoreCard(vault, IdOf(2)).ok());
  }
  ASSERT_THAT(StatusOf(Run("purpose/billing", {"billing"})), IsOk());
  {
    Vault vault = world_.Open({});
    ASSERT_TRUE(StoreCard(vault, IdOf(3)).ok());
  }
  ASSERT_THAT(StatusOf(Finish("purpose/billing", {"billing"})), IsOk());
  {
    Vault vault = world_.Open({});
    ASSERT_TRUE(StoreCard(vault, IdOf(4)).ok());
  }
  Vault vault = world_.Open({"billing"});
  EXPECT_EQ(FindCard(vault)->size(), 4u);
}

// The accounting of somebody erased lies under `rights` alone: it moves with its key.
TEST_F(RotateReserved, TheAccountingOfTheErasedStaysReadableToRights) {
  {
    Vault vault = world_.Open({"billing"});
    ASSERT_TRUE(StoreCard(vault, IdOf(1)).ok());
    ASSERT_THAT(DiscloseCard(vault, IdOf(1)), IsOk());
  }
  Handle handle;
  {
    Vault vault = world_.Open({"rights"});
    handle = vault.Subjects(std::nullopt, 1)->front();
    ASSERT_THAT(StatusOf(vault.Erase(Who::ByHandle(handle))), IsOk());
  }
  Rotate("purpose/rights", {"rights"});
  Vault vault = world_.Open({"rights"});
  Result<Session> rights = vault.As("rights");
  ASSERT_THAT(StatusOf(rights), IsOk());
  const auto rows = rights->Disclosures(Who::ByHandle(handle));
  ASSERT_THAT(StatusOf(rows), IsOk());
  EXPECT_EQ(rows->size(), 1u);
}

// The vault keeps a retired key for the backup keyring alone.
TEST_F(RotateReserved, ARetiredKeyIsKeptForTheBackupKeyringAlone) {
  StoreCards();
  const Keyring old = world_.Granted("old", {"billing"});
  Rotate("purpose/billing", {"billing"});
  const RawRows rows(world_.path());
  const auto row = rows.Only(Table::kMeta, AsBytes("retired"));
  const crypto::NameId billing = crypto::NameIdOf("billing");
  ASSERT_EQ(row.first.size(), std::string_view("retired").size() + 10);
  const auto binding = crypto::Encode(
      crypto::WrapBinding{{.label = crypto::Label::kRetiredKey, .vault = world_.id()}, billing, 1});
  const auto open = [&](const Secret& secret) {
    auto box_secret =
        secret.RevealBytes([](ByteView bytes) { return crypto::BoxSecret::FromBytes(bytes); });
    return crypto::BoxOpener(*std::move(box_secret)).Open(binding, row.second);
  };
  const Keyring backup = world_.Origin("backup");
  const Keyring auditor = world_.Origin("auditor");
  const auto opened = open(*backup.keys().FindRole(keys::Role::kBackup));
  ASSERT_THAT(StatusOf(opened), IsOk());
  opened->RevealBytes([&](ByteView bytes) {
    old.keys().FindPurpose("billing")->key.Reveal([&](ByteView expected) {
      EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), expected.begin(), expected.end()));
    });
  });
  EXPECT_FALSE(open(*auditor.keys().FindRole(keys::Role::kAuditor)).ok());
}

TEST_F(RotateReserved, UpkeepGoesOnUnderItsNewKey) {
  StoreCards();
  Rotate("purpose/upkeep", {"upkeep"});
  Vault vault = world_.Open({"upkeep"});
  const auto upkeep = vault.Upkeep();
  ASSERT_THAT(StatusOf(upkeep), IsOk());
  EXPECT_EQ(upkeep->wraps_removed + upkeep->wraps_made, 0u);
}

}  // namespace
}  // namespace bailee
