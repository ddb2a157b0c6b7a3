// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "policy/decide_support.h"

// The rules of decide.h, by their numbers; those about choices are in choices_test.cc, those about
// versions in versions_test.cc.
namespace bailee::policy {
namespace {

TEST_F(DecideTest, AllowsWhatNothingForbids) {
  EXPECT_EQ(StageOne(), "allowed");
  EXPECT_EQ(Answer(), "allowed");
  EXPECT_TRUE(Full().visible);
}

TEST_F(DecideTest, Rule1PolicyMustBeInForce) {
  request.now = {in_force->effective().unix_ms - 1};
  EXPECT_EQ(StageOne(), "policy-not-in-force");
  request.now = in_force->effective();
  EXPECT_EQ(StageOne(), "allowed");
  request.policy_version = 2;
  EXPECT_EQ(StageOne(), "policy-not-in-force");
  request.policy_version = 1;
  EXPECT_EQ(StageOne(), "allowed");
}

TEST_F(DecideTest, Rule2OnlyDeclaredLeavesAreActedFor) {
  for (const char* purpose :
       {"", "marketing", "contact", "service.x", "tally", "upkeep", "Service"}) {
    Ask(purpose);
    EXPECT_EQ(StageOne(), "unknown-purpose") << purpose;
  }
}

TEST_F(DecideTest, Rules3And4NamesMustBeKnown) {
  request.category = "cards";
  EXPECT_EQ(StageOne(), "unknown-category");
  request.category = "card";
  request.field = "pan.last5";
  EXPECT_EQ(StageOne(), "unknown-field");
}

TEST_F(DecideTest, Rule5NeedsTheKey) {
  request.purpose_key_held = false;
  EXPECT_EQ(StageOne(), "purpose-key-missing");
}

TEST_F(DecideTest, Rule6ControllersMustBeKnown) {
  request.on_behalf_of = "nobody";
  EXPECT_EQ(StageOne(), "outside-instructions");
}

TEST_F(DecideTest, Rule7RightsReadEverythingButPasswords) {
  for (const char* field : {"pan", "pan.last4", "holder", "region"}) {
    Ask("rights", field);
    EXPECT_EQ(Answer(), "allowed") << field;
  }
  Ask("rights", "secret");
  EXPECT_EQ(Answer(), "not-collected-for");
  Ask("rights", "secret", Action::kVerifyPassword);
  EXPECT_EQ(Answer(), "not-collected-for");
  Ask("rights", "pan", Action::kFind);
  EXPECT_EQ(Answer(), "not-collected-for");
}

TEST_F(DecideTest, RightsIgnoreConsentRetentionAndRestriction) {
  Ask("rights");
  standing.restricted = true;
  standing.erasure_waits = true;
  Choose(Choice::kDeclined, "service");
  datum.collected_at = At(0);
  EXPECT_EQ(Answer(), "allowed");
}

TEST_F(DecideTest, Rule8FieldsGoToTheirPurposesOnly) {
  Ask("service", "pan");
  EXPECT_EQ(StageOne(), "not-collected-for");
  Ask("service", "pan.last4");
  EXPECT_EQ(StageOne(), "allowed");
}

TEST_F(DecideTest, Rule8APasswordIsOnlyVerified) {
  Ask("service", "secret");
  EXPECT_EQ(StageOne(), "not-collected-for");
  EXPECT_NE(DecideStageOne(*in_force, request).offer.find("VerifyPassword"), std::string::npos);
  Ask("service", "secret", Action::kVerifyPassword);
  EXPECT_EQ(Answer(), "allowed");
  Ask("service", "holder", Action::kVerifyPassword);
  EXPECT_EQ(StageOne(), "not-collected-for");
  Ask("billing", "secret", Action::kVerifyPassword);
  EXPECT_EQ(StageOne(), "not-collected-for");
}

TEST_F(DecideTest, Rule8FindingNeedsALookup) {
  Ask("billing", "pan", Action::kFind);
  EXPECT_EQ(Answer(), "allowed");
  Ask("billing", "holder", Action::kFind);
  EXPECT_EQ(StageOne(), "not-collected-for");
}

TEST_F(DecideTest, Rule9ReportInputsAreNotReadOneByOne) {
  Ask("research", "region");
  EXPECT_EQ(StageOne(), "individual-read-of-report-data not-collected-for");
  Ask("service", "region");  // nobody reads it
  EXPECT_EQ(StageOne(), "individual-read-of-report-data not-collected-for");
  Ask("research", "holder");
  EXPECT_EQ(StageOne(), "not-collected-for");
}

TEST_F(DecideTest, Rule10InstructionsBind) {
  request.on_behalf_of = "acme";
  Ask("service", "pan.last4");
  EXPECT_EQ(StageOne(), "outside-instructions");
  Ask("service", "holder");
  EXPECT_EQ(StageOne(), "allowed");
}

TEST_F(DecideTest, Rule11ACaseEveryTime) {
  Ask("legal");
  EXPECT_EQ(StageOne(), "case-missing");
  const std::string longest(64, 'A');
  for (const char* good : {"A", "2013-CV-17", longest.c_str()}) {
    request.case_reference = good;
    EXPECT_EQ(Answer(), "allowed") << good;
  }
  const std::string too_long(65, 'A');
  for (const char* bad : {"", "a b", "a/b", "caf\xc3\xa9", too_long.c_str()}) {
    request.case_reference = bad;
    EXPECT_EQ(Answer(), "case-missing") << bad;
  }
}

TEST_F(DecideTest, GivesEveryReasonOfAStage) {
  request.purpose = "?";
  request.category = "?";
  request.policy_version = 7;
  request.purpose_key_held = false;
  request.on_behalf_of = "?";
  EXPECT_EQ(StageOne(),
            "policy-not-in-force unknown-purpose unknown-category outside-instructions "
            "purpose-key-missing");
}

TEST_F(DecideTest, StageOneIsVisibleToAnyPurposeAndHidesStageTwo) {
  Ask("quiet", "pan");
  standing.erased = true;
  EXPECT_EQ(Answer(), "not-collected-for");
  EXPECT_TRUE(Full().visible);
}

TEST_F(DecideTest, Rule30AnErasedSubjectIsToldToRightsOnly) {
  standing.erased = true;
  standing.restricted = true;
  EXPECT_EQ(Answer(), "subject-erased");
  EXPECT_FALSE(Full().visible);
  EXPECT_EQ(AnswerWithoutDatum(), "subject-erased");
  Ask("rights");
  EXPECT_EQ(Answer(), "subject-erased");
  EXPECT_TRUE(Full().visible);
  request.wrap = WrapState::kPending;
  EXPECT_EQ(Answer(), "subject-erased");
  request.wrap = WrapState::kPresent;
  Collect("card", "holder");
  EXPECT_EQ(Answer(), "subject-erased");
  EXPECT_FALSE(Full().visible);
}

TEST_F(DecideTest, Rule30AnErasedSubjectIsAnsweredAsAnUnknownOne) {
  standing.erased = true;
  Choose(Choice::kGiven, "contact.news");
  Ask("contact.news");
  const Decision of_nobody = Decide(*in_force, nullptr, Standing{}, request);
  EXPECT_EQ(Answer(), "consent-missing");
  EXPECT_EQ(Full().reasons, of_nobody.reasons);
  EXPECT_EQ(Full().visible, of_nobody.visible);
  EXPECT_EQ(Full().offer, of_nobody.offer);
}

TEST_F(DecideTest, Rule31RightsKeepToTheirController) {
  Ask("rights");
  Hold(*v1, "all", "web", "acme");
  EXPECT_EQ(Answer(), "outside-instructions");
  request.on_behalf_of = "acme";
  EXPECT_EQ(Answer(), "allowed");
}

TEST_F(DecideTest, Rule32RightsWaitsForKeyWorkAlsoWhereThereIsNothing) {
  Ask("rights");
  EXPECT_EQ(AnswerWithoutDatum(), "allowed");
  request.wrap = WrapState::kPending;
  EXPECT_EQ(AnswerWithoutDatum(), "wrap-pending");
  EXPECT_EQ(Answer(), "wrap-pending");
}

TEST_F(DecideTest, Rule40WhatIsHeldForAnotherIsNotOurs) {
  Hold(*v1, "all", "web", "acme");
  EXPECT_EQ(Answer(), "outside-instructions");
  request.on_behalf_of = "acme";
  EXPECT_EQ(Answer(), "allowed");
  request.on_behalf_of = "bolt";
  EXPECT_TRUE(Full().reasons.Has(Reason::kOutsideInstructions));
  Hold(*v1, "all", "web");
  EXPECT_EQ(Answer(), "outside-instructions");
}

TEST_F(DecideTest, Rule44OutsideTheNoticeIsNotCollectedFor) {
  Hold(*v1, "some", "web");
  EXPECT_EQ(Answer(), "allowed");
  Ask("billing");
  EXPECT_EQ(Answer(), "not-collected-for consent-missing");
  EXPECT_EQ(Full().offer, "show notice all");
}

TEST_F(DecideTest, Rule44TermsThatNameNothingHoldForNothing) {
  datum.terms = {};
  EXPECT_EQ(Answer(), "not-collected-for");
  Hold(*v1, "all", "button");
  EXPECT_EQ(Answer(), "not-collected-for");
}

TEST_F(DecideTest, Rule43ConsentReachesDataOutsideItsTerms) {
  Ask("develop");
  EXPECT_EQ(Answer(), "not-collected-for consent-missing");
  EXPECT_EQ(Full().offer, "show notice develop-1");
  Choose(Choice::kGiven, "develop", "", "develop-1");
  EXPECT_EQ(Answer(), "allowed");
  Hold(*v1, "all", "shop");  // the notice is shown at `web` alone
  EXPECT_EQ(Answer(), "not-collected-for");
}

TEST_F(DecideTest, Rule43ConsentUnderANoticeWithoutThePurposeReachesNothing) {
  Ask("develop");
  for (const char* notice : {"all", "gone", ""}) {
    standing.choices.clear();
    Choose(Choice::kGiven, "develop", "", notice);
    EXPECT_EQ(Answer(), "not-collected-for consent-missing") << notice;
  }
}

TEST_F(DecideTest, Rule44WithdrawnConsentIsNamed) {
  Ask("develop");
  Choose(Choice::kGiven, "develop", "", "develop-1");
  Choose(Choice::kWithdrawn, "develop");
  EXPECT_EQ(Answer(), "not-collected-for consent-withdrawn");
}

TEST_F(DecideTest, Rule42RetentionEndsToTheMillisecond) {
  datum.collected_at = At(900);
  request.now = {At(1000).unix_ms - 1};
  EXPECT_EQ(Answer(), "allowed");
  request.now = At(1000);
  EXPECT_EQ(Answer(), "past-retention");
}

TEST_F(DecideTest, Rule42TheFirstEventAfterCollectionCounts) {
  Ask("billing");
  datum.collected_at = At(950);
  standing.events = {{"closed", At(950)}};
  EXPECT_EQ(Answer(), "past-retention") << "that of the moment of collection, too";
  standing.events = {{"closed", At(940)}, {"moved", At(951)}};
  EXPECT_EQ(Answer(), "allowed");
  standing.events.push_back({"closed", At(999)});
  EXPECT_EQ(Answer(), "allowed");
  standing.events.push_back({"closed", At(990)});
  EXPECT_EQ(Answer(), "past-retention");
}

TEST_F(DecideTest, Rule45RestrictionStopsReading) {
  standing.restricted = true;
  EXPECT_EQ(Answer(), "restricted");
}

TEST_F(DecideTest, Rule46AHoldIsNamedOnceTheDataIsPastItsTime) {
  standing.holds = {{"card"}};
  EXPECT_EQ(Answer(), "allowed");
  datum.collected_at = At(900);
  EXPECT_EQ(Answer(), "past-retention held");
  standing.holds = {{"opinion"}};
  EXPECT_EQ(Answer(), "past-retention");
  standing.holds = {{""}};
  EXPECT_EQ(Answer(), "past-retention held");
}

TEST_F(DecideTest, Rule46WhatWaitsForErasureIsHeld) {
  standing.erasure_waits = true;
  EXPECT_EQ(Answer(), "held");
}

TEST_F(DecideTest, Rule47PendingWrapsAreNamedWhenNothingElseIs) {
  request.wrap = WrapState::kPending;
  EXPECT_EQ(Answer(), "wrap-pending");
  standing.restricted = true;
  EXPECT_EQ(Answer(), "restricted");
  Ask("rights");
  EXPECT_EQ(Answer(), "wrap-pending");
}

TEST_F(DecideTest, Rule50WithoutADatumOnlyStandingSpeaks) {
  EXPECT_EQ(AnswerWithoutDatum(), "allowed");
  Choose(Choice::kDeclined, "service", "card");
  EXPECT_EQ(AnswerWithoutDatum(), "declined");
  Ask("contact.news");
  EXPECT_EQ(AnswerWithoutDatum(), "consent-missing");
  standing.restricted = true;
  EXPECT_EQ(AnswerWithoutDatum(), "consent-missing restricted");
}

TEST_F(DecideTest, StageTwoIsHiddenFromPurposesThatMayNotKnow) {
  Ask("quiet");
  EXPECT_EQ(Answer(), "allowed");
  standing.restricted = true;
  const Decision decision = Full();
  EXPECT_FALSE(decision.visible);
  EXPECT_EQ(decision.rule + decision.clause + decision.offer, "");
  EXPECT_EQ(decision.ToStatus().code(), Code::kNotFound);
  EXPECT_EQ(decision.ToStatus().refusal(), nullptr);
}

TEST_F(DecideTest, HiddenAnswersAreAllTheSame) {
  Ask("quiet");
  std::set<std::string> answers;
  const auto add = [&](const Decision& decision) {
    const Status status = decision.ToStatus();
    answers.insert(std::string(status.name()) + "|" + std::string(status.message()) + "|" +
                   std::string(status.hint()));
  };
  standing.restricted = true;
  add(Full());
  add(Decide(*in_force, nullptr, standing, request));
  standing.erased = true;
  add(Full());
  EXPECT_EQ(answers.size(), 1u);
}

TEST_F(DecideTest, ARefusalSaysRuleClauseAndOffer) {
  Ask("service", "pan");
  const Status status = Full().ToStatus();
  ASSERT_NE(status.refusal(), nullptr);
  EXPECT_EQ(status.code(), Code::kRefused);
  EXPECT_EQ(status.refusal()->reasons, std::vector{Reason::kNotCollectedFor});
  EXPECT_EQ(status.refusal()->rule, "card allows service: pan.last4, holder, secret");
  EXPECT_EQ(status.refusal()->clause, "X-2");
  EXPECT_EQ(status.refusal()->offer, "ask for pan.last4");
}

TEST_F(DecideTest, ARefusalNeverRepeatsWhatTheCallerSent) {
  request.purpose = "4111111111111111";
  request.category = "anna@example.org";
  request.field = "4111111111111111";
  request.on_behalf_of = "anna@example.org";
  const Status status = Full().ToStatus();
  const std::string all = std::string(status.message()) + std::string(status.hint());
  EXPECT_EQ(all.find("4111"), std::string::npos);
  EXPECT_EQ(all.find("anna"), std::string::npos);
}

TEST(Precedence, NamesEveryReasonOfDecideOnce) {
  std::set<Reason> reasons(std::begin(kPrecedence), std::end(kPrecedence));
  EXPECT_EQ(reasons.size(), std::size(kPrecedence));
  // The other is for reports.
  EXPECT_EQ(reasons.size(), kReasonCount - 1U);
}

}  // namespace
}  // namespace bailee::policy
