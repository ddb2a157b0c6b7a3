// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <thread>

#include "rotate_world.h"
#include "support/checked.h"
#include "support/event_recorder.h"

// The next version of a purpose's key: what stays readable, for whom, and what does not.
namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;
using Step = RotationState::Step;

constexpr std::string_view kBilling = "purpose/billing";

class RotatePurpose : public RotateWorld {};

TEST_F(RotatePurpose, LosesNothingOnThePlannedRoad) {
  StoreCards();
  Keyring old = world_.Granted("service", {"billing"});
  ASSERT_THAT(StatusOf(Begin(kBilling, {"billing"})), IsOk());
  {
    Vault service = *world_.TryOpen(world_.Granted("service", {"billing"}));
    ExpectReadable(service);
    EXPECT_EQ(FindCard(service)->size(), size_t{kUsers});
  }
  {
    Vault service = *world_.TryOpen(std::move(old));
    ExpectReadable(service);
    EXPECT_EQ(FindCard(service)->size(), size_t{kUsers});
    // What it writes now is for both.
    ASSERT_TRUE(StoreCard(service, IdOf(9), kCardNumber, Who::Ref("user-new")).ok());
  }
  const auto run = Run(kBilling, {"billing"});
  ASSERT_THAT(StatusOf(run), IsOk());
  EXPECT_EQ(run->state.step, Step::kReady);
  EXPECT_GT(run->state.rows, 0u);
  const auto finished = Finish(kBilling, {"billing"});
  ASSERT_THAT(StatusOf(finished), IsOk());
  EXPECT_EQ(finished->damaged, 0u);
  Vault service = world_.Open({"billing"});
  EXPECT_EQ(service.Rotations()->size(), 0u);
  ExpectReadable(service);
  EXPECT_EQ(*ReadCard(service, "billing", IdOf(9), "pan", Who::Ref("user-new")), kCardNumber);
  EXPECT_EQ(FindCard(service)->size(), size_t{kUsers} + 1);
}

TEST_F(RotatePurpose, KeepsServicesWithTheOldKeyringReadingUntilItIsFinished) {
  StoreCards();
  Vault vault = *world_.TryOpen(world_.Granted("both", {"billing"}));
  ASSERT_THAT(StatusOf(vault.BeginRotation(world_.Origin("authority"), kBilling, Keeping())),
              IsOk());
  // This keyring has the old key alone: it reads, finds and writes, and so it cannot run.
  ExpectReadable(vault);
  EXPECT_THAT(StatusOf(vault.RunRotation(kBilling)), ErrorIs(Code::kKey, "key.source-missing"));
  ExpectReadable(vault);
}

TEST_F(RotatePurpose, EndsWithEveryWrapUnderTheNewKeyAndNoneUnderTheOld) {
  StoreCards();
  const Keyring old = world_.Granted("old", {"billing"});
  const size_t before = OpensIn(world_.path(), old);
  EXPECT_GT(before, 0u);
  ASSERT_THAT(StatusOf(Begin(kBilling, {"billing"})), IsOk());
  ASSERT_THAT(StatusOf(Run(kBilling, {"billing"})), IsOk());
  EXPECT_EQ(OpensIn(world_.path(), old), before);
  ASSERT_THAT(StatusOf(Finish(kBilling, {"billing"})), IsOk());
  EXPECT_EQ(OpensIn(world_.path(), old), 0u);
  const Keyring now = world_.Granted("new", {"billing"});
  ASSERT_EQ(now.Describe().purpose_versions, std::vector<uint16_t>{2});
  EXPECT_EQ(OpensIn(world_.path(), now), before);
}

TEST_F(RotatePurpose, RefusesWhoeverHasTheOldKeyAloneOnceItIsFinished) {
  StoreCards();
  Keyring old = world_.Granted("old", {"billing"});
  Keyring support = world_.Granted("support", {"support"});
  Rotate(kBilling, {"billing"});
  EXPECT_THAT(StatusOf(world_.TryOpen(std::move(old))), ErrorIs(Code::kKey, "key.retired"));
  EXPECT_THAT(StatusOf(world_.TryOpen(std::move(support))), IsOk());
}

