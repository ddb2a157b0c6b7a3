// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <random>
#include <thread>

#include "base/file.h"
#include "support/campaign.h"
#include "support/child.h"
#include "support/child_process.h"
#include "support/io_faults.h"
#include "vault/rotate_world.h"

// Rotations under processes that end anywhere, next to others that read, and against each other.
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

class Rotations : public RotateWorld {
 protected:
  // Where what a child was handed is for its parent and the next child to find.
  std::string KeptPath(const std::string& name) const {
    return world_.directory() / (name + ".kept.keyring");
  }
  RotateOptions KeepingOnDisk(bool leaked) {
    RotateOptions options = Keeping(leaked);
    options.keep = [this](const std::vector<KeyringFile>& files) -> Status {
      for (const KeyringFile& file : files) {
        const std::string draft = KeptPath(file.name) + "." + std::to_string(getpid());
        std::filesystem::remove(draft);
        if (Status put = SystemFiles().WriteNewSecret(draft, file.bytes); !put.ok()) return put;
        std::filesystem::rename(draft,
                                KeptPath(file.name) + (file.name == "storage" ? ".next" : ""));
      }
      return Status();
    };
    return options;
  }
  Keyring Newest(const std::string& name) const {
    if (!std::filesystem::exists(KeptPath(name))) return world_.Origin(name);
    return *Keyring::Load(KeySource::File(KeptPath(name)));
  }
  // A holder of billing, granted from the newest there is.
  Keyring Holder() const {
    const Keyring authority = world_.Origin("authority");
    const Keyring billing = Newest("billing");
    const Keyring storage = Newest("storage");
    const auto granted =
        Grant(authority, {&billing, &storage}, {.actor = "holder", .purposes = {"billing"}},
              Unlock::Nothing(), Clock::System());
    return *Keyring::Open(*granted);
  }
  Vault OpenAsHolder() {
    Result<Vault> vault = world_.TryOpen(Holder());
    if (!vault.ok())
      std::fprintf(stderr, "opening: %s\n", std::string(vault.status().name()).c_str());
    return *std::move(vault);
  }

  // Begins a rotation unless one is under way, and brings it to its end.
  Status RotateAsHolder(std::string_view key, bool leaked) {
    const Keyring authority = world_.Origin("authority");
    {
      Result<Vault> vault = world_.TryOpen(Holder());
      if (!vault.ok()) return vault.status();
      if (vault->Rotations()->empty()) {
        const Status begun = vault->BeginRotation(authority, key, KeepingOnDisk(leaked)).status();
        if (!begun.ok()) return begun;
      }
      TakeNext();
    }
    return EndAsHolder(key, leaked);
  }
  // A new storage key opens nothing before it is in force; then it takes its place.
  void TakeNext() const {
    const std::string next = KeptPath("storage") + ".next";
    if (std::filesystem::exists(next)) std::filesystem::rename(next, KeptPath("storage"));
  }
  // Where somebody ended between the two, the vault says which it is.
  void MendStorage() {
    if (!std::filesystem::exists(KeptPath("storage") + ".next")) return;
    bool under_way = false;
    {
      Vault vault = OpenAsHolder();
      under_way = !vault.Rotations()->empty();
    }
    if (under_way) TakeNext();
    std::filesystem::remove(KeptPath("storage") + ".next");
  }
  Status EndAsHolder(std::string_view key, bool leaked) {
    Vault vault = OpenAsHolder();
    const auto states = vault.Rotations();
    if (!states.ok() || states->empty()) return states.status();
    if (states->front().step != RotationState::Step::kFinishing) {
      if (Status run = vault.RunRotation(key).status(); !run.ok()) return run;
    }
    return vault.FinishRotation(world_.Origin("authority"), key, KeepingOnDisk(leaked)).status();
  }

  // What must hold wherever a process ended: everything is readable, and the rotation can be
  // brought to its end, after which all is under keys that are open.
  void ExpectWhole(std::string_view key) {
    MendStorage();
    {
      Vault vault = OpenAsHolder();
      ExpectReadable(vault);
    }
    ASSERT_THAT(EndAsHolder(key, false), IsOk());
    {
      Vault vault = OpenAsHolder();
      EXPECT_EQ(vault.Rotations()->size(), 0u);
      ExpectReadable(vault);
      EXPECT_EQ(FindCard(vault)->size(), size_t{kUsers});
    }
    EXPECT_EQ(OpensIn(world_.path(), Holder()), opens_);
  }

