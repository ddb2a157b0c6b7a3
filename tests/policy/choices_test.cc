// SPDX-License-Identifier: Apache-2.0
#include "policy/decide_internal.h"
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

// Consent reaches data outside its terms by a yes alone: no refusal may stand beside it.
TEST_F(DecideTest, AYesAndANoNeverStandTogether) {
  Ask("contact.news");
  constexpr Choice kChoices[] = {Choice::kGiven, Choice::kDeclined, Choice::kObjected,
                                 Choice::kWithdrawn};
  const std::string_view purposes[] = {"contact.news", "contact"};
  const Concern concern{v1->FindPurpose("contact.news"), v1->FindCategory("card"),
                        v1->FindField(v1->FindCategory("card"), "holder"), std::nullopt};
  size_t yeses = 0;
  size_t noes = 0;
  // Every three choices, of each purpose, said in every order, at once, and under another version.
  for (uint32_t code = 0; code < 24u * 24 * 24; ++code) {
    standing.choices.clear();
    for (uint32_t rest = code; standing.choices.size() < 3; rest /= 24) {
      const uint64_t sequence = 1 + rest / 8 % 3;
      const std::string purpose(purposes[rest / 4 % 2]);
      const uint32_t version = v1->version() + (code % 7 == 0 && sequence == 2 ? 1 : 0);
      standing.choices.push_back({purpose, "", kChoices[rest % 4], sequence, "all", version});
    }
    const Said said = WhatWasSaid(*v1, {}, standing, concern);
    ASSERT_FALSE(said.yes && !said.noes.empty()) << code;
    yeses += said.yes ? 1 : 0;
    noes += said.noes.empty() ? 0 : 1;
  }
  EXPECT_GT(yeses, 1'000u);
  EXPECT_GT(noes, 1'000u);
}

}  // namespace
}  // namespace bailee::policy
