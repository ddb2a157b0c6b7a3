// SPDX-License-Identifier: Apache-2.0
#include "policy/decide_support.h"

// What a subject said, and what that comes to on each basis: the choices of decide.h.
namespace bailee::policy {
namespace {

TEST_F(DecideTest, OptOutHoldsUntilObjected) {
  Ask("improve");
  EXPECT_EQ(Answer(), "allowed");
  Choose(Choice::kObjected, "improve");
  EXPECT_EQ(Answer(), "objected");
  Choose(Choice::kGiven, "improve");
  EXPECT_EQ(Answer(), "allowed");
  Choose(Choice::kWithdrawn, "improve");
  EXPECT_EQ(Answer(), "consent-withdrawn");
}

TEST_F(DecideTest, OptInWaitsForConsent) {
  Ask("contact.news");
  EXPECT_EQ(Answer(), "consent-missing");
  EXPECT_EQ(Full().offer, "show notice all");
  Choose(Choice::kGiven, "contact.news", "", "");
  EXPECT_EQ(Answer(), "consent-missing") << "a consent names the notice shown";
  Choose(Choice::kGiven, "contact.news", "opinion");
  EXPECT_EQ(Answer(), "consent-missing") << "for another category";
  Choose(Choice::kGiven, "contact.news", "card");
  EXPECT_EQ(Answer(), "allowed");
  Choose(Choice::kDeclined, "contact.news");
  EXPECT_EQ(Answer(), "declined");
}

TEST_F(DecideTest, NecessaryGivesWayToDecliningAlone) {
  Choose(Choice::kObjected, "service");
  Choose(Choice::kWithdrawn, "service");
  EXPECT_EQ(Answer(), "allowed");
  Choose(Choice::kDeclined, "service");
  EXPECT_EQ(Answer(), "declined");
}

TEST_F(DecideTest, ACaseIsNotStoppedByChoices) {
  Ask("legal");
  request.case_reference = "A-1";
  Choose(Choice::kDeclined, "legal");
  EXPECT_EQ(Answer(), "allowed");
}

TEST_F(DecideTest, RefusingAnInnerPurposeReachesItsLeavesAndConsentDoesNot) {
  Ask("contact.news");
  Choose(Choice::kGiven, "contact");
  EXPECT_EQ(Answer(), "consent-missing");
  Choose(Choice::kGiven, "contact.news");
  Choose(Choice::kWithdrawn, "contact.new");
  EXPECT_EQ(Answer(), "allowed") << "a name is not a prefix of letters";
  Choose(Choice::kWithdrawn, "contact");
  EXPECT_EQ(Answer(), "consent-withdrawn");
}

TEST_F(DecideTest, TheHighestSequenceIsTheLastWord) {
  Ask("improve");
  standing.choices = {{"improve", "", Choice::kGiven, 9, "all"},
                      {"improve", "", Choice::kObjected, 8, ""}};
  EXPECT_EQ(Answer(), "allowed");
  standing.choices[1].sequence = 9;  // of equal ones the one that stands later
  EXPECT_EQ(Answer(), "objected");
}

TEST_F(DecideTest, ADeclineStandsUntilAYes) {
  Choose(Choice::kDeclined, "service");
  Choose(Choice::kObjected, "service");
  EXPECT_EQ(Answer(), "declined") << "a second no does not lift the first";
  Choose(Choice::kWithdrawn, "service", "card");
  EXPECT_EQ(Answer(), "declined");
  Choose(Choice::kGiven, "service", "opinion");
  EXPECT_EQ(Answer(), "declined") << "a yes for another category";
  Choose(Choice::kGiven, "service", "card");
  EXPECT_EQ(Answer(), "allowed");
}

TEST_F(DecideTest, EveryNoThatStandsIsNamed) {
  Ask("improve");
  Choose(Choice::kWithdrawn, "improve");
  Choose(Choice::kGiven, "improve");
  Choose(Choice::kDeclined, "improve", "card");
  Choose(Choice::kObjected, "improve");
  EXPECT_EQ(Answer(), "declined objected") << "the withdrawal was lifted";
  Choose(Choice::kWithdrawn, "improve");
  EXPECT_EQ(Answer(), "declined objected consent-withdrawn");
}

TEST_F(DecideTest, AYesWithoutANoticeInForceThatListsThePurposeWasNeverMade) {
  Ask("contact.news");
  for (const char* notice : {"gone", "some", ""}) {
    standing.choices.clear();
    Choose(Choice::kGiven, "contact.news", "", notice);
    EXPECT_EQ(Answer(), "consent-missing") << notice;
    Choose(Choice::kObjected, "contact.news");
    Choose(Choice::kGiven, "contact.news", "", notice);
    EXPECT_EQ(Answer(), "objected") << notice;
  }
}

TEST_F(DecideTest, AYesUnderANoticeShownElsewhereIsNoneToThisSource) {
  Choose(Choice::kDeclined, "service");
  Choose(Choice::kGiven, "service", "", "some");  // shown at `web` alone
  EXPECT_EQ(Answer(), "allowed");
  EXPECT_EQ(AnswerWithoutDatum(), "allowed");
  Hold(*v1, "all", "shop");
  EXPECT_EQ(Answer(), "declined");
  Choose(Choice::kGiven, "service", "", "all");
  EXPECT_EQ(Answer(), "allowed");
}

TEST_F(DecideTest, AYesIsTheSameToCollecting) {
  Collect("opinion", "text");
  Choose(Choice::kDeclined, "improve");
  Choose(Choice::kDeclined, "contact");
  Choose(Choice::kObjected, "contact");
  Choose(Choice::kGiven, "contact.news", "", "some");
  EXPECT_EQ(AnswerWithoutDatum(), "declined objected");
  EXPECT_TRUE(Decide(*in_force, nullptr, standing, request).visible) << "whoever collects is told";
  Choose(Choice::kGiven, "contact.news", "", "news-1");
  EXPECT_EQ(AnswerWithoutDatum(), "allowed");
}

}  // namespace
}  // namespace bailee::policy
