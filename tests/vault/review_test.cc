// SPDX-License-Identifier: Apache-2.0
#include "bailee/audit_trail.h"
#include "bailee/publish.h"
#include "vault/rectify_world.h"

// What is held, looked over: is it still right, is it still needed, does anybody use it?
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

class ReviewTest : public RectifyTest {
 protected:
  explicit ReviewTest(const std::string& policy = PolicyText("livelook_2013"))
      : RectifyTest(policy) {}

  const CategoryReview* Of(const Reviewed& reviewed, std::string_view category) {
    for (const CategoryReview& each : reviewed.categories) {
      if (each.category == category) return &each;
    }
    return nullptr;
  }
  CategoryReview ReviewOf(std::string_view category, int32_t unconfirmed_days = 365) {
    Vault vault = Open({"upkeep"});
    const Result<Reviewed> reviewed = vault.Review({.unconfirmed_days = unconfirmed_days});
    EXPECT_THAT(StatusOf(reviewed), IsOk());
    const CategoryReview* found = reviewed.ok() ? Of(*reviewed, category) : nullptr;
    return found == nullptr ? CategoryReview() : *found;
  }
  void Collect(std::string_view notice, std::string_view category, const Texts& texts) {
    Vault vault = Open({});
    ASSERT_THAT(
        StatusOf(
            vault
                .Collect(
                    {.who = Who::Ref(kUser), .notice = notice, .source = "web", .on_behalf_of = {}})
                .Put(category, Inputs(texts))
                .Commit()),
        IsOk());
  }
};

class ReviewOfDates : public ReviewTest {
 protected:
  ReviewOfDates() : ReviewTest(std::string(kDays)) {}
};

TEST_F(ReviewTest, CountsWhatIsHeldByCategory) {
  Register();
  {
    Vault vault = Open({});
    Register(vault, Who::Ref("user-2"));
  }
  Collect("checkout-1", "payment_card", {{"pan", kCardNumber}, {"expiry", "12/15"}});
  Vault vault = Open({"upkeep"});
  const Result<Reviewed> reviewed = vault.Review();
  ASSERT_THAT(StatusOf(reviewed), IsOk());
  EXPECT_EQ(reviewed->subjects, 2u);
  EXPECT_EQ(reviewed->damaged, 0u);
  EXPECT_TRUE(reviewed->complete);
  ASSERT_EQ(reviewed->categories.size(), 2u);
  EXPECT_EQ(Of(*reviewed, "account")->records, 2u);
  EXPECT_EQ(Of(*reviewed, "payment_card")->records, 1u);
  EXPECT_EQ(*Of(*reviewed, "account")->oldest, temp_.clock().Now());
  EXPECT_THAT(Of(*reviewed, "account")->unused, IsEmpty());
}

TEST_F(ReviewTest, SaysWhichRecordsNobodyConfirmedUntilTheyArePutRight) {
  Register();
  EXPECT_EQ(ReviewOf("account", 30).unconfirmed, 0u);
  temp_.clock().AdvanceDays(30);
  EXPECT_EQ(ReviewOf("account", 30).unconfirmed, 0u) << "not longer than 30 days";
  temp_.clock().AdvanceDays(1);
  EXPECT_EQ(ReviewOf("account", 30).unconfirmed, 1u);
  ASSERT_THAT(StatusOf(RectifyAlone("support", {{"email", kRight}})), IsOk());
  EXPECT_EQ(ReviewOf("account", 30).unconfirmed, 0u);
}

TEST_F(ReviewTest, SaysWhatIsKeptForTooLong) {
  Register();
  temp_.clock().AdvanceDays(3'649);
  EXPECT_EQ(ReviewOf("account").overdue, 0u);
  temp_.clock().AdvanceDays(1);
  EXPECT_EQ(ReviewOf("account").overdue, 1u);
  EXPECT_EQ(ReviewOf("account").overdue_held, 0u);
  {
    Vault vault = Open({});
    ASSERT_THAT(Say(vault, {.kind = LedgerKind::kHold, .reference = "2023-CV-1"}), IsOk());
  }
  EXPECT_EQ(ReviewOf("account").overdue_held, 1u);
}

TEST_F(ReviewTest, CountsRetentionFromWhatHappened) {
  Register();
  temp_.clock().AdvanceDays(400);
  {
    Vault vault = Open({});
    ASSERT_THAT(Say(vault, {.kind = LedgerKind::kNamedEvent, .name = "account_closed"}), IsOk());
  }
  temp_.clock().AdvanceDays(364);
  EXPECT_EQ(ReviewOf("account").overdue, 0u) << "legal has a year after the account was closed";
  temp_.clock().AdvanceDays(1);
  EXPECT_EQ(ReviewOf("account").overdue, 1u);
}

TEST_F(ReviewTest, IsRecordedAndStopsWhenItIsTold) {
  Register();
  Vault vault = Open({"upkeep"});
  Events(EventKind::kReview);
  const Result<Reviewed> stopped = vault.Review({.progress = [](uint64_t) { return false; }});
  ASSERT_THAT(StatusOf(stopped), IsOk());
  EXPECT_FALSE(stopped->complete);
  EXPECT_THAT(StatusOf(vault.Review({.unconfirmed_days = -1})),
              ErrorIs(Code::kInvalidValue, "review.days"));
  const auto seen = Events(EventKind::kReview);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].outcome, Outcome::kAllowed);
  EXPECT_EQ(seen[1].outcome, Outcome::kFailed);
}

