// SPDX-License-Identifier: Apache-2.0
#include "policy/decide_support.h"

// Rules 70 to 77 and 80 to 85, one by one, and what lint finds of `disclose`.
namespace bailee::policy {
namespace {

constexpr char kRecipients[] = R"(
recipient { id: "bank" role: ON_OUR_BEHALF agreement: "A-1" }
recipient { id: "press" role: THIRD_PARTY }
recipient { id: "court" role: AUTHORITY }
recipient { id: "heir" role: SUCCESSOR }
category {
  id: "account" says: "a" clause: "X-9" about: SUBJECT holds: ONE
  field { id: "name" kind: TEXT }
  field { id: "email" kind: EMAIL view { id: "domain" coarsen: DOMAIN } }
  allow { purpose: ["service", "improve", "quiet", "contact"] basis: OPT_OUT }
  retain { purpose: ["service", "improve", "quiet", "contact"] days: 100 from: COLLECTION }
  disclose { recipient: "bank" ground: ON_OUR_BEHALF purpose: "service" field: "name" clause: "X-3" }
  disclose { recipient: "press" ground: CONSENT purpose: "contact.news" field: ["name", "email"] }
  disclose { recipient: "press" ground: FRAUD_OR_SECURITY purpose: "service" field: ["name", "email", "email.domain"] }
  disclose { recipient: "press" ground: LAW purpose: "service" field: "email" }
  disclose { recipient: "court" ground: LAW purpose: "service" field: "name" }
  disclose { recipient: "court" ground: LAW purpose: "quiet" field: "name" }
  disclose { recipient: "heir" ground: SUCCESSION purpose: "service" field: "name"@succession: notice: "news-1" wait_days: 30 until_days: 60@ }
}
)";

std::string WithRecipients(std::string_view version = "1") {
  std::string text = std::string(kV1) + kRecipients;
  for (const std::string_view mark : {"@succession:", "@"})
    text.erase(text.find(mark), mark.size());
  return With(text, "version: 1", "version: " + std::string(version));
}

class DiscloseRules : public DecideTest {
 protected:
  DiscloseRules() {
    in_force = policy_;
    Hold(*policy_, "all", "web");
    request.action = Action::kDisclose;
    request.category = "account";
    Give("bank", "ON_OUR_BEHALF");
  }
  void Give(std::string_view recipient, std::string_view ground,
            std::string_view purpose = "service", std::string_view field = "name",
            std::string_view reference = "") {
    request.recipient = recipient;
    request.ground = ground;
    request.purpose = purpose;
    request.field = field;
    request.case_reference = reference;
  }

