// SPDX-License-Identifier: Apache-2.0
#include "policy/diff.h"

#include <gmock/gmock.h>

#include "policy/decide_support.h"

// Each difference between two versions is named, once, as wider or narrower or both.
namespace bailee::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Effect = PolicyChange::Effect;

std::vector<std::string> Said(const PolicyDiff& diff) {
  std::vector<std::string> words;
  for (const PolicyChange& change : diff.changes) {
    const char* sign = change.effect == Effect::kWider      ? "+ "
                       : change.effect == Effect::kNarrower ? "- "
                                                            : "! ";
    words.push_back(sign + change.words);
  }
  return words;
}

class DiffTest : public ::testing::Test {
 protected:
  // How the first version becomes the text with `to` for `from`.
  PolicyDiff To(std::string_view from, std::string_view to) {
    after_ = Loaded(With(With(kV1, "version: 1", "version: 2"), from, to));
    return Diff(*before_, *after_);
  }
  std::vector<std::string> Forth(std::string_view from, std::string_view to) {
    return Said(To(from, to));
  }
  // And back.
  std::vector<std::string> Back() { return Said(Diff(*after_, *before_)); }

  PolicyPtr before_ = Loaded(kV1);
  PolicyPtr after_;
};

TEST_F(DiffTest, FindsNothingBetweenAPolicyAndItself) {
  EXPECT_THAT(Forth("says: \"s\"", "says: \"other words\""), IsEmpty());
  EXPECT_THAT(Forth("effective: \"2020-01-01\"", "effective: \"2021-01-01\""), IsEmpty());
}

TEST_F(DiffTest, AFieldMoreIsWider) {
  EXPECT_THAT(Forth(R"(purpose: "quiet" basis: NECESSARY field: "holder")",
                    R"(purpose: "quiet" basis: NECESSARY field: ["holder", "pan.last4"])"),
              ElementsAre("+ card: quiet may use pan.last4 (NECESSARY)"));
  EXPECT_THAT(Back(), ElementsAre("- card: quiet may no longer use pan.last4, was NECESSARY"));
}

TEST_F(DiffTest, SaysWhereTheRuleStandsAndWhatItsNoticeMustList) {
  const PolicyDiff diff = To(R"(purpose: "quiet" basis: NECESSARY field: "holder")",
                             R"(purpose: "quiet" basis: NECESSARY field: ["holder", "pan.last4"])");
  ASSERT_EQ(diff.changes.size(), 1u);
  const PolicyChange& change = diff.changes[0];
  EXPECT_EQ(change.about, "use");
  EXPECT_EQ(change.category, "card");
  EXPECT_THAT(change.fields, ElementsAre("pan.last4"));
  EXPECT_THAT(change.sources, IsEmpty());
  EXPECT_THAT(change.on_behalf_of, IsEmpty());
  EXPECT_EQ(change.was, "no");
  EXPECT_EQ(change.now, "NECESSARY");
  EXPECT_EQ(change.clause, "X-1");
  EXPECT_EQ(change.line, 29);
  EXPECT_THAT(diff.WidenedPurposes(), ElementsAre("quiet"));
  EXPECT_THAT(diff.Categories(), ElementsAre("card"));
  EXPECT_TRUE(diff.Has(Effect::kWider));
  EXPECT_FALSE(diff.Has(Effect::kNarrower));
}

TEST_F(DiffTest, APurposeMoreIsWider) {
  EXPECT_THAT(
      Forth(R"(allow { purpose: "quiet" basis)", R"(allow { purpose: ["quiet", "research"] basis)"),
      ElementsAre("+ card: research may use holder (NECESSARY)"));
}

TEST_F(DiffTest, ALeafUnderAnInnerPurposeIsWider) {
  EXPECT_THAT(Forth(R"(purpose { id: "contact.offers")",
                    R"(purpose { id: "contact.sms" says: "x" } purpose { id: "contact.offers")"),
              ElementsAre("+ notice all also lists contact.sms",
                          "+ card: contact.sms may use holder (OPT_IN)",
                          "+ card: kept for contact.sms 100 days from collection, was no"));
}

