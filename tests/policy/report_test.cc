// SPDX-License-Identifier: Apache-2.0
#include "policy/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "policy/support.h"

namespace bailee::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kReportPolicy = R"(
name: "p" version: 1 effective: "2020-01-01"
purpose { id: "service" } purpose { id: "stats.visits" }
notice { id: "n" purpose: ["service", "stats"] }
notice { id: "narrow" purpose: "service" }
source { id: "web" role: OWN }
controller { id: "acme" agreement: "a" allow { purpose: ["stats.visits", "service"] category: "c" } }
category {
  id: "c" says: "c" about: SUBJECT holds: MANY
  field { id: "k" kind: TEXT } field { id: "at" kind: TIME }
  allow { purpose: "service" basis: NECESSARY field: "k" }
  retain { purpose: ["service", "stats"] days: 10 from: COLLECTION }
}
recipient { id: "public" role: PUBLIC } recipient { id: "other" role: PUBLIC }
report { id: "r" category: "c" count: SUBJECTS by: "k" bucket: DAY of: "at" min_subjects: 2
         purpose: "stats.visits" recipient: "public" }
)";

std::shared_ptr<const Policy> Load(std::string text = std::string(kReportPolicy)) {
  auto policy = Policy::FromText(text, "test");
  if (!policy.ok()) {
    ADD_FAILURE() << policy.status().message();
    std::abort();
  }
  return *policy;
}

std::shared_ptr<const Policy> Replaced(std::string_view what, std::string_view with) {
  std::string text(kReportPolicy);
  text.replace(text.find(what), what.size(), with);
  return Load(text);
}

constexpr Timestamp kAt{1'600'000'000'000};
Timestamp After(int64_t days) { return {kAt.unix_ms + days * kMillisPerDay}; }

Datum Held(const Policy& policy, std::string_view notice = "n", std::string_view controller = "") {
  return {&policy,
          {policy.FindNotice(notice), policy.FindSource("web"), policy.FindController(controller)},
          kAt};
}

bool Counts(const Policy& policy, const Datum& datum, const Standing& standing = {},
            Timestamp now = After(1)) {
  return MayCount(policy, *FindReport(policy, "r"), datum, standing, now);
}

TEST(MayCount, WhatWasCollectedForTheReport) {
  const auto policy = Load();
  EXPECT_TRUE(Counts(*policy, Held(*policy)));
  EXPECT_FALSE(Counts(*policy, Held(*policy, "narrow")));
  EXPECT_FALSE(Counts(*policy, Held(*policy, "n", "acme")));
}

TEST(MayCount, UntilTheRetentionOfItsPurposeEnds) {
  const auto policy = Load();
  EXPECT_TRUE(Counts(*policy, Held(*policy), {}, {After(10).unix_ms - 1}));
  EXPECT_FALSE(Counts(*policy, Held(*policy), {}, After(10)));
}

TEST(MayCount, NobodyWhoSaidNoToThePurposeOrOneAboveIt) {
  const auto policy = Load();
  for (const Choice choice : {Choice::kWithdrawn, Choice::kObjected, Choice::kDeclined}) {
    for (const std::string purpose : {"stats", "stats.visits"}) {
      for (const std::string category : {"", "c"}) {
        Standing standing;
        standing.choices.push_back({purpose, category, choice, 1, {}});
        EXPECT_FALSE(Counts(*policy, Held(*policy), standing)) << purpose << category;
        standing.choices.push_back({"stats.visits", category, Choice::kGiven, 2, "n"});
        EXPECT_TRUE(Counts(*policy, Held(*policy), standing)) << purpose << category;
      }
    }
    Standing elsewhere;
    elsewhere.choices.push_back({"service", "", choice, 1, {}});
    elsewhere.choices.push_back({"stats", "another", choice, 2, {}});
    EXPECT_TRUE(Counts(*policy, Held(*policy), elsewhere));
  }
}

TEST(MayCount, NobodyRestrictedOrLeaving) {
  const auto policy = Load();
  for (const auto member : {&Standing::restricted, &Standing::erasure_waits, &Standing::erased}) {
    Standing standing;
    standing.*member = true;
    EXPECT_FALSE(Counts(*policy, Held(*policy), standing));
  }
}

TEST(MayCount, TheNoticeOfAnEarlierVersionIsTheOneOfItsName) {
  const auto then = Load();
  const auto now = Replaced(R"(notice { id: "n")",
                            R"(notice { id: "first" purpose: "service" } notice { id: "n")");
  EXPECT_TRUE(Counts(*now, Held(*then)));
  EXPECT_FALSE(Counts(*now, Held(*then, "narrow")));
}

