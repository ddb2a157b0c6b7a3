// SPDX-License-Identifier: Apache-2.0
#include "policy/decide_support.h"

// What a refusal says beside its reasons.
namespace bailee::policy {
namespace {

class ExplainTest : public DecideTest {
 protected:
  void Change(std::string_view from, std::string_view to) {
    in_force = Loaded(With(kV1, from, to));
  }
  std::string Offer() const { return Full().offer; }
  // Rule and clause of a refusal for want of a key, which anybody may meet.
  std::string RuleFor(std::string_view purpose, std::string_view field) {
    Ask(purpose, field);
    request.purpose_key_held = false;
    const Decision decision = DecideStageOne(*in_force, request);
    EXPECT_FALSE(decision.allowed());
    return decision.rule + " [" + decision.clause + "]";
  }
};

TEST_F(ExplainTest, TheRuleIsTheOneOfTheFieldOrElseThePurposesFirst) {
  Change(R"(["pan.last4", "holder", "secret"] clause: "X-2" })",
         R"(["pan.last4", "secret"] clause: "X-2" }
  allow { purpose: "service" basis: OPT_OUT field: "holder" clause: "X-3" })");
  EXPECT_EQ(RuleFor("service", "pan.last4"), "card allows service: pan.last4, secret [X-2]");
  EXPECT_EQ(RuleFor("service", "holder"), "card allows service: holder (OPT_OUT) [X-3]");
  EXPECT_EQ(RuleFor("service", "region"), "card allows service: pan.last4, secret [X-2]");
  EXPECT_EQ(RuleFor("service", "nothing"), "card allows service: pan.last4, secret [X-2]");
}

TEST_F(ExplainTest, WithoutARuleTheCategoryAnswers) {
  EXPECT_EQ(RuleFor("research", "holder"), "card allows nothing to research [X-1]");
}

TEST_F(ExplainTest, OfWritingToSomebodyThePurposeAnswers) {
  Change(R"(id: "contact.news" says: "n")", R"(id: "contact.news" says: "n" clause: "N-1")");
  Ask("contact.news", "", Action::kContact);
  request.category = "";
  const Decision decision = Decide(*in_force, nullptr, standing, request);
  EXPECT_EQ(Words(decision), "consent-missing");
  EXPECT_EQ(decision.clause, "N-1");
}

TEST_F(ExplainTest, WhoIsOutsideTheTermsIsToldOfTheNoticeAndNotOfAView) {
  Change(R"(allow { purpose: "contact" basis: OPT_IN field: "holder" })",
         R"(allow { purpose: "contact" basis: OPT_IN field: ["pan", "pan.last4"] })");
  Hold(*in_force, "some", "web");
  Ask("contact.news", "pan");
  EXPECT_EQ(Answer(), "not-collected-for consent-missing");
  EXPECT_EQ(Offer(), "show notice all");
}

TEST_F(ExplainTest, AnotherReasonThatComesFirstIsAnsweredFirst) {
  Hold(*v1, "all", "web", "acme");
  Ask("contact.news");
  EXPECT_EQ(Answer(), "outside-instructions consent-missing");
  EXPECT_EQ(Offer(), "name the controller it is held for");
}

// Two values that wait for the consent to purposes of their own, and one for which nobody asks.
constexpr char kWaits[] = R"(
category {
  id: "wish" says: "w" about: SUBJECT holds: MANY
  field { id: "first" kind: TEXT }
  field { id: "second" kind: EMAIL view { id: "domain" coarsen: DOMAIN } }
  allow { purpose: "service" basis: NECESSARY field: "second" }
  allow { purpose: "contact.news" basis: OPT_IN field: "first" }
  allow { purpose: "develop" basis: OPT_IN field: "second.domain" }
  retain { purpose: ["service", "contact.news", "develop"] days: 8 from: COLLECTION }
}
)";

TEST_F(ExplainTest, CollectingIsToldTheNoticeOfThePurposeThatWaits) {
  in_force = Loaded(std::string(kV1) + kWaits);
  Collect("wish", "second");
  request.notice = "develop-1";
  EXPECT_EQ(AnswerWithoutDatum(), "consent-missing");
  EXPECT_EQ(Decide(*in_force, nullptr, standing, request).offer, "show notice develop-1");
  Collect("wish", "first");
  request.notice = "news-1";
  EXPECT_EQ(AnswerWithoutDatum(), "consent-missing");
  EXPECT_EQ(Decide(*in_force, nullptr, standing, request).offer, "show notice all");
}

constexpr char kSold[] = R"(
recipient { id: "heir" role: SUCCESSOR }
category {
  id: "account" says: "a" about: SUBJECT holds: ONE
  field { id: "name" kind: TEXT }
  allow { purpose: "service" basis: NECESSARY }
  retain { purpose: "service" days: 100 from: COLLECTION }
  disclose { recipient: "heir" ground: SUCCESSION purpose: "service" field: "name"
             notice: "news-1" wait_days: 2 }
}
)";

class ExplainSale : public ExplainTest {
 protected:
  ExplainSale() {
    in_force = Loaded(std::string(kV1) + kSold);
    request.action = Action::kDisclose;
    request.category = "account";
    request.field = "name";
    request.recipient = "heir";
    request.ground = "SUCCESSION";
    Hold(*in_force, "all", "web");
  }
  void WaitDays(const char* days) {
    in_force = Loaded(With(std::string(kV1) + kSold, "wait_days: 2", days));
    Hold(*in_force, "all", "web");
  }
};

TEST_F(ExplainSale, SaysHowLongToWait) {
  EXPECT_EQ(Answer(), "notice-missing");
  EXPECT_EQ(Offer(), "show notice news-1, then wait 2 days");
  WaitDays("wait_days: 1");
  EXPECT_EQ(Offer(), "show notice news-1, then wait 1 days");
}

TEST_F(ExplainSale, WithoutAWaitSaysNothingOfIt) {
  WaitDays("");
  EXPECT_EQ(Offer(), "show notice news-1");
}

TEST_F(ExplainSale, OfACategoryThatIsNotThereItNamesNoRule) {
  request.category = "acount";
  const Decision decision = DecideStageOne(*in_force, request);
  EXPECT_EQ(decision.rule, "");
  EXPECT_EQ(decision.offer, "did you mean account");
}

}  // namespace
}  // namespace bailee::policy
