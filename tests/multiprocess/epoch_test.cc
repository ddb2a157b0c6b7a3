// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <random>

#include "base/codec.h"
#include "multiprocess/witness.h"
#include "support/campaign.h"
#include "support/checked.h"
#include "support/child.h"
#include "support/child_process.h"
#include "support/io_faults.h"
#include "support/raw_reader.h"
#include "vault/stories.h"

// Epochs under processes that end anywhere, and under each other.
namespace bailee {
namespace {

using testing::Channel;
using testing::ChildProcess;
using testing::ErrorIs;
using testing::ExitCodeOfChild;
using testing::IoFaults;
using testing::IsOk;
using testing::StatusOf;

constexpr int kCrashed = 42;
constexpr const char* kStays = "user-who-stays";

class Epochs : public ::testing::Test {
 protected:
  Epochs() {
    Vault vault = world_.Open({"billing"});
    EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(1), kOtherCardNumber, Who::Ref(kStays))), IsOk());
  }

  void StoreUser() {
    Vault vault = world_.Open({"billing"});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
  }

  // And keeps a copy of the database as it is then.
  void StoreUserAndCopy(const std::string& to) {
    StoreUser();
    std::filesystem::copy_file(world_.path() + "/data.mdb", to,
                               std::filesystem::copy_options::overwrite_existing);
  }

  size_t OpensIn(const std::string& directory) const {
    const RawRows rows(directory);
    const Keyring keyring = world_.Granted("thief", {"billing"});
    RawReader reader(rows, world_.id(), keyring.keys(), world_.path() + "/epoch");
    size_t opened = 0;
    for (const auto& [key, value] : rows.All(store::Table::kRecords))
      opened += reader.Values(key, value).size();
    return opened;
  }

  // What must hold wherever a process ended: upkeep can finish, and those who stay are readable and
  // found. Notes whether the user is still there.
  void ExpectWhole() {
    ExpectNoDamage(world_);
    Vault vault = world_.Open({"billing", "upkeep"});
    const auto upkeep = vault.Upkeep();
    ASSERT_THAT(StatusOf(upkeep), IsOk());
    EXPECT_EQ(upkeep->shredded.grade, ErasureGrade::kShredded);
    EXPECT_EQ(*ReadCard(vault, "billing", IdOf(1), "pan", Who::Ref(kStays)), kOtherCardNumber);
    EXPECT_EQ(FindCard(vault, kOtherCardNumber)->size(), 1u);
    const auto user = ReadCard(vault, "billing", IdOf(1), "pan");
    there_ = user.ok();
    if (user.ok()) {
      EXPECT_EQ(*user, kCardNumber);
    } else {
      EXPECT_THAT(user.status(), ErrorIs(Code::kNotFound, "vault.not-found"));
    }
  }

  // The epoch that the database is in.
  uint64_t Committed() const {
    const RawRows rows(world_.path());
    for (const auto& [key, value] : rows.All(store::Table::kMeta)) {
      if (AsText(key) == "epoch") return Reader(ByteView(value)).Get<uint64_t>();
    }
    return 0;
  }
  // The newest epoch of which the file of epochs has a key: FORMAT.md §17.
  uint64_t NewestInFile() const {
    constexpr size_t kBlockBytes = 4096;
    constexpr size_t kEpochAt = 8 + 2 + 16;
    const std::string file = ReadFile(world_.path() + "/epoch");
    uint64_t newest = 0;
    for (size_t at = 0; at + kBlockBytes <= file.size(); at += kBlockBytes)
      newest = std::max(newest, Reader(AsBytes(file).subspan(at + kEpochAt)).Get<uint64_t>());
    return newest;
  }

  TempVault world_{PolicyText("livelook_2013")};
  bool there_ = false;
};