  void CrashEverywhere(std::string_view key, const std::string& file, bool leaked) {
    StoreCards();
    opens_ = OpensIn(world_.path(), Holder());
    // Rounds of a campaign begin at other writes.
    size_t crashes = testing::Seed() % stride_;
    size_t states = 0;
    for (;; crashes += stride_, ++states) {
      const int code = ExitCodeOfChild([&] {
        const IoFaults faults(file, [&](IoFaults::Operation, size_t number) {
          if (number == crashes) _exit(kCrashed);
          return IoFaults::Verdict{};
        });
        return RotateAsHolder(key, leaked).ok() ? 0 : 1;
      });
      ASSERT_TRUE(code == 0 || code == kCrashed) << code << " at write " << crashes;
      ASSERT_NO_FATAL_FAILURE(ExpectWhole(key)) << crashes;
      if (code == 0) break;
    }
    std::printf("%zu writes\n", crashes);
    testing::Tell(states, "crash states");
    EXPECT_GT(crashes, 2u);
  }

  void KillAtRandom(std::string_view key, bool leaked, size_t kills) {
    StoreCards();
    opens_ = OpensIn(world_.path(), Holder());
    std::mt19937 random(11 + testing::Seed());
    for (size_t i = 0; i < kills; ++i) {
      ChildProcess child([&](const Channel& channel) {
        MendStorage();
        channel.Send('r');
        while (RotateAsHolder(key, leaked).ok()) channel.Send('d');
        return 1;
      });
      ASSERT_EQ(child.channel().Receive(), 'r');
      usleep(static_cast<useconds_t>(random() % 300'000));
      child.Kill();
      ASSERT_NO_FATAL_FAILURE(ExpectWhole(key)) << i;
    }
    testing::Tell(kills, "kills");
  }

  size_t opens_ = 0;
  // At which writes a process ends: BAILEE_STRIDE=1 is at every one.
  size_t stride_ = testing::CountFrom("BAILEE_STRIDE", 13);
};

TEST_F(Rotations, ACrashAtAnyWriteLosesNothingOfAPurpose) {
  CrashEverywhere("purpose/billing", world_.path() + "/data.mdb", false);
}

TEST_F(Rotations, ACrashAtAnyWriteLosesNothingOfAPurposeThatLeaked) {
  CrashEverywhere("purpose/billing", world_.path() + "/data.mdb", true);
}

TEST_F(Rotations, ACrashAtAnyWriteLosesNothingOfAnIndex) {
  CrashEverywhere("index/payment_card.pan/billing", world_.path() + "/data.mdb", true);
}

TEST_F(Rotations, ACrashAtAnyWriteLosesNothingOfTheStorageKey) {
  CrashEverywhere("storage", world_.path() + "/data.mdb", false);
}

TEST_F(Rotations, ACrashAtAnyWriteOfTheFileOfEpochsLosesNothingOfTheStorageKey) {
  stride_ = 1;
  CrashEverywhere("storage", world_.path() + "/epoch", true);
}

TEST_F(Rotations, OfTheStorageKeyKilledAtRandomGoOnWhereTheyWere) {
  KillAtRandom("storage", true, testing::CountFrom("BAILEE_KILLS", 10));
}

TEST_F(Rotations, KilledAtRandomGoOnWhereTheyWere) {
  KillAtRandom("purpose/billing", false, testing::CountFrom("BAILEE_KILLS", 10));
}

TEST_F(Rotations, OfALeakKilledAtRandomGoOnWhereTheyWere) {
  KillAtRandom("purpose/billing", true, testing::CountFrom("BAILEE_KILLS", 10));
}

// Two processes with the same work: each does some of it, or finds it done.
TEST_F(Rotations, OfOneKeyByTwoProcessesEndOnce) {
  StoreCards();
  opens_ = OpensIn(world_.path(), Holder());
  {
    Vault vault = OpenAsHolder();
    ASSERT_THAT(StatusOf(vault.BeginRotation(world_.Origin("authority"), "purpose/billing",
                                             KeepingOnDisk(false))),
                IsOk());
  }
  const auto work = [&](const Channel& channel) {
    Vault vault = OpenAsHolder();
    channel.Send('o');
    if (channel.Receive() != 'g') return 9;
    const Status run = vault.RunRotation("purpose/billing").status();
    const bool other_was_faster = run.code() == Code::kNotFound || run.name() == "rotate.finishing";
    if (!run.ok() && !other_was_faster) return 1;
    const Status done =
        vault.FinishRotation(world_.Origin("authority"), "purpose/billing", KeepingOnDisk(false))
            .status();
    return done.ok() || done.code() == Code::kNotFound ? 0 : 2;
  };
  ChildProcess one(work);
  ChildProcess other(work);
  for (const ChildProcess* each : {&one, &other}) ASSERT_EQ(each->channel().Receive(), 'o');
  for (const ChildProcess* each : {&one, &other}) each->channel().Send('g');
  EXPECT_EQ(one.Join(), 0);
  EXPECT_EQ(other.Join(), 0);
  ExpectWhole("purpose/billing");
}

// A service that was not told: it reads all the while, and once it is finished it is told why not.
TEST_F(Rotations, LeaveAServiceWithTheOldKeyringReadingUntilTheyAreFinished) {
  StoreCards();
  ChildProcess service([&](const Channel& channel) {
    Vault vault = world_.Open({"billing"});
    channel.Send('o');
    int reads = 0;
    for (;;) {
      const auto pan =
          ReadCard(vault, "billing", IdOf(2), "pan", Who::Ref(UserName(reads % kUsers)));
      if (!pan.ok()) {
        channel.Send('e');
        // Nobody waits for a process whose keys are retired.
        return pan.status().name() == "key.retired" && reads > 0 ? 0 : 1;
      }
      if (++reads == 50) channel.Send('r');
    }
  });
  ASSERT_EQ(service.channel().Receive(), 'o');
  ASSERT_EQ(service.channel().Receive(), 'r');
  ASSERT_THAT(StatusOf(Begin("purpose/billing", {"billing"}, true)), IsOk());
  ASSERT_THAT(StatusOf(Run("purpose/billing", {"billing"})), IsOk());
  Vault vault = world_.Open({"billing"});
  RotateOptions options = Keeping();
  options.shred.wait = std::chrono::seconds(10);
  const auto done = vault.FinishRotation(world_.Origin("authority"), "purpose/billing", options);
  ASSERT_THAT(StatusOf(done), IsOk());
  EXPECT_EQ(done->shredded.grade, ErasureGrade::kShredded);
  EXPECT_EQ(service.channel().Receive(), 'e');
  EXPECT_EQ(service.Join(), 0);
}

// Threads of a service that has its new keyring: not one read fails, also while it is finished.
TEST_F(Rotations, FailNoReadOfAServiceWithTheNewKeyring) {
  StoreCards();
  for (const bool leaked : {false, true}) {
    ASSERT_THAT(StatusOf(Begin("purpose/billing", {"billing"}, leaked)), IsOk());
    Vault vault = world_.Open({"billing"});
    std::atomic<bool> over = false;
    std::atomic<int> reads = 0;
    std::atomic<int> failed = 0;
    std::vector<std::thread> readers;
    for (int t = 0; t < 2; ++t) {
      readers.emplace_back([&, t] {
        for (int i = t; !over; ++i) {
          const auto pan = ReadCard(vault, "billing", IdOf(static_cast<uint8_t>(1 + i % 8)), "pan",
                                    Who::Ref(UserName(i % kUsers)));
          ++(pan.ok() ? reads : failed);
        }
      });
    }
    while (reads < 20 && failed == 0) usleep(1'000);
    EXPECT_THAT(StatusOf(vault.RunRotation("purpose/billing")), IsOk());
    EXPECT_THAT(
        StatusOf(vault.FinishRotation(world_.Origin("authority"), "purpose/billing", Keeping())),
        IsOk());
    over = true;
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(failed, 0);
    std::printf("%d reads\n", reads.load());
  }
}

}  // namespace
}  // namespace bailee
