// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <random>

#include "support/campaign.h"
#include "support/child.h"
#include "support/child_process.h"
#include "support/io_faults.h"
#include "vault/backup_world.h"
#include "vault/next_policy.h"

// Processes that end while they back up or restore, at every point and at random ones: no half of a
// stream has its name, and a directory is a vault, whole, or none and says so.
namespace bailee {
namespace {

using testing::IoFaults;
using testing::IsOk;
using testing::StatusOf;

constexpr int kCrashed = 42;

class BackupCrash : public ::testing::Test {
 protected:
  BackupCrash() {
    Vault vault = world.vault.Open({"billing", "service"});
    EXPECT_THAT(StoreAccount(vault), IsOk());
    for (size_t i = 0; i < 40; ++i) {
      EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(1), kCardNumber, Who::Ref(UserNumber(i)))),
                  IsOk());
    }
  }
  void TakeBoth() {
    ASSERT_THAT(StatusOf(world.Data("data")), IsOk());
    ASSERT_THAT(StatusOf(world.Keys()), IsOk());
  }

  // What a process that was stopped has left: nothing, a whole vault, or what says that it is none.
  enum class Left { kNothing, kHalf, kWhole };
  Left LookAtRestored() {
    if (!world.Exists("restored")) return Left::kNothing;
    auto vault = world.Open({"billing"});
    if (!vault.ok()) {
      EXPECT_TRUE(vault.status().code() == Code::kNoVault) << vault.status().name();
      return Left::kHalf;
    }
    EXPECT_EQ(FindCard(*vault)->size(), 40u);
    EXPECT_EQ(*ReadCard(*vault, "billing", IdOf(1), "pan", Who::Ref(UserNumber(7))), kCardNumber);
    return Left::kWhole;
  }
  void RemoveRestored() { std::filesystem::remove_all(world.File("restored")); }
  void RemoveTemporary() {
    for (const auto& entry : std::filesystem::directory_iterator(world.vault.directory().path())) {
      if (entry.path().string().find(".tmp-") != std::string::npos)
        std::filesystem::remove(entry.path());
    }
  }

  BackupWorld world;
};

TEST_F(BackupCrash, WhileTakingAStreamLeavesNoneUnderItsName) {
  TakeBoth();
  const std::string keys_before = ReadFile(world.File("keys"));
  for (const bool data : {true, false}) {
    size_t crashes = 0;
    for (;; ++crashes) {
      size_t calls = 0;
      const int code = testing::ExitCodeOfChild([&] {
        Vault vault = world.vault.Open({});
        const BackupProgress crash = [&](uint64_t) -> bool {
          if (calls++ == crashes) _exit(kCrashed);
          return true;
        };
        const BackupRequest request{
            .file = world.File(data ? "crashed" : "keys"), .base = {}, .progress = crash};
        return (data ? vault.BackUpData(request) : vault.BackUpKeys(request)).ok() ? 0 : 1;
      });
      if (code == 0) break;
      ASSERT_EQ(code, kCrashed);
      ASSERT_NE(world.Exists("crashed"), data);
      ASSERT_EQ(ReadFile(world.File("keys")), keys_before);
    }
    EXPECT_GE(crashes, 3u);
  }
  EXPECT_NE(ReadFile(world.File("keys")), keys_before);
  EXPECT_THAT(StatusOf(world.Verify({"crashed", "keys"})), IsOk());
}