TEST_F(RotatePurpose, NamesWhatIsMissing) {
  StoreCards();
  Vault vault = world_.Open({"support"});
  const Keyring authority = world_.Origin("authority");
  const auto begin = [&](std::string_view key) {
    return StatusOf(vault.BeginRotation(authority, key, Keeping()));
  };
  EXPECT_THAT(begin(kBilling), ErrorIs(Code::kKey, "key.source-missing"));
  EXPECT_THAT(begin("purpose/nothing"), ErrorIs(Code::kNotFound, "rotate.unknown-key"));
  EXPECT_THAT(begin("purpose/"), ErrorIs(Code::kUsage, "rotate.key-name"));
  EXPECT_THAT(begin("passwords/x"), ErrorIs(Code::kUsage, "rotate.key-name"));
  EXPECT_THAT(StatusOf(vault.BeginRotation(world_.Origin("log"), "purpose/support", Keeping())),
              ErrorIs(Code::kKey, "key.authority-missing"));
  EXPECT_THAT(StatusOf(vault.BeginRotation(authority, "purpose/support", {})),
              ErrorIs(Code::kUsage, "rotate.keep-missing"));
  EXPECT_THAT(StatusOf(vault.RunRotation(kBilling)), ErrorIs(Code::kNotFound, "rotate.none"));
  EXPECT_THAT(StatusOf(vault.FinishRotation(authority, kBilling)),
              ErrorIs(Code::kNotFound, "rotate.none"));
}

TEST_F(RotatePurpose, IsOneAtATimeForAKeyAndFinishedOnlyWhenItRan) {
  StoreCards();
  ASSERT_THAT(StatusOf(Begin(kBilling, {"billing"})), IsOk());
  EXPECT_THAT(StatusOf(Begin(kBilling, {"billing"})), ErrorIs(Code::kConflict, "rotate.under-way"));
  EXPECT_THAT(StatusOf(Finish(kBilling, {"billing"})),
              ErrorIs(Code::kConflict, "rotate.not-ready"));
  ASSERT_THAT(StatusOf(Begin("purpose/support", {"support"})), IsOk());
  Vault vault = world_.Open({"billing"});
  const auto states = vault.Rotations();
  ASSERT_THAT(StatusOf(states), IsOk());
  ASSERT_EQ(states->size(), 2u);
  EXPECT_EQ((*states)[0].key, kBilling);
  EXPECT_EQ((*states)[0].from, 1);
  EXPECT_EQ((*states)[0].to, 2);
  EXPECT_EQ((*states)[1].key, "purpose/support");
}

// A leaked keyring: the thief has it, all files of now and a raw copy of all files of then.
TEST_F(RotatePurpose, AfterALeakOpensNothingNewToTheThiefAndOfOldCopiesTheirRowsAlone) {
  StoreCards();
  const Keyring thief = world_.Granted("thief", {"billing"});
  const TempDirectory then;
  const TempDirectory database;
  CopyTo(then, true);
  CopyTo(database, false);
  const size_t before = OpensIn(then.path(), thief);
  EXPECT_GT(before, 0u);
  EXPECT_EQ(OpensIn(database.path(), thief, world_.path() + "/epoch"), before);
  Rotate(kBilling, {"billing"}, true);
  EXPECT_EQ(OpensIn(world_.path(), thief), 0u);
  // The database of then opens no more with the file of epochs as it is.
  EXPECT_EQ(OpensIn(database.path(), thief, world_.path() + "/epoch"), 0u);
  // What was taken with its file of epochs stays open: SECURITY.md says so.
  EXPECT_EQ(OpensIn(then.path(), thief), before);
  Vault vault = world_.Open({"billing"});
  ExpectReadable(vault);
}

// Every D that the thief took out of a copy of everything, tried on every row of afterwards.
TEST_F(RotatePurpose, AfterALeakNoDataKeyOfThenOpensARowOfNow) {
  StoreCards();
  for (const bool leaked : {false, true}) {
    const Keyring thief = world_.Granted("thief", {"billing"});
    const TempDirectory then;
    CopyTo(then, true);
    Rotate(kBilling, {"billing"}, leaked);
    {
      // Collected afterwards, beside what was there before.
      Vault vault = world_.Open({"billing"});
      ASSERT_TRUE(StoreCard(vault, IdOf(20), kCardNumber, Who::Ref(UserName(0))).ok());
    }
    EXPECT_EQ(OpensWithKeysOf(then.path(), thief) == 0, leaked)
        << "a planned rotation leaves data keys as they are, as SECURITY.md says";
  }
}

TEST_F(RotatePurpose, KeepsEachRetiredKeyOrCheckSaysThatOneIsGone) {
  StoreCards();
  Rotate(kBilling, {"billing"});
  Rotate(kBilling, {"billing"});
  ExpectNoDamage(world_);
  {
    const RawRows rows(world_.path());
    const auto retired = rows.All(store::Table::kMeta, AsBytes("retired"));
    ASSERT_EQ(retired.size(), 2u);
    rows.Delete(store::Table::kMeta, retired.front().first);
  }
  const Checked checked =
      RunCheck(world_.path(), world_.Granted("checker", kEveryPurpose), {.clock = &world_.clock()});
  ASSERT_EQ(checked.Count("retired.missing"), 1u) << ::testing::PrintToString(checked);
  EXPECT_EQ(checked.First("retired.missing")->at, "billing, version 1");
}

}  // namespace
}  // namespace bailee