// At each write and sync of a file, in turn, an erasing process ends.
void CrashEverywhere(TempVault& world, const std::string& file, const std::function<void()>& store,
                     const std::function<void(int)>& check) {
  int crashes = 0;
  for (;; ++crashes) {
    store();
    const int code = ExitCodeOfChild([&] {
      const IoFaults faults(file, [&](IoFaults::Operation, size_t number) {
        if (number == static_cast<size_t>(crashes)) _exit(kCrashed);
        return IoFaults::Verdict{};
      });
      Vault vault = world.Open({"rights"});
      return vault.Erase(Who::Ref(kUser)).ok() ? 0 : 1;
    });
    ASSERT_TRUE(code == 0 || code == kCrashed) << code << " at write " << crashes;
    check(crashes);
    if (code == 0) break;
  }
  std::printf("%d crashes\n", crashes);
  EXPECT_GT(crashes, 2);
}

TEST_F(Epochs, ACrashAtAnyWriteOfTheDatabaseErasesWhollyOrNotAtAll) {
  const TempDirectory copy;
  CrashEverywhere(
      world_, world_.path() + "/data.mdb", [&] { StoreUserAndCopy(copy / "data.mdb"); },
      [&](int) {
        ExpectWhole();
        EXPECT_TRUE(there_ || OpensIn(copy.path()) == 0);
      });
}

TEST_F(Epochs, ACrashAtAnyWriteOfTheFileOfEpochsLosesNobody) {
  const TempDirectory copy;
  CrashEverywhere(
      world_, world_.path() + "/epoch", [&] { StoreUserAndCopy(copy / "data.mdb"); },
      [&](int) {
        ExpectWhole();
        EXPECT_FALSE(there_);
        EXPECT_EQ(OpensIn(copy.path()), 0u);
      });
}

// A head of the database that cannot be written: whatever then holds, nothing is lost.
TEST_F(Epochs, AFailingMetaWriteLosesNobody) {
  for (size_t fails = 0; fails < 12; ++fails) {
    StoreUser();
    size_t metas = 0;
    const int code = ExitCodeOfChild([&] {
      const IoFaults faults(world_.path() + "/data.mdb",
                            [&](IoFaults::Operation operation, size_t) {
                              if (operation != IoFaults::Operation::kMeta || metas++ != fails)
                                return IoFaults::Verdict{};
                              return IoFaults::Verdict{.error = EIO, .do_it_too = fails % 2 == 1};
                            });
      Result<Vault> vault = world_.TryOpen(world_.Granted("eraser", {"rights"}));
      if (vault.ok()) (void)vault->Erase(Who::Ref(kUser));
      return 0;
    });
    ASSERT_EQ(code, 0) << "at meta write " << fails;
    ExpectWhole();
  }
}

// What a step that was given up wrote may lie in pages of the file under the key that it made,
// which the next step has to take again: it is gone only once that key is.
TEST_F(Epochs, AStepThatWasGivenUpIsFollowedByOneMore) {
  size_t given_up = 0;
  for (size_t crash = 0;; ++crash) {
    StoreUser();
    const int code = ExitCodeOfChild([&] {
      const IoFaults faults(world_.path() + "/data.mdb", [&](IoFaults::Operation, size_t number) {
        if (number == crash) _exit(kCrashed);
        return IoFaults::Verdict{};
      });
      Vault vault = world_.Open({"rights"});
      return vault.Erase(Who::Ref(kUser)).ok() ? 0 : 1;
    });
    const uint64_t made = NewestInFile();
    const bool was_given_up = made > Committed();
    ExpectWhole();
    if (was_given_up) {
      ++given_up;
      EXPECT_GT(Committed(), made) << "at write " << crash;
    }
    if (code == 0) break;
  }
  EXPECT_GT(given_up, 0u) << "none crashed between the key and the commit";
}

