// SPDX-License-Identifier: Apache-2.0
#include "policy/expiry.h"

#include "policy/decide_support.h"

// What must stay, and what nobody may use any more.
namespace bailee::policy {
namespace {

// A category for each thing that may keep a datum, and nothing else in it.
constexpr char kKept[] = R"(name: "kept" version: 1 effective: "2020-01-01"
purpose { id: "research" says: "r" }
purpose { id: "service" says: "s" }
purpose { id: "extra.news" says: "n" }
purpose { id: "legal" says: "l" }
source { id: "web" role: OWN }
notice { id: "all" purpose: ["service", "extra", "legal", "research"] }
notice { id: "more" purpose: "extra" }
controller { id: "acme" agreement: "x" allow { purpose: "service" category: "address" } }
category {
  id: "address" says: "a" about: SUBJECT holds: MANY
  field { id: "unused" kind: TEXT }
  field { id: "street" kind: TEXT }
  allow { purpose: "service" basis: NECESSARY field: "street" }
  allow { purpose: "legal" basis: CASE field: "unused" }
  retain { purpose: ["service", "legal"] days: 100 from: COLLECTION }
}
category {
  id: "wish" says: "w" about: SUBJECT holds: MANY
  field { id: "text" kind: TEXT }
  allow { purpose: "extra.news" basis: OPT_IN }
  retain { purpose: "extra.news" days: 100 from: COLLECTION }
}
category {
  id: "habit" says: "h" about: SUBJECT holds: MANY
  field { id: "text" kind: TEXT }
  allow { purpose: "service" basis: OPT_OUT }
  retain { purpose: "service" days: 100 from: COLLECTION }
}
category {
  id: "login" says: "l" about: SUBJECT holds: ONE
  field { id: "secret" kind: PASSWORD }
  allow { purpose: "service" basis: NECESSARY }
  retain { purpose: "service" days: 100 from: COLLECTION }
}
category {
  id: "file" says: "f" about: SUBJECT holds: MANY
  field { id: "text" kind: TEXT }
  allow { purpose: "legal" basis: CASE }
  retain { purpose: "legal" days: 100 from: COLLECTION }
}
category {
  id: "visit" says: "v" about: SUBJECT holds: MANY
  field { id: "unused" kind: TEXT }
  field { id: "region" kind: COUNTRY }
  field { id: "at" kind: TIME }
  allow { purpose: "service" basis: NECESSARY field: "unused" }
  retain { purpose: "service" days: 1 from: COLLECTION }
  retain { purpose: "research" days: 100 from: EVENT event: "left" at_most_days: 200 }
}
report { id: "visits" category: "visit" count: SUBJECTS by: "region" bucket: DAY of: "at" min_subjects: 5 purpose: "research" }
)";

class ExpiryTest : public ::testing::Test {
 protected:
  // Of a datum that was collected on day 0 under version 1, seen on a day.
  bool Stays(std::string_view category, int64_t day, const Standing& standing = {},
             std::string_view controller = {}) const {
    const Datum datum{
        .policy = v1_.get(),
        .terms = {v1_->FindNotice("all"), v1_->FindSource("web"), v1_->FindController(controller)},
        .collected_at = At(0)};
    const Policy* const versions[] = {v1_.get()};
    return MustStay(*in_force_, versions, datum, v1_->FindCategory(category), standing, At(day));
  }
  // From here on another policy is in force.
  void Change(std::string_view from, std::string_view to) {
    in_force_ = Loaded(With(With(kKept, "version: 1", "version: 2"), from, to));
    ASSERT_NE(in_force_, nullptr);
  }
  Timestamp At(int64_t day) const { return {v1_->effective().unix_ms + day * kMillisPerDay}; }
  static Standing Said(Choice choice, const char* purpose, const char* notice = "all",
                       uint32_t version = 1) {
    Standing standing;
    standing.choices.push_back({purpose, "", choice, 1, notice, version});
    return standing;
  }

