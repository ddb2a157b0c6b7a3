// SPDX-License-Identifier: Apache-2.0
#include "support/event_recorder.h"
#include "vault/next_policy.h"

// LL-03: what combining is in the LiveLOOK policy, on accounts that came from two sources.
namespace bailee {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusOf;

const Who kOurs = Who::Ref("user-web");
const Who kTheirs = Who::Ref("user-partner");

class Combining : public ::testing::Test {
 protected:
  Combining() {
    EXPECT_THAT(StoreAccount(vault_, kOurs), IsOk());
    EXPECT_THAT(StatusOf(vault_
                             .Collect({.who = kTheirs,
                                       .notice = "partner-1",
                                       .source = "partner-site",
                                       .on_behalf_of = {}})
                             .Put("account", {{"email", MakeSecret("ada@analytical.example")}})
                             .Commit()),
                IsOk());
    (void)events_->Take();
  }

  // How many accounts one call releases.
  Result<size_t> Scanned(std::string_view purpose, std::string source = {}) {
    Result<Session> session = vault_.As(purpose, {.source = std::move(source)});
    if (!session.ok()) return session.status();
    size_t count = 0;
    const Status scanned = session->Scan({.category = "account", .fields = {"email"}},
                                         [&](const Record&) { return ++count > 0; });
    if (!scanned.ok()) return scanned;
    return count;
  }

  TempVault world_{PolicyText("livelook_2013")};
  std::shared_ptr<EventRecorder> events_ = std::make_shared<EventRecorder>();
  Vault vault_ = world_.Open({"service", "improve.combined", "upkeep"}, {.events = events_});
};

TEST_F(Combining, LL_03_OnlyAPurposeThatCombinesHasSeveralSourcesInOneCall) {
  const auto refused = Scanned("service");
  ASSERT_NE(refused.status().refusal(), nullptr);
  EXPECT_EQ(refused.status().refusal()->reasons.front(), Reason::kNotCollectedFor);
  EXPECT_EQ(refused.status().refusal()->rule, "only improve.combined may combine sources");
  EXPECT_EQ(refused.status().refusal()->clause, "LL-03");
  EXPECT_THAT(refused.status().refusal()->offer, HasSubstr("partner-site"));
  EXPECT_EQ(events_->Take().back().outcome, audit::Outcome::kRefused);

  EXPECT_EQ(*Scanned("service", "web"), 1u);
  EXPECT_EQ(*Scanned("service", "partner-site"), 1u);
  EXPECT_EQ(Scanned("service", "nowhere").status().refusal()->reasons.front(),
            Reason::kUnknownSource);
}

TEST_F(Combining, LL_03_FindingPeopleByOneAddressJoinsNoSources) {
  const Secret address = MakeSecret("ada@analytical.example");
  const FindRequest request{.category = "account", .field = "email", .value = address};
  Session every = *vault_.As("service");
  EXPECT_EQ(StatusOf(every.Find(request)).code(), Code::kRefused);
  const ReadWhereRequest reading{
      .category = "account", .field = "email", .value = address, .fields = {"email"}};
  EXPECT_EQ(StatusOf(every.ReadWhere(reading)).code(), Code::kRefused);
  Session ours = *vault_.As("service", {.source = "web"});
  EXPECT_EQ(ours.Find(request)->size(), 1u);
  EXPECT_EQ(ours.ReadWhere(reading)->size(), 1u);
}

TEST_F(Combining, LL_03_ASessionOfOneSourceSeesNothingOfAnother) {
  Session session = *vault_.As("service", {.source = "web"});
  EXPECT_TRUE(ReadAccount(session, "email", kOurs).ok());
  EXPECT_EQ(StatusOf(ReadAccount(session, "email", kTheirs)).code(), Code::kNotFound);
  EXPECT_EQ(StatusOf(session.List(kTheirs)).code(), Code::kNotFound);
}

TEST_F(Combining, LL_03_CombiningStopsWhenTheSubjectOptsOut) {
  EXPECT_EQ(*Scanned("improve.combined"), 1u) << "a partner's data only once its subject is asked";
  ASSERT_THAT(StatusOf(vault_.Record(kTheirs, {.kind = LedgerKind::kGiven,
                                               .purpose = "improve.combined",
                                               .notice = "combine-1"})),
              IsOk());
  EXPECT_EQ(*Scanned("improve.combined"), 2u);
  ASSERT_THAT(StatusOf(vault_.Record(
                  kOurs, {.kind = LedgerKind::kObjected, .purpose = "improve.combined"})),
              IsOk());
  EXPECT_EQ(*Scanned("improve.combined"), 1u);
  // What needs no combining goes on.
  EXPECT_EQ(*ReadAccount(vault_, "service", "email", kOurs), "ada@analytical.example");
}

}  // namespace
}  // namespace bailee
