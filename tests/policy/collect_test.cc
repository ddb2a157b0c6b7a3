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

TEST_F(DecideTest, Rule24IsAskedOfWhatIsKnownAlone) {
  Collect("card", "pan.last4");
  request.notice = "news-1";
  EXPECT_EQ(StageOne(), "undeclared-field");
  Collect("card", "pan");
  EXPECT_EQ(StageOne(), "not-collected-for");
  request.on_behalf_of = "nobody";
  EXPECT_EQ(StageOne(), "outside-instructions");
  request.on_behalf_of = "";
  request.notice = "nothing";
  EXPECT_EQ(StageOne(), "unknown-notice");
  request.notice = "news-1";
  request.source = "nowhere";
  EXPECT_EQ(StageOne(), "unknown-source");
  request.source = "button";
  EXPECT_EQ(StageOne(), "source-independent");
}

TEST_F(DecideTest, Rule24AReportIsAUseOfTheFirstFieldToo) {
  in_force = Loaded(std::string(kV1) + R"(
category {
  id: "visit" says: "v" about: SUBJECT holds: MANY
  field { id: "region" kind: COUNTRY }
  field { id: "at" kind: TIME }
  retain { purpose: "research" days: 50 from: COLLECTION }
}
report { id: "visits" category: "visit" count: SUBJECTS by: "region" bucket: DAY of: "at"
         min_subjects: 5 purpose: "research" })");
  Collect("visit", "region");
  EXPECT_EQ(StageOne(), "allowed");
  EXPECT_EQ(Stored(), "region");
}

TEST_F(DecideTest, Rule23ControllersMustBeKnownToCollect) {
  Collect("card", "holder");
  request.on_behalf_of = "nobody";
  EXPECT_EQ(StageOne(), "outside-instructions");
  request.on_behalf_of = "acme";
  EXPECT_EQ(StageOne(), "allowed");
}

TEST_F(DecideTest, Rule24WhatNoPurposeOfTheNoticeMayUseIsNotCollected) {
  Collect("opinion", "text");
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
  EXPECT_EQ(StageOne(), "outside-instructions") << "of ours, the last digits would be of use";
  request.notice = "news-1";
  EXPECT_EQ(StageOne(), "not-collected-for");
}

TEST_F(DecideTest, Rule24AFieldOfUseThroughAViewAloneIsCollected) {
  Collect("card", "pan");
  request.notice = "some";  // the service alone, which may read the last digits
  EXPECT_EQ(StageOne(), "allowed");
  EXPECT_EQ(AnswerWithoutDatum(), "allowed");
  request.source = "shop";
  EXPECT_EQ(StageOne(), "not-collected-for");
}

TEST_F(DecideTest, Rule24InstructionsForAViewAreEnough) {
  Collect("card", "pan");
  request.on_behalf_of = "bolt";
  EXPECT_EQ(AnswerWithoutDatum(), "allowed");
  EXPECT_EQ(Stored(), "pan.last4");
}

TEST_F(DecideTest, Rule24AReportOfAViewIsEnough) {
  const std::string text = With(kV1, "field { id: \"at\" kind: TIME }",
                                "field { id: \"page\" kind: URL view { id: \"path\" coarsen: PATH "
                                "} }\n  field { id: \"at\" kind: TIME }");
  in_force = Loaded(With(text, "by: \"region\"", "by: [\"region\", \"page.path\"]"));
  Collect("card", "page");
  EXPECT_EQ(AnswerWithoutDatum(), "allowed");
  EXPECT_EQ(Stored(), "page.path");
  request.collected_at = At(950);
  EXPECT_EQ(AnswerWithoutDatum(), "past-retention");
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

TEST_F(DecideTest, Rule60ChoicesAboutAViewCountForIt) {
  Collect("card", "pan");
  request.notice = "some";
  Choose(Choice::kDeclined, "service");
  EXPECT_EQ(AnswerWithoutDatum(), "declined");
  EXPECT_EQ(Stored(), "");
}

TEST_F(DecideTest, Rule60TheOfferNamesTheNoticeForAView) {
  std::string text =
      With(kV1, "field { id: \"text\" kind: TEXT }",
           "field { id: \"text\" kind: EMAIL view { id: \"domain\" coarsen: DOMAIN } }");
  text = With(text, "allow { purpose: \"improve\" basis: OPT_IN }",
              "allow { purpose: \"improve\" basis: OPT_IN field: \"text.domain\" }");
  in_force =
      Loaded(With(text, "allow { purpose: \"contact.news\" basis: OPT_IN }",
                  "allow { purpose: \"contact.news\" basis: OPT_IN field: \"text.domain\" }"));
  Collect("opinion", "text");
  EXPECT_EQ(AnswerWithoutDatum(), "consent-missing");
  EXPECT_EQ(Decide(*in_force, nullptr, standing, request).offer, "show notice all");
  Choose(Choice::kGiven, "improve");
  EXPECT_EQ(AnswerWithoutDatum(), "allowed");
  EXPECT_EQ(Stored(), "text.domain");
}

TEST_F(DecideTest, Rule60TheLongestUseOfAnyViewCounts) {
  in_force = Loaded(With(kV1, "\"develop\"] days: 100", "\"develop\"] days: 200"));
  Collect("card", "pan");
  request.collected_at = {At(900).unix_ms + 1};
  EXPECT_EQ(Stored(), "pan pan.last4");
  request.collected_at = At(900);
  EXPECT_EQ(AnswerWithoutDatum(), "allowed");
  EXPECT_EQ(Stored(), "pan.last4") << "nobody may use the whole number any more";
  request.collected_at = At(800);
  EXPECT_EQ(AnswerWithoutDatum(), "past-retention");
  EXPECT_EQ(Stored(), "");
}

TEST_F(DecideTest, Rule61AnOpenFieldKeepsAllItsViews) {
  in_force = Loaded(
      With(kV1, "field: [\"pan\", \"pan.last4\", \"holder\"]", "field: [\"pan\", \"holder\"]"));
  Collect("card", "pan");
  Choose(Choice::kDeclined, "service");
  EXPECT_EQ(Stored(), "pan pan.last4") << "a choice may be lifted later";
  Choose(Choice::kDeclined, "billing");
  EXPECT_EQ(Stored(), "");
}

TEST_F(DecideTest, Rule61OnlyCollectingStores) {
  EXPECT_EQ(Answer(), "allowed");
  EXPECT_TRUE(Full().stored.none());
  Collect("card", "holder");
  EXPECT_TRUE(DecideStageOne(*in_force, request).stored.none());
  standing.erased = true;
  EXPECT_EQ(Stored(), "");
}

TEST_F(DecideTest, Rule60RestrictionAndHoldsDoNotStopStoring) {
  Collect("card", "holder");
  standing.restricted = true;
  standing.holds = {{""}};
  EXPECT_EQ(AnswerWithoutDatum(), "allowed");
}

}  // namespace
}  // namespace bailee::policy