// A process that is stopped holds its keys: nothing counts as shredded until it goes on.
TEST_F(Epochs, AStoppedProcessIsNamedUntilItGoesOn) {
  StoreUser();
  ChildProcess reader([&](const Channel& channel) {
    Vault vault = world_.Open({"billing"});
    if (!ReadCard(vault, "billing", IdOf(1), "pan").ok()) return 1;
    raise(SIGSTOP);
    channel.Send('w');
    return channel.Receive() == 'e' ? 0 : 2;
  });
  const pid_t pid = reader.pid();
  for (int state = 0; waitpid(pid, &state, WUNTRACED) == pid && !WIFSTOPPED(state);) {
  }
  {
    Vault vault = world_.Open({"rights"});
    const auto erased =
        vault.Erase(Who::Ref(kUser), {.shred = {.wait = std::chrono::milliseconds(150)}});
    ASSERT_THAT(StatusOf(erased), IsOk());
    EXPECT_EQ(erased->shredded.grade, ErasureGrade::kInaccessible);
    EXPECT_THAT(erased->shredded.waiting_for, ::testing::ElementsAre(static_cast<uint64_t>(pid)));
    kill(pid, SIGCONT);
    ASSERT_EQ(reader.channel().Receive(), 'w');
    const auto upkeep = vault.Upkeep({.shred = {.wait = std::chrono::seconds(10)}});
    ASSERT_THAT(StatusOf(upkeep), IsOk());
    EXPECT_EQ(upkeep->shredded.grade, ErasureGrade::kShredded);
    EXPECT_TRUE(upkeep->shredded.waiting_for.empty());
  }
  reader.channel().Send('e');
  EXPECT_EQ(reader.Join(), 0);
}

// Steps epochs and writes, for ever, checking what it wrote.
int StepForEver(TempVault& world, const std::string& user, const Channel& channel) {
  Vault vault = world.Open({"billing", "rights"});
  channel.Send('o');
  for (uint64_t step = 0;; ++step) {
    const std::string name = user + std::to_string(step % 3);
    const Status stored = StoreCard(vault, IdOf(9), kCardNumber, Who::Ref(name)).status();
    if (!stored.ok()) return 1;
    const auto read = ReadCard(vault, "billing", IdOf(9), "pan", Who::Ref(name));
    if (!read.ok() || *read != kCardNumber) return 2;
    const auto erased =
        vault.Erase(Who::Ref(name), {.shred = {.wait = std::chrono::milliseconds(0)}});
    if (!erased.ok() || erased->subjects != 1) return 3;
    if (ReadCard(vault, "billing", IdOf(9), "pan", Who::Ref(name)).ok()) return 4;
    const auto stays = ReadCard(vault, "billing", IdOf(1), "pan", Who::Ref(kStays));
    if (!stays.ok() || *stays != kOtherCardNumber) return 5;
    channel.Send('s');
  }
}

TEST_F(Epochs, OfProcessesThatStepAgainstEachOtherLoseNothing) {
  const size_t rounds = testing::CountFrom("BAILEE_ROUNDS", 200);
  std::mt19937 random(7 + testing::Seed());
  size_t steps = 0;
  size_t kills = 0;
  while (steps < rounds) {
    ChildProcess one([&](const Channel& channel) { return StepForEver(world_, "a", channel); });
    ChildProcess other([&](const Channel& channel) { return StepForEver(world_, "b", channel); });
    ASSERT_EQ(one.channel().Receive(), 'o');
    ASSERT_EQ(other.channel().Receive(), 'o');
    const size_t until = steps + 20 + random() % 20;
    while (steps < until) {
      ASSERT_EQ(one.channel().Receive(), 's') << "its exit code: " << one.Join();
      ASSERT_EQ(other.channel().Receive(), 's') << "its exit code: " << other.Join();
      steps += 2;
    }
    usleep(static_cast<useconds_t>(random() % 20'000));
    one.Kill();
    usleep(static_cast<useconds_t>(random() % 20'000));
    other.Kill();
    kills += 2;
    ExpectWhole();
  }
  testing::Tell(steps, "inputs");
  testing::Tell(kills, "kills");
}

}  // namespace
}  // namespace bailee
