// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "support/campaign.h"
#include "vault/backup_world.h"
#include "vault/next_policy.h"

// What is in a backup comes back; what was taken away since does not.
namespace bailee {
namespace {

using testing::IsOk;
using testing::StatusOf;

Status GiveNews(Vault& vault, const Who& who) {
  return vault
      .Record(who, {.kind = LedgerKind::kGiven, .purpose = "contact.news", .notice = "news-1"})
      .status();
}
Status WithdrawNews(Vault& vault, const Who& who) {
  return vault.Record(who, {.kind = LedgerKind::kWithdrawn, .purpose = "contact.news"}).status();
}

class Backup : public ::testing::Test {
 protected:
  // Somebody with an account, news and a card.
  void Fill(std::string_view ref = kUser, uint8_t card = 1) {
    Vault vault = world.vault.Open({"billing", "service", "upkeep"});
    const Who who = Who::Ref(ref);
    ASSERT_THAT(StoreAccount(vault, who), IsOk());
    ASSERT_THAT(GiveNews(vault, who), IsOk());
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(card), kCardNumber, who)), IsOk());
    ASSERT_THAT(StatusOf(vault.Upkeep()), IsOk());
  }

  BackupWorld world;
};

TEST_F(Backup, OfAVaultIsRestoredAsItWas) {
  Fill();
  Fill("user-2", 2);
  const auto data = world.Data("data");
  ASSERT_THAT(StatusOf(data), IsOk());
  const auto keys = world.Keys();
  ASSERT_THAT(StatusOf(keys), IsOk());
  EXPECT_EQ(keys->stream.subjects, 2u);
  EXPECT_EQ(data->stream.rows, data->stream.rows_carried);
  const auto restored = world.Restore({"data", "keys"});
  ASSERT_THAT(StatusOf(restored), IsOk());
  EXPECT_EQ(restored->subjects, 2u);
  EXPECT_EQ(restored->records, 4u);
  EXPECT_EQ(restored->subjects_lacking, 0u);
  EXPECT_EQ(restored->records_outdated + restored->records_of_erased, 0u);
  auto vault = world.Open({"billing", "service", "contact.news"});
  ASSERT_THAT(StatusOf(vault), IsOk());
  EXPECT_EQ(*ReadCard(*vault, "billing", IdOf(1), "pan"), kCardNumber);
  const auto found = FindCard(*vault);
  ASSERT_THAT(StatusOf(found), IsOk());
  EXPECT_EQ(found->size(), 2u);
  Session news = *vault->As("contact.news");
  EXPECT_EQ(*ReadAccount(news, "email"), "ada@analytical.example");
  // And it goes on.
  ASSERT_THAT(StatusOf(StoreCard(*vault, IdOf(3))), IsOk());
  EXPECT_EQ(*ReadCard(*vault, "billing", IdOf(3), "pan"), kCardNumber);
}

