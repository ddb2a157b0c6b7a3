// SPDX-License-Identifier: Apache-2.0
#include "bailee/audit_trail.h"
#include "next_policy.h"
#include "support/kept_export.h"

// One person's whole life in a vault, each act by a process of its own with the keyring that it
// needs, and the trail of it verified at the end.
namespace bailee {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusOf;

class Life : public ::testing::Test {
 protected:
  void Say(const LedgerEvent& event) {
    Vault vault = temp.Open({});
    ASSERT_THAT(StatusOf(vault.Record(Who::Ref(kUser), event)), IsOk());
  }
  void Upkeep() {
    Vault vault = temp.Open({"upkeep"});
    ASSERT_THAT(StatusOf(vault.Upkeep()), IsOk());
  }
  std::optional<Reason> WhyNotAccount(std::string_view purpose, std::string_view field) {
    Vault vault = temp.Open({std::string(purpose)});
    const Status status = ReadAccount(vault, purpose, field).status();
    if (status.ok()) return std::nullopt;
    // Not told to those who may not know of the person.
    return status.refusal() == nullptr ? Reason::kWrapPending : status.refusal()->reasons.front();
  }
  std::string Account(std::string_view purpose, std::string_view field) {
    Vault vault = temp.Open({std::string(purpose)});
    const Result<std::string> value = ReadAccount(vault, purpose, field);
    return value.ok() ? *value : std::string(value.status().name());
  }

  void Register();
  void MindsChange();
  void PolicyChanges();
  void Disclosed();
  void Corrects();
  void AsksWhatIsHeld();
  void Leaves();
  void IsErased();
  void LookAtTheTrail();

