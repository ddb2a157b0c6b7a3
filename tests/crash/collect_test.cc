// SPDX-License-Identifier: Apache-2.0
#include "crash/crash_world.h"

// What collecting leaves wherever the power goes.
namespace bailee {
namespace {

using testing::Disk;
using testing::IsOk;
using testing::StatusOf;

constexpr uint8_t kCards = 3;

RecordId CardId(uint8_t number) { return IdOf(static_cast<uint8_t>(number + 1)); }

class CollectCrash : public CrashWorld {
 protected:
  CollectCrash() {
    Vault vault = OpenAll();
    EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(100), kOtherCardNumber, Who::Ref("before"))),
                IsOk());
  }

  static void StoreAll(Vault& vault, const Steps& told) {
    for (uint8_t i = 0; i < kCards; ++i) {
      ASSERT_THAT(StatusOf(StoreCard(vault, CardId(i))), IsOk());
      told(i + 1u);
    }
  }

  // The cards that are there, each with all it must have: a value, a view and a row to be found by.
  static uint64_t CardsThere(Vault& vault) {
    EXPECT_EQ(*ReadCard(vault, "billing", IdOf(100), "pan", Who::Ref("before")), kOtherCardNumber);
    EXPECT_EQ(FindCard(vault, kOtherCardNumber)->size(), 1u);
    uint64_t there = 0;
    for (uint8_t i = 0; i < kCards; ++i) {
      const auto pan = ReadCard(vault, "billing", CardId(i), "pan");
      if (!pan.ok()) {
        EXPECT_EQ(pan.status().code(), Code::kNotFound) << pan.status().name();
        continue;
      }
      EXPECT_EQ(there, i) << "a card without the one before it";
      there = i + 1u;
      EXPECT_EQ(*pan, kCardNumber);
      EXPECT_EQ(*ReadCard(vault, "support", CardId(i), "pan.last4"), "1111");
    }
    EXPECT_EQ(FindCard(vault)->size(), there);
    return there;
  }

  void Look(uint64_t told) {
    const size_t events = EventsOfWhole("collect");
    {
      Vault vault = OpenAll();
      const uint64_t there = CardsThere(vault);
      ExpectSteps(there, told);
      EXPECT_EQ(events, there + 1);
      StoreAll(vault, [](uint64_t) {});
      EXPECT_EQ(CardsThere(vault), kCards);
    }
    ExpectNothingDamaged();
  }
};

TEST_F(CollectCrash, KeepsWhatWasToldAndHalvesNothing) {
  Explore(
      [&](const Steps& told) {
        Vault vault = OpenAll();
        StoreAll(vault, told);
      },
      [&](uint64_t told, const Disk&) { Look(told); });
}

TEST_F(CollectCrash, OfWhatOneCannotReadKeepsWhatWasToldAndHalvesNothing) {
  Explore(
      [&](const Steps& told) {
        Vault vault = OpenCollector();
        StoreAll(vault, told);
      },
      [&](uint64_t told, const Disk&) { Look(told); });
}

}  // namespace
}  // namespace bailee
