// SPDX-License-Identifier: Apache-2.0
#include "vault/report_world.h"

// Reports that are fed while collecting, and what is only counted.
namespace bailee {
namespace {

using audit::EventKind;
using testing::ErrorIs;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusOf;

class Feeds : public ReportWorld {
 protected:
  void Orders(Vault& vault, std::string_view prefix, int count, std::string_view country) {
    Batch batch = vault.CollectBatch();
    for (int i = 0; i < count; ++i) {
      const std::string ref = std::string(prefix) + std::to_string(i);
      batch.Add(Under(Who::Ref(ref)))
          .Put("order", Fields({{"number", ref}, {"country", country}, {"at", kAt}}));
    }
    Expect(batch);
  }
  ReportRequest Today(std::string_view id) {
    vault_.clock().AdvanceDays(1);
    return {.id = id, .from = kJune2013, .until = {kJune2013.unix_ms + 1}, .recipient = "analyst"};
  }
  static constexpr std::string_view kAt = "2013-06-01T00:00:00Z";
};

TEST_F(Feeds, AreAddedWhileCollectingByAProcessThatMayReadNothing) {
  {
    Vault collector = Open({});
    Orders(collector, "a", kSurely, "DE");
    Orders(collector, "b", 3, "LI");
  }
  Vault vault = Open({"tally"});
  const auto report = vault.Report(Today("orders"));
  ASSERT_THAT(StatusOf(report), IsOk());
  ASSERT_EQ(report->buckets[0].cells.size(), 1u);
  EXPECT_NEAR(static_cast<double>(*Cell(report->buckets[0], {"DE"})), kSurely, 85);
  // And never again, whatever comes late.
  Orders(vault, "c", 5, "DE");
  EXPECT_EQ(Cell(vault.Report(Today("orders"))->buckets[0], {"DE"}),
            Cell(report->buckets[0], {"DE"}));
  const Vault closing = std::move(vault);
}

TEST_F(Feeds, LeaveNothingOfTheirInputsWithTheRecord) {
  Handle handle;
  RecordId id;
  {
    Vault vault = Open({"service"});
    const auto done = vault.Collect(Under(Who::Ref("ada")))
                          .Put("order", Fields({{"number", "1"}, {"country", "DE"}, {"at", kAt}}))
                          .Commit();
    ASSERT_THAT(StatusOf(done), IsOk());
    handle = done->handle;
    id = done->records.front();
  }
  Vault vault = Open({"rights"});
  const auto read = vault.As("rights")->Read({.who = Who::ByHandle(handle),
                                              .category = "order",
                                              .record = id,
                                              .fields = {"number", "country", "at", "at.day"}});
  ASSERT_THAT(StatusOf(read), IsOk());
  EXPECT_TRUE(read->Has("number"));
  EXPECT_TRUE(read->Has("at"));
  EXPECT_FALSE(read->Has("country"));
  EXPECT_FALSE(read->Has("at.day"));
}

TEST_F(Feeds, StoreNothingAtAllWhereNothingElseUsesTheCategory) {
  {
    Vault vault = Open({});
    ASSERT_THAT(StatusOf(vault.Collect(Under(Who::Tag("first")))
                             .Put("ping", Fields({{"country", "DE"}, {"at", kAt}}))
                             .Commit()),
                IsOk());
  }
  const std::vector<size_t> before = RowCounts(vault_.path());
  events_->Take();
  {
    Vault vault = Open({});
    const auto done = vault.Collect(Under(Who::Tag("cookie-9f2c")))
                          .Put("ping", Fields({{"country", "FR"}, {"at", kAt}}))
                          .Commit();
    ASSERT_THAT(StatusOf(done), IsOk());
    EXPECT_EQ(done->handle, Handle{});
  }
  EXPECT_EQ(RowCounts(vault_.path()), before);  // the bucket's row was there
  for (const EventRecorder::Seen& seen : events_->Take()) {
    if (seen.kind != EventKind::kCollect) continue;
    EXPECT_EQ(seen.handle, Handle{});
    EXPECT_THAT(seen.records, IsEmpty());
  }
}

TEST_F(Feeds, CountARetryOnce) {
  Vault vault = Open({"tally"});
  const RecordId id{{1, 2, 3}};
  for (int i = 0; i < kSurely * 2; ++i) {
    ASSERT_THAT(
        StatusOf(vault.Collect(Under(Who::Ref("ada")))
                     .Put("order", Fields({{"number", "1"}, {"country", "DE"}, {"at", kAt}}), id)
                     .Commit()),
        IsOk());
  }
  EXPECT_THAT(vault.Report(Today("orders"))->buckets[0].cells, IsEmpty());
}

TEST_F(Feeds, TakeABusyPersonForOne) {
  Vault vault = Open({"tally"});
  for (int i = 0; i < 2 * kSurely; ++i) {
    Batch batch = vault.CollectBatch();
    batch.Add(Under(Who::Ref("ada")))
        .Put("order", Fields({{"number", "1"}, {"country", "DE"}, {"at", kAt}}));
    Expect(batch);
  }
  EXPECT_THAT(vault.Report(Today("orders"))->buckets[0].cells, IsEmpty());
}

TEST_F(Feeds, RefuseARowThatWasChangedAndStoreNothingThen) {
  {
    Vault vault = Open({});
    Orders(vault, "a", 2, "DE");
  }
  const RawRows::Row row = RawRows(vault_.path()).Only(store::Table::kReports);
  for (size_t at = 0; at < row.second.size(); at += 5) {
    for (const bool cut : {false, true}) {
      Bytes value = row.second;
      if (cut) {
        value.resize(at);
      } else {
        value[at] ^= static_cast<uint8_t>(1u << (at % 8));
      }
      RawRows(vault_.path()).Put(store::Table::kReports, row.first, value);
      Vault vault = Open({});
      const auto done = vault.Collect(Under(Who::Ref("b")))
                            .Put("order", Fields({{"number", "1"}, {"country", "DE"}, {"at", kAt}}))
                            .Commit();
      ASSERT_THAT(StatusOf(done), ErrorIs(Code::kDamage, "report.damaged")) << at << cut;
    }
  }
}

TEST_F(Feeds, DisregardWhatHasNoTagAndCountIt) {
  Vault vault = Open({"tally"});
  for (int round = 0; round < 3; ++round) {
    Batch batch = vault.CollectBatch();
    for (int i = 0; i < 10; ++i) {
      batch.Add(Under(Who::Nobody())).Put("ping", Fields({{"country", "DE"}, {"at", kAt}}));
    }
    const auto done = batch.Commit();
    ASSERT_THAT(StatusOf(done), IsOk());
    for (const auto& each : *done) EXPECT_EQ(each->disregarded, 1u);
  }
  EXPECT_THAT(
      StatusOf(
          vault
              .Collect(
                  {.who = Who::Ref("ada"), .notice = "n", .source = "button", .on_behalf_of = {}})
              .Put("visit", Fields({{"country", "DE"}, {"at", kAt}}))
              .Commit()),
      ErrorIs(Code::kRefused, "refused.source-independent"));
  const auto counted = vault.Disregards();
  ASSERT_THAT(StatusOf(counted), IsOk());
  ASSERT_EQ(counted->size(), 2u);
  EXPECT_EQ((*counted)[0].why, "no-accepted-tag");
  EXPECT_EQ((*counted)[0].what, "ping");
  EXPECT_EQ((*counted)[0].count, 30u);
  EXPECT_EQ((*counted)[1].what, "button");
  EXPECT_EQ((*counted)[1].count, 1u);
}

}  // namespace
}  // namespace bailee
