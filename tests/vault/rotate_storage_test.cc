// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "rotate_world.h"
#include "support/child_process.h"

// The next version of the storage key: who opens what, with which files.
namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;
using Step = RotationState::Step;

constexpr std::string_view kStorage = "storage";

class RotateStorage : public RotateWorld {
 protected:
  // Which epochs' keys the file has.
  bool Holds(uint64_t epoch) const {
    return *keys::EpochFile(world_.path() + "/epoch", world_.id()).Holds(epoch);
  }
};

TEST_F(RotateStorage, KeepsBothKeysOpenUntilItIsFinished) {
  StoreCards();
  Keyring old = world_.Granted("old", {"billing"});
  Keyring later = world_.Granted("old", {"billing"});
  const auto begun = Begin(kStorage, {});
  ASSERT_THAT(StatusOf(begun), IsOk());
  EXPECT_EQ(begun->state.step, Step::kReady);
  {
    Vault vault = *world_.TryOpen(std::move(old));
    ExpectReadable(vault);
    ASSERT_TRUE(StoreCard(vault, IdOf(9), kCardNumber, Who::Ref("user-new")).ok());
  }
  {
    Vault vault = world_.Open({"billing"});
    ExpectReadable(vault);
    EXPECT_EQ(*ReadCard(vault, "billing", IdOf(9), "pan", Who::Ref("user-new")), kCardNumber);
    EXPECT_EQ(vault.Rotations()->size(), 1u);
  }
  const auto finished = Finish(kStorage, {});
  ASSERT_THAT(StatusOf(finished), IsOk());
  EXPECT_FALSE(finished->stopped);
  EXPECT_THAT(StatusOf(world_.TryOpen(std::move(later))), ErrorIs(Code::kKey, "key.retired"));
  Vault vault = world_.Open({"billing"});
  EXPECT_EQ(vault.Rotations()->size(), 0u);
  ExpectReadable(vault);
  EXPECT_EQ(FindCard(vault)->size(), size_t{kUsers} + 1);
}

// A process that was left behind holds keys of no epoch any more, also of those it had read of.
TEST_F(RotateStorage, WhoeverIsLeftBehindIsNotWaitedFor) {
  StoreCards();
  testing::ChildProcess left([&](const testing::Channel& channel) {
    Vault vault = world_.Open({"billing"});
    ExpectReadable(vault);
    channel.Send('r');
    (void)channel.Receive();
    return 0;
  });
  ASSERT_EQ(left.channel().Receive(), 'r');
  ASSERT_THAT(StatusOf(Begin(kStorage, {})), IsOk());
  ASSERT_THAT(StatusOf(Finish(kStorage, {})), IsOk());
  Vault vault = world_.Open({"upkeep"});
  const auto upkeep = vault.Upkeep({.shred = {.wait = std::chrono::seconds(5)}});
  ASSERT_THAT(StatusOf(upkeep), IsOk());
  EXPECT_THAT(upkeep->shredded.waiting_for, ::testing::IsEmpty());
  EXPECT_EQ(upkeep->shredded.grade, ErasureGrade::kShredded);
}

// Epochs that begin while both are open lock nobody out, and who has the old key alone waits.
TEST_F(RotateStorage, EpochsMeanwhileAreBegunByWhoHasBothKeysAlone) {
  StoreCards();
  Keyring old = world_.Granted("old", {"rights"});
  Keyring reader = world_.Granted("old", {"billing"});
  ASSERT_THAT(StatusOf(Begin(kStorage, {})), IsOk());
  {
    Vault vault = *world_.TryOpen(std::move(old));
    const auto erased = vault.Erase(Who::Ref(UserName(0)));
    ASSERT_THAT(StatusOf(erased), IsOk());
    EXPECT_EQ(erased->shredded.grade, ErasureGrade::kInaccessible);
  }
  {
    Vault vault = world_.Open({"upkeep"});
    EXPECT_EQ(vault.Upkeep()->shredded.grade, ErasureGrade::kShredded);
  }
  Vault vault = *world_.TryOpen(std::move(reader));
  EXPECT_EQ(*ReadCard(vault, "billing", IdOf(1), "pan", Who::Ref(UserName(1))), kCardNumber);
}

// The old storage key with every file of afterwards, and with the database of before.
TEST_F(RotateStorage, OnceFinishedTheOldKeyOpensNoDatabaseWithTheFileOfEpochsOfNow) {
  StoreCards();
  const Keyring thief = world_.Granted("thief", {"billing"});
  const TempDirectory database;
  const TempDirectory then;
  CopyTo(database, false);
  CopyTo(then, true);
  const size_t before = OpensIn(then.path(), thief);
  EXPECT_GT(before, 0u);
  ASSERT_THAT(StatusOf(Begin(kStorage, {})), IsOk());
  EXPECT_EQ(OpensIn(world_.path(), thief), before);
  ASSERT_THAT(StatusOf(Finish(kStorage, {})), IsOk());
  EXPECT_EQ(OpensIn(world_.path(), thief), 0u);
  EXPECT_EQ(OpensIn(database.path(), thief, world_.path() + "/epoch"), 0u);
  // Who copied both then has what was there then: SECURITY.md says so.
  EXPECT_EQ(OpensIn(then.path(), thief), before);
  EXPECT_EQ(OpensIn(world_.path(), world_.Granted("new", {"billing"})), before);
}

TEST_F(RotateStorage, NamesWhatIsMissingAndIsOneAtATime) {
  StoreCards();
  EXPECT_THAT(StatusOf(Finish(kStorage, {})), ErrorIs(Code::kNotFound, "rotate.none"));
  Keyring old = world_.Granted("old", {});
  ASSERT_THAT(StatusOf(Begin(kStorage, {})), IsOk());
  EXPECT_THAT(StatusOf(Begin(kStorage, {})), ErrorIs(Code::kConflict, "rotate.under-way"));
  EXPECT_THAT(StatusOf(Run(kStorage, {})), IsOk());
  Vault vault = *world_.TryOpen(std::move(old));
  EXPECT_THAT(StatusOf(vault.FinishRotation(world_.Origin("authority"), kStorage, Keeping())),
              ErrorIs(Code::kKey, "key.source-missing"));
}

// After a leak the shard keys that the thief took are no keys of the vault any more.
TEST_F(RotateStorage, AfterALeakEveryShardHasAnotherKey) {
  StoreCards();
  const auto names = [&] {
    const RawRows rows(world_.path());
    std::vector<Bytes> ids;
    for (const auto& [key, value] : rows.All(store::Table::kSubjects)) {
      if (key.size() == keys::kSubjectRowKeyBytes)
        ids.emplace_back(value.begin() + 5, value.begin() + 13);
    }
    return ids;
  };
  const std::vector<Bytes> before = names();
  Rotate(kStorage, {}, true);
  const std::vector<Bytes> after = names();
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i) EXPECT_NE(before[i], after[i]);
  Vault vault = world_.Open({"billing"});
  ExpectReadable(vault);
  EXPECT_EQ(FindCard(vault)->size(), size_t{kUsers});
}

TEST_F(RotateStorage, IsFollowedByOthersOfEveryKind) {
  StoreCards();
  for (int i = 0; i < 2; ++i) {
    Rotate(kStorage, {});
    Rotate("purpose/billing", {"billing"}, i == 1);
    Rotate("index/payment_card.pan/billing", {"billing"});
  }
  Vault vault = world_.Open({"billing"});
  ExpectReadable(vault);
  EXPECT_EQ(FindCard(vault)->size(), size_t{kUsers});
}

}  // namespace
}  // namespace bailee
