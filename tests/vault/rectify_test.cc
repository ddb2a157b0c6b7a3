// SPDX-License-Identifier: Apache-2.0
#include "bailee/limits.h"
#include "record/row.h"
#include "support/raw_reader.h"
#include "vault/rectify_world.h"

// Values that are put right, also by somebody who may not read all of the record.
namespace bailee {
namespace {

using audit::EventKind;
using audit::Outcome;
using store::Table;
using ::testing::ElementsAre;
using testing::ErrorIs;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;
using testing::StatusOf;

TEST_F(RectifyTest, ReplacesAValueAndItsViewsAndLeavesTheRest) {
  Register();
  const record::RecordHead before = record::ParseRecordRow(Row().second)->head();
  temp_.clock().AdvanceDays(100);
  {
    Vault vault = Open({"service", "improve.service"});
    const Result<Rectified> done = Rectify(vault, "service", {{"email", kRight}});
    ASSERT_THAT(StatusOf(done), IsOk());
    EXPECT_EQ(done->revision, 1u);
    EXPECT_EQ(*Read(vault, "service", "email"), kRight);
    EXPECT_EQ(*Read(vault, "improve.service", "email.domain"), "right.example");
    EXPECT_EQ(*Read(vault, "service", "name"), "Ada");
    EXPECT_TRUE(IsPassword(vault, kPassword));
  }
  const record::RecordHead after = record::ParseRecordRow(Row().second)->head();
  EXPECT_EQ(after.revision, 1u);
  EXPECT_EQ(after.terms, before.terms);
  EXPECT_EQ(after.collected_at, before.collected_at);
}

TEST_F(RectifyTest, AddsAValueThatWasNotGiven) {
  Vault vault = Open({"service"});
  ASSERT_THAT(StatusOf(vault
                           .Collect({.who = Who::Ref(kUser),
                                     .notice = "signup-1",
                                     .source = "web",
                                     .on_behalf_of = {}})
                           .Put("account", {{"email", MakeSecret(kWrong)}})
                           .Commit()),
              IsOk());
  ASSERT_THAT(StatusOf(Rectify(vault, "service", {{"name", "Ada"}})), IsOk());
  EXPECT_EQ(*Read(vault, "service", "name"), "Ada");
  EXPECT_EQ(*Read(vault, "service", "email"), kWrong);
}

// Support may read neither the domain nor the password.
TEST_F(RectifyTest, IsDoneByWhoMayNotReadAViewOfItNorTheRest) {
  Register();
  for (int i = 0; i < 7; ++i)  // more often than a row has room for what is only written
    ASSERT_THAT(StatusOf(RectifyAlone("support", {{"email", i % 2 == 0 ? kRight : kWrong}})),
                IsOk());
  {
    Vault vault = Open({"support"});
    EXPECT_EQ(*Read(vault, "support", "email"), kRight);
    EXPECT_EQ(*Read(vault, "support", "name"), "Ada");
    EXPECT_FALSE(Read(vault, "support", "email.domain").ok());
  }
  {
    const RawRows rows(temp_.path());
    const Keyring keyring = temp_.Granted("thief", {"support"});
    RawReader thief(rows, temp_.id(), keyring.keys());
    const RawRows::Row row = rows.Only(Table::kRecords);
    for (const auto& [field, value] : thief.Values(row.first, row.second))
      EXPECT_TRUE(value == "Ada" || value == kRight) << field;
  }
  EXPECT_EQ(*ReadAlone("improve.service", "email.domain"), "right.example");
  Vault vault = Open({"service"});
  EXPECT_TRUE(IsPassword(vault, kPassword));
  EXPECT_EQ(*Read(vault, "service", "email.domain"), "right.example");
}

TEST_F(RectifyTest, OfDifferentPartsByDifferentProcessesAddsUp) {
  Register();
  ASSERT_THAT(StatusOf(RectifyAlone("support", {{"email", kRight}})), IsOk());
  ASSERT_THAT(StatusOf(RectifyAlone("rights", {{"name", "Ada Lovelace"}})), IsOk());
  ASSERT_THAT(StatusOf(RectifyAlone("security", {{"email", "ada@last.example"}})), IsOk());
  {
    Vault vault = Open({"service"});
    const Result<Rectified> done = Rectify(vault, "service", {{"password", "battery staple"}});
    ASSERT_THAT(StatusOf(done), IsOk());
    EXPECT_EQ(done->revision, 4u);
    EXPECT_EQ(*Read(vault, "service", "email"), "ada@last.example");
    EXPECT_EQ(*Read(vault, "service", "email.domain"), "last.example");
    EXPECT_EQ(*Read(vault, "service", "name"), "Ada Lovelace");
    EXPECT_TRUE(IsPassword(vault, "battery staple"));
    Register(vault);
  }
  // Collected anew, it is of one revision again.
  EXPECT_TRUE(record::ParseRecordRow(Row().second)->revisions().empty());
  EXPECT_EQ(*ReadAlone("service", "email"), kWrong);
}

TEST_F(RectifyTest, ReplacesAPasswordForWhoMayVerifyItAndNobodyElse) {
  Register();
  for (const std::string_view purpose : {"support", "rights"}) {
    const auto refused = RectifyAlone(purpose, {{"password", "battery staple"}});
    ASSERT_NE(refused.status().refusal(), nullptr) << purpose;
    EXPECT_EQ(refused.status().refusal()->reasons.front(), Reason::kNotCollectedFor);
  }
  Vault vault = Open({"service"});
  ASSERT_THAT(StatusOf(Rectify(vault, "service", {{"password", "battery staple"}})), IsOk());
  EXPECT_TRUE(IsPassword(vault, "battery staple"));
  EXPECT_FALSE(IsPassword(vault, kPassword));
}

TEST_F(RectifyTest, IsFoundByTheNewValueAndNoLongerByTheOld) {
  Register();
  Vault vault = Open({"service"});
  EXPECT_EQ(Found(vault, kWrong), 1u);
  ASSERT_THAT(StatusOf(Rectify(vault, "service", {{"email", kRight}})), IsOk());
  EXPECT_EQ(Found(vault, kRight), 1u);
  EXPECT_EQ(Found(vault, kWrong), 0u);
}

TEST_F(RectifyTest, WithoutTheIndexKeyLeavesWhatAHolderTurnsIntoALookup) {
  Register();
  { Vault folds = Open({"service", "support"}); }
  ASSERT_THAT(StatusOf(RectifyAlone("security", {{"email", kRight}})), IsOk());
  EXPECT_EQ(RawRows(temp_.path()).All(Table::kLookup, Prefix(0x04)).size(), 2u);
  Vault vault = Open({"service"});
  EXPECT_EQ(Found(vault, kRight), 1u);
  EXPECT_EQ(Found(vault, kWrong), 0u);
}

TEST_F(RectifyTest, IsInTheLedgerAndTheTrailWithFieldsAndNeverValues) {
  Register();
  Events(EventKind::kRectify);
  const Result<Rectified> done =
      RectifyAlone("rights", {{"email", kRight}, {"name", "Ada Lovelace"}});
  ASSERT_THAT(StatusOf(done), IsOk());
  EXPECT_EQ(done->sequence, 1u);
  const auto seen = Events(EventKind::kRectify);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].outcome, Outcome::kAllowed);
  EXPECT_TRUE(seen[0].write);
  EXPECT_EQ(seen[0].purpose, "rights");
  EXPECT_EQ(seen[0].handle, done->handle);
  EXPECT_THAT(seen[0].fields, ElementsAre("email", "name"));
  EXPECT_THAT(seen[0].records, ElementsAre(done->record));
  Vault vault = Open({"rights"});
  const Result<LedgerView> ledger = vault.Ledger(Who::Ref(kUser));
  ASSERT_THAT(StatusOf(ledger), IsOk());
  ASSERT_EQ(ledger->entries.size(), 1u);
  const LedgerEntry& entry = ledger->entries.front();
  EXPECT_EQ(entry.kind, LedgerKind::kRectified);
  EXPECT_EQ(entry.purpose, "rights");
  EXPECT_EQ(entry.category, "account");
  EXPECT_EQ(entry.at, temp_.clock().Now());
  EXPECT_THAT(entry.fields, ElementsAre("email", "name"));
}

