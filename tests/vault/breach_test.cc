// SPDX-License-Identifier: Apache-2.0
#include "stories.h"
#include "support/event_recorder.h"

// What a keyring that leaked could open, counted without its keys.
namespace bailee {
namespace {

using audit::EventKind;
using audit::Outcome;
using store::Table;
using ::testing::ElementsAre;
using testing::ErrorIs;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusOf;
using ::testing::UnorderedElementsAre;

class Breach : public ::testing::Test {
 protected:
  void Fill() {
    Vault vault = temp.Open({"billing"});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(2), kOtherCardNumber)), IsOk());
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(3), kCardNumber, Who::Ref("user-2"))), IsOk());
    ASSERT_THAT(StatusOf(vault
                             .Collect({.who = Who::Ref("user-3"),
                                       .notice = "signup-1",
                                       .source = "web",
                                       .on_behalf_of = {}})
                             .Put("account", {{"email", MakeSecret("ada@analytical.example")},
                                              {"password", MakeSecret("correct horse")}})
                             .Commit()),
                IsOk());
  }
  Result<BreachScope> Scope(const std::vector<std::string>& leaked,
                            const BreachOptions& options = {}) {
    const Keyring::Description description = temp.Granted("leaked", leaked).Describe();
    Vault vault = temp.Open({"rights"}, {.events = events});
    events->Take();
    return vault.ScopeOfBreach(description, options);
  }
  static const BreachScope::Category* Of(const BreachScope& scope, std::string_view category) {
    for (const auto& each : scope.categories) {
      if (each.id == category) return &each;
    }
    return nullptr;
  }
  static std::vector<std::string> Fields(const BreachScope::Use& use) {
    std::vector<std::string> names;
    for (const auto& field : use.fields) names.push_back(field.name);
    return names;
  }

  TempVault temp{PolicyText("livelook_2013")};
  std::shared_ptr<EventRecorder> events = std::make_shared<EventRecorder>();
};

TEST_F(Breach, CountsWhatAPurposeOpensAndNothingElse) {
  Fill();
  const Result<BreachScope> scope = Scope({"support"});
  ASSERT_THAT(StatusOf(scope), IsOk());
  EXPECT_TRUE(scope->storage);
  EXPECT_EQ(scope->subjects_all, 3U);
  EXPECT_EQ(scope->subjects, 3U);
  EXPECT_EQ(scope->records, 4U);
  EXPECT_EQ(scope->damaged, 0U);
  const auto* cards = Of(*scope, "payment_card");
  ASSERT_NE(cards, nullptr);
  EXPECT_EQ(cards->subjects, 2U);
  EXPECT_EQ(cards->records, 3U);
  ASSERT_EQ(cards->uses.size(), 1U);
  EXPECT_EQ(cards->uses[0].purpose, "support");
  EXPECT_THAT(Fields(cards->uses[0]), ElementsAre("pan.last4"));
  EXPECT_EQ(cards->uses[0].fields[0].records, 3U);
  EXPECT_THAT(Fields(Of(*scope, "account")->uses[0]), UnorderedElementsAre("name", "email"));
  EXPECT_THAT(scope->roles, IsEmpty());
}

// What is counted is what the leaked keyring opens: held against the reads themselves.
TEST_F(Breach, AgreesWithWhatTheKeyringReads) {
  Fill();
  const std::vector<std::string> purposes = {"service", "billing", "support", "security",
                                             "improve.service"};
  for (const std::string& purpose : purposes) {
    const Result<BreachScope> scope = Scope({purpose});
    ASSERT_THAT(StatusOf(scope), IsOk());
    Vault vault = temp.Open({purpose});
    auto session = vault.As(purpose);
    uint64_t records = 0;
    for (const std::string_view user :
         {std::string_view(kUser), std::string_view("user-2"), std::string_view("user-3")}) {
      const auto listed = session->List(Who::Ref(user));
      if (listed.ok()) records += listed->size();
    }
    EXPECT_EQ(scope->records, records) << purpose;
  }
}

TEST_F(Breach, FollowsWhatPeopleSaid) {
  Fill();
  {
    Vault vault = temp.Open({});
    ASSERT_THAT(StatusOf(vault.Record(Who::Ref(kUser),
                                      {.kind = LedgerKind::kDeclined, .purpose = "support"})),
                IsOk());
  }
  const Result<BreachScope> scope = Scope({"support"});
  ASSERT_THAT(StatusOf(scope), IsOk());
  EXPECT_EQ(scope->subjects, 2U) << "whose wrap is gone";
  EXPECT_EQ(scope->subjects_all, 3U);
}

