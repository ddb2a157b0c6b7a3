// SPDX-License-Identifier: Apache-2.0
#include "crash/crash_world.h"
#include "vault/next_policy.h"

// What else changes what is held of a person, wherever the power goes.
namespace bailee {
namespace {

using testing::Disk;
using testing::IsOk;
using testing::StatusOf;

class ChangeCrash : public CrashWorld {
 protected:
  ChangeCrash() {
    Vault vault = OpenAll();
    EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
    EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(2), kOtherCardNumber, Who::Ref("other"))), IsOk());
  }
};

constexpr const char* kNumbers[] = {"4111111111111111", "378282246310005", "6011111111111117",
                                    "3530111333300000"};

TEST_F(ChangeCrash, RectifyingPutsAllOfAValueRightOrNothing) {
  const auto rectify = [](Vault& vault, size_t number) {
    std::vector<FieldInput> fields;
    fields.emplace_back("pan", MakeSecret(kNumbers[number]));
    return StatusOf(vault.As("billing")->Rectify({.who = Who::Ref(kUser),
                                                  .category = "payment_card",
                                                  .record = IdOf(1),
                                                  .fields = std::move(fields)}));
  };
  const auto there = [](Vault& vault) -> uint64_t {
    const std::string pan = *ReadCard(vault, "billing", IdOf(1), "pan");
    const auto* const at = std::find(std::begin(kNumbers), std::end(kNumbers), pan);
    EXPECT_NE(at, std::end(kNumbers)) << "a value that never was";
    EXPECT_EQ(*ReadCard(vault, "support", IdOf(1), "pan.last4"), pan.substr(pan.size() - 4));
    for (const char* each : kNumbers) EXPECT_EQ(FindCard(vault, each)->size(), each == pan);
    return static_cast<uint64_t>(at - std::begin(kNumbers));
  };
  Explore(
      [&](const Steps& told) {
        Vault vault = OpenAll();
        for (size_t i = 1; i < std::size(kNumbers); ++i) {
          ASSERT_THAT(rectify(vault, i), IsOk());
          told(i);
        }
      },
      [&](uint64_t told, const Disk&) {
        const size_t events = EventsOfWhole("rectify");
        {
          Vault vault = OpenAll();
          const uint64_t now = there(vault);
          ExpectSteps(now, told);
          EXPECT_EQ(events, now);
          ASSERT_THAT(rectify(vault, 3), IsOk());
          EXPECT_EQ(there(vault), 3u);
        }
        ExpectNothingDamaged();
      });
}

TEST_F(ChangeCrash, WhatWasSaidStaysSaid) {
  const auto entries = [](Vault& vault) { return vault.Ledger(Who::Ref(kUser))->entries.size(); };
  const LedgerEvent events[] = {
      {.kind = LedgerKind::kObjected, .purpose = "improve.service"},
      {.kind = LedgerKind::kGiven, .purpose = "contact.news", .notice = "news-1"},
      {.kind = LedgerKind::kRestricted},
      {.kind = LedgerKind::kUnrestricted}};
  Explore(
      [&](const Steps& told) {
        Vault vault = OpenAll();
        for (size_t i = 0; i < std::size(events); ++i) {
          ASSERT_THAT(StatusOf(vault.Record(Who::Ref(kUser), events[i])), IsOk());
          told(i + 1);
        }
      },
      [&](uint64_t told, const Disk&) {
        (void)EventsOfWhole("ledger");
        {
          Vault vault = OpenAll();
          const uint64_t there = entries(vault);
          ExpectSteps(there, told);
          EXPECT_EQ(vault.Ledger(Who::Ref(kUser))->restricted, there == 3);
          // It is obeyed as soon as it is there.
          EXPECT_EQ(ReadCard(vault, "billing", IdOf(1), "pan").ok(), there != 3);
          for (size_t i = there; i < std::size(events); ++i)
            ASSERT_THAT(StatusOf(vault.Record(Who::Ref(kUser), events[i])), IsOk());
          EXPECT_EQ(entries(vault), std::size(events));
          EXPECT_EQ(vault.Upkeep()->shredded.grade, ErasureGrade::kShredded);
        }
        ExpectNothingDamaged();
      });
}