TEST_F(DiffTest, AUseThatNoNoticeListsIsNone) {
  EXPECT_THAT(Forth(R"(notice { id: "develop-1" purpose: "develop" source: "web" })", ""),
              ElementsAre("- notice develop-1 is gone: what was collected under it may not be used",
                          "- card: develop may no longer use holder, was OPT_IN"));
  EXPECT_THAT(Back(), ElementsAre("+ card: develop may use holder (OPT_IN)"));
}

TEST_F(DiffTest, ANoticeThatIsShownElsewhereIsWider) {
  EXPECT_THAT(Forth(R"(id: "develop-1" purpose: "develop" source: "web" })",
                    R"(id: "develop-1" purpose: "develop" source: ["web", "shop"] })"),
              ElementsAre("+ notice develop-1 is also shown at shop"));
  EXPECT_THAT(Back(), ElementsAre("- notice develop-1 is no longer shown at shop"));
  EXPECT_THAT(Forth(R"(id: "develop-1" purpose: "develop" source: "web" })",
                    R"(id: "develop-1" purpose: "develop" })"),
              ElementsAre("+ notice develop-1 is shown at every source"));
}

TEST_F(DiffTest, AWeakerBasisIsWider) {
  EXPECT_THAT(
      Forth(R"(purpose: "improve" basis: OPT_OUT)", R"(purpose: "improve" basis: NECESSARY)"),
      ElementsAre("+ card: improve may use holder (NECESSARY), was OPT_OUT"));
  EXPECT_THAT(Forth(R"(purpose: "improve" basis: OPT_OUT)", R"(purpose: "improve" basis: OPT_IN)"),
              ElementsAre("- card: improve may use holder (OPT_IN), was OPT_OUT"));
}

TEST_F(DiffTest, ACaseInsteadOfAChoiceIsBothWiderAndNarrower) {
  EXPECT_THAT(Forth(R"(purpose: "improve" basis: OPT_OUT)", R"(purpose: "improve" basis: CASE)"),
              ElementsAre("+ card: improve may use holder (CASE), was OPT_OUT",
                          "- card: improve may use holder (CASE), was OPT_OUT"));
}

TEST_F(DiffTest, ASourceLessIsNarrower) {
  EXPECT_THAT(Forth(R"(purpose: "quiet" basis: NECESSARY field: "holder")",
                    R"(purpose: "quiet" basis: NECESSARY field: "holder" source: "web")"),
              ElementsAre("- card: quiet may no longer use holder, was NECESSARY, from shop"));
  EXPECT_THAT(Back(), ElementsAre("+ card: quiet may use holder (NECESSARY), from shop"));
}

TEST_F(DiffTest, ANewSourceIsWiderForEveryUseThatTakesIt) {
  const auto said = Forth(R"(source { id: "shop" role: PARTNER })",
                          R"(source { id: "shop" role: PARTNER } source { id: "app" role: OWN })");
  EXPECT_THAT(said, ::testing::Contains("+ card: quiet may use holder (NECESSARY), from app"));
  for (const std::string& each : said) EXPECT_EQ(each.front(), '+') << each;
}

TEST_F(DiffTest, ARoleThatChangesIsNamed) {
  EXPECT_THAT(Forth(R"(id: "shop" role: PARTNER)", R"(id: "shop" role: VENDOR)"),
              ElementsAre("+ source shop is VENDOR, was PARTNER"));
  EXPECT_THAT(Forth(R"(id: "shop" role: PARTNER)", R"(id: "shop" role: INDEPENDENT)").front(),
              "- source shop is INDEPENDENT, was PARTNER");
}

