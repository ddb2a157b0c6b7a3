// SPDX-License-Identifier: Apache-2.0
#include "clauses/clause_world.h"
#include "support/mmdb_file.h"

// The clauses of both policies that reports carry.
namespace bailee {
namespace {

using audit::EventKind;
using ::testing::ElementsAre;
using testing::ErrorIs;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusOf;

// So many people are shown whatever the noise; the floor of both policies is twenty.
constexpr int kSurely = 20 + 2 * 80;

class ReportClauses : public ::testing::Test {
 protected:
  explicit ReportClauses(std::string_view policy, Timestamp now)
      : vault_(PolicyText(policy)), now_(now) {
    vault_.clock().Set(now);
    MmdbFile regions;
    regions.Add({83, 149, 0, 0}, 16, "RU");
    regions.Add({192, 0, 2, 0}, 24, "DE");
    regions.Write(regions_);
  }
  Vault Open(const std::vector<std::string>& purposes) {
    return vault_.Open(purposes, {.regions = regions_, .events = events_});
  }
  struct Line {
    std::string_view category;
    std::string_view notice;
    std::string_view source = "web";
    bool tag = false;
    std::vector<std::string_view> signals = {};
  };
  // One record of each of `count` people, or browsers.
  using Values = std::vector<std::pair<std::string_view, std::string_view>>;
  void Collect(const Line& line, std::string_view prefix, int count, const Values& values) {
    Vault vault = Open({});
    Batch batch = vault.CollectBatch();
    for (int i = 0; i < count; ++i) {
      const std::string name = std::string(prefix) + std::to_string(i);
      std::vector<FieldInput> fields;
      for (const auto& [field, value] : values) fields.emplace_back(field, MakeSecret(value));
      batch
          .Add({.who = line.tag ? Who::Tag(name) : Who::Ref(name),
                .notice = line.notice,
                .source = line.source,
                .on_behalf_of = {},
                .signals = line.signals})
          .Put(line.category, std::move(fields));
    }
    const auto done = batch.Commit();
    ASSERT_THAT(StatusOf(done), IsOk());
    for (const auto& each : *done) ASSERT_THAT(StatusOf(each), IsOk());
  }
  // The day that `now` lies in, once it is over.
  Result<ReportResult> Ask(std::string_view id, std::string_view recipient,
                           std::string_view purpose = "tally", int days = 1) {
    vault_.clock().Set({now_.unix_ms + days * kMillisPerDay});
    Vault vault = Open({std::string(purpose)});
    events_->Take();
    return vault.Report(
        {.id = id, .from = now_, .until = {now_.unix_ms + 1}, .recipient = recipient});
  }
  static std::vector<std::string> Keys(const ReportResult& report) {
    std::vector<std::string> keys;
    for (const ReportCell& cell : report.buckets.front().cells)
      keys.push_back(cell.keys.empty() ? "" : cell.keys.front());
    return keys;
  }
  void ExpectRecorded(audit::Outcome outcome, std::string_view purpose) {
    const auto seen = events_->Take();
    ASSERT_FALSE(seen.empty());
    EXPECT_EQ(seen.back().kind, EventKind::kReport);
    EXPECT_EQ(seen.back().outcome, outcome);
    EXPECT_EQ(seen.back().purpose, purpose);
    EXPECT_EQ(seen.back().handle, Handle{});
  }
  std::vector<RawRows::Row> AllRows() {
    std::vector<RawRows::Row> all;
    const RawRows raw(vault_.path());
    for (uint8_t i = 0; i < store::kTableCount; ++i) {
      for (RawRows::Row& row : raw.All(static_cast<store::Table>(i))) {
        row.first.insert(row.first.begin(), i);
        all.push_back(std::move(row));
      }
    }
    return all;
  }

