// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "support/event_recorder.h"
#include "vault/stories.h"

// Finding records by a value and reading them, in one call.
namespace bailee {
namespace {

using audit::EventKind;
using audit::Outcome;
using ::testing::ElementsAre;
using testing::ErrorIs;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;
using testing::StatusOf;
using ::testing::UnorderedElementsAre;

// Whoever is found by their address has to agree before their number is read.
constexpr std::string_view kDesk = R"(
name: "desk"  version: 1  effective: "2013-05-01"
purpose { id: "desk"  says: "Answer"  may_know_existence: true }
purpose { id: "quiet"  says: "Answer those who need not know of each other" }
source { id: "web"  role: OWN }
notice { id: "form-1"  purpose: ["desk", "quiet"]  source: "web" }
category {
  id: "contact"  says: "How to reach somebody"  about: SUBJECT  holds: ONE
  field { id: "email"  kind: EMAIL  lookup { purpose: "desk" }  lookup { purpose: "quiet" } }
  field { id: "phone"  kind: PHONE }
  allow { purpose: ["desk", "quiet"]  basis: NECESSARY  field: "email" }
  allow { purpose: ["desk", "quiet"]  basis: OPT_IN  field: "phone" }
  retain { purpose: ["desk", "quiet"]  days: 365  from: COLLECTION }
}
)";
constexpr std::string_view kShared = "family@analytical.example";

class ReadWhere : public ::testing::Test {
 protected:
  ReadWhere() {
    for (const auto& [user, id, pan] : {std::tuple{"ada", uint8_t{1}, kCardNumber},
                                        std::tuple{"ada", uint8_t{2}, kOtherCardNumber},
                                        std::tuple{"bob", uint8_t{3}, kCardNumber}})
      EXPECT_THAT(StatusOf(StoreCard(vault_, IdOf(id), pan, Who::Ref(user))), IsOk());
    (void)events_->Take();
  }

  Result<std::vector<Record>> Cards(std::string_view pan,
                                    const std::vector<std::string_view>& fields = {"pan",
                                                                                   "expiry"}) {
    Session session = *vault_.As("billing");
    const Secret value = MakeSecret(pan);
    return session.ReadWhere(
        {.category = "payment_card", .field = "pan", .value = value, .fields = fields});
  }
  static std::vector<RecordId> IdsOf(const std::vector<Record>& records) {
    std::vector<RecordId> ids;
    for (const Record& record : records) ids.push_back(record.id);
    return ids;
  }