TEST_F(RectifyTest, OfARestrictedPersonIsForRightsAlone) {
  Register();
  Vault vault = Open({"service", "rights"});
  ASSERT_THAT(Say(vault, {.kind = LedgerKind::kRestricted}), IsOk());
  const auto refused = Rectify(vault, "service", {{"email", kRight}});
  ASSERT_NE(refused.status().refusal(), nullptr);
  EXPECT_EQ(refused.status().refusal()->reasons.front(), Reason::kRestricted);
  ASSERT_THAT(StatusOf(Rectify(vault, "rights", {{"email", kRight}, {"name", "A. L."}})), IsOk());
  EXPECT_EQ(*Read(vault, "rights", "email"), kRight);
  EXPECT_FALSE(Read(vault, "service", "email").ok());
  ASSERT_THAT(Say(vault, {.kind = LedgerKind::kUnrestricted}), IsOk());
  EXPECT_EQ(*Read(vault, "service", "email"), kRight);
}

TEST_F(RectifyTest, OfWhatIsHeldForACaseWaitsForItsRelease) {
  Register();
  Vault vault = Open({"service", "security", "rights"});
  const auto hold = [&](LedgerKind kind, std::string_view category) {
    return Say(vault, {.kind = kind, .category = category, .reference = "2013-CV-17"});
  };
  ASSERT_THAT(hold(LedgerKind::kHold, "web_log"), IsOk());
  ASSERT_THAT(StatusOf(Rectify(vault, "service", {{"name", "A."}})), IsOk());
  ASSERT_THAT(hold(LedgerKind::kHold, "account"), IsOk());
  for (const std::string_view purpose : {"service", "rights"}) {
    const auto refused = Rectify(vault, purpose, {{"email", kRight}});
    ASSERT_NE(refused.status().refusal(), nullptr);
    EXPECT_THAT(refused.status().refusal()->reasons, ElementsAre(Reason::kHeld));
  }
  // Security may not know of it.
  EXPECT_EQ(Rectify(vault, "security", {{"email", kRight}}).status().code(), Code::kNotFound);
  EXPECT_EQ(*Read(vault, "service", "email"), kWrong);
  ASSERT_THAT(hold(LedgerKind::kRelease, "account"), IsOk());
  EXPECT_THAT(StatusOf(Rectify(vault, "rights", {{"email", kRight}})), IsOk());
}