  TempVault temp{PolicyText("livelook_2013")};
  Handle handle;
};

void Life::Register() {
  Vault vault = temp.Open({});
  ASSERT_THAT(StoreAccount(vault), IsOk());
  ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
}

void Life::MindsChange() {
  EXPECT_EQ(Account("service", "email"), "ada@analytical.example");
  EXPECT_EQ(Account("improve.combined", "email"), "ada@analytical.example");
  Say({.kind = LedgerKind::kObjected, .purpose = "improve.combined", .method = "web-form"});
  EXPECT_TRUE(WhyNotAccount("improve.combined", "email").has_value());
  EXPECT_EQ(Account("service", "email"), "ada@analytical.example") << "that goes on";

  EXPECT_TRUE(WhyNotAccount("contact.news", "email").has_value()) << "nobody was asked";
  Say({.kind = LedgerKind::kGiven, .purpose = "contact.news", .notice = "news-1"});
  Upkeep();
  EXPECT_EQ(Account("contact.news", "email"), "ada@analytical.example");
  Say({.kind = LedgerKind::kWithdrawn, .purpose = "contact.news"});
  EXPECT_TRUE(WhyNotAccount("contact.news", "email").has_value());

  Say({.kind = LedgerKind::kRestricted});
  EXPECT_EQ(WhyNotAccount("support", "email"), Reason::kRestricted);
  Say({.kind = LedgerKind::kUnrestricted});
  Upkeep();
  EXPECT_EQ(Account("support", "email"), "ada@analytical.example");
}

void Life::PolicyChanges() {
  temp.clock().Set(kJuly2013);
  {
    Vault vault = temp.Open({});
    const std::string text = Next(kWider);
    ASSERT_THAT(StatusOf(vault.Publish(
                    temp.Origin("authority"),
                    {.policy_text = text, .notice = "change-2", .announced_at = kAnnounced})),
                IsOk());
  }
  Upkeep();
  EXPECT_TRUE(WhyNotAccount("support", "email.domain").has_value())
      << "what is held keeps its terms";
  Say({.kind = LedgerKind::kNoticeShown, .notice = "change-2"});
  Say({.kind = LedgerKind::kAgreed, .policy_version = 2});
  Upkeep();
  EXPECT_EQ(Account("support", "email.domain"), "analytical.example");
}

void Life::Disclosed() {
  Vault vault = temp.Open({"billing"});
  EXPECT_THAT(DiscloseCard(vault, IdOf(1)), IsOk());
}

void Life::Corrects() {
  Vault vault = temp.Open({"rights"});
  auto session = vault.As("rights");
  std::vector<FieldInput> fields;
  fields.emplace_back("email", MakeSecret("ada@lovelace.example"));
  EXPECT_THAT(StatusOf(session->Rectify(
                  {.who = Who::Ref(kUser), .category = "account", .fields = std::move(fields)})),
              IsOk());
}

void Life::AsksWhatIsHeld() {
  KeptExport kept;
  Vault vault = temp.Open({"rights"});
  ASSERT_THAT(StatusOf(vault.Export(Who::Ref(kUser), {}, kept)), IsOk());
  handle = kept.handle;
  EXPECT_EQ(kept.records.size(), 2U);
  EXPECT_EQ(kept.Of("account").values.at("email"), "ada@lovelace.example");
  EXPECT_EQ(kept.Of("account").values.at("email.domain"), "lovelace.example");
  EXPECT_THAT(kept.Of("account").uses.at("improve.combined").fields, IsEmpty());
  EXPECT_THAT(kept.Of("account").uses.at("support").fields, Contains("email.domain"));
  std::vector<LedgerKind> kinds;
  for (const LedgerEntry& entry : kept.ledger) kinds.push_back(entry.kind);
  EXPECT_EQ(kinds, (std::vector<LedgerKind>{LedgerKind::kObjected, LedgerKind::kGiven,
                                            LedgerKind::kWithdrawn, LedgerKind::kRestricted,
                                            LedgerKind::kUnrestricted, LedgerKind::kNoticeShown,
                                            LedgerKind::kAgreed, LedgerKind::kRectified}));
  ASSERT_EQ(kept.disclosures.size(), 1U);
  EXPECT_EQ(kept.disclosures[0].recipient, "acquirer");
}

// The account is kept for legal.process 365 days after it was closed, the card for 540.
void Life::Leaves() {
  Say({.kind = LedgerKind::kNamedEvent, .name = "account_closed"});
  temp.clock().AdvanceDays(30);
  EXPECT_TRUE(WhyNotAccount("service", "email").has_value()) << "to the day, before any sweep";
  Say({.kind = LedgerKind::kHold, .category = "payment_card", .reference = "2013-CV-17"});
  temp.clock().AdvanceDays(3650);
  const auto sweep = [&] {
    Vault vault = temp.Open({"upkeep"});
    const Result<RetentionPlan> plan = vault.PlanRetention();
    ASSERT_THAT(StatusOf(plan), IsOk());
    ASSERT_THAT(StatusOf(vault.RunRetention(*plan)), IsOk());
  };
  sweep();
  {
    KeptExport held;
    Vault vault = temp.Open({"rights"});
    ASSERT_THAT(StatusOf(vault.Export(Who::Ref(kUser), {}, held)), IsOk());
    ASSERT_EQ(held.records.size(), 1U);
    EXPECT_EQ(held.records[0].category, "payment_card") << "a case needs it";
  }
  Say({.kind = LedgerKind::kRelease, .category = "payment_card", .reference = "2013-CV-17"});
  sweep();
  // No value is left. What they said stays: an objection holds should they come back; and that
  // something was disclosed must still be told.
  KeptExport rest;
  Vault vault = temp.Open({"rights"});
  ASSERT_THAT(StatusOf(vault.Export(Who::Ref(kUser), {}, rest)), IsOk());
  EXPECT_THAT(rest.records, IsEmpty());
  EXPECT_EQ(rest.ledger.size(), 11U);
  EXPECT_EQ(rest.disclosures.size(), 1U);
}

void Life::IsErased() {
  Vault vault = temp.Open({"rights", "upkeep"});
  const auto erased = vault.Erase(Who::Ref(kUser), {.case_reference = "ERASE-1"});
  ASSERT_THAT(StatusOf(erased), IsOk());
  EXPECT_EQ(vault.Info()->subjects, 0u);
  KeptExport nobody;
  EXPECT_EQ(vault.Export(Who::Ref(kUser), {}, nobody).status().code(), Code::kNotFound);
  EXPECT_TRUE(nobody.empty());
  EXPECT_EQ(vault.As("rights")->Disclosures(Who::ByHandle(handle))->size(), 1u)
      << "what was disclosed is still told";
}

void Life::LookAtTheTrail() {
  auto trail = AuditTrail::Open(temp.path(), temp.Origin("auditor"), {.clock = &temp.clock()});
  ASSERT_THAT(StatusOf(trail), IsOk());
  std::map<std::string, int> kinds;
  ASSERT_THAT(WhoLooked(*trail, handle, "",
                        [&](const Look& look) {
                          ++kinds[look.kind + " " + look.outcome];
                          return true;
                        }),
              IsOk());
  EXPECT_EQ(kinds["collect allowed"], 2);
  EXPECT_EQ(kinds["ledger allowed"], 11);
  EXPECT_EQ(kinds["disclose allowed"], 1);
  EXPECT_EQ(kinds["rectify allowed"], 1);
  EXPECT_EQ(kinds["export-subject allowed"], 6);
  EXPECT_GT(kinds["read allowed"], 5);
  EXPECT_GT(kinds["read refused"], 4);
  EXPECT_EQ(kinds["expire allowed"], 2) << "the account, then the card";
  EXPECT_EQ(kinds["erase allowed"], 1);

  const Result<TrailReport> report = trail->Verify({.entries = true});
  ASSERT_THAT(StatusOf(report), IsOk());
  EXPECT_THAT(report->ToStatus(), IsOk());
  EXPECT_TRUE(report->entries_opened);
  EXPECT_THAT(report->findings, IsEmpty());
}

TEST_F(Life, FromRegistrationToTheEndIsInATrailThatVerifies) {
  Register();
  MindsChange();
  PolicyChanges();
  Disclosed();
  Corrects();
  AsksWhatIsHeld();
  Leaves();
  IsErased();
  LookAtTheTrail();
}

}  // namespace
}  // namespace bailee