  PolicyPtr v1_ = Loaded(kKept);
  PolicyPtr in_force_ = v1_;
};

TEST_F(ExpiryTest, WhatAPurposeMayUseStaysToTheEndOfItsRetention) {
  for (const char* category : {"address", "habit"}) {
    EXPECT_TRUE(Stays(category, 0)) << category;
    EXPECT_TRUE(Stays(category, 99)) << category;
    EXPECT_FALSE(Stays(category, 100)) << category;
  }
}

TEST_F(ExpiryTest, APasswordIsUsedByVerifyingIt) {
  EXPECT_TRUE(Stays("login", 99));
  EXPECT_FALSE(Stays("login", 100));
}

TEST_F(ExpiryTest, WhatACaseMayNeedStays) {
  EXPECT_TRUE(Stays("file", 99));
  EXPECT_FALSE(Stays("file", 100));
}

TEST_F(ExpiryTest, AControllersDataStaysForItsOwnPurposes) {
  EXPECT_TRUE(Stays("address", 99, {}, "acme"));
  EXPECT_FALSE(Stays("address", 100, {}, "acme"));
  Change(
      R"(controller { id: "acme" agreement: "x" allow { purpose: "service" category: "address" } })",
      R"(controller { id: "acme" agreement: "x" allow { purpose: "service" category: "habit" } })");
  EXPECT_FALSE(Stays("address", 0, {}, "acme"));
  EXPECT_TRUE(Stays("address", 0));
}

TEST_F(ExpiryTest, WhatPassesKeepsNothingFromStaying) {
  Standing restricted;
  restricted.restricted = true;
  EXPECT_TRUE(Stays("habit", 99, restricted));
  EXPECT_FALSE(Stays("habit", 100, restricted));
  for (const Choice choice : {Choice::kDeclined, Choice::kObjected, Choice::kWithdrawn}) {
    EXPECT_TRUE(Stays("habit", 99, Said(choice, "service"))) << static_cast<int>(choice);
    EXPECT_FALSE(Stays("habit", 100, Said(choice, "service"))) << static_cast<int>(choice);
  }
  EXPECT_TRUE(Stays("wish", 99));  // nobody has said yes yet
  EXPECT_FALSE(Stays("wish", 100));
}

TEST_F(ExpiryTest, AHoldOfItsCategoryKeepsIt) {
  Standing standing;
  standing.holds.push_back({.category = "wish"});
  EXPECT_FALSE(Stays("address", 100, standing));
  EXPECT_TRUE(Stays("wish", 100, standing));
  standing.holds.push_back({.category = ""});
  EXPECT_TRUE(Stays("address", 100, standing));
}

TEST_F(ExpiryTest, AnErasureThatWaitsKeepsItAsLong) {
  Standing standing;
  standing.erasure_waits = true;
  EXPECT_TRUE(Stays("address", 100, standing));
}

TEST_F(ExpiryTest, WhatNobodyMayUseAnyMoreGoes) {
  Change(R"(allow { purpose: "extra.news" basis: OPT_IN }
  retain { purpose: "extra.news")",
         R"(allow { purpose: "service" basis: OPT_IN }
  retain { purpose: "service")");
  EXPECT_FALSE(Stays("wish", 0));
  EXPECT_TRUE(Stays("wish", 0, Said(Choice::kGiven, "service", "all", 2)))
      << "consent opens a route";
}

TEST_F(ExpiryTest, ConsentThatWasGivenUnderAnEarlierVersionCounts) {
  Change(R"("all" purpose: ["service", "extra", )", R"("all" purpose: ["service", )");
  EXPECT_FALSE(Stays("wish", 0));
  EXPECT_TRUE(Stays("wish", 99, Said(Choice::kGiven, "extra.news", "more")));
}

TEST_F(ExpiryTest, WhatAReportCountsStaysForIt) {
  EXPECT_TRUE(Stays("visit", 199));
  EXPECT_FALSE(Stays("visit", 200));
}

TEST_F(ExpiryTest, WhatAReportCountsStaysToTheEndOfEitherPolicy) {
  Change("at_most_days: 200", "at_most_days: 150");
  EXPECT_TRUE(Stays("visit", 149));
  EXPECT_FALSE(Stays("visit", 150));
  Change("at_most_days: 200", "at_most_days: 300");
  EXPECT_TRUE(Stays("visit", 199));
  EXPECT_FALSE(Stays("visit", 200));
}

TEST_F(ExpiryTest, AnEventEndsWhatAReportCounts) {
  Standing standing;
  standing.events.push_back({"left", At(10)});
  EXPECT_TRUE(Stays("visit", 109, standing));
  EXPECT_FALSE(Stays("visit", 110, standing));
}

TEST_F(ExpiryTest, NothingStaysForAPurposeThatKeepsItNoLonger) {
  std::string text = With(With(kKept, "version: 1", "version: 2"),
                          R"(category: "visit" count: SUBJECTS by: "region")",
                          R"(category: "wish" count: SUBJECTS)");
  text =
      With(text,
           R"(  retain { purpose: "research" days: 100 from: EVENT event: "left" at_most_days: 200 }
)",
           "");
  text = With(text, R"(basis: NECESSARY field: "unused")", "basis: NECESSARY");
  text = With(text, R"(  field { id: "text" kind: TEXT }
  allow { purpose: "extra.news")",
              R"(  field { id: "text" kind: TEXT }
  field { id: "at" kind: TIME }
  retain { purpose: "research" days: 100 from: COLLECTION }
  allow { purpose: "extra.news")");
  in_force_ = Loaded(text);
  ASSERT_NE(in_force_, nullptr);
  EXPECT_TRUE(Stays("visit", 0));
  EXPECT_FALSE(Stays("visit", 1));
}

TEST_F(ExpiryTest, NothingStaysForAPurposeOrACategoryThatIsGone) {
  std::string text = With(With(kKept, "version: 1", "version: 2"), R"(, "research"])", "]");
  text = With(text, R"(purpose { id: "research" says: "r" }
)",
              "");
  text = With(text, R"(
  retain { purpose: "research" days: 100 from: EVENT event: "left" at_most_days: 200 })",
              "");
  text = With(text, R"(basis: NECESSARY field: "unused")", "basis: NECESSARY");
  text.resize(text.find("report {"));
  in_force_ = Loaded(text);
  EXPECT_TRUE(Stays("visit", 0));
  EXPECT_FALSE(Stays("visit", 1));
  text.resize(text.find("category {\n  id: \"visit\""));
  in_force_ = Loaded(text);
  EXPECT_FALSE(Stays("visit", 0));
}

}  // namespace
}  // namespace bailee::policy
