// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "bailee/publish.h"
#include "support/child.h"
#include "support/event_recorder.h"
#include "support/io_faults.h"
#include "vault/next_policy.h"

// Versions that what is held could not survive, with a plan of what becomes of it.
namespace bailee {
namespace {

using testing::ErrorIs;
using ::testing::HasSubstr;
using testing::IoFaults;
using testing::IsOk;
using testing::StatusOf;

constexpr int kEnded = 42;

// The text without the blocks at its top level that name `word`.
std::string WithoutBlocksOf(const std::string& text, std::string_view word) {
  std::string kept;
  std::string block;
  int depth = 0;
  for (const char c : text) {
    block += c;
    if (c == '{') ++depth;
    if (c == '}') --depth;
    if (c != '\n' || depth > 0) continue;
    if (block.find(word) == std::string::npos) kept += block;
    block.clear();
  }
  return kept + block;
}

Result<Collected> StoreAccountToPay(Vault& vault, RecordId id, std::string_view ref = kUser) {
  return vault.Collect(Checkout(Who::Ref(ref)))
      .Put("bank_account",
           {{"iban", MakeSecret("DE89370400440532013000")}, {"holder", MakeSecret("Ada")}}, id)
      .Commit();
}

class Planned : public ::testing::Test {
 protected:
  Planned() { vault_.clock().Set(kJuly2013); }
  void SetUp() override {
    Vault vault = vault_.Open({});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
    ASSERT_THAT(StatusOf(StoreAccountToPay(vault, IdOf(2))), IsOk());
    ASSERT_THAT(StatusOf(StoreAccountToPay(vault, IdOf(3), "somebody else")), IsOk());
  }
  Result<Published> Publish(const std::string& text, std::vector<PublishPlan> plans,
                            bool dry_run = false) {
    Vault vault = vault_.Open({}, {.events = events_});
    events_->Take();
    // Keys are not there any more in a forked child: it has its own.
    return vault.Publish(vault_.Origin("authority"),
                         {.policy_text = text, .plans = std::move(plans), .dry_run = dry_run});
  }
  Status Record(const LedgerEvent& event) {
    return vault_.Open({}).Record(Who::Ref(kUser), event).status();
  }
  void ExpectTheCardAlone() {
    Vault vault = vault_.Open({"billing"});
    EXPECT_EQ(*ReadCard(vault, "billing", IdOf(1), "pan"), kCardNumber);
    EXPECT_EQ(vault.Info()->records, 1u);
    EXPECT_EQ(vault.Info()->subjects, 1u) << "of somebody else nothing is left";
    EXPECT_THAT(vault.CheckHealth().status(), IsOk());
  }

  static constexpr PublishPlan kDelete{PublishPlan::What::kDelete, "bank_account"};
  static constexpr PublishPlan kKeep{PublishPlan::What::kKeep, "payment_card", "holder"};
  // Without bank accounts; with a holder of each card.
  const std::string gone_ = WithoutBlocksOf(Next({}), "\"bank_account\"");
  const std::string required_ =
      Next({{"field { id: \"holder\"  kind: TEXT  max_bytes: 128 }",
             "field { id: \"holder\"  kind: TEXT  max_bytes: 128  required: true }"}});

