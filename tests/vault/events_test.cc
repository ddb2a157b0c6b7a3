// SPDX-License-Identifier: Apache-2.0
#include "support/event_recorder.h"
#include "vault/stories.h"

// One event for each call, whatever came of it, and nothing without its event.
namespace bailee {
namespace {

using audit::EventKind;
using audit::Outcome;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusOf;

class Events : public ::testing::Test {
 protected:
  Vault Open(const std::vector<std::string>& purposes) {
    return vault_.Open(purposes, {.events = events_});
  }
  Session As(Vault& vault, std::string_view purpose) {
    Result<Session> session = vault.As(purpose);
    if (!session.ok()) std::abort();
    return *std::move(session);
  }
  // The only event since the last look.
  EventRecorder::Seen One(EventKind kind, Outcome outcome) {
    std::vector<EventRecorder::Seen> seen = events_->Take();
    EXPECT_EQ(seen.size(), 1u);
    if (seen.size() != 1) return {};
    EXPECT_EQ(seen[0].kind, kind);
    EXPECT_EQ(seen[0].outcome, outcome);
    return seen[0];
  }
  void StoreOne() {
    Vault vault = Open({});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
    events_->Take();
  }

  TempVault vault_{PolicyText("livelook_2013")};
  std::shared_ptr<EventRecorder> events_ = std::make_shared<EventRecorder>();
};

TEST_F(Events, OfOpening) {
  Vault vault = Open({"billing"});
  One(EventKind::kOpen, Outcome::kAllowed);
}

TEST_F(Events, OfARefusedPurposeAndNotOfAGrantedOne) {
  Vault vault = Open({"billing"});
  events_->Take();
  EXPECT_FALSE(vault.As("support").ok());
  EXPECT_THAT(One(EventKind::kAs, Outcome::kRefused).reasons,
              ElementsAre(Reason::kPurposeKeyMissing));
  EXPECT_FALSE(vault.As("marketing to Ada").ok());
  EXPECT_EQ(One(EventKind::kAs, Outcome::kRefused).purpose, "");
  // Acting for a purpose releases nothing by itself.
  EXPECT_TRUE(vault.As("billing").ok());
  EXPECT_THAT(events_->Take(), IsEmpty());
}

TEST_F(Events, OfCollecting) {
  Vault vault = Open({});
  events_->Take();
  const Result<Collected> stored = StoreCard(vault, IdOf(1));
  ASSERT_THAT(StatusOf(stored), IsOk());
  const auto seen = One(EventKind::kCollect, Outcome::kAllowed);
  EXPECT_TRUE(seen.write);
  EXPECT_EQ(seen.handle, stored->handle);
  EXPECT_THAT(seen.records, ElementsAre(IdOf(1)));
}

TEST_F(Events, OfCollectingThatFailed) {
  Vault vault = Open({});
  events_->Take();
  EXPECT_FALSE(StoreCard(vault, IdOf(1), "4111111111111112").ok());
  One(EventKind::kCollect, Outcome::kFailed);
  EXPECT_EQ(
      vault.Collect({.who = Who::Ref(kUser), .notice = "none", .source = "web", .on_behalf_of = {}})
          .Put("payment_card", {{"pan", MakeSecret(kCardNumber)}, {"expiry", MakeSecret("12/15")}})
          .Commit()
          .status()
          .code(),
      Code::kRefused);
  EXPECT_THAT(One(EventKind::kCollect, Outcome::kRefused).reasons,
              ElementsAre(Reason::kUnknownNotice));
  EXPECT_FALSE(vault.Collect(Checkout()).Commit().ok());
  One(EventKind::kCollect, Outcome::kFailed);
}

TEST_F(Events, OfReading) {
  StoreOne();
  Vault vault = Open({"billing", "support"});
  Session billing = As(vault, "billing");
  Session support = As(vault, "support");
  events_->Take();
  const auto read = [&](Session& session, std::string_view field, RecordId id,
                        std::string_view who = kUser) {
    return session
        .Read({.who = Who::Ref(who), .category = "payment_card", .record = id, .fields = {field}})
        .status();
  };
  EXPECT_THAT(read(billing, "pan", IdOf(1)), IsOk());
  const auto seen = One(EventKind::kRead, Outcome::kAllowed);
  EXPECT_EQ(seen.purpose, "billing");
  EXPECT_EQ(seen.category, "payment_card");
  EXPECT_THAT(seen.fields, ElementsAre("pan"));
  EXPECT_THAT(seen.records, ElementsAre(IdOf(1)));
  EXPECT_FALSE(seen.write);

  EXPECT_FALSE(read(support, "pan", IdOf(1)).ok());
  EXPECT_THAT(One(EventKind::kRead, Outcome::kRefused).reasons,
              ElementsAre(Reason::kNotCollectedFor));
  EXPECT_FALSE(read(billing, "pan", IdOf(2)).ok());
  One(EventKind::kRead, Outcome::kNotFound);
  EXPECT_FALSE(read(billing, "pan", IdOf(1), "nobody").ok());
  One(EventKind::kRead, Outcome::kNotFound);
  EXPECT_FALSE(read(billing, "pan", IdOf(1), "").ok());
  One(EventKind::kRead, Outcome::kFailed);
  EXPECT_EQ(billing.Read({.who = Who::Ref(kUser), .category = "payment_card", .fields = {"pan"}})
                .status()
                .code(),
            Code::kUsage);
  One(EventKind::kRead, Outcome::kFailed);
  EXPECT_EQ(billing.Read({.who = Who::Ref(kUser), .category = "payment_card", .fields = {}})
                .status()
                .code(),
            Code::kUsage);
  One(EventKind::kRead, Outcome::kFailed);
}

TEST_F(Events, HoldNamesOfThePolicyOnly) {
  StoreOne();
  Vault vault = Open({"billing"});
  Result<Session> billing = vault.As("billing", {.on_behalf_of = "Ada Lovelace"});
  ASSERT_THAT(StatusOf(billing), IsOk());
  events_->Take();
  EXPECT_FALSE(billing
                   ->Read({.who = Who::Ref(kUser),
                           .category = "payment_card",
                           .record = IdOf(1),
                           .fields = {"pan", "4111111111111111"},
                           .case_reference = "Ada Lovelace"})
                   .ok());
  auto seen = One(EventKind::kRead, Outcome::kRefused);
  EXPECT_THAT(seen.fields, ElementsAre("pan"));
  EXPECT_EQ(seen.case_reference, "");
  EXPECT_EQ(seen.on_behalf_of, "");
  EXPECT_FALSE(
      billing->Read({.who = Who::Ref(kUser), .category = "card of Ada", .fields = {"pan"}}).ok());
  seen = One(EventKind::kRead, Outcome::kRefused);
  EXPECT_EQ(seen.category, "");
  EXPECT_THAT(seen.fields, IsEmpty());
}

TEST_F(Events, OfReadingDamage) {
  StoreOne();
  {
    const RawRows rows(vault_.path());
    RawRows::Row row = rows.All(store::Table::kSubjects).front();
    row.second[60] ^= 1;
    rows.Put(store::Table::kSubjects, row.first, row.second);
  }
  Vault vault = Open({"billing"});
  Session billing = As(vault, "billing");
  events_->Take();
  EXPECT_EQ(ReadCard(vault, "billing", IdOf(1), "pan").status().code(), Code::kDamage);
  One(EventKind::kRead, Outcome::kFailed);
  EXPECT_EQ(billing.List(Who::Ref(kUser)).status().code(), Code::kDamage);
  One(EventKind::kList, Outcome::kFailed);
  EXPECT_EQ(billing.ReadAll({.who = Who::Ref(kUser), .category = "payment_card", .fields = {"pan"}})
                .status()
                .code(),
            Code::kDamage);
  One(EventKind::kReadAll, Outcome::kFailed);
  EXPECT_EQ(FindCard(vault).status().code(), Code::kDamage);
  One(EventKind::kFind, Outcome::kFailed);
  const auto handles = vault.Subjects({}, 10);
  ASSERT_THAT(StatusOf(handles), IsOk());
  One(EventKind::kSubjects, Outcome::kAllowed);
  EXPECT_EQ(vault.RefOf(handles->front()).status().code(), Code::kDamage);
  One(EventKind::kRefOf, Outcome::kFailed);
}

TEST_F(Events, OfTheOtherCalls) {
  StoreOne();
  Vault vault = Open({"billing", "service"});
  std::vector<EventRecorder::Seen> opened = events_->Take();
  ASSERT_EQ(opened.size(), 2u);
  EXPECT_EQ(opened[1].kind, EventKind::kFoldLookups);
  Session billing = As(vault, "billing");
  EXPECT_EQ(FindCard(vault)->size(), 1u);
  EXPECT_THAT(One(EventKind::kFind, Outcome::kAllowed).records, ElementsAre(IdOf(1)));
  EXPECT_TRUE(FindCard(vault, kOtherCardNumber)->empty());
  EXPECT_THAT(One(EventKind::kFind, Outcome::kAllowed).records, IsEmpty());
  EXPECT_FALSE(FindCard(vault, "4111111111111112").ok());
  One(EventKind::kFind, Outcome::kFailed);
  EXPECT_EQ(billing.List(Who::Ref(kUser))->size(), 1u);
  One(EventKind::kList, Outcome::kAllowed);
  EXPECT_FALSE(billing.List(Who::Ref("nobody")).ok());
  One(EventKind::kList, Outcome::kNotFound);
  size_t seen = 0;
  EXPECT_THAT(billing.Scan({.category = "payment_card", .fields = {"pan"}},
                           [&](const Record&) { return ++seen > 0; }),
              IsOk());
  EXPECT_EQ(seen, 1u);
  EXPECT_THAT(One(EventKind::kScan, Outcome::kAllowed).records, ElementsAre(IdOf(1)));
  Session service = As(vault, "service");
  const Secret attempt = MakeSecret("open sesame");
  EXPECT_FALSE(*service.VerifyPassword(
      {.who = Who::Ref("nobody"), .category = "account", .field = "password", .attempt = attempt}));
  One(EventKind::kVerifyPassword, Outcome::kAllowed);
  EXPECT_EQ(vault.RefOf(Handle{}).status().code(), Code::kNotFound);
  One(EventKind::kRefOf, Outcome::kNotFound);
  EXPECT_THAT(StatusOf(vault.RefOf(billing.List(Who::Ref(kUser))->front().handle)), IsOk());
}

TEST_F(Events, ThatCannotBeRecordedStopEverything) {
  StoreOne();
  Vault vault = Open({"billing", "service"});
  Session billing = As(vault, "billing");
  Session service = As(vault, "service");
  const size_t records = vault.Info()->records;
  events_->Fail(true);
  EXPECT_EQ(ReadCard(vault, "billing", IdOf(1), "pan").status().code(), Code::kAuditDown);
  EXPECT_EQ(ReadCard(vault, "billing", IdOf(2), "pan").status().code(), Code::kAuditDown);
  EXPECT_EQ(FindCard(vault).status().code(), Code::kAuditDown);
  EXPECT_EQ(billing.List(Who::Ref(kUser)).status().code(), Code::kAuditDown);
  EXPECT_EQ(billing
                .Scan({.category = "payment_card", .fields = {"pan"}},
                      [](const Record&) {
                        ADD_FAILURE() << "a record was released";
                        return true;
                      })
                .code(),
            Code::kAuditDown);
  EXPECT_EQ(vault.Subjects({}, 1).status().code(), Code::kAuditDown);
  EXPECT_EQ(vault.RefOf(Handle{}).status().code(), Code::kAuditDown);
  const Secret attempt = MakeSecret("x");
  EXPECT_EQ(service
                .VerifyPassword({.who = Who::Ref(kUser),
                                 .category = "account",
                                 .field = "password",
                                 .attempt = attempt})
                .status()
                .code(),
            Code::kAuditDown);
  EXPECT_EQ(StoreCard(vault, IdOf(9)).status().code(), Code::kAuditDown);
  events_->Fail(false);
  EXPECT_EQ(vault.Info()->records, records);
}

TEST_F(Events, ThatCannotBeRecordedStopOpening) {
  events_->Fail(true);
  EXPECT_EQ(vault_.TryOpen(vault_.Granted("t", {}), {.events = events_}).status().code(),
            Code::kAuditDown);
}

// Somebody commits between the decision and the release: what counts is the newest state.
TEST_F(Events, AReadOvertakenByACommitThatForbidsItIsRefused) {
  Vault vault = Open({"support"});
  Session support = As(vault, "support");
  const auto store = [&](std::string_view notice, std::string_view source) {
    ASSERT_THAT(StatusOf(vault.Collect({.who = Who::Ref(kUser), .notice = notice, .source = source})
                             .Put("account",
                                  {{"name", MakeSecret("Ada")}, {"email", MakeSecret("ada@x.org")}})
                             .Commit()),
                IsOk());
  };
  store("signup-1", "web");
  const ReadRequest request{.who = Who::Ref(kUser), .category = "account", .fields = {"name"}};
  ASSERT_THAT(StatusOf(support.Read(request)), IsOk());
  events_->Take();
  // The same record again, under a notice that does not speak of support.
  events_->AfterNextAppend([&] { store("partner-1", "partner-site"); });
  EXPECT_EQ(StatusOf(support.Read(request)).code(), Code::kRefused);
  const auto seen = events_->Take();
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].outcome, Outcome::kAllowed);
  EXPECT_TRUE(seen[1].write);
  EXPECT_EQ(seen[2].outcome, Outcome::kRefused);
}

