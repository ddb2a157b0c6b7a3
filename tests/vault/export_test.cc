// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "bailee/audit_trail.h"
#include "export_world.h"

// Everything of one person, for whoever answers them.
namespace bailee {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::ErrorIs;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Key;
using ::testing::Not;
using testing::StatusOf;

class Export : public ExportTest {};

TEST_F(Export, GivesEveryValueAndWhatItIsHeldUnder) {
  Fill();
  KeptExport kept;
  const Result<SubjectExportSummary> done = Run(kept);
  ASSERT_THAT(StatusOf(done), IsOk());
  EXPECT_EQ(done->records, 2U);
  EXPECT_EQ(done->damaged, 0U);
  EXPECT_EQ(kept.subjects, 1);
  EXPECT_EQ(kept.ref, kUser);
  EXPECT_FALSE(kept.browser);
  const auto& account = kept.Of("account");
  EXPECT_EQ(account.values.at("name"), "Ada Lovelace");
  EXPECT_EQ(account.values.at("email"), "ada@analytical.example");
  EXPECT_EQ(account.values.at("email.domain"), "analytical.example");
  EXPECT_EQ(account.notice, "signup-1");
  EXPECT_EQ(account.source, "web");
  EXPECT_TRUE(account.proven);
  const auto& card = kept.Of("payment_card");
  EXPECT_EQ(card.id, IdOf(1));
  EXPECT_EQ(card.values.at("pan"), kCardNumber);
  EXPECT_EQ(card.values.at("pan.last4"), "1111");
}

TEST_F(Export, NeverGivesAPasswordButSaysThatOneIsKept) {
  Fill();
  KeptExport kept;
  ASSERT_THAT(StatusOf(Run(kept)), IsOk());
  const auto& account = kept.Of("account");
  EXPECT_THAT(account.values, Not(Contains(Key("password"))));
  EXPECT_EQ(account.gaps.at("password"), Reason::kNotCollectedFor);
  EXPECT_THAT(account.uses.at("service").fields, Contains("password"));
}

TEST_F(Export, SaysWhatEachPurposeMayUseAndWhyNotTheRest) {
  Fill();
  Say({.kind = LedgerKind::kObjected, .purpose = "improve.combined"});
  KeptExport kept;
  ASSERT_THAT(StatusOf(Run(kept)), IsOk());
  const auto& account = kept.Of("account");
  EXPECT_THAT(account.uses.at("service").reasons, IsEmpty());
  EXPECT_THAT(account.uses.at("support").fields, ElementsAre("name", "email"));
  EXPECT_THAT(account.uses.at("support").reasons, ElementsAre(Reason::kNotCollectedFor));
  EXPECT_THAT(account.uses.at("improve.combined").fields, IsEmpty());
  EXPECT_THAT(account.uses.at("improve.combined").reasons, Contains(Reason::kObjected));
  EXPECT_THAT(account.uses.at("develop").reasons, Contains(Reason::kConsentMissing));
  EXPECT_THAT(account.uses.at("legal.process").reasons, Contains(Reason::kCaseMissing));
  EXPECT_GE(account.uses.size(), 15U) << "every leaf";

  // Time ends a use to the day.
  temp.clock().AdvanceDays(90);
  KeptExport later;
  ASSERT_THAT(StatusOf(Run(later)), IsOk());
  EXPECT_THAT(later.Of("payment_card").uses.at("support").reasons,
              Contains(Reason::kPastRetention));
  EXPECT_EQ(later.Of("payment_card").values.at("pan"), kCardNumber) << "it is still held";
}

TEST_F(Export, HasTheLedger) {
  Fill();
  Say({.kind = LedgerKind::kObjected, .purpose = "improve.combined", .method = "web-form"});
  KeptExport kept;
  ASSERT_THAT(StatusOf(Run(kept)), IsOk());
  ASSERT_EQ(kept.ledger.size(), 1U);
  EXPECT_EQ(kept.ledger.front().kind, LedgerKind::kObjected);
  EXPECT_EQ(kept.ledger.front().method, "web-form");
}

TEST_F(Export, SaysWhomItMayBeDisclosedToAndWhomItWas) {
  Fill();
  {
    Vault vault = temp.Open({"billing"});
    ASSERT_THAT(DiscloseCard(vault, IdOf(1)), IsOk());
  }
  KeptExport kept;
  ASSERT_THAT(StatusOf(Run(kept)), IsOk());
  const auto& recipients = kept.Of("payment_card").recipients;
  const auto acquirer = std::find_if(recipients.begin(), recipients.end(),
                                     [](const auto& each) { return each.recipient == "acquirer"; });
  ASSERT_NE(acquirer, recipients.end());
  EXPECT_EQ(acquirer->role, "ON_OUR_BEHALF");
  EXPECT_EQ(acquirer->ground, "ON_OUR_BEHALF");
  EXPECT_EQ(acquirer->purpose, "billing");
  EXPECT_THAT(acquirer->fields, ElementsAre("pan", "expiry")) << "a holder is not held";
  ASSERT_EQ(kept.disclosures.size(), 1U);
  EXPECT_EQ(kept.disclosures[0].recipient, "acquirer");
  EXPECT_THAT(kept.disclosures[0].records, ElementsAre(IdOf(1)));
}

TEST_F(Export, GivesAControllerWhatIsHeldForItAndNothingElse) {
  Fill();
  Say({.kind = LedgerKind::kObjected, .purpose = "improve"});
  KeptExport kept;
  ASSERT_THAT(StatusOf(Run(kept, {.on_behalf_of = "technology-partner"})), IsOk());
  ASSERT_EQ(kept.records.size(), 1U);
  EXPECT_EQ(kept.Of("communication").values.at("body"), "it stays dark");
  EXPECT_EQ(kept.Of("communication").controller, "technology-partner");
  EXPECT_THAT(kept.ledger, IsEmpty()) << "what they said to us";
  const auto seen = Exports();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen.front().on_behalf_of, "technology-partner");