TEST_F(ReviewTest, IsForUpkeep) {
  Vault vault = Open({"service", "rights"});
  const Result<Reviewed> refused = vault.Review();
  ASSERT_NE(refused.status().refusal(), nullptr);
  EXPECT_THAT(refused.status().refusal()->reasons, ElementsAre(Reason::kPurposeKeyMissing));
  const auto seen = Events(EventKind::kReview);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].outcome, Outcome::kRefused);
}

TEST_F(ReviewTest, CountsWhatIsDamagedAndGoesOn) {
  Register();
  Collect("checkout-1", "payment_card", {{"pan", kCardNumber}, {"expiry", "12/15"}});
  {
    const RawRows rows(temp_.path());
    const auto records = rows.All(Table::kRecords);
    rows.Put(Table::kRecords, records[0].first, Bytes(5));
  }
  Vault vault = Open({"upkeep"});
  const Result<Reviewed> reviewed = vault.Review();
  ASSERT_THAT(StatusOf(reviewed), IsOk());
  EXPECT_EQ(reviewed->damaged, 1u);
  EXPECT_EQ(reviewed->categories.size(), 1u);
}

TEST_F(ReviewOfDates, NamesWhatEveryPurposeItWasForHasLost) {
  {
    Vault vault = Open({});
    ASSERT_THAT(StatusOf(vault
                             .Collect({.who = Who::Ref(kUser),
                                       .notice = "form-1",
                                       .source = "web",
                                       .on_behalf_of = {}})
                             .Put("dates", Inputs({{"born", "1815-12-10T12:00:00Z"}}))
                             .Commit()),
                IsOk());
  }
  EXPECT_THAT(ReviewOf("dates").unused, IsEmpty());
  std::string next(kDays);
  const auto replace = [&](std::string_view from, std::string_view to) {
    ASSERT_NE(next.find(from), std::string::npos) << from;
    next.replace(next.find(from), from.size(), to);
  };
  replace("version: 1", "version: 2");
  replace("2013-05-01", "2013-06-01");
  replace(R"(notice { id: "form-1")", R"(notice { id: "form-2"  purpose: ["research", "history"] }
notice { id: "form-1")");
  replace(R"("born.day", "moved.day"])", R"("born.day", "moved.day", "seen.day"])");
  replace(R"(  allow { purpose: "history"  basis: NECESSARY  field: "seen.day" })",
          R"(  allow { purpose: "history"  basis: NECESSARY  field: "born.day" })");
  {
    Vault vault = Open({});
    const Keyring authority = temp_.Origin("authority");
    PublishRequest request{.policy_text = next,
                           .notice = "form-2",
                           .announced_at = Timestamp{1'367'366'400'000}};  // 2013-05-01
    request.keep = [this](const std::vector<KeyringFile>& files) { return temp_.Keep(files); };
    ASSERT_THAT(StatusOf(vault.Publish(authority, request)), IsOk());
  }
  EXPECT_THAT(ReviewOf("dates").unused, ElementsAre("seen.day"));
}

// By the trail: so through the vault's own.
TEST_F(ReviewTest, FieldUsesAreThoseOfTheTrail) {
  const Timestamp begin = temp_.clock().Now();
  {
    Vault vault = temp_.Open({"service", "support"});
    Register(vault);
    EXPECT_EQ(*Read(vault, "service", "email"), kWrong);
    ASSERT_THAT(StatusOf(Rectify(vault, "service", {{"name", "A. L."}})), IsOk());
    EXPECT_FALSE(Read(vault, "support", "email.domain").ok());
  }
  temp_.clock().AdvanceDays(10);
  {
    Vault vault = temp_.Open({"service"});
    EXPECT_EQ(*Read(vault, "service", "email"), kWrong);
    EXPECT_TRUE(IsPassword(vault, kPassword));
  }
  Result<AuditTrail> trail = AuditTrail::Open(temp_.path(), temp_.Origin("auditor"),
                                              {.clock = &temp_.clock(), .map_bytes = 1u << 30});
  ASSERT_THAT(StatusOf(trail), IsOk());
  const auto uses = trail->FieldUses(std::nullopt);
  ASSERT_THAT(StatusOf(uses), IsOk());
  ASSERT_EQ(uses->size(), 2u);
  EXPECT_EQ((*uses)[0].field, "email");
  EXPECT_EQ((*uses)[0].category, "account");
  EXPECT_EQ((*uses)[0].times, 2u);
  EXPECT_EQ((*uses)[0].last, temp_.clock().Now());
  EXPECT_EQ((*uses)[1].field, "password");
  const auto later = trail->FieldUses(Timestamp{begin.unix_ms + kMillisPerDay});
  ASSERT_THAT(StatusOf(later), IsOk());
  EXPECT_EQ(later->front().times, 1u);
}

TEST_F(ReviewTest, FieldUsesTakeTheAuditor) {
  { Vault vault = temp_.Open({}); }
  Result<AuditTrail> trail = AuditTrail::Open(temp_.path(), temp_.Granted("nobody", {}),
                                              {.clock = &temp_.clock(), .map_bytes = 1u << 30});
  ASSERT_THAT(StatusOf(trail), IsOk());
  EXPECT_THAT(StatusOf(trail->FieldUses(std::nullopt)), ErrorIs(Code::kKey, "key.auditor-missing"));
}

}  // namespace
}  // namespace bailee