  TempVault temp_{PolicyText("livelook_2013")};
  std::shared_ptr<EventRecorder> events_ = std::make_shared<EventRecorder>();
  Vault vault_ = temp_.Open({"billing", "rights"}, {.events = events_});
};

TEST_F(ReadWhere, GivesTheValuesOfWhatFindFinds) {
  const auto records = Cards(kCardNumber);
  ASSERT_THAT(StatusOf(records), IsOk());
  EXPECT_THAT(IdsOf(*records), UnorderedElementsAre(IdOf(1), IdOf(3)));
  const auto found = FindCard(vault_);
  for (size_t i = 0; i < records->size(); ++i) {
    const Record& record = (*records)[i];
    EXPECT_EQ(record.id, (*found)[i].record);
    EXPECT_EQ(record.handle, (*found)[i].handle);
    EXPECT_EQ(TextOf(record.At("pan")), kCardNumber);
    EXPECT_EQ(TextOf(record.At("expiry")), "2015-12");
  }
  EXPECT_THAT(*Cards("4012888888881881"), IsEmpty());
}

TEST_F(ReadWhere, IsAFindAndAReadInTheTrailBeforeAnythingLeaves) {
  const auto records = Cards(kCardNumber);
  ASSERT_THAT(StatusOf(records), IsOk());
  const auto seen = events_->Take();
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_EQ(seen[0].kind, EventKind::kFind);
  EXPECT_THAT(seen[0].fields, ElementsAre("pan"));
  EXPECT_EQ(seen[1].kind, EventKind::kReadAll);
  EXPECT_THAT(seen[1].fields, ElementsAre("pan", "expiry"));
  for (const auto& event : seen) {
    EXPECT_EQ(event.outcome, Outcome::kAllowed);
    EXPECT_THAT(event.records, UnorderedElementsAre(IdOf(1), IdOf(3)));
  }
  EXPECT_EQ(records->front().decision.number, records->back().decision.number);

  events_->Fail(true);
  EXPECT_THAT(StatusOf(Cards(kCardNumber)), ErrorIs(Code::kAuditDown, "audit.down"));
}

TEST_F(ReadWhere, IsRefusedWhereReadingIsAndWhereFindingIs) {
  EXPECT_THAT(StatusOf(Cards(kCardNumber, {})), ErrorIs(Code::kUsage, "read.no-fields"));
  const auto unknown = Cards(kCardNumber, {"pan", "colour"});
  ASSERT_NE(StatusOf(unknown).refusal(), nullptr);
  EXPECT_EQ(events_->Take().back().kind, EventKind::kReadAll);

  Session session = *vault_.As("billing");
  const Secret expiry = MakeSecret("12/15");
  const auto no_lookup = session.ReadWhere(
      {.category = "payment_card", .field = "expiry", .value = expiry, .fields = {"pan"}});
  ASSERT_NE(StatusOf(no_lookup).refusal(), nullptr);
  EXPECT_EQ(events_->Take().back().kind, EventKind::kFind);
}

TEST_F(ReadWhere, WhoIsErasedWhileItRunsIsNotReleased) {
  events_->AfterNextAppend(
      [&] { ASSERT_THAT(StatusOf(vault_.Erase(Who::Ref("ada"), {.defer = true})), IsOk()); });
  const auto records = Cards(kCardNumber);
  ASSERT_THAT(StatusOf(records), IsOk());
  EXPECT_THAT(IdsOf(*records), ElementsAre(IdOf(3)));
}

TEST_F(ReadWhere, NoLongerFindsByWhatWasPutRight) {
  Session session = *vault_.As("billing");
  std::vector<FieldInput> fields;
  fields.emplace_back("pan", MakeSecret(kOtherCardNumber));
  ASSERT_THAT(StatusOf(session.Rectify({.who = Who::Ref("bob"),
                                        .category = "payment_card",
                                        .record = IdOf(3),
                                        .fields = std::move(fields)})),
              IsOk());
  EXPECT_THAT(IdsOf(*Cards(kCardNumber)), ElementsAre(IdOf(1)));
  EXPECT_THAT(IdsOf(*Cards(kOtherCardNumber)), UnorderedElementsAre(IdOf(2), IdOf(3)));
}

class ReadWhereOptIn : public ::testing::Test {
 protected:
  ReadWhereOptIn() {
    for (const std::string_view user : {"ada", "bob"}) {
      Say(user, LedgerKind::kGiven);
      EXPECT_THAT(StatusOf(vault_
                               .Collect({.who = Who::Ref(user),
                                         .notice = "form-1",
                                         .source = "web",
                                         .on_behalf_of = {}})
                               .Put("contact", {{"email", MakeSecret(kShared)},
                                                {"phone", MakeSecret("+4930123456")}})
                               .Commit()),
                  IsOk());
    }
  }
  void Say(std::string_view user, LedgerKind kind) {
    for (const std::string_view purpose : {"desk", "quiet"})
      ASSERT_THAT(StatusOf(vault_.Record(Who::Ref(user),
                                         {.kind = kind,
                                          .purpose = std::string(purpose),
                                          .category = "contact",
                                          .notice = kind == LedgerKind::kGiven ? "form-1" : ""})),
                  IsOk());
  }
  Result<std::vector<Record>> Reached(std::string_view purpose, std::string_view field) {
    (void)events_->Take();
    Session session = *vault_.As(purpose);
    const Secret value = MakeSecret(kShared);
    return session.ReadWhere(
        {.category = "contact", .field = "email", .value = value, .fields = {field}});
  }
  size_t Released() {
    const auto seen = events_->Take();
    return seen.empty() ? 0 : seen.back().records.size();
  }

  TempVault temp_{std::string(kDesk)};
  std::shared_ptr<EventRecorder> events_ = std::make_shared<EventRecorder>();
  Vault vault_ = temp_.Open({"desk", "quiet"}, {.events = events_});
};

TEST_F(ReadWhereOptIn, LeavesOutWhoMayBeFoundAndNotRead) {
  Say("bob", LedgerKind::kWithdrawn);
  EXPECT_THAT(*Reached("desk", "email"), SizeIs(2));
  const auto some = Reached("desk", "phone");
  ASSERT_THAT(StatusOf(some), IsOk());
  ASSERT_THAT(*some, SizeIs(1));
  EXPECT_EQ(TextOf(some->front().At("phone")), "+4930123456");
  EXPECT_EQ(Released(), 1u);
}

TEST_F(ReadWhereOptIn, SaysWhyNobodyMayBeReadOnlyToWhoMayKnowOfThem) {
  Say("ada", LedgerKind::kWithdrawn);
  Say("bob", LedgerKind::kWithdrawn);
  const Status told = StatusOf(Reached("desk", "phone"));
  ASSERT_NE(told.refusal(), nullptr);
  EXPECT_EQ(told.refusal()->reasons.front(), Reason::kConsentWithdrawn);
  const auto untold = Reached("quiet", "phone");
  ASSERT_THAT(StatusOf(untold), IsOk());
  EXPECT_THAT(*untold, IsEmpty());
}

}  // namespace
}  // namespace bailee
