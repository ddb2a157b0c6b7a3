// SPDX-License-Identifier: Apache-2.0
#include "policy/report.h"

#include "vault/report_world.h"

// Reports that are computed over what is held.
namespace bailee {
namespace {

using audit::EventKind;
using audit::Outcome;
using ::testing::ElementsAre;
using testing::ErrorIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusOf;

class Reports : public ReportWorld {};

TEST_F(Reports, ShowLargeCellsNearTheTruthAndNothingOfSmallOnes) {
  Vault vault = Open({"tally"});
  Visits(vault, "de", kSurely + 40, "DE");
  Visits(vault, "li", 1, "LI");
  const auto report = vault.Report(Of("visits"));
  ASSERT_THAT(StatusOf(report), IsOk());
  ASSERT_EQ(report->buckets.size(), 1u);
  const ReportCells& cells = report->buckets.front();
  EXPECT_EQ(cells.from.unix_ms, kJune2013.unix_ms - 2 * kMillisPerDay);
  EXPECT_EQ(cells.policy_version, 1u);
  EXPECT_EQ(cells.min_subjects, 2u);
  EXPECT_EQ(cells.fewer_than, 162u);
  EXPECT_THAT(cells.by, ElementsAre("country"));
  ASSERT_EQ(cells.cells.size(), 1u);
  EXPECT_THAT(cells.cells.front().keys, ElementsAre("DE"));
  EXPECT_EQ(cells.cells.front().count % 5, 0u);
  EXPECT_NEAR(static_cast<double>(cells.cells.front().count), kSurely + 40, 85);
}

TEST_F(Reports, NeverChangeOnceABucketIsComputed) {
  Vault vault = Open({"tally"});
  Visits(vault, "de", kSurely, "DE");
  const auto first = vault.Report(Of("visits"));
  ASSERT_THAT(StatusOf(first), IsOk());
  const auto before = Cell(first->buckets[0], {"DE"});
  ASSERT_TRUE(before.has_value());
  Visits(vault, "late", kSurely, "DE");
  Visits(vault, "late-fr", kSurely, "FR");
  vault_.clock().AdvanceDays(1);
  for (int i = 0; i < 20; ++i) {
    const auto again = vault.Report(Of("visits"));
    ASSERT_THAT(StatusOf(again), IsOk());
    EXPECT_EQ(Cell(again->buckets[0], {"DE"}), before);
    EXPECT_EQ(again->buckets[0].cells.size(), 1u);
    EXPECT_EQ(again->buckets[0].computed_at, first->buckets[0].computed_at);
  }
}

TEST_F(Reports, CountPeopleAndNotTheirRecords) {
  Vault vault = Open({"tally"});
  for (int i = 0; i < 20; ++i) Visits(vault, "busy", 30, "DE");
  const auto people = vault.Report(Of("visits"));
  ASSERT_THAT(StatusOf(people), IsOk());
  EXPECT_THAT(people->buckets[0].cells, IsEmpty());  // 600 records of 30 people
}

TEST_F(Reports, OfRecordsCountAFewOfEachPersonAtMost) {
  Vault vault = Open({"tally"});
  Visits(vault, "calm", kSurely, "DE");
  for (int i = 0; i < 100; ++i) Visits(vault, "busy", 10, "DE");
  vault_.clock().AdvanceDays(7);
  const auto report = vault.Report(Of("views"));
  ASSERT_THAT(StatusOf(report), IsOk());
  EXPECT_TRUE(report->buckets[0].counts_records);
  const auto shown = Cell(report->buckets[0], {"DE"});
  ASSERT_TRUE(shown.has_value());
  // Of a floor of two one record each, so that nobody is over half of it.
  EXPECT_NEAR(static_cast<double>(*shown), kSurely + 10, 85);
}

TEST_F(Reports, TakeWhoeverCannotBeToldApartForOne) {
  Vault vault = Open({"tally"});
  Batch batch = vault.CollectBatch();
  for (int i = 0; i < 3 * kSurely; ++i) {
    batch.Add(Under(Who::Nobody()))
        .Put("visit", Fields({{"country", "DE"}, {"at", "2013-05-30T10:00:00Z"}}));
  }
  Expect(batch);
  const auto report = vault.Report(Of("visits"));
  ASSERT_THAT(StatusOf(report), IsOk());
  EXPECT_THAT(report->buckets[0].cells, IsEmpty());
}

// Compartments of a record that was put right are of several revisions.
TEST_F(Reports, CountRecordsThatWerePutRight) {
  {
    Vault vault = Open({"tally", "service", "rights"});
    Visits(vault, "fr", kSurely, "FR");
    Visits(vault, "de", kSurely, "DE");
    Session session = *vault.As("rights");
    for (int i = 0; i < kSurely; ++i) {
      const std::string ref = "fr" + std::to_string(i);
      Session service = *vault.As("service");
      const auto records = service.List(Who::Ref(ref));
      ASSERT_THAT(StatusOf(records), IsOk());
      ASSERT_THAT(StatusOf(session.Rectify({.who = Who::Ref(ref),
                                            .category = "visit",
                                            .record = records->front().id,
                                            .fields = Fields({{"country", "DE"}})})),
                  IsOk());
    }
  }
  Vault vault = Open({"tally"});
  const auto report = vault.Report(Of("visits"));
  ASSERT_THAT(StatusOf(report), IsOk());
  EXPECT_FALSE(Cell(report->buckets[0], {"FR"}).has_value());
  const auto shown = Cell(report->buckets[0], {"DE"});
  ASSERT_TRUE(shown.has_value());
  EXPECT_NEAR(static_cast<double>(*shown), 2 * kSurely, 85);
}

TEST_F(Reports, HaveACellForAllWhereTheyAreByNothing) {
  Vault vault = Open({"tally"});
  Visits(vault, "de", kSurely, "DE");
  vault_.clock().AdvanceDays(30);
  const auto report = vault.Report(Of("total"));
  ASSERT_THAT(StatusOf(report), IsOk());
  EXPECT_EQ(report->buckets[0].from.unix_ms, Timestamp{1'367'366'400'000}.unix_ms);  // 1 May
  ASSERT_EQ(report->buckets[0].cells.size(), 1u);
  EXPECT_THAT(report->buckets[0].cells[0].keys, IsEmpty());
}

TEST_F(Reports, AreRefusedWithTheRightReasonAndRecorded) {
  Vault without = Open({"research"});
  const auto keyless = without.Report(Of("visits"));
  ASSERT_NE(keyless.status().refusal(), nullptr);
  EXPECT_THAT(keyless.status().refusal()->reasons, ElementsAre(Reason::kPurposeKeyMissing));
  EXPECT_EQ(keyless.status().refusal()->clause, "R-1");
  const auto seen = events_->Take();
  ASSERT_EQ(seen.back().kind, EventKind::kReport);
  EXPECT_EQ(seen.back().outcome, Outcome::kRefused);
  EXPECT_THAT(seen.back().reasons, ElementsAre(Reason::kPurposeKeyMissing));
}

TEST_F(Reports, GoToListedRecipientsOnly) {
  Vault vault = Open({"tally"});
  const auto unlisted = vault.Report(Of("visits", "analyst"));
  ASSERT_NE(unlisted.status().refusal(), nullptr);
  EXPECT_THAT(unlisted.status().refusal()->reasons, ElementsAre(Reason::kRecipientNotListed));
  const auto unknown = vault.Report(Of("visits", "user-4711"));
  ASSERT_NE(unknown.status().refusal(), nullptr);
  EXPECT_THAT(unknown.status().refusal()->reasons, ElementsAre(Reason::kUnknownRecipient));
  EXPECT_THAT(std::string(unknown.status().message()), ::testing::Not(HasSubstr("4711")));
  EXPECT_EQ(events_->Take().size(), 3u);  // the opening is one
}

TEST_F(Reports, ThatAreNotDeclaredAreUnknown) {
  Vault vault = Open({"tally"});
  const auto unknown = vault.Report(Of("visit"));
  EXPECT_THAT(StatusOf(unknown), ErrorIs(Code::kNotFound, "report.unknown"));
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("did you mean \"visits\""));
  EXPECT_EQ(events_->Take().back().outcome, Outcome::kNotFound);
}

TEST_F(Reports, OfOpenBucketsAndOddRangesAreInvalid) {
  Vault vault = Open({"tally"});
  ReportRequest today = Of("visits");
  today.from = kJune2013;
  today.until = {kJune2013.unix_ms + 1};
  EXPECT_THAT(StatusOf(vault.Report(today)), ErrorIs(Code::kInvalidValue, "report.open"));
  ReportRequest backwards = Of("visits");
  backwards.until = {backwards.from.unix_ms - 1};
  EXPECT_THAT(StatusOf(vault.Report(backwards)), ErrorIs(Code::kInvalidValue, "report.range"));
  ReportRequest years = Of("visits");
  years.from = {0};
  EXPECT_THAT(StatusOf(vault.Report(years)), ErrorIs(Code::kInvalidValue, "report.range"));
  for (const int64_t end : {INT64_MIN, INT64_MAX}) {
    years.from = {end};
    years.until = {INT64_MAX};
    EXPECT_EQ(vault.Report(years).status().code(), Code::kInvalidValue) << end;
  }
}

TEST_F(Reports, StopWhenAskedToAndLeaveNothingHalfWritten) {
  Vault vault = Open({"tally"});
  Visits(vault, "de", 5, "DE");
  ReportRequest request = Of("visits");
  request.progress = [](const ReportProgress&) { return false; };
  EXPECT_THAT(StatusOf(vault.Report(request)), ErrorIs(Code::kPartial, "report.stopped"));
  { const Vault closing = std::move(vault); }
  EXPECT_EQ(RawRows(vault_.path()).Count(store::Table::kReports), 0u);
}

TEST_F(Reports, KeepBucketsThatWereFinishedBeforeTheyWereStopped) {
  Vault vault = Open({"tally"});
  ReportRequest request = Of("visits");
  request.from = {kJune2013.unix_ms - 60 * kMillisPerDay};
  int calls = 0;
  request.progress = [&](const ReportProgress&) { return ++calls < 2; };
  EXPECT_THAT(StatusOf(vault.Report(request)), ErrorIs(Code::kPartial, "report.stopped"));
  calls = -100;
  EXPECT_THAT(StatusOf(vault.Report(request)), IsOk());
  EXPECT_EQ(calls, -99);  // one pass was left
}

TEST_F(Reports, DoNotReachWhatWasCollectedUnderAnotherNotice) {
  Vault vault = Open({"tally"});
  Batch batch = vault.CollectBatch();
  for (int i = 0; i < kSurely; ++i) {
    batch.Add(Under(Who::Ref("n" + std::to_string(i)), "narrow"))
        .Put("visit", Fields({{"page", "DE"}}));
  }
  Expect(batch);
  EXPECT_THAT(vault.Report(Of("pages"))->buckets[0].cells, IsEmpty());
}

TEST_F(Reports, ReadNothingOfRecordsThatAreDamagedAndSayso) {
  {
    Vault vault = Open({"tally"});
    Visits(vault, "de", 3, "DE");
  }
  {
    const RawRows raw(vault_.path());
    auto [key, value] = raw.All(store::Table::kRecords)[1];
    value[150] ^= 1;  // in the compartment that reports open
    raw.Put(store::Table::kRecords, key, value);
  }
  Vault vault = Open({"tally"});
  EXPECT_EQ(vault.Report(Of("visits")).status().code(), Code::kDamage);
  EXPECT_EQ(events_->Take().back().outcome, Outcome::kFailed);
}

TEST_F(Reports, RefuseCellsThatWereChangedMovedOrCut) {
  ReportRequest request = Of("visits");
  {
    Vault vault = Open({"tally"});
    request.from = {kJune2013.unix_ms - 3 * kMillisPerDay};
    ASSERT_THAT(StatusOf(vault.Report(request)), IsOk());
  }
  std::vector<RawRows::Row> rows = RawRows(vault_.path()).All(store::Table::kReports);
  ASSERT_EQ(rows.size(), 2u);
  const auto refused = [&](const Bytes& value) {
    RawRows(vault_.path()).Put(store::Table::kReports, rows[0].first, value);
    Vault vault = Open({"tally"});
    const Code code = vault.Report(request).status().code();
    return code == Code::kDamage || code == Code::kKey;
  };
  EXPECT_TRUE(refused(rows[1].second));  // of another day
  EXPECT_TRUE(refused({}));
  Bytes longer = rows[0].second;
  longer.push_back(0);
  EXPECT_TRUE(refused(longer));
  for (size_t at = 0; at < rows[0].second.size(); at += 7) {
    const ByteView shorter = ByteView(rows[0].second).first(at);
    EXPECT_TRUE(refused(Bytes(shorter.begin(), shorter.end()))) << at;
    Bytes flipped = rows[0].second;
    flipped[at] ^= static_cast<uint8_t>(1u << (at % 8));
    EXPECT_TRUE(refused(flipped)) << at;
  }
}

TEST_F(Reports, AreDescribedAsDeclared) {
  Vault vault = Open({"service"});
  const auto reports = vault.Reports();
  ASSERT_THAT(StatusOf(reports), IsOk());
  ASSERT_EQ(reports->size(), 6u);
  EXPECT_EQ(reports->front().id, "visits");
  EXPECT_EQ(reports->front().counts, "SUBJECTS");
  EXPECT_THAT(reports->front().recipients, ElementsAre("public"));
  EXPECT_EQ(reports->back().feed, "AT_COLLECTION");
}

}  // namespace
}  // namespace bailee
