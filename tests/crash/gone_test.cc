// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "crash/crash_world.h"

// What takes data away for good, wherever the power goes: what was shredded stays so in the raw
// bytes of every state.
namespace bailee {
namespace {

using testing::Disk;
using testing::IsOk;
using testing::StatusOf;

constexpr const char* kStays = "stays";

class GoneCrash : public CrashWorld {
 protected:
  // One person was erased already, another is about to be.
  GoneCrash() {
    Vault vault = OpenAll();
    EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(1), kOtherCardNumber, Who::Ref(kStays))), IsOk());
    EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(1), kCardNumber, Who::Ref("gone"))), IsOk());
    shredded_ = SealedEpoch();
    EXPECT_EQ(vault.Erase(Who::Ref("gone"))->shredded.grade, ErasureGrade::kShredded);
    EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
    EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(2))), IsOk());
    now_ = SealedEpoch();
    EXPECT_NE(shredded_, now_);
  }

  // What the key of the epoch that the vault is in lies under: without these bytes no row of that
  // epoch opens.
  std::string SealedEpoch() const {
    constexpr size_t kBlock = 4096;
    constexpr size_t kHead = 37;  // FORMAT.md §6: what is before the first sealed key
    const std::string file = ReadFile(world_.path() + "/epoch");
    std::string sealed;
    for (size_t at = 0; at + kBlock <= file.size(); at += kBlock) {
      const std::string bytes = file.substr(at + kHead, 48);
      if (bytes != std::string(48, '\0')) sealed = bytes;
    }
    EXPECT_EQ(sealed.size(), 48u);
    return sealed;
  }

  static bool There(Vault& vault) {
    const auto one = ReadCard(vault, "billing", IdOf(1), "pan");
    const auto two = ReadCard(vault, "billing", IdOf(2), "pan");
    EXPECT_EQ(one.ok(), two.ok());
    EXPECT_EQ(FindCard(vault)->size(), one.ok() ? 2u : 0u);
    EXPECT_EQ(*ReadCard(vault, "billing", IdOf(1), "pan", Who::Ref(kStays)), kOtherCardNumber);
    EXPECT_EQ(FindCard(vault, kOtherCardNumber)->size(), 1u);
    return one.ok();
  }

  std::vector<std::string> FilesWith(const std::string& bytes) const {
    return Disk::Of(world_.directory().path()).FilesWith(bytes);
  }

  void ExpectErased(uint64_t told, uint64_t told_shredded, const Disk& disk) {
    EXPECT_THAT(disk.FilesWith(shredded_), ::testing::IsEmpty());
    if (told >= told_shredded) {
      EXPECT_THAT(disk.FilesWith(now_), ::testing::IsEmpty());
    }
    const size_t events = EventsOfWhole("erase");
    {
      Vault vault = OpenAll();
      const bool there = There(vault);
      EXPECT_TRUE(!there || told == 0);
      EXPECT_EQ(events, there ? 1u : 2u);
      const auto erased = vault.Erase(Who::Ref(kUser));
      ASSERT_THAT(StatusOf(erased), IsOk());
      EXPECT_EQ(erased->unknown, there ? 0u : 1u);
      EXPECT_EQ(vault.Upkeep()->shredded.grade, ErasureGrade::kShredded);
      EXPECT_FALSE(There(vault));
    }
    EXPECT_THAT(FilesWith(now_), ::testing::IsEmpty());
    ExpectNothingDamaged();
  }

  std::string shredded_;  // of the epoch before
  std::string now_;
};

TEST_F(GoneCrash, AnErasedPersonIsErasedWhollyAndStaysSo) {
  Explore(
      [&](const Steps& told) {
        Vault vault = OpenAll();
        ASSERT_EQ(vault.Erase(Who::Ref(kUser))->shredded.grade, ErasureGrade::kShredded);
        told(1);
      },
      [&](uint64_t told, const Disk& disk) { ExpectErased(told, 1, disk); });
}