TEST_F(DiffTest, AnInstructionMoreIsWiderForThatController) {
  EXPECT_THAT(
      Forth(R"(allow { purpose: "service" category: "card" field: "holder" })",
            R"(allow { purpose: ["service", "billing"] category: "card" field: "holder" })"),
      ElementsAre("+ card: billing may use holder (NECESSARY), on behalf of acme"));
}

TEST_F(DiffTest, ALookupMoreIsWider) {
  EXPECT_THAT(Forth(R"( lookup { purpose: "billing" })", ""),
              ElementsAre("- card: billing may no longer find people by pan"));
  EXPECT_THAT(Back(), ElementsAre("+ card: billing may find people by pan"));
}

TEST_F(DiffTest, ALongerRetentionIsWider) {
  EXPECT_THAT(Forth(R"(purpose: "research" days: 50)", R"(purpose: "research" days: 51)"),
              ElementsAre("+ card: kept for research 51 days from collection, was 50 days from "
                          "collection"));
  EXPECT_THAT(Back(), ElementsAre("- card: kept for research 50 days from collection, was 51 days "
                                  "from collection"));
}

TEST_F(DiffTest, RetentionsFromAnEventAreComparedAtBothExtremes) {
  struct Row {
    const char* retain;
    std::string effects;
  };
  // It is 10 days from "closed", at most 100: kept between 10 and 100 days.
  const Row rows[] = {
      {R"(days: 9 from: EVENT event: "closed" at_most_days: 100)", "-"},
      {R"(days: 11 from: EVENT event: "closed" at_most_days: 100)", "+"},
      {R"(days: 10 from: EVENT event: "closed" at_most_days: 99)", "-"},
      {R"(days: 9 from: EVENT event: "closed" at_most_days: 101)", "+-"},
      {R"(days: 10 from: EVENT event: "left" at_most_days: 100)", "+-"},
      {R"(days: 10 from: EVENT event: "left" at_most_days: 10)", "-"},
      {R"(days: 10 from: COLLECTION)", "-"},
      {R"(days: 100 from: COLLECTION)", "+"},
      {R"(days: 50 from: COLLECTION)", "+-"},
  };
  for (const Row& row : rows) {
    std::string effects;
    for (const std::string& each :
         Forth(R"(days: 10 from: EVENT event: "closed" at_most_days: 100)", row.retain)) {
      effects += each.front();
    }
    EXPECT_EQ(effects, row.effects) << row.retain;
  }
}

TEST_F(DiffTest, ALowerFloorOfAReportIsWider) {
  EXPECT_THAT(Forth("min_subjects: 5", "min_subjects: 4"),
              ElementsAre("+ report r has a floor of 4, was 5"));
  EXPECT_THAT(Back(), ElementsAre("- report r has a floor of 5, was 4"));
}

TEST_F(DiffTest, SaysWhatAChangedReportIsAbout) {
  before_ = Loaded(With(kV1, "report { id: \"r\"", "report { id: \"r\" clause: \"X-9\""));
  const PolicyPtr other =
      Loaded(With(With(kV1, "report { id: \"r\"", "report { id: \"r\" clause: \"X-9\""),
                  "min_subjects: 5", "min_subjects: 4"));
  const PolicyPtr renamed =
      Loaded(With(kV1, "report { id: \"r\"", "report { id: \"r2\" clause: \"X-9\""));
  for (const PolicyDiff& diff : {Diff(*before_, *other), Diff(*before_, *renamed)}) {
    ASSERT_FALSE(diff.changes.empty());
    const PolicyChange& change = diff.changes[0];
    EXPECT_EQ(change.about, "report");
    EXPECT_EQ(change.name.front(), 'r');
    EXPECT_EQ(change.category, "card");
    EXPECT_THAT(change.purposes, ElementsAre("research"));
    EXPECT_EQ(change.clause, "X-9");
    EXPECT_EQ(change.line, 45);
  }
}