  TempVault vault_;
  const Timestamp now_;
  const std::string regions_ = vault_.directory() / "regions.mmdb";
  std::shared_ptr<EventRecorder> events_ = std::make_shared<EventRecorder>();
};

class LiveLook : public ReportClauses {
 protected:
  LiveLook() : ReportClauses("livelook_2013", kJune2013) {}
};
class LiveOps : public ReportClauses {
 protected:
  LiveOps() : ReportClauses("liveops_2016", kJuly2016) {}
};

TEST_F(LiveLook, LL_15_FiguresOfManyAreSharedAndOfFewAreNot) {
  const Values russia = {{"request", "/"}, {"ip", "83.149.9.216"}, {"at", "2013-06-01T00:00:00Z"}};
  const Values germany = {{"request", "/"}, {"ip", "192.0.2.7"}, {"at", "2013-06-01T00:00:00Z"}};
  Collect({"web_log", "visit-1"}, "a", kSurely, russia);
  Collect({"web_log", "visit-1"}, "b", 19, germany);
  const auto report = Ask("sessions_by_region_day", "public");
  ASSERT_THAT(StatusOf(report), IsOk());
  EXPECT_THAT(Keys(*report), ElementsAre("RU"));
  ExpectRecorded(audit::Outcome::kAllowed, "research");
  // It never changes, whoever comes late.
  Collect({"web_log", "visit-1"}, "c", kSurely, germany);
  const auto again = Ask("sessions_by_region_day", "public");
  EXPECT_EQ(again->buckets[0].cells[0].count, report->buckets[0].cells[0].count);
  EXPECT_THAT(Keys(*again), ElementsAre("RU"));
}

TEST_F(LiveLook, LL_15_NobodyElseGetsThemAndNoOtherKeyringMakesThem) {
  EXPECT_EQ(WhyNot(Ask("sessions_by_region_day", "acquirer")), Reason::kRecipientNotListed);
  ExpectRecorded(audit::Outcome::kRefused, "research");
  EXPECT_EQ(WhyNot(Ask("sessions_by_region_day", "public", "research")),
            Reason::kPurposeKeyMissing);
  ExpectRecorded(audit::Outcome::kRefused, "research");
  EXPECT_THAT(StatusOf(Ask("sessions_by_region", "public")),
              ErrorIs(Code::kNotFound, "report.unknown"));
}

TEST_F(LiveOps, LO_01_TrendsOfDomainsGoToWhoAnalysesThemForUs) {
  const Values many = {
      {"page", "/"}, {"from", "https://search.example/q?ada"}, {"at", "2016-06-27T00:00:00Z"}};
  const Values few = {
      {"page", "/"}, {"from", "https://mail.ada.example/inbox"}, {"at", "2016-06-27T00:00:00Z"}};
  Collect({"clickstream", "visit-1", "web", true}, "a", kSurely, many);
  Collect({"clickstream", "visit-1", "web", true}, "b", 1, few);
  const auto report = Ask("visits_by_domain_week", "analyst", "tally", 7);
  ASSERT_THAT(StatusOf(report), IsOk());
  EXPECT_THAT(Keys(*report), ElementsAre("search.example"));
  EXPECT_EQ(WhyNot(Ask("visits_by_domain_week", "customers", "tally", 7)),
            Reason::kRecipientNotListed);
}

TEST_F(LiveOps, LO_02_PartsOfTransactionsAreCountedAndNeverReviewedIndividually) {
  const Values support = {{"reference", "17"}, {"kind", "support"}, {"at", "2016-07-01T00:00:00Z"}};
  const Values rare = {{"reference", "18"}, {"kind", "rare"}, {"at", "2016-07-01T00:00:00Z"}};
  Collect({"transaction", "transaction-1"}, "a", kSurely, support);
  Collect({"transaction", "transaction-1"}, "b", 3, rare);
  const auto report = Ask("transactions_by_kind_day", "analyst");
  ASSERT_THAT(StatusOf(report), IsOk());
  EXPECT_THAT(Keys(*report), ElementsAre("support"));
  ExpectRecorded(audit::Outcome::kAllowed, "transaction_trends");
}

TEST_F(LiveOps, LO_02_NoRecordHoldsWhatWasExtracted) {
  ClauseWorld world("liveops_2016", kJuly2016);
  std::vector<FieldInput> fields;
  fields.emplace_back("reference", MakeSecret("17"));
  fields.emplace_back("kind", MakeSecret("support"));
  fields.emplace_back("at", MakeSecret("2016-07-01T00:00:00Z"));
  const auto stored = world.Collect({.who = Who::Ref("user-4711"),
                                     .notice = "transaction-1",
                                     .source = "web",
                                     .on_behalf_of = {}},
                                    "transaction", std::move(fields));
  ASSERT_THAT(StatusOf(stored), IsOk());
  const auto raw = world.Raw(stored->handle, "transaction");
  EXPECT_EQ(raw.at("reference").at("orders"), "17");
  EXPECT_EQ(raw.count("kind") + raw.count("at.day"), 0u);
  for (const auto& [field, readers] : raw) EXPECT_EQ(readers.count("tally"), 0u) << field;
  EXPECT_EQ(WhyNot(world.Read({"transaction_trends", Who::Ref("user-4711"), "transaction", "kind",
                               stored->records.front()})),
            Reason::kIndividualReadOfReportData);
}

TEST_F(LiveOps, LO_03_WhoeverDisablesCookiesIsNoLongerCounted) {
  const Values before = {{"reference", "17"}, {"kind", "before"}, {"at", "2016-07-01T00:00:00Z"}};
  const Values with = {{"reference", "18"}, {"kind", "with"}, {"at", "2016-07-01T00:00:00Z"}};
  const Values after = {{"reference", "19"}, {"kind", "after"}, {"at", "2016-07-01T00:00:00Z"}};
  const Line disabled{"transaction", "transaction-1", "web", false, {"cookies-disabled"}};
  vault_.clock().Set({now_.unix_ms - kMillisPerDay});
  Collect(disabled, "b", kSurely, {{"reference", "16"}, {"at", "2016-06-30T00:00:00Z"}});
  vault_.clock().Set(now_);
  Collect({"transaction", "transaction-1"}, "a", kSurely, before);
  // The transaction itself is carried out; so is that of somebody who says so for the first time.
  Collect(disabled, "c", kSurely, with);
  // Nobody who once said so is counted later, when the browser no longer does.
  Collect({"transaction", "transaction-1"}, "b", kSurely, after);
  const auto report = Ask("transactions_by_kind_day", "analyst");
  ASSERT_THAT(StatusOf(report), IsOk());
  EXPECT_THAT(Keys(*report), ElementsAre("before"));
}

TEST_F(LiveOps, LO_06_BeaconNoticesAreCountedForUsAndCustomers) {
  const Values offer = {{"page", "/offer?visitor=ada"}, {"at", "2016-07-01T00:00:00Z"}};
  Collect({"beacon_notice", "beacon-1", "site-vendor", true}, "a", kSurely, offer);
  const auto report = Ask("beacons_by_page_day", "customers");
  ASSERT_THAT(StatusOf(report), IsOk());
  EXPECT_THAT(Keys(*report), ElementsAre("/offer"));
  EXPECT_EQ(Ask("beacons_by_page_day", "analyst")->buckets[0].cells[0].count,
            report->buckets[0].cells[0].count);
  EXPECT_EQ(WhyNot(Ask("beacons_by_page_day", "public")), Reason::kUnknownRecipient);
}

TEST_F(LiveOps, LO_07_NoticesWithoutAnAcceptedTagChangeOneCounterAndNothingElse) {
  const auto disregard = [&](int count) {
    Vault vault = Open({});
    Batch batch = vault.CollectBatch();
    for (int i = 0; i < count; ++i) {
      batch
          .Add({.who = Who::Nobody(),
                .notice = "beacon-1",
                .source = "site-vendor",
                .on_behalf_of = {}})
          .Put("beacon_notice", [] {
            std::vector<FieldInput> fields;
            fields.emplace_back("page", MakeSecret("/offer"));
            fields.emplace_back("at", MakeSecret("2016-07-01T00:00:00Z"));
            return fields;
          }());
    }
    const auto done = batch.Commit();
    ASSERT_THAT(StatusOf(done), IsOk());
    for (const auto& each : *done) ASSERT_EQ(each->disregarded, 1u);
  };
  disregard(1);
  const auto before = AllRows();
  events_->Take();
  disregard(10'000);
  for (const auto& seen : events_->Take()) EXPECT_NE(seen.kind, EventKind::kCollect);
  const auto after = AllRows();
  ASSERT_EQ(before.size(), after.size());
  size_t changed = 0;
  for (size_t i = 0; i < after.size(); ++i) {
    ASSERT_EQ(before[i].first, after[i].first);
    if (before[i].second != after[i].second) ++changed;
  }
  EXPECT_EQ(changed, 1u);
  Vault vault = Open({});
  EXPECT_EQ(vault.Disregards()->front().count, 10'001u);
}

TEST_F(LiveOps, LO_08_RegionsAreToldOfManyVisitorsAndNeverAPrefix) {
  const Values russia = {{"page", "/"}, {"ip", "83.149.9.216"}, {"at", "2016-07-01T00:00:00Z"}};
  const Values nowhere = {{"page", "/"}, {"ip", "203.0.113.9"}, {"at", "2016-07-01T00:00:00Z"}};
  Collect({"clickstream", "visit-1", "web", true}, "a", kSurely, russia);
  Collect({"clickstream", "visit-1", "web", true}, "b", kSurely, nowhere);
  const auto report = Ask("visits_by_region_day", "analyst");
  ASSERT_THAT(StatusOf(report), IsOk());
  EXPECT_THAT(Keys(*report), ElementsAre("RU", "unknown"));
}

TEST_F(LiveOps, LO_11_WhatSocialButtonsSendIsRefusedAndCounted) {
  const std::vector<size_t> before = RowCounts(vault_.path());
  {
    Vault vault = Open({});
    for (int i = 0; i < 3; ++i) {
      std::vector<FieldInput> fields;
      fields.emplace_back("page", MakeSecret("/"));
      fields.emplace_back("at", MakeSecret("2016-07-01T00:00:00Z"));
      EXPECT_EQ(WhyNot(vault
                           .Collect({.who = Who::Tag("ada"),
                                     .notice = "visit-1",
                                     .source = "social-button",
                                     .on_behalf_of = {}})
                           .Put("clickstream", std::move(fields))
                           .Commit()),
                Reason::kSourceIndependent);
    }
    EXPECT_EQ(vault.Disregards()->front().count, 3u);
    EXPECT_EQ(vault.Disregards()->front().what, "social-button");
  }
  std::vector<size_t> after = RowCounts(vault_.path());
  size_t more = 0;
  for (size_t i = 0; i < after.size(); ++i) more += after[i] - before[i];
  EXPECT_EQ(more, 1u);  // the counter
}

}  // namespace
}  // namespace bailee
