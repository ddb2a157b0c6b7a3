// SPDX-License-Identifier: Apache-2.0
#include "policy/decide_support.h"

// What may be stored: rules 20 to 24 and 60 of decide.h.
namespace bailee::policy {
namespace {

TEST_F(DecideTest, CollectNeedsNoPurposeAndNoPurposeKey) {
  Collect("card", "pan");
  EXPECT_EQ(StageOne(), "allowed");
  EXPECT_EQ(AnswerWithoutDatum(), "allowed");
}

TEST_F(DecideTest, Rule20OnlyDeclaredFieldsAreCollected) {
  Collect("cards", "pan");
  EXPECT_EQ(StageOne(), "unknown-category");
  Collect("card", "cvv");
  EXPECT_EQ(StageOne(), "undeclared-field");
  Collect("card", "pan.last4");
  EXPECT_EQ(StageOne(), "undeclared-field") << "views are computed";
}

TEST_F(DecideTest, Rules21And22TermsMustBeKnown) {
  Collect("card", "pan");
  request.source = "nowhere";
  request.notice = "nothing";
  EXPECT_EQ(StageOne(), "unknown-source unknown-notice");
  request.source = "button";
  request.notice = "all";
  EXPECT_EQ(StageOne(), "source-independent");
}

TEST_F(DecideTest, Rule23ControllersMustBeKnownToCollect) {
  Collect("card", "holder");
  request.on_behalf_of = "nobody";
  EXPECT_EQ(StageOne(), "outside-instructions");
  request.on_behalf_of = "acme";
  EXPECT_EQ(StageOne(), "allowed");
}

TEST_F(DecideTest, Rule24WhatNoPurposeOfTheNoticeMayUseIsNotCollected) {
  Collect("card", "pan");
  request.notice = "some";
  EXPECT_EQ(StageOne(), "not-collected-for");
  Collect("card", "holder");
  EXPECT_EQ(StageOne(), "allowed");
  request.source = "shop";  // the notice is shown at `web` alone
  EXPECT_EQ(StageOne(), "not-collected-for");
}

TEST_F(DecideTest, Rule24InstructionsBindCollectingToo) {
  Collect("card", "pan");
  request.on_behalf_of = "acme";
  EXPECT_EQ(StageOne(), "outside-instructions");
  request.notice = "some";
  EXPECT_EQ(StageOne(), "not-collected-for");
}

TEST_F(DecideTest, Rule24ReportInputsAreCollectedForTheirReport) {
  Collect("card", "region");
  EXPECT_EQ(AnswerWithoutDatum(), "allowed");
  request.notice = "some";
  EXPECT_EQ(StageOne(), "not-collected-for");
}

TEST_F(DecideTest, Rule60SensitiveDataWaitsForConsent) {
  Collect("opinion", "text");
  EXPECT_EQ(StageOne(), "allowed");
  EXPECT_EQ(AnswerWithoutDatum(), "consent-missing");
  const Decision decision = Decide(*in_force, nullptr, standing, request);
  EXPECT_TRUE(decision.visible);
  EXPECT_EQ(decision.offer, "show notice all");
  Choose(Choice::kGiven, "contact.news");
  EXPECT_EQ(AnswerWithoutDatum(), "allowed");
  Choose(Choice::kWithdrawn, "contact");
  EXPECT_EQ(AnswerWithoutDatum(), "consent-withdrawn consent-missing");
}

TEST_F(DecideTest, Rule60OnePurposeThatMayUseItIsEnough) {
  Collect("card", "holder");
  for (const char* purpose : {"service", "billing", "quiet", "improve", "contact"}) {
    Choose(Choice::kDeclined, purpose);
  }
  EXPECT_EQ(AnswerWithoutDatum(), "allowed") << "legal process does not ask";
}

TEST_F(DecideTest, Rule60WhatIsTooOldForEveryPurposeIsNotStored) {
  Collect("card", "region");
  request.collected_at = {At(950).unix_ms + 1};
  EXPECT_EQ(AnswerWithoutDatum(), "allowed");
  request.collected_at = At(950);
  EXPECT_EQ(AnswerWithoutDatum(), "past-retention");
}

TEST_F(DecideTest, Rule60RestrictionAndHoldsDoNotStopStoring) {
  Collect("card", "holder");
  standing.restricted = true;
  standing.holds = {{""}};
  EXPECT_EQ(AnswerWithoutDatum(), "allowed");
}

}  // namespace
}  // namespace bailee::policy