  KeptExport ours;
  ASSERT_THAT(StatusOf(Run(ours)), IsOk());
  for (const auto& each : ours.records) EXPECT_EQ(each.controller, "");
}

TEST_F(Export, TellsAControllerNothingOfWhomItDoesNotHave) {
  {
    Vault vault = temp.Open({});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
  }
  KeptExport kept;
  const Status known = StatusOf(Run(kept, {.on_behalf_of = "technology-partner"}));
  const Status unknown =
      StatusOf(Run(kept, {.on_behalf_of = "technology-partner"}, Who::Ref("nobody")));
  EXPECT_EQ(known.code(), Code::kNotFound);
  EXPECT_EQ(known.message(), unknown.message());
  EXPECT_EQ(known.name(), unknown.name());
  EXPECT_TRUE(kept.empty());
  const Result<SubjectExportSummary> other = Run(kept, {.on_behalf_of = "somebody-else"});
  ASSERT_NE(other.status().refusal(), nullptr);
  EXPECT_EQ(other.status().refusal()->reasons, std::vector<Reason>{Reason::kOutsideInstructions});
}

TEST_F(Export, SaysThatNobodyOfThatNameIsKnown) {
  Fill();
  KeptExport kept;
  EXPECT_EQ(Run(kept, {}, Who::Ref("nobody")).status().code(), Code::kNotFound);
  EXPECT_TRUE(kept.empty());
  const auto seen = Exports();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen.front().outcome, audit::Outcome::kNotFound);
  EXPECT_EQ(Run(kept, {}, Who::Tag(kUser)).status().code(), Code::kNotFound) << "tags are apart";
}

TEST_F(Export, GoesOnWhenUseIsRestricted) {
  Fill();
  Say({.kind = LedgerKind::kRestricted});
  KeptExport kept;
  ASSERT_THAT(StatusOf(Run(kept)), IsOk());
  EXPECT_TRUE(kept.restricted);
  EXPECT_EQ(kept.Of("payment_card").values.at("pan"), kCardNumber);
  EXPECT_THAT(kept.Of("payment_card").uses.at("billing").fields, IsEmpty());
  EXPECT_THAT(kept.Of("payment_card").uses.at("billing").reasons, Contains(Reason::kRestricted));
}

