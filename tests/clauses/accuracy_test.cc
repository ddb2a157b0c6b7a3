// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "bailee/audit_trail.h"
#include "clauses/clause_world.h"

// LL-16: "accurate, complete, and current", and no more of it than is needed.
namespace bailee {
namespace {

using audit::EventKind;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::IsOk;
using testing::StatusOf;
using ::testing::UnorderedElementsAre;

class Clauses : public ClauseTest {
 protected:
  Clauses() : ClauseTest("livelook_2013", kJune2013, kAda) {}

  static std::vector<FieldInput> Fields(std::string_view field, std::string_view value) {
    std::vector<FieldInput> fields;
    fields.emplace_back(field, MakeSecret(value));
    return fields;
  }
  Collected Register() {
    std::vector<FieldInput> fields = Fields("email", "ada@wrong.example");
    fields.emplace_back("name", MakeSecret("Ada"));
    fields.emplace_back("password", MakeSecret("correct horse"));
    return Store(Under("signup-1", "web"), "account", std::move(fields));
  }
};

TEST_F(Clauses, LL_16_WhatIsWrongIsCorrectedWithItsViewsByWhoMayUseIt) {
  const Collected stored = Register();
  // Support may use the address and nothing else of it.
  ASSERT_THAT(
      StatusOf(world_.Rectify("support", kAda, "account", Fields("email", "ada@right.example"))),
      IsOk());
  const auto seen = world_.Events(EventKind::kRectify);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].purpose, "support");
  EXPECT_THAT(seen[0].fields, ElementsAre("email"));
  EXPECT_EQ(seen[0].handle, stored.handle);
  EXPECT_EQ(*world_.Read({"service", kAda, "account", "email"}), "ada@right.example");
  EXPECT_EQ(*world_.Read({"improve.service", kAda, "account", "email.domain"}), "right.example");
  EXPECT_EQ(*world_.Read({"service", kAda, "account", "name"}), "Ada");
  EXPECT_TRUE(*world_.Verify("service", kAda, "correct horse"));
  // What support wrote for others it has no key to.
  auto raw = world_.Raw(stored.handle, "account");
  EXPECT_EQ(raw["email.domain"].count("support"), 0u);
  EXPECT_EQ(raw["email.domain"].at("improve.service"), "right.example");
  for (const auto& [purpose, value] : raw["email"])
    EXPECT_EQ(value, "ada@right.example") << purpose;
}

TEST_F(Clauses, LL_16_NobodyCorrectsWhatTheyMayNotUse) {
  const Collected stored = Register();
  const std::vector<size_t> before = world_.Rows();
  for (const std::string_view purpose : {"improve.service", "network", "audit"}) {
    const auto refused =
        world_.Rectify(purpose, kAda, "account", Fields("email", "ada@right.example"));
    EXPECT_EQ(WhyNot(refused), Reason::kNotCollectedFor) << purpose;
    world_.ExpectRefused(EventKind::kRectify, purpose, Reason::kNotCollectedFor);
  }
  EXPECT_EQ(WhyNot(world_.Rectify("improve.service", kAda, "account",
                                  Fields("email.domain", "right.example"))),
            Reason::kUndeclaredField);
  world_.ExpectRefused(EventKind::kRectify, "improve.service", Reason::kUndeclaredField);
  EXPECT_EQ(world_.Rows(), before);
  const auto raw = world_.Raw(stored.handle, "account");
  for (const auto& [purpose, value] : raw.at("email"))
    EXPECT_EQ(value, "ada@wrong.example") << purpose;
}

TEST_F(Clauses, LL_16_PeopleHaveTheirDataCorrectedAlsoWhileNothingMayBeUsed) {
  const Collected stored = Register();
  {
    Vault vault = world_.vault().Open({"rights"});
    ASSERT_THAT(StatusOf(vault.Record(kAda, {.kind = LedgerKind::kRestricted})), IsOk());
  }
  EXPECT_EQ(
      WhyNot(world_.Rectify("service", kAda, "account", Fields("email", "ada@right.example"))),
      Reason::kRestricted);
  world_.ExpectRefused(EventKind::kRectify, "service", Reason::kRestricted);
  ASSERT_THAT(
      StatusOf(world_.Rectify("rights", kAda, "account", Fields("email", "ada@right.example"))),
      IsOk());
  world_.ExpectAllowed(EventKind::kRectify, "rights", "email");
  EXPECT_EQ(*world_.Read({"rights", kAda, "account", "email"}), "ada@right.example");
  // Its keys wait with it.
  EXPECT_THAT(world_.RawReaders(stored.handle, "account", "email"),
              UnorderedElementsAre("rights", "upkeep"));
  Vault vault = world_.vault().Open({"rights"});
  const Result<LedgerView> ledger = vault.Ledger(kAda);
  ASSERT_THAT(StatusOf(ledger), IsOk());
  EXPECT_EQ(ledger->entries.back().kind, LedgerKind::kRectified);
  EXPECT_THAT(ledger->entries.back().fields, ElementsAre("email"));
}

TEST_F(Clauses, LL_16_NothingIsTakenThatWasNotDeclared) {
  const std::vector<size_t> before = world_.Rows();
  EXPECT_EQ(WhyNot(world_.Collect(Under("signup-1", "web"), "account",
                                  Fields("favourite_colour", "mauve"))),
            Reason::kUndeclaredField);
  world_.ExpectRefused(EventKind::kCollect, "", Reason::kUndeclaredField);
  EXPECT_EQ(world_.Rows(), before);
}

TEST_F(Clauses, LL_16_WhatIsHeldIsReviewed) {
  const Timestamp begin = world_.clock().Now();
  Register();
  {
    // The vault's own trail is what tells the fields that nobody reads.
    Vault vault = world_.vault().Open({"service"});
    Result<Session> service = vault.As("service");
    ASSERT_THAT(StatusOf(service->Read({.who = kAda, .category = "account", .fields = {"email"}})),
                IsOk());
  }
  world_.clock().AdvanceDays(500);
  {
    Vault vault = world_.vault().Open({"upkeep"});
    const Result<Reviewed> reviewed = vault.Review({.unconfirmed_days = 365});
    ASSERT_THAT(StatusOf(reviewed), IsOk());
    ASSERT_EQ(reviewed->categories.size(), 1u);
    const CategoryReview& account = reviewed->categories.front();
    EXPECT_EQ(account.records, 1u);
    EXPECT_EQ(*account.oldest, begin);
    EXPECT_EQ(account.unconfirmed, 1u);
    EXPECT_EQ(account.overdue, 0u);
  }
  Result<AuditTrail> trail =
      AuditTrail::Open(world_.vault().path(), world_.vault().Origin("auditor"),
                       {.clock = &world_.clock(), .map_bytes = uint64_t{1} << 30});
  ASSERT_THAT(StatusOf(trail), IsOk());
  const auto uses = trail->FieldUses(begin);
  ASSERT_THAT(StatusOf(uses), IsOk());
  std::vector<std::string> used;
  for (const FieldUse& each : *uses) used.push_back(each.field);
  EXPECT_THAT(used, ElementsAre("email"));
}

}  // namespace
}  // namespace bailee