TEST_F(Backup, ErasedAndWithdrawnSinceAreNotRestored) {
  const size_t count = testing::CountFrom("BAILEE_PEOPLE", 50);
  const size_t others = count / 2;
  const auto ref = [](size_t number) { return UserNumber(number); };
  {
    Vault vault = world.vault.Open({"billing", "service", "upkeep"});
    for (size_t i = 0; i < 2 * count + others; ++i) {
      ASSERT_THAT(StoreAccount(vault, Who::Ref(ref(i))), IsOk());
      ASSERT_THAT(GiveNews(vault, Who::Ref(ref(i))), IsOk());
    }
    ASSERT_THAT(StatusOf(vault.Upkeep()), IsOk());
  }
  ASSERT_THAT(StatusOf(world.Data("data")), IsOk());
  {
    Vault vault = world.vault.Open({"rights", "upkeep"});
    for (size_t i = 0; i < count; ++i) {
      ASSERT_THAT(StatusOf(vault.Erase(Who::Ref(ref(i)), {.defer = true})), IsOk());
      ASSERT_THAT(WithdrawNews(vault, Who::Ref(ref(count + i))), IsOk());
    }
    ASSERT_THAT(StatusOf(vault.Upkeep()), IsOk());
  }
  ASSERT_THAT(StatusOf(world.Keys()), IsOk());
  const auto restored = world.Restore({"data", "keys"});
  ASSERT_THAT(StatusOf(restored), IsOk());
  EXPECT_EQ(restored->subjects, count + others);
  EXPECT_EQ(restored->records, others);
  EXPECT_EQ(restored->records_of_erased, count);
  EXPECT_EQ(restored->records_outdated, count);
  EXPECT_EQ(restored->subjects_lacking, count);
  ASSERT_EQ(restored->lacking.size(), count);
  EXPECT_EQ(restored->lacking.front().known, 1u);
  EXPECT_EQ(restored->lacking.front().restored, 0u);
  auto vault = world.Open({"service", "contact.news"});
  ASSERT_THAT(StatusOf(vault), IsOk());
  Session service = *vault->As("service");
  Session news = *vault->As("contact.news");
  for (size_t i = 0; i < 2 * count + others; ++i) {
    const bool whole = i >= 2 * count;
    EXPECT_EQ(ReadAccount(service, "email", Who::Ref(ref(i))).ok(), whole) << i;
    EXPECT_EQ(ReadAccount(news, "email", Who::Ref(ref(i))).ok(), whole) << i;
  }
  // Whoever withdrew is known, and to have withdrawn.
  ASSERT_THAT(StoreAccount(*vault, Who::Ref(ref(count))), IsOk());
  EXPECT_TRUE(ReadAccount(service, "email", Who::Ref(ref(count))).ok());
  EXPECT_FALSE(ReadAccount(news, "email", Who::Ref(ref(count))).ok());
}

TEST_F(Backup, WithANewerDataStreamWhoeverWithdrewIsRestoredWithoutIt) {
  Fill();
  ASSERT_THAT(StatusOf(world.Data("data")), IsOk());
  {
    Vault vault = world.vault.Open({"upkeep"});
    ASSERT_THAT(WithdrawNews(vault, Who::Ref(kUser)), IsOk());
    ASSERT_THAT(StatusOf(vault.Upkeep()), IsOk());
  }
  ASSERT_THAT(StatusOf(world.Data("more", "data")), IsOk());
  ASSERT_THAT(StatusOf(world.Keys()), IsOk());
  const auto restored = world.Restore({"data", "more", "keys"});
  ASSERT_THAT(StatusOf(restored), IsOk());
  EXPECT_EQ(restored->records, 2u);
  auto vault = world.Open({"service", "contact.news"});
  ASSERT_THAT(StatusOf(vault), IsOk());
  Session service = *vault->As("service");
  Session news = *vault->As("contact.news");
  EXPECT_TRUE(ReadAccount(service, "email").ok());
  EXPECT_FALSE(ReadAccount(news, "email").ok());
}

TEST_F(Backup, OfTodayRestrictsWhomItRestores) {
  Fill();
  {
    Vault vault = world.vault.Open({"upkeep"});
    ASSERT_THAT(StatusOf(vault.Record(Who::Ref(kUser), {.kind = LedgerKind::kRestricted})), IsOk());
  }
  ASSERT_THAT(StatusOf(world.Data("data")), IsOk());
  ASSERT_THAT(StatusOf(world.Keys()), IsOk());
  ASSERT_THAT(StatusOf(world.Restore({"data", "keys"})), IsOk());
  auto vault = world.Open({"billing", "rights"});
  ASSERT_THAT(StatusOf(vault), IsOk());
  EXPECT_EQ(ReadCard(*vault, "billing", IdOf(1), "pan").status().code(), Code::kRefused);
  const auto ledger = vault->Ledger(Who::Ref(kUser));
  ASSERT_THAT(StatusOf(ledger), IsOk());
  EXPECT_EQ(ledger->entries.size(), 2u);
}