TEST(MayCount, NothingOfACategoryThatThereWasNot) {
  const auto now = Load();
  std::string text(kReportPolicy);
  for (const std::string_view id : {"id: \"c\"", "category: \"c\""})
    for (size_t at = 0; (at = text.find(id, at)) != std::string::npos; ++at)
      text.replace(at, id.size(), std::string(id.substr(0, id.size() - 2)) + "d\"");
  const auto then = Load(text);
  EXPECT_FALSE(Counts(*now, Held(*then)));
}

TEST(MayCount, TheFirstPurposeToo) {
  const auto policy = Replaced(R"(purpose { id: "service" } purpose { id: "stats.visits" })",
                               R"(purpose { id: "stats.visits" } purpose { id: "service" })");
  EXPECT_TRUE(Counts(*policy, Held(*policy)));
  EXPECT_FALSE(Counts(*policy, Held(*policy), {}, After(10)));
}

TEST(Words, OfAReport) {
  EXPECT_EQ(ReportCountWord(ReportCount::kSubjects), "SUBJECTS");
  EXPECT_EQ(ReportCountWord(ReportCount::kRecords), "RECORDS");
  EXPECT_EQ(ReportBucketWord(ReportBucket::kDay), "DAY");
  EXPECT_EQ(ReportBucketWord(ReportBucket::kWeek), "WEEK");
  EXPECT_EQ(ReportBucketWord(ReportBucket::kMonth), "MONTH");
  EXPECT_EQ(ReportFeedWord(ReportFeed::kStored), "STORED");
  EXPECT_EQ(ReportFeedWord(ReportFeed::kAtCollection), "AT_COLLECTION");
}

TEST(MayCount, NothingCollectedBeforeItWasDeclared) {
  const auto then = Replaced("by: \"k\"", "");
  const auto now = Load();
  EXPECT_FALSE(Counts(*now, Held(*then)));
  Standing agreed;
  agreed.agreed_versions = {1};
  EXPECT_TRUE(Counts(*now, Held(*then), agreed));
}

// Each says of an older policy what it did not have that the report needs.
TEST(MayCount, NothingThatWasHeldForSomethingElse) {
  const auto now = Load();
  Standing agreed;
  agreed.agreed_versions = {1};
  const auto without = [](std::initializer_list<std::pair<std::string, std::string>> changes) {
    std::string text(kReportPolicy);
    text.erase(text.find("report {"));
    text = With(text, "NECESSARY field: \"k\"", "NECESSARY field: [\"k\", \"at\"]");
    for (const auto& [what, with] : changes) {
      for (size_t at = 0; (at = text.find(what, at)) != text.npos; at += with.size())
        text.replace(at, what.size(), with);
    }
    return Load(text);
  };
  const auto no_purpose = without({{"stats.visits", "stats.views"}});
  const auto inner_purpose =
      without({{"{ id: \"stats.visits\" }", "{ id: \"stats.visits.all\" }"}});
  const auto no_category =
      without({{"id: \"c\" says", "id: \"d\" says"}, {"category: \"c\"", "category: \"d\""}});
  const auto no_field = without({{"id: \"k\" kind", "id: \"j\" kind"}, {"\"k\"", "\"j\""}});
  const auto no_time = without({{"\"at\"", "\"on\""}});
  for (const auto& then : {no_purpose, inner_purpose, no_category, no_field, no_time}) {
    EXPECT_FALSE(Counts(*now, Held(*then)));
    EXPECT_TRUE(Counts(*now, Held(*then), agreed)) << "whoever agreed did so to what is in force";
  }
}

TEST(MayCount, UntilTheRetentionOfThePolicyItIsHeldUnderEnds) {
  const auto then = Replaced("days: 10", "days: 2");
  const auto now = Load();
  EXPECT_FALSE(Counts(*now, Held(*then), {}, After(2)));
  Standing agreed;
  agreed.agreed_versions = {1};
  EXPECT_TRUE(Counts(*now, Held(*then), agreed, After(2)));
  EXPECT_FALSE(Counts(*now, Held(*then), agreed, After(10)));
}

TEST(MayCount, NothingUnderTermsThatNameNothing) {
  const auto then = Replaced("name: \"p\"", "name: \"q\"");
  const auto now = Load();
  for (const auto& policy : {then, now}) {
    Datum datum = Held(*policy);
    datum.terms.notice = {};
    EXPECT_FALSE(Counts(*now, datum));
    datum = Held(*policy);
    datum.terms.source = {};
    EXPECT_FALSE(Counts(*now, datum));
  }
}

