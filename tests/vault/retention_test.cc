// SPDX-License-Identifier: Apache-2.0
#include "stories.h"

// What is over is deleted, to the day, and nothing else is.
namespace bailee {
namespace {

using testing::ErrorIs;
using testing::StatusOf;

// Two of a person's records, found by their values, of which one is over first.
constexpr std::string_view kTwoPeriods = R"(
name: "two"  version: 1  effective: "2013-05-01"
purpose { id: "desk"  says: "Answer" }
source { id: "web"  role: OWN }
notice { id: "form-1"  purpose: "desk"  source: "web" }
category {
  id: "short"  says: "Kept for a while"  about: SUBJECT  holds: ONE
  field { id: "email"  kind: EMAIL  lookup { purpose: "desk" } }
  allow { purpose: "desk"  basis: NECESSARY }
  retain { purpose: "desk"  days: 10  from: COLLECTION }
}
category {
  id: "long"  says: "Kept for long"  about: SUBJECT  holds: ONE
  field { id: "email"  kind: EMAIL  lookup { purpose: "desk" } }
  allow { purpose: "desk"  basis: NECESSARY }
  retain { purpose: "desk"  days: 1000  from: COLLECTION }
}
)";

class RetentionTest : public ::testing::Test {
 protected:
  // A card for 2,555 days at most, and a log line for 180.
  void Fill() {
    Vault vault = temp.Open({"billing"});
    ASSERT_TRUE(StoreCard(vault, IdOf(1)).ok());
    ASSERT_TRUE(StoreLine(vault, Who::Ref(kUser)).ok());
    ASSERT_TRUE(StoreLine(vault, Who::Nobody()).ok());
  }
  static Result<Collected> StoreLine(Vault& vault, Who who) {
    return vault.Collect({.who = who, .notice = "visit-1", .source = "web", .on_behalf_of = {}})
        .Put("web_log", {{"request", MakeSecret("https://shop.example/a")},
                         {"ip", MakeSecret("192.0.2.77")},
                         {"at", MakeSecret("2013-05-30T10:11:12Z")}})
        .Commit();
  }
  Result<RetentionPlan> Plan() { return temp.Open({"upkeep"}).PlanRetention(); }
  Result<RetentionResult> RunNow() {
    Vault vault = temp.Open({"upkeep"});
    const Result<RetentionPlan> plan = vault.PlanRetention();
    if (!plan.ok()) return plan.status();
    return vault.RunRetention(*plan);
  }
  static uint64_t Over(const RetentionPlan& plan) {
    uint64_t over = 0;
    for (const auto& each : plan.categories) over += each.over;
    return over;
  }