TEST_F(Backup, RestoresTheLedgerAccountingAndListOfTheKeys) {
  Fill();
  Fill("user-2", 2);
  ASSERT_THAT(StatusOf(world.Data("data")), IsOk());
  const Secret address = MakeSecret("no@example.net");
  {
    Vault vault = world.vault.Open({"billing", "rights", "upkeep"});
    ASSERT_THAT(DiscloseCard(vault, IdOf(1)), IsOk());
    ASSERT_THAT(DiscloseCard(vault, IdOf(2), Who::Ref("user-2")), IsOk());
    ASSERT_THAT(StatusOf(vault.Suppress({&address, 1})), IsOk());
    ASSERT_THAT(StatusOf(vault.Record(Who::Ref(kUser),
                                      {.kind = LedgerKind::kNamedEvent, .name = "account_closed"})),
                IsOk());
    const auto erased = vault.Erase(Who::Ref("user-2"));
    ASSERT_THAT(StatusOf(erased), IsOk());
    EXPECT_EQ(erased->kept, 1u);
  }
  ASSERT_THAT(StatusOf(world.Keys()), IsOk());
  ASSERT_THAT(StatusOf(world.Restore({"data", "keys"})), IsOk());
  EXPECT_EQ(RawRows(world.File("restored")).All(store::Table::kDisclosures).size(), 2u);
  auto vault = world.Open({"rights", "upkeep"});
  ASSERT_THAT(StatusOf(vault), IsOk());
  EXPECT_EQ(vault->Ledger(Who::Ref(kUser))->entries.size(), 2u);
  // The one that was put there and that of whom was erased.
  EXPECT_EQ(vault->Suppressions({}, 10)->size(), 2u);
}

TEST_F(Backup, DoesNotRestoreARecordThatWasOverwrittenSince) {
  Fill();
  ASSERT_THAT(StatusOf(world.Data("data")), IsOk());
  {
    Vault vault = world.vault.Open({"billing"});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1), kOtherCardNumber)), IsOk());
  }
  ASSERT_THAT(StatusOf(world.Keys()), IsOk());
  const auto restored = world.Restore({"data", "keys"});
  ASSERT_THAT(StatusOf(restored), IsOk());
  EXPECT_EQ(restored->records, 1u);
  EXPECT_EQ(restored->records_outdated, 1u);
  auto vault = world.Open({"billing"});
  ASSERT_THAT(StatusOf(vault), IsOk());
  EXPECT_EQ(FindCard(*vault, kCardNumber)->size(), 0u);
}

TEST_F(Backup, CarriesWhatChangedAlone) {
  {
    Vault vault = world.vault.Open({"billing"});
    for (size_t i = 0; i < 300; ++i) {
      ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1), kCardNumber, Who::Ref(UserNumber(i)))),
                  IsOk());
    }
  }
  const auto first = world.Data("first");
  ASSERT_THAT(StatusOf(first), IsOk());
  Fill("somebody", 9);
  const auto second = world.Data("second", "first");
  ASSERT_THAT(StatusOf(second), IsOk());
  EXPECT_EQ(second->stream.base, first->stream.id);
  EXPECT_LT(second->stream.rows_carried, second->stream.rows / 2);
  EXPECT_GT(second->stream.ranges_carried, 0u);
  Fill("somebody-else", 8);
  const auto third = world.Data("third", "second");
  ASSERT_THAT(StatusOf(third), IsOk());
  ASSERT_THAT(StatusOf(world.Keys()), IsOk());
  const auto verified = world.Verify({"keys", "third", "first", "second"});
  ASSERT_THAT(StatusOf(verified), IsOk());
  ASSERT_EQ(verified->streams.size(), 4u);
  EXPECT_EQ(verified->streams[1].id, second->stream.id);
  const auto restored = world.Restore({"second", "third", "keys", "first"});
  ASSERT_THAT(StatusOf(restored), IsOk());
  EXPECT_EQ(restored->records, 304u);
  EXPECT_EQ(restored->subjects_lacking, 0u);
  auto vault = world.Open({"billing"});
  ASSERT_THAT(StatusOf(vault), IsOk());
  EXPECT_EQ(FindCard(*vault)->size(), 302u);
}

TEST_F(Backup, TakenWhileOthersWriteShowsOneMoment) {
  Fill();
  uint8_t cards = 1;
  {
    Vault vault = world.vault.Open({"billing"});
    const auto write = [&](uint64_t) {
      EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(++cards))), IsOk());
      return true;
    };
    ASSERT_THAT(
        StatusOf(vault.BackUpData({.file = world.File("data"), .base = {}, .progress = write})),
        IsOk());
    const uint8_t of_data = cards;
    ASSERT_GT(of_data, 5u);
    ASSERT_THAT(
        StatusOf(vault.BackUpKeys({.file = world.File("keys"), .base = {}, .progress = write})),
        IsOk());
  }
  const auto restored = world.Restore({"data", "keys"});
  ASSERT_THAT(StatusOf(restored), IsOk());
  // The account and the first card were there when the data stream began; the keys know of more.
  EXPECT_EQ(restored->records, 2u);
  ASSERT_EQ(restored->lacking.size(), 1u);
  EXPECT_GT(restored->lacking.front().known, 5u);
  auto vault = world.Open({"billing"});
  ASSERT_THAT(StatusOf(vault), IsOk());
  EXPECT_EQ(FindCard(*vault)->size(), 1u);
}