TEST_F(DiffTest, AFinerOrOtherReportIsWider) {
  EXPECT_THAT(Forth("bucket: DAY", "bucket: WEEK"), ElementsAre("- report r has longer periods"));
  EXPECT_THAT(Back(), ElementsAre("+ report r has shorter periods"));
  EXPECT_THAT(Forth("count: SUBJECTS", "count: RECORDS"),
              ElementsAre("+ report r counts something else", "- report r counts something else"));
  EXPECT_THAT(Forth(R"(report { id: "r")", R"(report { id: "q")"),
              ElementsAre("+ report q is new", "- report r is gone"));
}

TEST_F(DiffTest, AReportByMoreOrForMoreIsWider) {
  EXPECT_THAT(Forth(R"(by: "region")", R"(by: ["region", "pan.last4"])"),
              ElementsAre("+ report r is by pan.last4, too"));
  EXPECT_THAT(Back(), ElementsAre("- report r is by pan.last4 no longer"));
  before_ =
      Loaded(With(kV1, "report {", "recipient { id: \"all\" role: PUBLIC says: \"a\" }\nreport {"));
  after_ = Loaded(With(
      With(With(kV1, "report {", "recipient { id: \"all\" role: PUBLIC says: \"a\" }\nreport {"),
           "purpose: \"research\" }\n", "purpose: \"research\" recipient: \"all\" }"),
      "version: 1", "version: 2"));
  EXPECT_THAT(Said(Diff(*before_, *after_)), ElementsAre("+ report r goes to all, too"));
  EXPECT_THAT(Back(), ElementsAre("- report r goes to all no longer"));
}

TEST_F(DiffTest, ANoticeThatNoLongerListsTheFirstPurposeIsNarrower) {
  EXPECT_THAT(
      Forth(R"(id: "some" purpose: "service")", R"(id: "some" purpose: "billing")"),
      ElementsAre("+ notice some also lists billing", "- notice some no longer lists service"));
}

// What is held of `ip` is its view alone; of `at` all of it.
TEST_F(DiffTest, AViewThatIsGoneBreaksOnlyWhatIsKeptAsThatView) {
  constexpr char kViews[] = R"(name: "d" version: 1 effective: "2020-01-01"
purpose { id: "billing" says: "b" }
source { id: "web" role: OWN }
notice { id: "all" purpose: "billing" }
category {
  id: "call" says: "c" about: SUBJECT holds: MANY
  field { id: "ip" kind: IP view { id: "net" coarsen: PREFIX } view { id: "region" coarsen: REGION } }
  field { id: "at" kind: TIME view { id: "day" coarsen: DAY } }
  allow { purpose: "billing" basis: NECESSARY field: ["at", "at.day", "ip.region", "ip.net"] }
  retain { purpose: "billing" days: 8 from: COLLECTION }
}
)";
  before_ = Loaded(kViews);
  after_ =
      Loaded(With(With(kViews, R"( view { id: "day" coarsen: DAY })", ""), R"(, "at.day")", ""));
  EXPECT_THAT(Said(Diff(*before_, *after_)),
              ElementsAre("- call: billing may no longer use at.day, was NECESSARY"));
  after_ =
      Loaded(With(With(kViews, R"( view { id: "net" coarsen: PREFIX })", ""), R"(, "ip.net")", ""));
  EXPECT_THAT(
      Said(Diff(*before_, *after_)),
      ElementsAre("! call.ip.net is gone: nobody could read, export or correct what is held",
                  "- call: billing may no longer use ip.net, was NECESSARY"));
}

TEST_F(DiffTest, ASignalThatIsNoLongerHeardIsWider) {
  before_ = Loaded(With(kV1, "report {",
                        "signal { id: \"gpc\" purpose: [\"improve\", \"contact\"] }\nreport {"));
  EXPECT_THAT(Forth("report {", "signal { id: \"gpc\" purpose: \"improve\" }\nreport {"),
              ElementsAre("+ signal gpc no longer objects to contact.news, contact.offers"));
  EXPECT_THAT(Back(), ElementsAre("- signal gpc objects to contact.news, contact.offers"));
}