  TempVault temp{PolicyText("livelook_2013")};
};

TEST_F(RetentionTest, CountsToTheDayAndChangesNothing) {
  Fill();
  EXPECT_EQ(Over(*Plan()), 0U);
  temp.clock().AdvanceDays(179);
  EXPECT_EQ(Over(*Plan()), 0U);
  temp.clock().AdvanceDays(1);
  const auto before = RowCounts(temp.path());
  const Result<RetentionPlan> plan = Plan();
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  ASSERT_EQ(plan->categories.size(), 2U);
  EXPECT_EQ(plan->categories[0].id, "payment_card");
  EXPECT_EQ(plan->categories[0].over, 0U);
  EXPECT_EQ(plan->categories[1].id, "web_log");
  EXPECT_EQ(plan->categories[1].records, 2U);
  EXPECT_EQ(plan->categories[1].over, 2U);
  EXPECT_EQ(RowCounts(temp.path()), before);
}

TEST_F(RetentionTest, DeletesWhatIsOverWithItsKeysAndNobodyElse) {
  Fill();
  temp.clock().AdvanceDays(180);
  const Result<RetentionResult> done = RunNow();
  ASSERT_TRUE(done.ok()) << done.status().message();
  EXPECT_EQ(done->deleted, 2U);
  EXPECT_EQ(done->subjects, 1U) << "whoever was unnamed; the other has a card";
  {
    Vault vault = temp.Open({"billing"});
    EXPECT_EQ(*ReadCard(vault, "billing", IdOf(1), "pan"), kCardNumber);
    EXPECT_EQ(FindCard(vault)->size(), 1U);
    EXPECT_EQ(vault.Subjects({}, 10)->size(), 1U);
  }
  const RawRows rows(temp.path());
  EXPECT_EQ(rows.Count(store::Table::kRecords), 1U);
  const crypto::NameId log = crypto::NameIdOf("web_log");
  for (const auto& row : rows.All(store::Table::kSubjects)) {
    if (row.first.size() == 17) continue;
    EXPECT_FALSE(std::equal(log.bytes.begin(), log.bytes.end(), row.first.begin() + 17));
  }
}

TEST_F(RetentionTest, LeavesNothingOfSomebodyOfWhomEverythingIsOver) {
  Fill();
  temp.clock().AdvanceDays(2555);
  const Result<RetentionResult> done = RunNow();
  ASSERT_TRUE(done.ok()) << done.status().message();
  EXPECT_EQ(done->deleted, 3U);
  EXPECT_EQ(done->subjects, 2U);
  EXPECT_GE(done->lookups, 1U);
  const RawRows rows(temp.path());
  for (const store::Table table :
       {store::Table::kRecords, store::Table::kSubjects, store::Table::kLookup}) {
    EXPECT_EQ(rows.Count(table), 0U) << store::TableName(table);
  }
}

TEST_F(RetentionTest, WhatIsHeldStays) {
  Fill();
  {
    Vault vault = temp.Open({});
    ASSERT_TRUE(
        vault
            .Record(Who::Ref(kUser),
                    {.kind = LedgerKind::kHold, .category = "web_log", .reference = "2013-CV-17"})
            .ok());
  }
  temp.clock().AdvanceDays(180);
  const Result<RetentionPlan> plan = Plan();
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->categories[1].over, 1U);
  EXPECT_EQ(plan->categories[1].held, 1U);
  EXPECT_EQ(RunNow()->deleted, 1U);
  {
    Vault vault = temp.Open({});
    ASSERT_TRUE(vault
                    .Record(Who::Ref(kUser), {.kind = LedgerKind::kRelease,
                                              .category = "web_log",
                                              .reference = "2013-CV-17"})
                    .ok());
  }
  EXPECT_EQ(RunNow()->deleted, 1U);
}

TEST_F(RetentionTest, WhoeverMayChangeTheirMindKeepsTheirData) {
  Fill();
  {
    Vault vault = temp.Open({});
    for (const std::string_view purpose : {"billing", "support", "develop", "legal"}) {
      ASSERT_TRUE(
          vault.Record(Who::Ref(kUser), {.kind = LedgerKind::kDeclined, .purpose = purpose}).ok());
    }
    ASSERT_TRUE(vault.Record(Who::Ref(kUser), {.kind = LedgerKind::kRestricted}).ok());
  }
  EXPECT_EQ(Over(*Plan()), 0U);
}

TEST_F(RetentionTest, JudgesAgainWhatThePlanCounted) {
  Fill();
  temp.clock().AdvanceDays(180);
  const Result<RetentionPlan> plan = Plan();
  ASSERT_TRUE(plan.ok());
  {
    Vault vault = temp.Open({"billing"});
    ASSERT_TRUE(StoreLine(vault, Who::Ref(kUser)).ok());  // of today
  }
  EXPECT_EQ(temp.Open({"upkeep"}).RunRetention(*plan)->deleted, 2U);
  EXPECT_EQ(temp.Open({"upkeep"}).RunRetention(*plan)->deleted, 0U) << "run again";
}