TEST_F(RectifyTest, UnknownAbsentAndForbiddenAreTheSameAnswer) {
  Register();
  Vault vault = Open({"security"});
  ASSERT_THAT(Say(vault, {.kind = LedgerKind::kRestricted}), IsOk());
  const auto say = [&](Who who) {
    const Status status = Rectify(vault, "security", {{"email", kRight}}, who).status();
    return std::string(status.name()) + "|" + std::string(status.message()) + "|" +
           std::string(status.hint());
  };
  const std::string unknown = say(Who::Ref("nobody"));
  EXPECT_THAT(unknown, HasSubstr("vault.not-found"));
  EXPECT_EQ(say(Who::Ref(kUser)), unknown);
  ASSERT_THAT(StatusOf(vault.Collect(Checkout(Who::Ref("absent")))
                           .Put("payment_card",
                                {{"pan", MakeSecret(kCardNumber)}, {"expiry", MakeSecret("12/15")}})
                           .Commit()),
              IsOk());
  EXPECT_EQ(say(Who::Ref("absent")), unknown);
}

TEST_F(RectifyTest, RefusesBadInputAndChangesNothing) {
  Register();
  const Bytes before = Row().second;
  {
    Vault vault = Open({"service"});
    const auto reason = [&](const Texts& texts) {
      const Status status = Rectify(vault, "service", texts).status();
      return status.refusal() == nullptr ? Reason::kHeld : status.refusal()->reasons.front();
    };
    EXPECT_EQ(reason({{"email.domain", "x.example"}}), Reason::kUndeclaredField);
    EXPECT_EQ(reason({{"shoe_size", "44"}}), Reason::kUnknownField);
    EXPECT_THAT(StatusOf(Rectify(vault, "service", {})), ErrorIs(Code::kUsage, "rectify.nothing"));
    EXPECT_THAT(StatusOf(Rectify(vault, "service", {{"name", "A"}, {"name", "B"}})),
                ErrorIs(Code::kInvalidValue, "collect.twice"));
    const auto bad = Rectify(vault, "service", {{"email", "no address"}});
    EXPECT_THAT(StatusOf(bad), ErrorIs(Code::kInvalidValue, "collect.value"));
    EXPECT_THAT(std::string(bad.status().message()), HasSubstr("account.email"));
    EXPECT_THAT(std::string(bad.status().message()), Not(HasSubstr("no address")));
    // A value is looked at before anybody is: it says nothing of who exists.
    EXPECT_EQ(
        Rectify(vault, "service", {{"email", "no address"}}, Who::Ref("nobody")).status().code(),
        Code::kInvalidValue);
    Result<Session> session = vault.As("service");
    EXPECT_THAT(StatusOf(session->Rectify({.who = Who::Ref(kUser),
                                           .category = "account",
                                           .record = IdOf(1),
                                           .fields = Inputs({{"name", "A"}})})),
                ErrorIs(Code::kUsage, "read.record-unneeded"));
    for (const auto& each : Events(EventKind::kRectify)) EXPECT_NE(each.outcome, Outcome::kAllowed);
  }
  EXPECT_EQ(Row().second, before);
}