TEST_F(GoneCrash, AnErasingThatLeavesTheRestToUpkeepGoesOnWhereItWas) {
  Explore(
      [&](const Steps& told) {
        Vault vault = OpenAll();
        ASSERT_THAT(StatusOf(vault.Erase(Who::Ref(kUser), {.defer = true})), IsOk());
        told(1);
        ASSERT_EQ(vault.Upkeep()->shredded.grade, ErasureGrade::kShredded);
        told(2);
      },
      [&](uint64_t told, const Disk& disk) { ExpectErased(told, 2, disk); });
}

TEST_F(GoneCrash, WhatIsOverIsDeletedWhollyOrStaysForTheNextRun) {
  const auto lines = [](Vault& vault) {
    uint64_t records = 0;
    const auto plan = vault.PlanRetention();
    EXPECT_THAT(StatusOf(plan), IsOk());
    for (const auto& each : plan->categories) records += each.id == "web_log" ? each.records : 0;
    return records;
  };
  {
    Vault vault = OpenAll();
    for (const char* address : {"192.0.2.77", "192.0.2.78", "192.0.2.79"}) {
      ASSERT_THAT(
          StatusOf(vault.Collect({.who = Who::Ref(kUser), .notice = "visit-1", .source = "web"})
                       .Put("web_log", {{"request", MakeSecret("https://shop.example/a")},
                                        {"ip", MakeSecret(address)},
                                        {"at", MakeSecret("2013-05-30T10:11:12Z")}})
                       .Commit()),
          IsOk());
    }
  }
  world_.clock().AdvanceDays(200);
  Explore(
      [&](const Steps& told) {
        Vault vault = OpenAll();
        ASSERT_EQ(vault.RunRetention(*vault.PlanRetention())->deleted, 3u);
        told(1);
      },
      [&](uint64_t told, const Disk& disk) {
        EXPECT_THAT(disk.FilesWith(shredded_), ::testing::IsEmpty());
        (void)EventsOfWhole("expire");
        {
          Vault vault = OpenAll();
          EXPECT_TRUE(There(vault));
          const uint64_t left = lines(vault);
          EXPECT_TRUE(told == 0 || left == 0) << left;
          const auto run = vault.RunRetention(*vault.PlanRetention());
          ASSERT_THAT(StatusOf(run), IsOk());
          EXPECT_EQ(run->deleted, left);
          EXPECT_EQ(lines(vault), 0u);
        }
        ExpectNothingDamaged();
      });
}

TEST_F(GoneCrash, CompactingLeavesOneFileOrTheOther) {
  {
    Vault vault = OpenAll();
    ASSERT_THAT(StatusOf(vault.Erase(Who::Ref(kUser))), IsOk());
  }
  Explore(
      [&](const Steps& told) {
        Vault vault = OpenAll();
        ASSERT_THAT(StatusOf(vault.Compact()), IsOk());
        told(1);
        ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(5), kOtherCardNumber, Who::Ref(kStays))),
                    IsOk());
        told(2);
      },
      [&](uint64_t told, const Disk& disk) {
        EXPECT_THAT(disk.FilesWith(shredded_), ::testing::IsEmpty());
        EXPECT_THAT(disk.FilesWith(now_), ::testing::IsEmpty());
        (void)EventsOfWhole("compact");
        EXPECT_FALSE(std::filesystem::exists(world_.path() + "/compact"));
        {
          Vault vault = OpenAll();
          EXPECT_EQ(*ReadCard(vault, "billing", IdOf(1), "pan", Who::Ref(kStays)),
                    kOtherCardNumber);
          const auto last = ReadCard(vault, "billing", IdOf(5), "pan", Who::Ref(kStays));
          EXPECT_TRUE(last.ok() || told < 2) << last.status().name();
          EXPECT_EQ(FindCard(vault)->size(), 0u);
          ASSERT_THAT(StatusOf(vault.Compact()), IsOk());
        }
        ExpectNothingDamaged();
      });
}

}  // namespace
}  // namespace bailee