TEST_F(RetentionTest, GoesOnWhereItWasStopped) {
  {
    Vault vault = temp.Open({});
    Batch batch = vault.CollectBatch();
    for (int i = 0; i < 1500; ++i) {
      batch.Add({.who = Who::Nobody(), .notice = "visit-1", .source = "web", .on_behalf_of = {}})
          .Put("web_log", {{"request", MakeSecret("https://shop.example/a")},
                           {"ip", MakeSecret("192.0.2.77")},
                           {"at", MakeSecret("2013-05-30T10:11:12Z")}});
    }
    ASSERT_TRUE(batch.Commit().ok());
  }
  temp.clock().AdvanceDays(180);
  Vault vault = temp.Open({"upkeep"});
  const Result<RetentionPlan> plan = vault.PlanRetention();
  ASSERT_TRUE(plan.ok());
  const Result<RetentionResult> stopped =
      vault.RunRetention(*plan, {.progress = [](uint64_t) { return false; }});
  ASSERT_TRUE(stopped.ok());
  EXPECT_FALSE(stopped->complete);
  EXPECT_EQ(stopped->deleted, 1024U);
  const Result<RetentionResult> rest = vault.RunRetention(*plan);
  EXPECT_EQ(rest->deleted, 476U);
  EXPECT_TRUE(rest->complete);
  EXPECT_EQ(vault.Subjects({}, 10)->size(), 0U);
}

TEST_F(RetentionTest, IsForUpkeepAlone) {
  Fill();
  Vault vault = temp.Open({"billing", "rights"});
  const Result<RetentionPlan> plan = vault.PlanRetention();
  ASSERT_NE(plan.status().refusal(), nullptr);
  EXPECT_EQ(plan.status().refusal()->reasons, std::vector<Reason>{Reason::kPurposeKeyMissing});
  EXPECT_NE(vault.RunRetention({}).status().refusal(), nullptr);
}

TEST_F(RetentionTest, RefusesAPlanOfAnythingElse) {
  Fill();
  Vault vault = temp.Open({"upkeep"});
  const RetentionPlan good = *vault.PlanRetention();
  RetentionPlan plan = good;
  plan.vault.bytes[0] ^= 1;
  EXPECT_THAT(StatusOf(vault.RunRetention(plan)),
              ErrorIs(Code::kConflict, "retention.other-vault"));
  plan = good;
  ++plan.policy_version;
  EXPECT_THAT(StatusOf(vault.RunRetention(plan)),
              ErrorIs(Code::kConflict, "retention.other-policy"));
  plan = good;
  plan.as_of.unix_ms += int64_t{3650} * kMillisPerDay;
  EXPECT_THAT(StatusOf(vault.RunRetention(plan)), ErrorIs(Code::kInvalidValue, "retention.future"));
  EXPECT_TRUE(ReadCard(vault, "billing", IdOf(1), "pan").status().refusal() != nullptr);
}

// What leads back from a person to their lookups, which is one row for a collection, keeps those
// that stay.
TEST(RetentionOfLookups, TakesOutOfABackRowWhatIsOverAndNoMore) {
  TempVault temp{std::string(kTwoPeriods)};
  const auto rows = [&](uint8_t kind) {
    return RawRows(temp.path()).All(store::Table::kLookup, Prefix(kind)).size();
  };
  {
    Vault vault = temp.Open({"desk"});
    ASSERT_THAT(StatusOf(vault
                             .Collect({.who = Who::Ref(kUser),
                                       .notice = "form-1",
                                       .source = "web",
                                       .on_behalf_of = {}})
                             .Put("short", {{"email", MakeSecret("ada@short.example")}})
                             .Put("long", {{"email", MakeSecret("ada@long.example")}})
                             .Commit()),
                testing::IsOk());
  }
  EXPECT_EQ(rows(3), 2u);
  EXPECT_EQ(rows(5), 1u) << "one of a collection";
  temp.clock().AdvanceDays(100);
  {
    Vault vault = temp.Open({"upkeep"});
    EXPECT_EQ(vault.RunRetention(*vault.PlanRetention())->deleted, 1u);
  }
  EXPECT_EQ(rows(3), 1u);
  EXPECT_EQ(rows(5), 1u);
  {
    Vault vault = temp.Open({"desk", "rights"});
    const Secret email = MakeSecret("ada@long.example");
    EXPECT_EQ(
        vault.As("desk")->Find({.category = "long", .field = "email", .value = email})->size(), 1u);
    ASSERT_THAT(StatusOf(vault.Erase(Who::Ref(kUser), {.defer = true})), testing::IsOk());
  }
  EXPECT_EQ(rows(3), 0u);
  EXPECT_EQ(rows(5), 0u);
}

}  // namespace
}  // namespace bailee