TEST_F(ChangeCrash, ABatchStoresEachCollectionWhole) {
  constexpr uint8_t kPeople = 6;
  const auto name = [](uint8_t i) { return "batch-" + std::to_string(i); };
  const auto store = [&](Vault& vault) {
    Batch batch = vault.CollectBatch();
    for (uint8_t i = 0; i < kPeople; ++i) {
      batch.Add(Checkout(Who::Ref(name(i))))
          .Put("payment_card", {{"pan", MakeSecret(kCardNumber)}, {"expiry", MakeSecret("12/15")}},
               IdOf(10))
          .Put("payment_card",
               {{"pan", MakeSecret(kOtherCardNumber)}, {"expiry", MakeSecret("11/15")}}, IdOf(11));
    }
    const auto stored = batch.Commit();
    ASSERT_THAT(StatusOf(stored), IsOk());
    for (const auto& each : *stored) ASSERT_THAT(StatusOf(each), IsOk());
  };
  const auto there = [&](Vault& vault) {
    uint64_t count = 0;
    for (uint8_t i = 0; i < kPeople; ++i) {
      const auto one = ReadCard(vault, "billing", IdOf(10), "pan", Who::Ref(name(i)));
      const auto two = ReadCard(vault, "billing", IdOf(11), "pan", Who::Ref(name(i)));
      EXPECT_EQ(one.ok(), two.ok());
      count += one.ok() ? 1u : 0u;
    }
    EXPECT_EQ(FindCard(vault)->size(), count + 1);
    return count;
  };
  Explore(
      [&](const Steps& told) {
        Vault vault = OpenAll();
        store(vault);
        told(1);
        ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(3), kOtherCardNumber)), IsOk());
        told(2);
      },
      [&](uint64_t told, const Disk&) {
        (void)EventsOfWhole("collect");
        {
          Vault vault = OpenAll();
          const uint64_t count = there(vault);
          EXPECT_TRUE(told == 0 || count == kPeople) << count;
          store(vault);
          EXPECT_EQ(there(vault), kPeople);
        }
        ExpectNothingDamaged();
      });
}

TEST_F(ChangeCrash, WhatWasDisclosedIsAccountedFor) {
  const auto accounted = [](Vault& vault) {
    return vault.As("rights")->Disclosures(Who::Ref(kUser))->size();
  };
  Explore(
      [&](const Steps& told) {
        Vault vault = OpenAll();
        for (uint64_t i = 1; i <= 3; ++i) {
          ASSERT_THAT(DiscloseCard(vault, IdOf(1)), IsOk());
          told(i);
        }
      },
      [&](uint64_t told, const Disk&) {
        const size_t events = EventsOfWhole("disclose");
        {
          Vault vault = OpenAll();
          const uint64_t there = accounted(vault);
          ExpectSteps(there, told);
          EXPECT_EQ(events, there);
          ASSERT_THAT(DiscloseCard(vault, IdOf(1)), IsOk());
          EXPECT_EQ(accounted(vault), there + 1);
        }
        ExpectNothingDamaged();
      });
}

TEST_F(ChangeCrash, AnAddressOnTheListStaysOnIt) {
  const auto suppress = [](Vault& vault, uint64_t number) {
    const Secret address = MakeSecret("no-" + std::to_string(number) + "@analytical.example");
    return StatusOf(vault.Suppress({&address, 1}));
  };
  Explore(
      [&](const Steps& told) {
        Vault vault = OpenAll();
        for (uint64_t i = 1; i <= 3; ++i) {
          ASSERT_THAT(suppress(vault, i), IsOk());
          told(i);
        }
      },
      [&](uint64_t told, const Disk&) {
        const size_t events = EventsOfWhole("suppress");
        {
          Vault vault = OpenAll();
          const uint64_t there = vault.Suppressions({}, 10)->size();
          ExpectSteps(there, told);
          EXPECT_EQ(events, there);
          for (uint64_t i = 1; i <= 3; ++i) ASSERT_THAT(suppress(vault, i), IsOk());
          EXPECT_EQ(vault.Suppressions({}, 10)->size(), 3u);
        }
        ExpectNothingDamaged();
      });
}

// A collector's rows wait for the one who has the keys: what is paid, is paid whole.
TEST_F(ChangeCrash, KeyWorkAndUpkeepGoOnWhereTheyWere) {
  {
    Vault vault = OpenCollector();
    for (uint8_t i = 10; i < 13; ++i) ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(i))), IsOk());
    ASSERT_THAT(StoreAccount(vault), IsOk());
    ASSERT_THAT(StatusOf(vault.Record(
                    Who::Ref(kUser),
                    {.kind = LedgerKind::kGiven, .purpose = "contact.news", .notice = "news-1"})),
                IsOk());
  }
  Explore(
      [&](const Steps& told) {
        Vault vault = OpenAll();
        ASSERT_THAT(StatusOf(vault.FoldPendingLookups()), IsOk());
        ASSERT_THAT(StatusOf(vault.Upkeep()), IsOk());
        told(1);
      },
      [&](uint64_t told, const Disk&) {
        (void)EventsOfWhole("upkeep");
        {
          Vault vault = OpenAll();
          const auto info = vault.Info();
          ASSERT_THAT(StatusOf(info), IsOk());
          if (told > 0) {
            EXPECT_TRUE(info->shredded);
          }
          EXPECT_EQ(FindCard(vault)->size(), 4u);
          for (uint8_t i = 10; i < 13; ++i) {
            EXPECT_EQ(*ReadCard(vault, "billing", IdOf(i), "pan"), kCardNumber);
          }
          const auto address = ReadAccount(vault, "contact.news", "email");
          EXPECT_TRUE(address.ok() || told == 0) << address.status().name();
          const auto upkeep = vault.Upkeep();
          ASSERT_THAT(StatusOf(upkeep), IsOk());
          EXPECT_EQ(upkeep->left, 0u);
          EXPECT_EQ(*ReadAccount(vault, "contact.news", "email"), "ada@analytical.example");
          EXPECT_EQ(upkeep->shredded.grade, ErasureGrade::kShredded);
        }
        ExpectNothingDamaged();
      });
}

}  // namespace
}  // namespace bailee