TEST_F(BackupCrash, WhileRestoringLeavesAVaultOrNone) {
  TakeBoth();
  size_t crashes = 0;
  size_t half = 0;
  for (;; ++crashes) {
    size_t calls = 0;
    const int code = testing::ExitCodeOfChild([&] {
      const auto restored = world.Restore({"data", "keys"}, "restored", [&](uint64_t) -> bool {
        if (calls++ == crashes) _exit(kCrashed);
        return true;
      });
      return restored.ok() ? 0 : 1;
    });
    const Left left = LookAtRestored();
    if (code == 0) {
      EXPECT_EQ(left, Left::kWhole);
      break;
    }
    ASSERT_EQ(code, kCrashed);
    ASSERT_NE(left, Left::kWhole) << "before the end";
    if (left == Left::kHalf) {
      ++half;
      EXPECT_THAT(StatusOf(world.Restore({"data", "keys"})),
                  testing::ErrorIs(Code::kConflict, "restore.directory"));
      EXPECT_THAT(StatusOf(world.Open({"billing"})),
                  testing::ErrorIs(Code::kNoVault, "vault.half-restored"));
    }
    RemoveRestored();
  }
  EXPECT_GT(half, 3u);
  testing::Tell(crashes, "crash states");
  std::printf("%zu crashes, %zu of them left half a vault\n", crashes, half);
}

// At every write and sync of the data file, from the first that the test can see.
TEST_F(BackupCrash, AtAnyWriteOfTheRestoredFileLeavesAVaultOrNone) {
  TakeBoth();
  size_t crashes = 0;
  size_t whole = 0;
  for (;; ++crashes) {
    const int code = testing::ExitCodeOfChild([&] {
      std::unique_ptr<IoFaults> faults;
      const auto restored = world.Restore({"data", "keys"}, "restored", [&](uint64_t) {
        const std::string file = world.File("restored/data.mdb");
        if (faults == nullptr && world.Exists("restored/data.mdb")) {
          faults = std::make_unique<IoFaults>(file, [&](IoFaults::Operation, size_t number) {
            if (number == crashes) _exit(kCrashed);
            return IoFaults::Verdict{};
          });
        }
        return true;
      });
      return restored.ok() ? 0 : 1;
    });
    const Left left = LookAtRestored();
    whole += left == Left::kWhole ? 1U : 0U;
    ASSERT_NE(left, Left::kNothing);
    RemoveRestored();
    if (code == 0) break;
    ASSERT_EQ(code, kCrashed);
  }
  EXPECT_GT(crashes, 20u);
  testing::Tell(crashes, "crash states");
  std::printf("%zu crashes, %zu after it was a vault\n", crashes, whole);
}

TEST_F(BackupCrash, KilledAtRandom) {
  const size_t kills = testing::CountFrom("BAILEE_KILLS", 20);
  TakeBoth();
  std::mt19937 random(7 + testing::Seed());
  size_t streams = 0;
  size_t vaults = 0;
  for (size_t i = 0; i < kills; ++i) {
    std::filesystem::remove(world.File("killed"));
    const std::string keys_before = ReadFile(world.File("keys"));
    const auto what = i % 3;
    {
      testing::ChildProcess child([&](const testing::Channel& channel) {
        channel.Send('b');
        if (what == 0) return world.Data("killed", "data").ok() ? 0 : 1;
        if (what == 1) return world.Keys().ok() ? 0 : 1;
        return world.Restore({"data", "keys"}).ok() ? 0 : 1;
      });
      ASSERT_EQ(child.channel().Receive(), 'b');
      usleep(static_cast<useconds_t>(random() % (what == 2 ? 600'000 : 150'000)));
      child.Kill();
    }
    if (world.Exists("killed")) {
      ++streams;
      ASSERT_THAT(StatusOf(world.Verify({"data", "killed"})), IsOk());
    }
    if (ReadFile(world.File("keys")) != keys_before) ++streams;
    ASSERT_THAT(StatusOf(world.Verify({"data", "keys"})), IsOk());
    if (LookAtRestored() == Left::kWhole) ++vaults;
    RemoveRestored();
    RemoveTemporary();
    // And the vault is as it was.
    Vault vault = world.vault.Open({"billing"});
    ASSERT_EQ(FindCard(vault)->size(), 40u);
  }
  testing::Tell(kills, "kills");
  std::printf("%zu kills, %zu streams came to be, %zu vaults\n", kills, streams, vaults);
}

}  // namespace
}  // namespace bailee