  PolicyPtr policy_ = Loaded(WithRecipients());
};

TEST_F(DiscloseRules, AProcessorGetsWhatIsListed) {
  EXPECT_EQ(Answer(), "allowed");
  Give("bank", "ON_OUR_BEHALF", "service", "email");
  EXPECT_EQ(Answer(), "recipient-not-listed");
  Give("bank", "ON_OUR_BEHALF", "improve");
  EXPECT_EQ(Answer(), "recipient-not-listed");
  Give("nobody", "ON_OUR_BEHALF");
  EXPECT_EQ(StageOne(), "unknown-recipient");
  Give("bank", "LAW", "service", "name", "C-1");
  EXPECT_EQ(Answer(), "ground-not-met");
}

TEST_F(DiscloseRules, SayWhatWouldChangeTheAnswer) {
  Give("bnk", "ON_OUR_BEHALF");
  EXPECT_EQ(Full().offer, "did you mean bank");
  Give("bank", "BECAUSE");
  EXPECT_EQ(Full().offer, "name the ground ON_OUR_BEHALF");
  EXPECT_EQ(Full().clause, "X-3");
  Give("heir", "SUCCESSION");
  EXPECT_EQ(Full().offer, "show notice news-1, then wait 30 days");
  EXPECT_EQ(Full().rule, "account discloses to heir for service (SUCCESSION)");
}

TEST_F(DiscloseRules, ReadingItMustBeAllowed) {
  request.purpose_key_held = false;
  EXPECT_EQ(StageOne(), "purpose-key-missing");
  request.purpose_key_held = true;
  Choose(Choice::kObjected, "service");
  EXPECT_EQ(Answer(), "objected");
  standing.choices.clear();
  request.now = At(1090);
  EXPECT_EQ(Answer(), "past-retention");
  request.now = At(1000);
  request.wrap = WrapState::kPending;
  EXPECT_EQ(Answer(), "wrap-pending");
  request.wrap = WrapState::kPresent;
  Give("bank", "ON_OUR_BEHALF", "rights");
  EXPECT_EQ(StageOne(), "not-collected-for recipient-not-listed");
}

TEST_F(DiscloseRules, RestrictionHoldsOnEveryGround) {
  standing.restricted = true;
  EXPECT_EQ(Answer(), "restricted");
  Give("court", "LAW", "service", "name", "C-1");
  EXPECT_EQ(Answer(), "restricted");
}

TEST_F(DiscloseRules, ALawNeedsACaseEveryTime) {
  for (const std::string_view bad : {"", "a b", "C_1"}) {
    Give("court", "LAW", "service", "name", bad);
    EXPECT_EQ(StageOne(), "case-missing");
  }
  Give("court", "LAW", "service", "name", "C-1");
  EXPECT_EQ(Answer(), "allowed");
  Give("press", "FRAUD_OR_SECURITY");
  EXPECT_EQ(Answer(), "case-missing");
}

TEST_F(DiscloseRules, ConsentIsTheSubjectsOwnAlsoWhereReadingIsOptOut) {
  Give("press", "CONSENT", "contact.news");
  EXPECT_EQ(Answer(), "consent-missing");
  Choose(Choice::kGiven, "contact.news", "", "nowhere");
  EXPECT_EQ(Answer(), "consent-missing");
  Choose(Choice::kGiven, "contact.news", "", "news-1");
  EXPECT_EQ(Answer(), "allowed");
  Choose(Choice::kWithdrawn, "contact");
  EXPECT_EQ(Answer(), "consent-withdrawn");
}

TEST_F(DiscloseRules, AnAddressLeavesToAThirdPartyWithConsentOrByLaw) {
  Give("press", "FRAUD_OR_SECURITY", "service", "email", "C-1");
  EXPECT_EQ(Answer(), "consent-missing");
  Give("press", "FRAUD_OR_SECURITY", "service", "email.domain", "C-1");
  EXPECT_EQ(Answer(), "consent-missing");
  Give("press", "FRAUD_OR_SECURITY", "service", "name", "C-1");
  EXPECT_EQ(Answer(), "allowed");
  Give("press", "LAW", "service", "email", "C-1");
  EXPECT_EQ(Answer(), "allowed");
}

TEST_F(DiscloseRules, SuccessionWaitsForTheNoticeAndEnds) {
  Give("heir", "SUCCESSION");
  EXPECT_EQ(Answer(), "notice-missing");
  standing.notices = {{"all", At(900)}};
  EXPECT_EQ(Answer(), "notice-missing");
  for (const auto& [day, answer] : {std::pair{971, "notice-missing"},
                                    {970, "allowed"},
                                    {941, "allowed"},
                                    {940, "notice-missing"},
                                    {1001, "notice-missing"}}) {
    standing.notices = {{"news-1", At(day)}};
    EXPECT_EQ(Answer(), answer) << day;
  }
  standing.notices = {{"news-1", At(990)}, {"news-1", At(960)}};
  EXPECT_EQ(Answer(), "allowed") << "the first time counts";
}

TEST_F(DiscloseRules, ANewRecipientDoesNotReachHeldDataWithoutAgreement) {
  const PolicyPtr next = Loaded(WithRecipients("2"));
  const PolicyPtr before =
      Loaded(With(WithRecipients(), "recipient: \"bank\" ground: ON_OUR_BEHALF",
                  "recipient: \"court\" ground: IMMINENT_HARM"));
  in_force = next;
  Hold(*before, "all", "web");
  EXPECT_EQ(Answer(), "recipient-not-listed");
  standing.agreed_versions = {2};
  EXPECT_EQ(Answer(), "allowed");
  standing.agreed_versions = {};
  const PolicyPtr longer = Loaded(With(WithRecipients(), "wait_days: 30", "wait_days: 50"));
  Hold(*longer, "all", "web");
  standing.notices = {{"news-1", At(960)}};
  Give("heir", "SUCCESSION");
  EXPECT_EQ(Answer(), "notice-missing") << "nor does a shorter wait";
}

TEST_F(DiscloseRules, WithoutAnEndSuccessionGoesOn) {
  in_force = Loaded(With(WithRecipients(), " until_days: 60", ""));
  Hold(*in_force, "all", "web");
  Give("heir", "SUCCESSION");
  standing.notices = {{"news-1", At(10)}};
  request.now = At(1000);
  EXPECT_EQ(Answer(), "allowed");
}

TEST_F(DiscloseRules, OfNamesThatAreUnknownNothingElseIsSaid) {
  Give("bank", "ON_OUR_BEHALF", "service", "nothing");
  EXPECT_EQ(StageOne(), "unknown-field");
  Give("bank", "ON_OUR_BEHALF", "nothing");
  EXPECT_EQ(StageOne(), "unknown-purpose");
}

TEST_F(DiscloseRules, AnAddressThatWasToldToGoToAThirdPartyStillNeedsConsent) {
  const PolicyPtr next = Loaded(With(WithRecipients("2"), "id: \"press\" role: THIRD_PARTY",
                                     "id: \"press\" role: AUTHORITY"));
  in_force = next;
  Give("press", "FRAUD_OR_SECURITY", "service", "email", "C-1");
  EXPECT_EQ(Answer(), "consent-missing");
  Hold(*next, "all", "web");
  EXPECT_EQ(Answer(), "allowed");
}

TEST_F(DiscloseRules, HideWhatWouldTellWhoThereIs) {
  Give("court", "LAW", "quiet", "name", "C-1");
  EXPECT_EQ(Answer(), "allowed");
  standing.restricted = true;
  EXPECT_FALSE(Full().visible);
  Give("court", "LAW", "quiet", "name", "");
  EXPECT_TRUE(Full().visible) << "the question alone lacks it";
}

class ContactRules : public DecideTest {
 protected:
  ContactRules() {
    request = Request();
    request.action = Action::kContact;
    request.purpose = "contact.news";
    request.now = At(1000);
  }
};

TEST_F(ContactRules, NobodyIsWrittenToWithoutPermission) {
  EXPECT_EQ(AnswerWithoutDatum(), "consent-missing");
  Choose(Choice::kGiven, "contact.news");
  EXPECT_EQ(AnswerWithoutDatum(), "allowed");
  request.suppressed = true;
  EXPECT_EQ(AnswerWithoutDatum(), "contact-suppressed");
  request.suppressed = false;
  standing.restricted = true;
  EXPECT_EQ(AnswerWithoutDatum(), "restricted");
  standing.restricted = false;
  Choose(Choice::kObjected, "contact", "card");
  EXPECT_EQ(AnswerWithoutDatum(), "objected") << "for whatever it was said of";
  standing.erased = true;
  EXPECT_EQ(AnswerWithoutDatum(), "consent-missing");
}

TEST_F(ContactRules, ForPurposesOfContactAlone) {
  request.purpose = "service";
  EXPECT_EQ(StageOne(), "not-collected-for");
  for (const std::string_view none : {"contact", "rights", "", "nope"}) {
    request.purpose = none;
    EXPECT_EQ(StageOne(), "unknown-purpose");
  }
}

TEST_F(ContactRules, WhoeverMayNotKnowHearsWhatAStrangerWouldGet) {
  in_force = Loaded(With(kV1, "id: \"contact.news\" says: \"n\" may_know_existence: true",
                         "id: \"contact.news\" says: \"n\""));
  Choose(Choice::kWithdrawn, "contact.news");
  standing.restricted = true;
  EXPECT_EQ(AnswerWithoutDatum(), "consent-missing");
}

// With a purpose that no notice lists.
std::string WithAlone(std::string text) {
  text = With(std::move(text), "purpose { id: \"billing\"",
              "purpose { id: \"alone\" says: \"a\" }\npurpose { id: \"billing\"");
  text = With(std::move(text), "[\"service\", \"improve\", \"quiet\", \"contact\"] basis",
              "[\"service\", \"improve\", \"quiet\", \"contact\", \"alone\"] basis");
  return With(std::move(text),
              "[\"service\", \"improve\", \"quiet\", \"contact\"] days: 100 from: COLLECTION "
              "}\n  disclose",
              "[\"service\", \"improve\", \"quiet\", \"contact\", \"alone\"] days: 100 from: "
              "COLLECTION }\n  disclose");
}

// An address for a third party needs the person's consent whatever the ground, but for the law.
TEST(LintDisclose, OfAnAddressToAThirdPartyAsksForConsent) {
  const auto findings = [](std::string_view from, std::string_view to) {
    return FindingsOf(WithAlone(With(WithRecipients(), from, to)));
  };
  constexpr std::string_view kNeverAsked = "disclose needs the subject's own consent";
  EXPECT_NE(findings("ground: FRAUD_OR_SECURITY purpose: \"service\"",
                     "ground: FRAUD_OR_SECURITY purpose: \"alone\"")
                .find(kNeverAsked),
            std::string::npos);
  EXPECT_EQ(findings("\"press\" ground: LAW purpose: \"service\"",
                     "\"press\" ground: LAW purpose: \"alone\"")
                .find(kNeverAsked),
            std::string::npos);
  EXPECT_EQ(findings("ON_OUR_BEHALF purpose: \"service\" field: \"name\"",
                     "ON_OUR_BEHALF purpose: \"alone\" field: \"email\"")
                .find(kNeverAsked),
            std::string::npos);
}

TEST(LintDisclose, FindsRulesThatNeverHold) {
  const struct {
    const char* from;
    const char* to;
    const char* says;
  } cases[] = {
      {"until_days: 60", "until_days: 30", "is not after wait_days"},
      {"notice: \"news-1\" wait_days", "wait_days", "needs the notice that is shown before"},
      {"notice: \"news-1\" wait", "notice: \"new-1\" wait", "did you mean \"news-1\"?"},
      {"\"heir\" role: SUCCESSOR", "\"heir\" role: AUTHORITY", "with role SUCCESSOR"},
      {"ground: CONSENT purpose: \"contact.news\"", "ground: CONSENT purpose: \"alone\"",
       "no notice lists purpose"},
      {"recipient: \"court\" ground: LAW purpose: \"quiet\"",
       "recipient: \"court\" ground: LAW purpose: \"service\"", "a second disclose of \"name\""},
  };
  for (const auto& each : cases) {
    std::string text = With(WithRecipients(), each.from, each.to);
    if (std::string_view(each.to).find("alone") != std::string_view::npos)
      text = WithAlone(std::move(text));
    EXPECT_NE(FindingsOf(text).find(each.says), std::string::npos) << each.says << "\n"
                                                                   << FindingsOf(text);
  }
}

}  // namespace
}  // namespace bailee::policy