TEST_F(RectifyTest, OfOneRecordOfManyLeavesTheOthers) {
  {
    Vault vault = Open({});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(2))), IsOk());
  }
  Vault vault = Open({"billing", "support"});
  Result<Session> session = vault.As("billing");
  EXPECT_THAT(StatusOf(session->Rectify({.who = Who::Ref(kUser),
                                         .category = "payment_card",
                                         .record = IdOf(3),
                                         .fields = Inputs({{"pan", kOtherCardNumber}})})),
              ErrorIs(Code::kNotFound, "vault.not-found"));
  ASSERT_THAT(StatusOf(session->Rectify({.who = Who::Ref(kUser),
                                         .category = "payment_card",
                                         .record = IdOf(1),
                                         .fields = Inputs({{"pan", kOtherCardNumber}})})),
              IsOk());
  EXPECT_EQ(*ReadCard(vault, "support", IdOf(1), "pan.last4"), "4444");
  EXPECT_EQ(*ReadCard(vault, "billing", IdOf(1), "expiry"), "2015-12");
  EXPECT_EQ(*ReadCard(vault, "support", IdOf(2), "pan.last4"), "1111");
  EXPECT_EQ(FindCard(vault, kCardNumber)->size(), 1u);
  EXPECT_EQ(FindCard(vault, kOtherCardNumber)->size(), 1u);
}

TEST_F(RectifyTest, ReachesNoDataOfAnotherSourceOrController) {
  Register();
  Vault vault = Open({"service"});
  for (const SessionOptions& options : {SessionOptions{.source = "partner-site"},
                                        SessionOptions{.on_behalf_of = "technology-partner"}}) {
    Result<Session> session = vault.As("service", options);
    ASSERT_THAT(StatusOf(session), IsOk());
    EXPECT_FALSE(session
                     ->Rectify({.who = Who::Ref(kUser),
                                .category = "account",
                                .fields = Inputs({{"name", "A. L."}})})
                     .ok());
  }
  EXPECT_EQ(*Read(vault, "service", "name"), "Ada");
}

TEST_F(RectifyTest, NeedsItsCaseWhereReadingDoes) {
  Register();
  Vault vault = Open({"legal.process"});
  Result<Session> legal = vault.As("legal.process");
  const auto rectify = [&](std::string_view reference) {
    return legal->Rectify({.who = Who::Ref(kUser),
                           .category = "account",
                           .fields = Inputs({{"name", "A. L."}}),
                           .case_reference = reference});
  };
  ASSERT_NE(rectify("").status().refusal(), nullptr);
  EXPECT_EQ(rectify("").status().refusal()->reasons.front(), Reason::kCaseMissing);
  EXPECT_THAT(StatusOf(rectify("2013-CV-17")), IsOk());
}