TEST_F(Backup, IsInTheTrail) {
  Fill();
  const auto data = world.Data("data");
  ASSERT_THAT(StatusOf(data), IsOk());
  auto trail = AuditTrail::Open(world.vault.path(), world.vault.Origin("auditor"),
                                {.clock = &world.vault.clock()});
  ASSERT_THAT(StatusOf(trail), IsOk());
  const auto entry = trail->Find(data->decision);
  ASSERT_THAT(StatusOf(entry), IsOk());
  EXPECT_EQ(entry->kind, "backup");
}

TEST_F(Backup, OfARestoredVaultIsRestoredAgain) {
  Fill();
  ASSERT_THAT(StatusOf(world.Data("data")), IsOk());
  ASSERT_THAT(StatusOf(world.Keys()), IsOk());
  ASSERT_THAT(StatusOf(world.Restore({"data", "keys"})), IsOk());
  {
    auto vault = world.Open({"billing", "upkeep"});
    ASSERT_THAT(StatusOf(vault), IsOk());
    ASSERT_THAT(StatusOf(vault->Upkeep()), IsOk());
    ASSERT_THAT(StatusOf(StoreCard(*vault, IdOf(4))), IsOk());
    ASSERT_THAT(StatusOf(vault->BackUpData(
                    {.file = world.File("data-2"), .base = world.File("data"), .progress = {}})),
                IsOk());
    ASSERT_THAT(
        StatusOf(vault->BackUpKeys({.file = world.File("keys-2"), .base = {}, .progress = {}})),
        IsOk());
  }
  const auto again = world.Restore({"data", "data-2", "keys-2"}, "again");
  ASSERT_THAT(StatusOf(again), IsOk());
  EXPECT_EQ(again->records, 3u);
  auto vault = world.Open({"billing"}, "again");
  ASSERT_THAT(StatusOf(vault), IsOk());
  EXPECT_EQ(*ReadCard(*vault, "billing", IdOf(4), "pan"), kCardNumber);
}

TEST_F(Backup, GoesOnWithTheTrailUnderANewOrigin) {
  Fill();
  ASSERT_THAT(StatusOf(world.Data("data")), IsOk());
  const auto keys = world.Keys();
  ASSERT_THAT(StatusOf(keys), IsOk());
  const auto restored = world.Restore({"data", "keys"});
  ASSERT_THAT(StatusOf(restored), IsOk());
  EXPECT_EQ(restored->leaves_known, keys->stream.tree_size);
  EXPECT_LT(restored->leaves, restored->leaves_known);
  std::string old_origin;
  std::string old_pin;
  {
    const auto old = AuditTrail::Open(world.vault.path(), world.vault.Origin("auditor"),
                                      {.clock = &world.vault.clock()});
    ASSERT_THAT(StatusOf(old), IsOk());
    old_origin = old->origin();
  }
  { ASSERT_THAT(StatusOf(world.Open({"billing"})), IsOk()); }
  auto trail = AuditTrail::Open(world.File("restored"), world.vault.Origin("auditor"),
                                {.clock = &world.vault.clock()});
  ASSERT_THAT(StatusOf(trail), IsOk());
  EXPECT_EQ(trail->origin(), restored->log_origin);
  EXPECT_NE(trail->origin(), old_origin);
  const auto report = trail->Verify({.entries = true});
  ASSERT_THAT(StatusOf(report), IsOk());
  for (const TrailFinding& each : report->findings) {
    EXPECT_EQ(each.weight, TrailFinding::Weight::kUnproven) << each.name << ": " << each.message;
  }
  // The one that took the data stream was open then; nobody else was.
  EXPECT_EQ(report->findings.size(), 1u);
  const auto event = trail->Find(restored->decision);
  ASSERT_THAT(StatusOf(event), IsOk());
}

}  // namespace
}  // namespace bailee