TEST_F(DiffTest, CombiningIsTakenFromAllOthersOnceOnePurposeHasIt) {
  const auto said =
      Forth(R"(id: "improve" says: "i")", R"(id: "improve" says: "i" combines: true)");
  EXPECT_THAT(said, ::testing::Contains("- purpose service may no longer combine sources"));
  EXPECT_THAT(said, ::testing::Not(::testing::Contains(HasSubstr("purpose improve"))));
  for (const std::string& each : Back()) EXPECT_EQ(each.front(), '+') << each;
}

TEST_F(DiffTest, OfCombiningAPurposeThatIsNoLeafSaysNothing) {
  const auto said =
      Forth(R"(purpose { id: "improve" says: "i")", R"(purpose { id: "improve.own" says: "i")");
  EXPECT_THAT(said, ::testing::Not(::testing::Contains(HasSubstr("combine"))));
}

TEST_F(DiffTest, ToKnowOfExistenceIsWider) {
  EXPECT_THAT(
      Forth(R"(id: "quiet" says: "q")", R"(id: "quiet" says: "q" may_know_existence: true)"),
      ElementsAre("+ purpose quiet may know that something exists"));
}

TEST_F(DiffTest, LosingTheMarkOfSensitivityIsWider) {
  EXPECT_THAT(Forth(" sensitive: true", ""), ElementsAre("+ opinion is no longer sensitive"));
}

constexpr char kDisclose[] = R"(retain { purpose: "research" days: 50 from: COLLECTION }
  disclose { recipient: "buyer" ground: SUCCESSION notice: "all" purpose: "service" field: "holder" wait_days: 30 until_days: 60 }
})";

class DiffOfDisclosures : public DiffTest {
 protected:
  DiffOfDisclosures() {
    const std::string with =
        With(With(kV1, "retain { purpose: \"research\" days: 50 from: COLLECTION }\n}", kDisclose),
             "report {",
             "recipient { id: \"buyer\" role: SUCCESSOR agreement: \"a\" says: \"b\" }\nreport {");
    before_ = Loaded(with);
    text_ = with;
  }
  std::vector<std::string> Forth(std::string_view from, std::string_view to) {
    after_ = Loaded(With(With(text_, "version: 1", "version: 2"), from, to));
    return Said(Diff(*before_, *after_));
  }
  std::string text_;
};

TEST_F(DiffOfDisclosures, AShorterWaitIsWider) {
  EXPECT_THAT(Forth("wait_days: 30", "wait_days: 29"),
              ElementsAre("+ card: buyer may get holder for service (SUCCESSION) once told by "
                          "notice all after 29 days until "
                          "60 days, was after 30 days until 60 days"));
  EXPECT_EQ(Back().front().front(), '-');
}

TEST_F(DiffOfDisclosures, ALaterOrNoEndIsWider) {
  EXPECT_EQ(Forth("until_days: 60", "until_days: 61").front().front(), '+');
  EXPECT_EQ(Forth(" until_days: 60", "").front().front(), '+');
  EXPECT_EQ(Forth("until_days: 60", "until_days: 59").front().front(), '-');
}

TEST_F(DiffOfDisclosures, AnotherFieldGroundOrRecipientIsWider) {
  EXPECT_THAT(Forth(R"(purpose: "service" field: "holder" wait)",
                    R"(purpose: "service" field: ["holder", "pan.last4"] wait)"),
              ElementsAre(HasSubstr("+ card: buyer may get pan.last4 for service")));
  EXPECT_THAT(Forth("agreement: \"a\" says", "says"),
              ElementsAre("+ recipient buyer is bound by no agreement"));
  const PolicyDiff diff = Diff(*before_, *after_);
  ASSERT_EQ(diff.changes.size(), 1u);
  EXPECT_EQ(diff.changes[0].about, "recipient");
  EXPECT_EQ(diff.changes[0].name, "buyer");
}