TEST_F(Events, AnAnswerOvertakenByACommitIsGivenAnew) {
  StoreOne();
  Vault vault = Open({"billing"});
  Session billing = As(vault, "billing");
  const auto overwrite = [&](std::string_view pan) {
    return [&vault, pan] { ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1), pan)), IsOk()); };
  };
  const ReadRequest one{
      .who = Who::Ref(kUser), .category = "payment_card", .record = IdOf(1), .fields = {"pan"}};
  events_->AfterNextAppend(overwrite(kOtherCardNumber));
  EXPECT_EQ(TextOf(billing.Read(one)->At("pan")), kOtherCardNumber);

  const ReadAllRequest all{.who = Who::Ref(kUser), .category = "payment_card", .fields = {"pan"}};
  events_->AfterNextAppend(overwrite(kCardNumber));
  EXPECT_EQ(TextOf(billing.ReadAll(all)->front().At("pan")), kCardNumber);

  events_->AfterNextAppend(overwrite(kOtherCardNumber));
  ASSERT_THAT(billing.Scan({.category = "payment_card", .fields = {"pan"}},
                           [&](const Record& record) {
                             EXPECT_EQ(TextOf(record.At("pan")), kOtherCardNumber);
                             return true;
                           }),
              IsOk());

  events_->AfterNextAppend(overwrite(kCardNumber));
  EXPECT_THAT(*FindCard(vault, kOtherCardNumber), IsEmpty());
}

}  // namespace
}  // namespace bailee