TEST(MayCount, NothingForAReportThatNamesNothing) {
  const auto policy = Load();
  const ReportInfo& report = *FindReport(*policy, "r");
  const auto counts = [&](const ReportInfo& other) {
    return MayCount(*policy, other, Held(*policy), {}, After(1));
  };
  EXPECT_TRUE(counts(report));
  ReportInfo other = report;
  other.purpose = {};
  EXPECT_FALSE(counts(other));
  other = report;
  other.category = {};
  EXPECT_FALSE(counts(other));
  other = report;
  other.of = {};
  EXPECT_FALSE(counts(other));
}

TEST(MayCount, NothingThatThePolicyInForceNoLongerAllows) {
  const auto then = Load();
  EXPECT_FALSE(Counts(*Replaced("purpose: [\"service\", \"stats\"] }", "purpose: \"service\" }"),
                      Held(*then)));
  EXPECT_FALSE(Counts(*Replaced("days: 10", "days: 1"), Held(*then)));
  EXPECT_FALSE(Counts(*Replaced("role: OWN", "role: INDEPENDENT"), Held(*then)));
}

TEST(DecideReport, SaysEveryReasonInOrder) {
  const auto policy = Load();
  const ReportInfo& report = *FindReport(*policy, "r");
  EXPECT_THAT(DecideReport(*policy, report, "public", true, kAt), IsEmpty());
  EXPECT_THAT(DecideReport(*policy, report, "public", true, policy->effective()), IsEmpty());
  EXPECT_THAT(DecideReport(*policy, report, "other", true, kAt),
              ElementsAre(Reason::kRecipientNotListed));
  EXPECT_THAT(DecideReport(*policy, report, "nobody", false, {0}),
              ElementsAre(Reason::kPolicyNotInForce, Reason::kUnknownRecipient,
                          Reason::kPurposeKeyMissing));
  EXPECT_EQ(FindReport(*policy, "s"), nullptr);
}

TEST(ReportWindow, IsADayAWeekFromMondayOrAMonth) {
  constexpr int64_t kDay = kMillisPerDay;
  EXPECT_EQ(WindowOf(ReportBucket::kDay, {0}), (ReportWindow{{0}, {kDay}}));
  EXPECT_EQ(WindowOf(ReportBucket::kDay, {-1}), (ReportWindow{{-kDay}, {0}}));
  // 1970-01-01 was a Thursday.
  EXPECT_EQ(WindowOf(ReportBucket::kWeek, {0}), (ReportWindow{{-3 * kDay}, {4 * kDay}}));
  EXPECT_EQ(WindowOf(ReportBucket::kWeek, {4 * kDay}), (ReportWindow{{4 * kDay}, {11 * kDay}}));
  EXPECT_EQ(WindowOf(ReportBucket::kWeek, {4 * kDay - 1}).before.unix_ms, 4 * kDay);
  EXPECT_EQ(WindowOf(ReportBucket::kMonth, {40 * kDay}), (ReportWindow{{31 * kDay}, {59 * kDay}}));
  for (const int64_t end : {INT64_MIN, INT64_MAX}) {
    for (const auto unit : {ReportBucket::kDay, ReportBucket::kWeek, ReportBucket::kMonth}) {
      const ReportWindow window = WindowOf(unit, {end});
      EXPECT_LT(window.from, window.before);
    }
  }
}

TEST(ReportWindow, TilesTime) {
  for (const auto unit : {ReportBucket::kDay, ReportBucket::kWeek, ReportBucket::kMonth}) {
    ReportWindow window = WindowOf(unit, {0});
    for (int i = 0; i < 1000; ++i) {
      const ReportWindow next = WindowOf(unit, window.before);
      ASSERT_EQ(next.from, window.before);
      ASSERT_EQ(WindowOf(unit, {window.before.unix_ms - 1}), window);
      window = next;
    }
  }
}

TEST(ReportDay, IsThatOfATimeOrADay) {
  EXPECT_EQ(DayOf("2013-05-24T23:59:59Z"), DayOf("2013-05-24"));
  EXPECT_EQ(DayOf("1970-01-02")->unix_ms, kMillisPerDay);
  for (const std::string_view bad : {"", "2013-05-2", "2013-13-01", "yesterday!"}) {
    EXPECT_EQ(DayOf(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace bailee::policy