TEST_F(DiffTest, WhatHeldDataCannotSurviveBreaks) {
  EXPECT_THAT(Forth(R"(field { id: "region" kind: COUNTRY })",
                    R"(field { id: "region" kind: COUNTRY required: true })"),
              ElementsAre("! card.region is required: what is held may be without it"));
  EXPECT_THAT(
      Forth(R"(field { id: "region" kind: COUNTRY })", R"(field { id: "region" kind: TEXT })"),
      ElementsAre("! card.region has another kind: give the new field another id"));
  EXPECT_THAT(
      Forth("mask: LAST4", "mask: LAST2"),
      ElementsAre("! card.pan.last4 is computed in another way: give the new view another id"));
  EXPECT_THAT(Forth("about: SUBJECT holds: ONE", "about: SUBJECT holds: MANY"),
              ElementsAre("! opinion holds another number of records"));
  EXPECT_THAT(
      Forth(R"(field { id: "text" kind: TEXT })",
            R"(field { id: "text" kind: TEXT } field { id: "on" kind: TIME required: true })"),
      ::testing::Contains("! opinion.on is new and required: what is held is without it"));
}

TEST_F(DiffTest, AFieldOrCategoryThatGoesBreaks) {
  EXPECT_THAT(Forth(R"(field { id: "text" kind: TEXT })", R"(field { id: "words" kind: TEXT })"),
              ::testing::Contains(
                  "! opinion.text is gone: nobody could read, export or correct what is held"));
  EXPECT_THAT(Forth(R"(id: "opinion" says)", R"(id: "views" says)"),
              ::testing::Contains("! opinion is gone: nobody could read, export or correct it"));
}

TEST_F(DiffTest, ANoticeThatBecomesAnotherTextBreaks) {
  const std::string one(64, 'a');
  const std::string other(64, 'b');
  before_ = Loaded(With(kV1, R"(id: "news-1")", R"(id: "news-1" sha256: ")" + one + "\""));
  EXPECT_THAT(Forth(R"(id: "news-1")", R"(id: "news-1" sha256: ")" + other + "\""),
              ElementsAre("! notice news-1 is another text: what people were shown keeps its id"));
  EXPECT_THAT(Forth(R"(id: "news-1")", R"(id: "news-1" sha256: ")" + one + "\""), IsEmpty());
}

TEST_F(DiffTest, OfBinaryPoliciesTheSameIsSaidWithoutLines) {
  (void)To(R"(purpose: "improve" basis: OPT_OUT)", R"(purpose: "improve" basis: NECESSARY)");
  const auto old_binary = Policy::FromBinary(before_->ToBinary());
  const auto new_binary = Policy::FromBinary(after_->ToBinary());
  ASSERT_TRUE(old_binary.ok() && new_binary.ok());
  const PolicyDiff binary = Diff(**old_binary, **new_binary);
  EXPECT_EQ(Said(binary), Said(Diff(*before_, *after_)));
  EXPECT_EQ(binary.changes.front().line, 0);
}

TEST_F(DiffTest, ThePoliciesOfTheRepositoryDifferFromEachOtherInEveryCategory) {
  const PolicyPtr livelook = Loaded(ReadText("proto/policies/livelook_2013.textproto"));
  const PolicyPtr liveops = Loaded(ReadText("proto/policies/liveops_2016.textproto"));
  const PolicyDiff there = Diff(*livelook, *liveops);
  EXPECT_TRUE(there.Has(Effect::kWider));
  EXPECT_TRUE(there.Has(Effect::kBreaks));
  EXPECT_THAT(Said(Diff(*livelook, *livelook)), IsEmpty());
  EXPECT_EQ(Said(there), Said(Diff(*livelook, *liveops)));
}

}  // namespace
}  // namespace bailee::policy