TEST_F(Export, StreamsAndStopsWhereItsReaderStops) {
  constexpr size_t kMany = 600;  // three chunks
  {
    Vault vault = temp.Open({});
    Batch batch = vault.CollectBatch();
    for (size_t i = 0; i < kMany; ++i) {
      batch.Add({.who = kAda, .notice = "inquiry-1", .source = "mail", .on_behalf_of = {}})
          .Put("communication", {{"body", MakeSecret("message")}});
    }
    ASSERT_THAT(StatusOf(batch.Commit()), IsOk());
  }
  KeptExport all;
  ASSERT_THAT(StatusOf(Run(all)), IsOk());
  EXPECT_EQ(all.records.size(), kMany);
  const auto seen = Exports();
  ASSERT_EQ(seen.size(), 4U);
  size_t about = 0;
  for (const auto& each : seen) {
    EXPECT_LE(each.records.size(), 256U) << "what is in memory at a time";
    about += each.records.size();
  }
  EXPECT_EQ(about, kMany) << "each record is in one event";

  KeptExport some;
  some.stop_after = 10;
  EXPECT_THAT(StatusOf(Run(some)), ErrorIs(Code::kPartial, "test.stopped"));
  EXPECT_EQ(some.records.size(), 10U);
  EXPECT_EQ(Exports().size(), 2U) << "the chunks that were not looked at";
}

TEST_F(Export, HasFewerRecordsInMemoryWhereTheyAreLarge) {
  const std::string body(400'000, 'x');
  {
    Vault vault = temp.Open({});
    for (int i = 0; i < 6; ++i) {
      ASSERT_THAT(
          StatusOf(
              vault
                  .Collect(
                      {.who = kAda, .notice = "inquiry-1", .source = "mail", .on_behalf_of = {}})
                  .Put("communication", {{"body", MakeSecret(body)}})
                  .Commit()),
          IsOk());
    }
  }
  KeptExport kept;
  ASSERT_THAT(StatusOf(Run(kept)), IsOk());
  EXPECT_EQ(kept.records.size(), 6U);
  for (const auto& each : Exports()) EXPECT_LE(each.records.size(), 3U);
}

TEST_F(Export, SaysWhoLookedAndWhyAndNothingOfOthers) {
  Fill();
  Say({.kind = LedgerKind::kObjected, .purpose = "improve.combined"});
  Handle handle;
  {
    Vault vault = temp.Open({"billing", "improve.combined"});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(3), kOtherCardNumber, Who::Ref("somebody-else"))),
                IsOk());
    ASSERT_THAT(StatusOf(ReadCard(vault, "billing", IdOf(1), "pan")), IsOk());
    EXPECT_FALSE(vault.As("improve.combined")
                     ->Read({.who = kAda, .category = "account", .fields = {"email"}})
                     .ok());
    auto session = vault.As("billing");
    ASSERT_THAT(StatusOf(session->Scan({.category = "payment_card", .fields = {"pan.last4"}},
                                       [](const Record&) { return true; })),
                IsOk());
  }
  {
    KeptExport kept;
    Vault vault = temp.Open({"rights"});
    ASSERT_THAT(StatusOf(vault.Export(kAda, {}, kept)), IsOk());
    handle = kept.handle;
  }
  auto trail = AuditTrail::Open(temp.path(), temp.Origin("auditor"), {.clock = &temp.clock()});
  ASSERT_THAT(StatusOf(trail), IsOk());
  std::vector<Look> looks;
  const auto keep = [&](const Look& look) {
    looks.push_back(look);
    return true;
  };
  ASSERT_THAT(WhoLooked(*trail, handle, "", keep), IsOk());
  std::vector<std::string> kinds;
  for (const Look& look : looks) kinds.push_back(look.kind + " " + look.outcome);
  EXPECT_THAT(kinds,
              ElementsAre("collect allowed", "collect allowed", "ledger allowed", "read allowed",
                          "read refused", "scan allowed", "export-subject allowed",
                          "disclosures allowed", "export-subject allowed"));
  EXPECT_EQ(looks[3].purpose, "billing");
  EXPECT_THAT(looks[3].fields, ElementsAre("pan"));
  EXPECT_EQ(looks[4].reasons.front(), Reason::kObjected);
  EXPECT_THAT(looks[5].records, ElementsAre(IdOf(1))) << "not the other's";

  looks.clear();
  ASSERT_THAT(WhoLooked(*trail, handle, "technology-partner", keep), IsOk());
  ASSERT_EQ(looks.size(), 1U);
  EXPECT_EQ(looks[0].kind, "collect");
}

}  // namespace
}  // namespace bailee