TEST_F(Breach, NamesWhomItConcerns) {
  Fill();
  std::vector<BreachedSubject> named;
  const Result<BreachScope> scope = Scope({"billing"}, {.visit = [&](const BreachedSubject& each) {
                                            named.push_back(each);
                                            return true;
                                          }});
  ASSERT_THAT(StatusOf(scope), IsOk());
  ASSERT_EQ(named.size(), 2U);
  EXPECT_LT(named[0].handle, named[1].handle);
  EXPECT_EQ(named[0].records + named[1].records, 3U);
  EXPECT_THAT(named[0].categories, ElementsAre("payment_card"));
}

TEST_F(Breach, CountsLookupsAndReservedKeyrings) {
  Fill();
  const Result<BreachScope> billing = Scope({"billing"});
  ASSERT_THAT(StatusOf(billing), IsOk());
  ASSERT_EQ(billing->lookups.size(), 1U);
  EXPECT_EQ(billing->lookups[0].name, "payment_card.pan/billing");
  EXPECT_EQ(billing->lookups[0].rows, 3U);

  const Result<BreachScope> upkeep = Scope({"upkeep"});
  ASSERT_THAT(StatusOf(upkeep), IsOk());
  EXPECT_EQ(upkeep->records, 4U);
  EXPECT_THAT(Fields(Of(*upkeep, "account")->uses[0]), ::testing::Contains("password"));
  const Result<BreachScope> rights = Scope({"rights"});
  EXPECT_EQ(rights->records, 4U);
  EXPECT_THAT(Fields(Of(*rights, "account")->uses[0]),
              ::testing::Not(::testing::Contains("password")));

  const Result<BreachScope> none = Scope({});
  ASSERT_THAT(StatusOf(none), IsOk());
  EXPECT_TRUE(none->storage) << "refs and ledgers";
  EXPECT_EQ(none->subjects, 0U);
  EXPECT_THAT(none->categories, IsEmpty());
}

TEST_F(Breach, SaysWhichRolesAKeyringCarries) {
  Fill();
  const Keyring::Description auditor = temp.Origin("auditor").Describe();
  Vault vault = temp.Open({"rights"});
  const Result<BreachScope> scope = vault.ScopeOfBreach(auditor);
  ASSERT_THAT(StatusOf(scope), IsOk());
  EXPECT_THAT(scope->roles, ElementsAre("auditor"));
}

TEST_F(Breach, IsForRightsAloneAndRecordedFirst) {
  Fill();
  const Keyring::Description leaked = temp.Granted("leaked", {"billing"}).Describe();
  {
    Vault vault = temp.Open({"billing", "upkeep"}, {.events = events});
    events->Take();
    const Result<BreachScope> scope = vault.ScopeOfBreach(leaked);
    ASSERT_NE(scope.status().refusal(), nullptr);
    EXPECT_EQ(scope.status().refusal()->reasons, std::vector<Reason>{Reason::kPurposeKeyMissing});
    const auto seen = events->Take();
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].kind, EventKind::kReview);
    EXPECT_EQ(seen[0].outcome, Outcome::kRefused);
  }
  Vault vault = temp.Open({"rights"}, {.events = events});
  events->Fail(true);
  EXPECT_THAT(StatusOf(vault.ScopeOfBreach(leaked)), ErrorIs(Code::kAuditDown, "audit.down"));
}

TEST_F(Breach, RefusesAKeyringOfAnotherVault) {
  Fill();
  TempVault other(PolicyText("livelook_2013"));
  const Keyring::Description leaked = other.Granted("leaked", {"billing"}).Describe();
  Vault vault = temp.Open({"rights"});
  EXPECT_THAT(StatusOf(vault.ScopeOfBreach(leaked)), ErrorIs(Code::kKey, "key.other-vault"));
}

TEST_F(Breach, CountsDamageAndGoesOn) {
  Fill();
  {
    const RawRows rows(temp.path());
    for (const auto& [key, value] : rows.All(Table::kRecords)) {
      if (key.back() != 1) continue;
      Bytes cut(value.begin(), value.end() - 1);
      rows.Put(Table::kRecords, key, cut);
    }
  }
  const Result<BreachScope> scope = Scope({"billing"});
  ASSERT_THAT(StatusOf(scope), IsOk());
  EXPECT_EQ(scope->damaged, 1U);
  EXPECT_EQ(scope->records, 2U);
}

TEST_F(Breach, CanBeStopped) {
  Fill();
  EXPECT_THAT(StatusOf(Scope({"billing"}, {.progress = [](uint64_t) { return false; }})),
              ErrorIs(Code::kPartial, "breach.stopped"));
}

}  // namespace
}  // namespace bailee
