// SPDX-License-Identifier: Apache-2.0
#include "policy/decide_support.h"

// Rules 41 to 44 of decide.h when the policy changed after the data was collected: narrowing holds
// at once, widening waits for the subject.
namespace bailee::policy {
namespace {

TEST_F(DecideTest, NarrowingAnAllowHoldsAtOnce) {
  in_force = Version2(R"(allow { purpose: "quiet" basis: NECESSARY field: "holder" })",
                      R"(allow { purpose: "quiet" basis: NECESSARY field: "at" })");
  Ask("quiet");
  EXPECT_EQ(Answer(), "not-collected-for");
  standing.agreed_versions = {1, 2};
  EXPECT_EQ(Answer(), "not-collected-for");
}

TEST_F(DecideTest, WideningAnAllowWaitsForAgreement) {
  const PolicyPtr v2 = Version2(R"(purpose: "quiet" basis: NECESSARY field: "holder")",
                                R"(purpose: "quiet" basis: NECESSARY field: ["holder", "pan"])");
  in_force = v2;
  Ask("quiet", "pan");
  EXPECT_EQ(Answer(), "not-collected-for consent-missing");
  standing.agreed_versions = {1};
  EXPECT_EQ(Answer(), "not-collected-for consent-missing");
  standing.agreed_versions = {2};
  EXPECT_EQ(Answer(), "allowed");
  standing.agreed_versions = {};
  Hold(*v2, "all", "web");
  EXPECT_EQ(Answer(), "allowed") << "collected under the wider policy";
}

TEST_F(DecideTest, ConsentToAWidenedPurposeReachesHeldData) {
  in_force = Version2(R"(purpose: "quiet" basis: NECESSARY field: "holder")",
                      R"(purpose: "quiet" basis: NECESSARY field: ["holder", "pan"])");
  Ask("quiet", "pan");
  Choose(Choice::kGiven, "quiet", "", "all");
  EXPECT_EQ(Answer(), "allowed");
}

TEST_F(DecideTest, ConsentFromBeforeAWideningCoversWhatItWasGivenFor) {
  const PolicyPtr v2 = Version2(R"(purpose: "contact" basis: OPT_IN field: "holder")",
                                R"(purpose: "contact" basis: OPT_IN field: ["holder", "pan"])");
  Choose(Choice::kGiven, "contact.offers");
  in_force = v2;
  const Policy* versions[] = {v1.get(), v2.get()};
  request.versions = versions;
  Ask("contact.offers");
  EXPECT_EQ(Answer(), "allowed");
  Ask("contact.offers", "pan");
  EXPECT_EQ(Answer(), "not-collected-for consent-missing");
  standing.agreed_versions = {2};
  EXPECT_EQ(Answer(), "consent-missing") << "what is asked for anew, is asked for";
  Hold(*v2, "all", "web");
  EXPECT_EQ(Answer(), "consent-missing") << "so is what is collected later";
  Choose(Choice::kGiven, "contact.offers");
  EXPECT_EQ(Answer(), "allowed");
}

TEST_F(DecideTest, ConsentToAWidenedPurposeTellsNothingOfWhatIsAbsent) {
  const PolicyPtr v2 = Version2(R"(purpose: "contact" basis: OPT_IN field: "holder")",
                                R"(purpose: "contact" basis: OPT_IN field: ["holder", "pan"])");
  Choose(Choice::kGiven, "contact.offers");
  in_force = v2;
  const Policy* versions[] = {v1.get()};
  request.versions = versions;
  Ask("contact.offers");
  EXPECT_EQ(AnswerWithoutDatum(), "allowed");
  Ask("contact.offers", "pan");
  EXPECT_EQ(AnswerWithoutDatum(), "consent-missing");
  standing.choices[0].notice = "news-1";
  Ask("contact.offers");
  EXPECT_EQ(AnswerWithoutDatum(), "consent-missing") << "a notice of another purpose";
}

TEST_F(DecideTest, ConsentUnderAVersionThatNobodyKnowsCoversNothing) {
  Choose(Choice::kGiven, "contact.offers");
  in_force = Version2("says: \"c\"", "says: \"d\"");
  Ask("contact.offers");
  EXPECT_EQ(Answer(), "consent-missing");
}

// Consent that was given under version 2, in which one name was another.
class EarlierConsent : public DecideTest {
 protected:
  std::string AnswerWhen(std::string_view name, std::string_view was) {
    std::string text = With(kV1, "version: 1", "version: 2");
    const std::string from = "\"" + std::string(name) + "\"";
    const std::string to = "\"" + std::string(was) + "\"";
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
      text.replace(at, from.size(), to);
    const PolicyPtr then = Loaded(text);
    EXPECT_NE(then, nullptr);
    const Policy* versions[] = {then.get()};
    request.versions = versions;
    return Answer();
  }
  void Consent(std::string purpose, std::string notice) {
    standing.choices = {{std::move(purpose), "", Choice::kGiven, 1, std::move(notice), 2}};
  }
};

constexpr char kNotYetAskedFor[] = "not-collected-for consent-missing";

TEST_F(EarlierConsent, CoversWhatWasCalledTheSame) {
  Ask("develop");
  Consent("develop", "develop-1");
  EXPECT_EQ(AnswerWhen("bolt", "nut"), "allowed");
  EXPECT_EQ(AnswerWhen("develop", "evolve"), kNotYetAskedFor);
  EXPECT_EQ(AnswerWhen("develop-1", "develop-2"), kNotYetAskedFor);
  EXPECT_EQ(AnswerWhen("card", "cart"), kNotYetAskedFor);
  EXPECT_EQ(AnswerWhen("holder", "bearer"), kNotYetAskedFor);
  EXPECT_EQ(AnswerWhen("web", "net"), kNotYetAskedFor);
}

TEST_F(EarlierConsent, CoversNothingFromASourceThatIsUnknown) {
  Ask("develop");
  Consent("develop", "develop-1");
  datum.terms.source = {};
  EXPECT_EQ(AnswerWhen("bolt", "nut"), "not-collected-for");
}

TEST_F(EarlierConsent, CoversWhatItsControllerHad) {
  Hold(*v1, "news-1", "web", "acme");
  request.on_behalf_of = "acme";
  Ask("service");
  Consent("service", "some");
  EXPECT_EQ(AnswerWhen("bolt", "nut"), "allowed");
  EXPECT_EQ(AnswerWhen("acme", "axis"), kNotYetAskedFor);
}

TEST_F(DecideTest, ANoticeThatTakesMoreSourcesThanItDidCoversThoseItTook) {
  const PolicyPtr v2 = Version2(R"(purpose: "develop" source: "web")", R"(purpose: "develop")");
  Choose(Choice::kGiven, "develop", "", "develop-1");
  in_force = v2;
  const Policy* versions[] = {v1.get()};
  request.versions = versions;
  Ask("develop");
  Hold(*v1, "develop-1", "web");
  EXPECT_EQ(Answer(), "allowed");
  Hold(*v1, "develop-1", "shop");
  EXPECT_EQ(Answer(), "not-collected-for consent-missing");
}

TEST_F(DecideTest, ALeafAddedLaterIsAWidening) {
  in_force = Version2(R"(purpose { id: "contact.offers")",
                      R"(purpose { id: "contact.sms" says: "x" } purpose { id: "contact.offers")");
  Ask("contact.sms");
  EXPECT_EQ(Answer(), "not-collected-for consent-missing");
}

TEST_F(DecideTest, TheStricterBasisOfBothVersionsHolds) {
  const PolicyPtr strict =
      Version2(R"(purpose: "improve" basis: OPT_OUT)", R"(purpose: "improve" basis: OPT_IN)");
  Ask("improve");
  in_force = strict;
  EXPECT_EQ(Answer(), "consent-missing") << "narrowed";
  in_force = v1;
  Hold(*strict, "all", "web");
  EXPECT_EQ(Answer(), "consent-missing") << "widened";
}

TEST_F(DecideTest, TheShorterRetentionOfBothVersionsHolds) {
  const PolicyPtr shorter =
      Version2(R"("legal", "develop"] days: 100)", R"("legal", "develop"] days: 5)");
  in_force = shorter;
  EXPECT_EQ(Answer(), "past-retention") << "narrowed";
  in_force = v1;
  Hold(*shorter, "all", "web");
  EXPECT_EQ(Answer(), "past-retention") << "widened";
  standing.agreed_versions = {1};
  EXPECT_EQ(Answer(), "allowed") << "the subject agreed to the longer one";
}

TEST_F(DecideTest, ANarrowedNoticeHoldsAtOnceAndADroppedOneAsMuch) {
  in_force =
      Version2(R"(notice { id: "all" purpose: ["service", )", R"(notice { id: "all" purpose: [)");
  EXPECT_EQ(Answer(), "not-collected-for consent-missing") << "another notice can be shown";
  in_force = Version2(R"(notice { id: "all" )", R"(notice { id: "all-2" )");
  EXPECT_EQ(Answer(), "not-collected-for consent-missing");
  standing.agreed_versions = {2};
  EXPECT_EQ(Answer(), "not-collected-for consent-missing") << "agreed terms need their notice";
}

TEST_F(DecideTest, Rule43ConsentDoesNotProlongWhatTheOldPolicySaid) {
  const PolicyPtr shorter =
      Version2(R"("legal", "develop"] days: 100)", R"("legal", "develop"] days: 5)");
  Hold(*shorter, "all", "web");
  in_force = Loaded(With(With(kV1, "version: 1", "version: 3"),
                         R"(notice { id: "all" purpose: ["service", )",
                         R"(notice { id: "all" purpose: [)"));
  Choose(Choice::kGiven, "service", "", "some");
  EXPECT_EQ(Answer(), "past-retention");
  standing.agreed_versions = {3};
  EXPECT_EQ(Answer(), "allowed") << "the subject agreed to the longer one";
  standing.agreed_versions = {};
  request.now = At(994);
  EXPECT_EQ(Answer(), "allowed");
}

TEST_F(DecideTest, Rule43ConsentDoesNotReplaceTheCaseOfTheOldPolicy) {
  const PolicyPtr strict =
      Version2(R"(purpose: "service" basis: NECESSARY)", R"(purpose: "service" basis: CASE)");
  Hold(*strict, "all", "web");
  in_force = Loaded(With(With(kV1, "version: 1", "version: 3"), R"(notice { id: "all" )",
                         R"(notice { id: "a" )"));
  Choose(Choice::kGiven, "service", "", "some");
  EXPECT_EQ(Answer(), "case-missing");
  request.case_reference = "A-1";
  EXPECT_EQ(Answer(), "allowed");
}

TEST_F(DecideTest, ASourceThatBecameIndependentOrLeftIsClosed) {
  Hold(*v1, "all", "shop");
  in_force = Version2(R"(source { id: "shop" role: PARTNER })",
                      R"(source { id: "shop" role: INDEPENDENT })");
  EXPECT_EQ(Answer(), "not-collected-for");
  in_force =
      Version2(R"(source { id: "shop" role: PARTNER })", R"(source { id: "mall" role: PARTNER })");
  EXPECT_EQ(Answer(), "not-collected-for");
}

TEST_F(DecideTest, ACategoryAddedLaterHasNoTermsThen) {
  const PolicyPtr v2 = Version2(R"(id: "opinion" says)", R"(id: "view" says)");
  in_force = v2;
  request.category = "view";
  Ask("improve", "text");
  EXPECT_EQ(Answer(), "not-collected-for consent-missing");
}

TEST_F(DecideTest, ALookupAddedLaterFindsNoHeldData) {
  in_force = Version2(R"(field { id: "holder" kind: TEXT })",
                      R"(field { id: "holder" kind: TEXT lookup { purpose: "service" } })");
  Ask("service", "holder", Action::kFind);
  EXPECT_EQ(Answer(), "not-collected-for consent-missing");
  standing.agreed_versions = {2};
  EXPECT_EQ(Answer(), "allowed");
}

TEST_F(DecideTest, AControllerThatLeftIsOutsideInstructions) {
  Hold(*v1, "all", "web", "bolt");
  in_force = Version2(R"(controller { id: "bolt")", R"(controller { id: "nut")");
  EXPECT_TRUE(Full().reasons.Has(Reason::kOutsideInstructions));
}

}  // namespace
}  // namespace bailee::policy