  TempVault vault_{PolicyText("livelook_2013")};
  std::shared_ptr<EventRecorder> events_ = std::make_shared<EventRecorder>();
};

TEST_F(Planned, RecordsOfACategoryThatIsGoneAreDeletedOnceTheVersionIsInForce) {
  const Status refused = StatusOf(Publish(gone_, {}));
  EXPECT_THAT(refused, ErrorIs(Code::kConflict, "publish.breaks"));
  EXPECT_THAT(refused.hint(), HasSubstr("plans"));
  const auto dry = Publish(gone_, {kDelete}, true);
  ASSERT_THAT(StatusOf(dry), IsOk());
  EXPECT_EQ(dry->records_deleted, 2u);
  EXPECT_EQ(vault_.Open({}).Info()->records, 3u);

  const auto done = Publish(gone_, {kDelete});
  ASSERT_THAT(StatusOf(done), IsOk());
  EXPECT_EQ(done->records_deleted, 2u);
  std::vector<RecordId> expired;
  for (const auto& event : events_->Take()) {
    if (event.kind != audit::EventKind::kExpire) continue;
    for (const auto& record : event.records) expired.push_back(record);
  }
  EXPECT_THAT(expired, ::testing::UnorderedElementsAre(IdOf(2), IdOf(3)));
  ExpectTheCardAlone();
  Vault vault = vault_.Open({});
  EXPECT_EQ(StatusOf(StoreAccountToPay(vault, IdOf(4))).code(), Code::kRefused);
}

TEST_F(Planned, NothingThatAHoldKeepsIsDeleted) {
  const LedgerEvent hold{.kind = LedgerKind::kHold, .category = "bank_account", .reference = "C-1"};
  ASSERT_THAT(Record(hold), IsOk());
  for (const bool dry_run : {true, false}) {
    EXPECT_THAT(StatusOf(Publish(gone_, {kDelete}, dry_run)),
                ErrorIs(Code::kConflict, "publish.held"));
  }
  EXPECT_EQ(vault_.Open({}).Info()->policy_version, 1u);
  EXPECT_EQ(vault_.Open({}).Info()->records, 3u);
  LedgerEvent release = hold;
  release.kind = LedgerKind::kRelease;
  ASSERT_THAT(Record(release), IsOk());
  ASSERT_THAT(StatusOf(Publish(gone_, {kDelete})), IsOk());
  ExpectTheCardAlone();
}

TEST_F(Planned, WhatIsHeldWithoutAFieldThatIsRequiredNowStaysAsItIs) {
  EXPECT_THAT(StatusOf(Publish(required_, {})), ErrorIs(Code::kConflict, "publish.breaks"));
  const auto done = Publish(required_, {kKeep});
  ASSERT_THAT(StatusOf(done), IsOk());
  EXPECT_EQ(done->records_deleted, 0u);
  Vault vault = vault_.Open({"billing"});
  EXPECT_EQ(vault.Info()->records, 3u);
  EXPECT_EQ(*ReadCard(vault, "billing", IdOf(1), "pan"), kCardNumber);
  EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(5))),
              ErrorIs(Code::kInvalidValue, "collect.required"));
}

TEST_F(Planned, APlanForWhatDoesNotChangeSoIsRefused) {
  const PublishPlan wrong[] = {
      {PublishPlan::What::kDelete, "payment_card"},
      {PublishPlan::What::kDelete, "nothing"},
      {PublishPlan::What::kDelete, "bank_account", "iban"},
      {PublishPlan::What::kKeep, "bank_account"},
      {PublishPlan::What::kKeep, "payment_card", "expiry"},
  };
  for (const PublishPlan& plan : wrong) {
    EXPECT_THAT(StatusOf(Publish(gone_, {kDelete, plan})),
                ErrorIs(Code::kInvalidValue, "publish.plan-unneeded"))
        << plan.category << plan.field;
  }
  EXPECT_THAT(StatusOf(Publish(required_, {kKeep, kDelete})),
              ErrorIs(Code::kInvalidValue, "publish.plan-unneeded"));
  EXPECT_EQ(vault_.Open({}).Info()->records, 3u);
}

// A plan of one thing is no plan of another.
TEST_F(Planned, AnotherKindOfAFieldHasNoPlan) {
  const std::string other =
      Next({{"field { id: \"holder\"  kind: TEXT  max_bytes: 128 }",
             "field { id: \"holder\"  kind: BLOB  max_bytes: 128  required: true }"}});
  EXPECT_THAT(StatusOf(Publish(other, {kKeep})), ErrorIs(Code::kConflict, "publish.breaks"));
}

TEST_F(Planned, WhereverItCrashesRetentionDeletesTheRest) {
  namespace fs = std::filesystem;
  const std::string kept = vault_.directory() / "kept";
  fs::copy(vault_.path(), kept, fs::copy_options::recursive);
  size_t published = 0;
  size_t crashes = 0;
  for (;; ++crashes) {
    const int code = testing::ExitCodeOfChild([&] {
      const IoFaults faults(vault_.path() + "/data.mdb", [&](IoFaults::Operation, size_t number) {
        if (number == crashes) _exit(kEnded);
        return IoFaults::Verdict{};
      });
      return Publish(gone_, {kDelete}).ok() ? 0 : 1;
    });
    ASSERT_TRUE(code == 0 || code == kEnded) << code << " at write " << crashes;
    const VaultInfo info = *vault_.Open({}).Info();
    if (info.policy_version == 1) {
      EXPECT_EQ(info.records, 3u) << "nothing goes before the version is in force";
    } else {
      if (info.records > 1) ++published;
      Vault vault = vault_.Open({"upkeep"});
      const auto plan = vault.PlanRetention();
      ASSERT_THAT(StatusOf(plan), IsOk());
      EXPECT_THAT(StatusOf(vault.RunRetention(*plan)), IsOk());
    }
    if (info.policy_version != 1) ExpectTheCardAlone();
    ASSERT_FALSE(HasFailure()) << "at write " << crashes;
    if (code == 0) break;
    fs::remove_all(vault_.path());
    fs::copy(kept, vault_.path(), fs::copy_options::recursive);
  }
  EXPECT_GE(crashes, 10u);
  EXPECT_GT(published, 0u) << "none crashed between the version and the deletions";
}

}  // namespace
}  // namespace bailee
