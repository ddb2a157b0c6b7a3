// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_tests.h"

#include "policy/decide_support.h"

// The tests that a policy has of itself.
namespace bailee::policy {
namespace {

class PolicyTests : public ::testing::Test {
 protected:
  // The result of the one test that the policy has, of what is given and asked.
  TestResult Ran(const std::string& given, const std::string& ask, const std::string& expect) {
    policy_ = Loaded(With(text_, "notice { id: \"some\"",
                          "test { name: \"one\" given { " + given + " } ask { " + ask + " } " +
                              expect + " }\nnotice { id: \"some\""));
    if (policy_ == nullptr) return {};
    std::vector<TestResult> results = RunTests(*policy_);
    EXPECT_EQ(results.size(), 1u);
    return results.at(0);
  }
  bool Passes(const std::string& given, const std::string& ask, const std::string& expect) {
    return Ran(given, ask, expect).passed;
  }

  std::string text_ = kV1;
  PolicyPtr policy_;
};

constexpr char kCollected[] = R"(notice: "all" source: "web")";
constexpr char kHolder[] = R"(purpose: "service" category: "card" field: "holder")";
constexpr char kImprove[] = R"(purpose: "improve" category: "card" field: "holder")";
constexpr char kNews[] = R"(purpose: "contact.news" category: "card" field: "holder")";
constexpr char kAllowed[] = "expect: ALLOWED";

std::string Given(const std::string& more) { return std::string(kCollected) + " " + more; }
std::string Refused(const std::string& because) {
  return "expect: REFUSED because: \"" + because + "\"";
}

TEST_F(PolicyTests, AResultSaysWhatWasExpectedAndWhatCame) {
  const TestResult result = Ran(Given("restricted: true"), kHolder, Refused("held"));
  EXPECT_EQ(result.name, "one");
  EXPECT_EQ(result.line, 15);
  EXPECT_FALSE(result.passed);
  EXPECT_FALSE(result.expected_allowed);
  EXPECT_FALSE(result.got_allowed);
  EXPECT_EQ(result.expected_reasons, std::vector{Reason::kHeld});
  EXPECT_EQ(result.got_reasons, std::vector{Reason::kRestricted});
  const TestResult allowed = Ran(kCollected, kHolder, kAllowed);
  EXPECT_TRUE(allowed.passed);
  EXPECT_TRUE(allowed.expected_allowed);
  EXPECT_TRUE(allowed.got_allowed);
}

TEST_F(PolicyTests, AnAnswerOtherThanExpectedFails) {
  EXPECT_FALSE(Passes(kCollected, kHolder, "expect: REFUSED"));
  EXPECT_FALSE(Passes(Given("restricted: true"), kHolder, kAllowed));
}

TEST_F(PolicyTests, EachChoiceIsMade) {
  EXPECT_TRUE(Passes(Given("withdrawn: \"improve\""), kImprove, Refused("consent-withdrawn")));
  EXPECT_TRUE(Passes(Given("objected: \"improve\""), kImprove, Refused("objected")));
  EXPECT_TRUE(Passes(Given("declined: \"improve\""), kImprove, Refused("declined")));
  EXPECT_TRUE(Passes(kCollected, kNews, Refused("consent-missing")));
  EXPECT_TRUE(Passes(Given("consented: \"contact.news\""), kNews, kAllowed));
}

TEST_F(PolicyTests, ConsentIsGivenUnderANoticeThatIsShownAtTheSource) {
  text_ = With(text_, R"(notice { id: "all")",
               R"(notice { id: "shop-news" purpose: "contact.news" source: "shop" }
notice { id: "all")");
  EXPECT_TRUE(Passes(Given("consented: \"contact.news\""), kNews, kAllowed));
}

TEST_F(PolicyTests, RestrictionAndHoldsAreGiven) {
  EXPECT_TRUE(Passes(Given("restricted: true"), kHolder, Refused("restricted")));
  EXPECT_TRUE(Passes(Given("age_days: 100 held: true"), kHolder, Refused("held")));
  const TestResult result = Ran(Given("age_days: 100"), kHolder, Refused("past-retention"));
  EXPECT_TRUE(result.passed);
  EXPECT_EQ(result.got_reasons, std::vector{Reason::kPastRetention});
}

TEST_F(PolicyTests, WithoutANoticeThereIsNoDatum) { EXPECT_TRUE(Passes("", kHolder, kAllowed)); }

}  // namespace
}  // namespace bailee::policy