TEST_F(RectifyTest, ThenChangingWhoMayReadItStillReachesEveryCompartment) {
  Register();
  ASSERT_THAT(StatusOf(RectifyAlone("support", {{"email", kRight}})), IsOk());
  {
    Vault vault = Open({"service"});
    const LedgerEvent objection{.kind = LedgerKind::kObjected, .purpose = "improve.combined"};
    const auto said = vault.Record(Who::Ref(kUser), objection);
    ASSERT_THAT(StatusOf(said), IsOk());
    EXPECT_GT(said->wraps_removed, 0u);
  }
  { Vault vault = Open({"upkeep"}); }
  Vault vault = Open({"service", "support"});
  EXPECT_EQ(*Read(vault, "service", "email"), kRight);
  EXPECT_EQ(*Read(vault, "service", "email.domain"), "right.example");
  EXPECT_EQ(*Read(vault, "support", "name"), "Ada");
  EXPECT_TRUE(IsPassword(vault, kPassword));
  EXPECT_EQ(vault.Upkeep()->left, 0u);
}

// The name of the account of each, put right in one call.
class RectifySeveral : public RectifyTest {
 protected:
  RectifySeveral() {
    for (const std::string_view user : {"ada", "bob", "cy"}) Register(vault_, Who::Ref(user));
    (void)events_->Take();
  }
  static RectifyRequest To(std::string_view user, std::string_view email) {
    return {.who = Who::Ref(user), .category = "account", .fields = Inputs({{"email", email}})};
  }
  Result<std::vector<Rectified>> Rectify(const std::vector<RectifyRequest>& requests) {
    return vault_.As("service")->Rectify(requests);
  }

  Vault vault_ = Open({"service"});
};

TEST_F(RectifySeveral, IsOneTransactionWithAnEventEach) {
  std::vector<RectifyRequest> requests;
  for (const std::string_view user : {"ada", "bob", "ada"}) requests.push_back(To(user, kRight));
  const auto done = Rectify(requests);
  ASSERT_THAT(StatusOf(done), IsOk());
  ASSERT_EQ(done->size(), 3u);
  EXPECT_EQ((*done)[0].revision, 1u);
  EXPECT_EQ((*done)[2].revision, 2u) << "the same record twice";
  EXPECT_EQ((*done)[0].transaction, (*done)[2].transaction);
  EXPECT_GT((*done)[2].decision.number, (*done)[0].decision.number);
  EXPECT_EQ(Events(EventKind::kRectify).size(), 3u);
  EXPECT_EQ(Found(vault_, kRight), 2u);
  EXPECT_EQ(Found(vault_, kWrong), 1u);
  EXPECT_EQ(Rectify({})->size(), 0u);
}

TEST_F(RectifySeveral, IsNoneWhereOneMayNotBe) {
  EXPECT_THAT(StatusOf(vault_.Record(Who::Ref("cy"), {.kind = LedgerKind::kRestricted})), IsOk());
  struct {
    std::string_view user;
    std::string_view email;
    Code code;
  } const cases[] = {{"nobody", kRight, Code::kNotFound},
                     {"bob", "no address", Code::kInvalidValue},
                     {"cy", kRight, Code::kRefused}};
  for (const auto& each : cases) {
    (void)events_->Take();
    std::vector<RectifyRequest> requests;
    requests.push_back(To("ada", kRight));
    requests.push_back(To(each.user, each.email));
    EXPECT_EQ(StatusOf(Rectify(requests)).code(), each.code) << each.user;
    const auto told = Events(EventKind::kRectify);
    ASSERT_EQ(told.size(), 1u) << each.user;
    EXPECT_NE(told.front().outcome, Outcome::kAllowed);
    EXPECT_EQ(Found(vault_, kRight), 0u);
  }
}

TEST_F(RectifySeveral, TakesSoManyAndNotOneMore) {
  std::vector<RectifyRequest> requests;
  for (size_t i = 0; i < limits::kRectifiedRecordsMax; ++i) requests.push_back(To("ada", kRight));
  const auto done = Rectify(requests);
  ASSERT_THAT(StatusOf(done), IsOk());
  EXPECT_EQ(done->back().revision, limits::kRectifiedRecordsMax);
  requests.push_back(To("ada", kWrong));
  EXPECT_THAT(StatusOf(Rectify(requests)), ErrorIs(Code::kUsage, "rectify.too-many"));
  EXPECT_EQ(Found(vault_, kRight), 1u);
}

}  // namespace
}  // namespace bailee
