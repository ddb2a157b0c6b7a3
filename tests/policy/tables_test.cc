// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_tests.h"
#include "policy/support.h"

namespace bailee::policy {
namespace {

constexpr char kTablesPolicy[] = R"(name: "t" version: 1 effective: "2020-01-01"
purpose { id: "billing" says: "b" }
purpose { id: "support" says: "s" }
purpose { id: "contact.news" says: "n" }
purpose { id: "contact.offers.shop" says: "o" }
source { id: "web" role: OWN }
source { id: "shop" role: PARTNER }
source { id: "button" role: INDEPENDENT }
notice { id: "all" purpose: ["billing", "support", "contact"] }
notice { id: "web-only" purpose: "billing" source: "web" }
controller { id: "acme" agreement: "x" allow { purpose: "support" category: "c" field: "topic" } }
category {
  id: "c" says: "c" about: SUBJECT holds: MANY
  field { id: "pan" kind: PAN required: true view { id: "last4" mask: LAST4 } }
  field { id: "expiry" kind: EXPIRY }
  field { id: "topic" kind: TEXT max_bytes: 7 }
  field { id: "hint" kind: TEXT }
  field { id: "secret" kind: PASSWORD }
  field { id: "other" kind: PASSWORD required: true }
  allow { purpose: "billing" basis: NECESSARY }
  allow { purpose: "support" basis: NECESSARY field: ["pan.last4", "topic", "hint"] }
  allow { purpose: "contact" basis: OPT_IN field: "expiry" source: "shop" }
  retain { purpose: ["billing", "support", "contact"] days: 8 from: COLLECTION }
}
)";

class TablesTest : public ::testing::Test {
 protected:
  TermsIndexes Terms(std::string_view notice, std::string_view source,
                     std::string_view controller = "") const {
    return {policy_->FindNotice(notice), policy_->FindSource(source),
            policy_->FindController(controller)};
  }
  std::string Names(const PurposeSet& set) const {
    std::string out;
    for (size_t i = 0; i < policy_->purposes().size(); ++i) {
      if (set[i]) out += (out.empty() ? "" : " ") + policy_->purposes()[i].id;
    }
    return out;
  }
  std::string Effective(std::string_view field, const TermsIndexes& terms) const {
    return Names(
        policy_->EffectivePurposes(category_, policy_->FindField(category_, field), terms));
  }
  PolicyPtr policy_ = Loaded(kTablesPolicy);
  CategoryIndex category_ = policy_->FindCategory("c");
};

TEST(OwnTests, AskOnBehalfOfWhomTheyName) {
  const PolicyPtr policy = Loaded(std::string(kTablesPolicy) + R"(
    test { name: "not as told"  given { notice: "all"  source: "web" }
           ask { purpose: "support"  category: "c"  field: "hint"  on_behalf_of: "acme" }
           expect: REFUSED  because: "outside-instructions" })");
  ASSERT_NE(policy, nullptr);
  const std::vector<TestResult> results = RunTests(*policy);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_TRUE(results[0].passed);
}

TEST(Purposes, AreImpliedByTheFirstToo) {
  const PolicyPtr policy = Loaded(With(kTablesPolicy, R"(purpose { id: "billing" says)",
                                       R"(purpose { id: "first.of.all" says: "f" }
purpose { id: "billing" says)"));
  ASSERT_NE(policy, nullptr);
  EXPECT_TRUE(policy->FindPurpose("first.of").valid());
  EXPECT_TRUE(policy->FindPurpose("first").valid());
}

TEST(Signals, AreFoundByTheirIds) {
  const PolicyPtr policy = Loaded(std::string(kTablesPolicy) + R"(
    signal { id: "gpc" purpose: "billing" } signal { id: "dnt" purpose: "support" })");
  ASSERT_NE(policy, nullptr);
  for (const char* id : {"gpc", "dnt"}) {
    ASSERT_NE(policy->FindSignal(id), nullptr) << id;
    EXPECT_EQ(policy->FindSignal(id)->id, id);
  }
  EXPECT_EQ(policy->FindSignal("other"), nullptr);
}

std::string MayCombine(const Policy& policy) {
  std::string out;
  for (const char* purpose : {"billing", "support", "contact", "nothing"})
    out += bailee::policy::MayCombine(policy, policy.FindPurpose(purpose)) ? "yes " : "no ";
  return out;
}

TEST(Combining, IsForThePurposesThatSaySoOrForEveryLeafIfNoneDoes) {
  EXPECT_EQ(MayCombine(*Loaded(kTablesPolicy)), "yes yes no no ");
  const std::string one = With(kTablesPolicy, R"(purpose { id: "billing")",
                               R"(purpose { combines: true id: "billing")");
  EXPECT_EQ(MayCombine(*Loaded(one)), "yes no no no ");
}

TEST_F(TablesTest, OnlyLeavesAreLeavesAndInnerPurposesAreImplied) {
  EXPECT_TRUE(policy_->purpose(policy_->FindPurpose("contact.news")).leaf);
  EXPECT_FALSE(policy_->purpose(policy_->FindPurpose("contact")).leaf);
  EXPECT_FALSE(policy_->purpose(policy_->FindPurpose("contact.offers")).leaf);
  EXPECT_EQ(Names(policy_->purpose(policy_->FindPurpose("contact")).leaves),
            "contact.news contact.offers.shop");
  EXPECT_EQ(policy_->purpose(policy_->FindPurpose("contact.offers")).parent,
            policy_->FindPurpose("contact"));
  EXPECT_FALSE(policy_->FindPurpose("contact.offer").valid());
}

TEST_F(TablesTest, ViewsFollowTheirField) {
  std::string names;
  for (const FieldInfo& field : policy_->category(category_).fields) names += field.name + " ";
  EXPECT_EQ(names, "pan pan.last4 expiry topic hint secret other ");
  const FieldInfo& view = policy_->field(category_, policy_->FindField(category_, "pan.last4"));
  EXPECT_TRUE(view.is_view());
  EXPECT_EQ(view.transform, Transform::kLast4);
  EXPECT_EQ(view.view_of, policy_->FindField(category_, "pan"));
  EXPECT_EQ(view.kind, Kind::kPan);
  EXPECT_TRUE(policy_->field(category_, view.view_of).required);
  EXPECT_FALSE(view.required);
}

TEST_F(TablesTest, FieldsKnowTheirLimitAndReaders) {
  const auto& fields = policy_->category(category_).fields;
  EXPECT_EQ(fields[3].max_bytes, 7u);
  EXPECT_EQ(fields[4].max_bytes, limits::kFieldBytesMax);
  EXPECT_TRUE(fields[6].required);
  EXPECT_EQ(Names(fields[2].readers), "billing contact.news contact.offers.shop");
}

TEST_F(TablesTest, EffectiveIsNoticeAndAllowTogether) {
  EXPECT_EQ(Effective("pan", Terms("all", "web")), "billing");
  EXPECT_EQ(Effective("pan.last4", Terms("all", "web")), "billing support");
  EXPECT_EQ(Effective("pan.last4", Terms("web-only", "web")), "billing");
}

TEST_F(TablesTest, AnAllowForOneSourceIsForNoOther) {
  EXPECT_EQ(Effective("expiry", Terms("all", "web")), "billing");
  EXPECT_EQ(Effective("expiry", Terms("all", "shop")), "billing contact.news contact.offers.shop");
}

TEST_F(TablesTest, ANoticeOfOneSourceIsOfNoOther) {
  EXPECT_EQ(Effective("pan", Terms("web-only", "shop")), "");
}

TEST_F(TablesTest, NothingIsHeldFromAnIndependentOrUnknownSource) {
  EXPECT_EQ(Effective("pan", Terms("all", "button")), "");
  EXPECT_EQ(Effective("pan", Terms("all", "nobody")), "");
  EXPECT_EQ(Effective("pan", Terms("nothing", "web")), "");
}

TEST_F(TablesTest, AControllerNarrowsToItsInstructions) {
  EXPECT_EQ(Effective("topic", Terms("all", "web", "acme")), "support");
  EXPECT_EQ(Effective("hint", Terms("all", "web", "acme")), "");
  EXPECT_EQ(Effective("pan", Terms("all", "web", "acme")), "");
}

TEST_F(TablesTest, CompartmentsHoldWhatNoTermsCanTellApart) {
  std::string layout;
  for (const CompartmentInfo& compartment : policy_->category(category_).compartments) {
    for (const FieldIndex field : compartment.fields) {
      layout += policy_->field(category_, field).name + " ";
    }
    layout += "| ";
  }
  // `topic` and `hint` part because a controller tells them apart, the passwords always.
  EXPECT_EQ(layout, "pan | pan.last4 hint | expiry | topic | secret | other | ");
}

// What is allowed from every source that may be collected from is allowed from any; what is not
// from one of them, whichever, is apart.
TEST(Compartments, PartWhatOneSourceTellsApart) {
  const PolicyPtr policy = Loaded(R"(name: "t" version: 1 effective: "2020-01-01"
purpose { id: "billing" says: "b" clause: "B 1" }
source { id: "web" role: OWN }
source { id: "shop" role: PARTNER }
source { id: "button" role: INDEPENDENT }
notice { id: "all" purpose: "billing" }
category {
  id: "c" says: "c" about: SUBJECT holds: MANY
  field { id: "any" kind: TEXT }
  field { id: "each" kind: TEXT }
  field { id: "first" kind: TEXT }
  field { id: "second" kind: TEXT }
  allow { purpose: "billing" basis: NECESSARY field: "any" }
  allow { purpose: "billing" basis: NECESSARY field: "each" source: ["web", "shop"] }
  allow { purpose: "billing" basis: NECESSARY field: "first" source: "web" }
  allow { purpose: "billing" basis: NECESSARY field: "second" source: "shop" }
  retain { purpose: "billing" days: 8 from: COLLECTION }
}
)");
  ASSERT_NE(policy, nullptr);
  std::vector<size_t> numbers;
  for (const FieldInfo& field : policy->category(policy->FindCategory("c")).fields)
    numbers.push_back(field.compartment.value);
  EXPECT_EQ(numbers, (std::vector<size_t>{0, 0, 1, 2}));
  EXPECT_EQ(policy->purpose(policy->FindPurpose("billing")).clause, "B 1");
}

std::string Compartments(std::string_view text) {
  const PolicyPtr policy = Loaded(text);
  std::string out;
  for (const FieldInfo& field : policy->category(policy->FindCategory("c")).fields)
    out += std::to_string(field.compartment.value) + " ";
  return out;
}

constexpr char kThreeFields[] = R"(name: "t" version: 1 effective: "2020-01-01"
purpose { id: "billing" says: "b" }
purpose { id: "support" says: "s" }
notice { id: "all" purpose: ["billing", "support"] }
category {
  id: "c" says: "c" about: SUBJECT holds: MANY
  field { id: "first" kind: TEXT }
  field { id: "second" kind: TEXT }
  field { id: "third" kind: TEXT }
  allow { purpose: "billing" basis: NECESSARY field: ["first", "second"] }
  allow { purpose: "support" basis: NECESSARY field: "third" }
  retain { purpose: ["billing", "support"] days: 8 from: COLLECTION }
}
)";

TEST(Compartments, PartWhatPurposesTellApartWhereThereIsNoSource) {
  EXPECT_EQ(Compartments(kThreeFields), "0 0 1 ");
}

TEST(Compartments, PartWhatAControllerTellsApart) {
  std::string text = With(kThreeFields, R"( field: ["first", "second"])", "");
  text = With(text, R"( field: "third")", "");
  EXPECT_EQ(Compartments(text + R"(controller { id: "acme" agreement: "x"
    allow { purpose: "billing" category: "c" field: "first" }
    allow { purpose: "billing" category: "c" field: "second" } })"),
            "0 0 1 ");
}

TEST_F(TablesTest, FieldsOfACompartmentHaveTheSameEffectivePurposes) {
  const CategoryInfo& category = policy_->category(category_);
  for (const char* source : {"web", "shop", "button"}) {
    for (const char* notice : {"all", "web-only"}) {
      for (const char* controller : {"", "acme"}) {
        const TermsIndexes terms = Terms(notice, source, controller);
        for (uint16_t c = 0; c < category.compartments.size(); ++c) {
          const PurposeSet whole =
              policy_->EffectivePurposes(category_, CompartmentIndex{c}, terms);
          for (const FieldIndex field : category.compartments[c].fields) {
            EXPECT_EQ(policy_->EffectivePurposes(category_, field, terms), whole);
            EXPECT_EQ(policy_->field(category_, field).compartment.value, c);
          }
        }
      }
    }
  }
}

TEST_F(TablesTest, TwoWaysOfSayingTheSameMakeOneCompartment) {
  const PolicyPtr policy = Loaded(
      With(With(kTablesPolicy, "field: [\"pan.last4\", \"topic\", \"hint\"] }",
                "field: [\"pan.last4\", \"topic\"] }"),
           "  retain {",
           "  allow { purpose: \"support\" basis: NECESSARY field: \"hint\" source: \"web\" }\n"
           "  allow { purpose: \"support\" basis: NECESSARY field: \"hint\" source: \"shop\" }\n"
           "  retain {"));
  ASSERT_NE(policy, nullptr);
  EXPECT_EQ(policy->field(category_, policy->FindField(category_, "hint")).compartment,
            policy->field(category_, policy->FindField(category_, "pan.last4")).compartment);
}

TEST_F(TablesTest, AReportInputHasItsOwnCompartment) {
  const PolicyPtr policy = Loaded(
      With(With(kTablesPolicy, "field { id: \"hint\" kind: TEXT }",
                "field { id: \"hint\" kind: TEXT } field { id: \"at\" kind: TIME }"),
           "category {\n",
           "report { id: \"r\" category: \"c\" count: SUBJECTS by: \"hint\" bucket: DAY of: \"at\" "
           "min_subjects: 5 purpose: \"billing\" }\ncategory {\n"));
  ASSERT_NE(policy, nullptr);
  const auto find = [&](const char* name) {
    return policy->field(category_, policy->FindField(category_, name));
  };
  EXPECT_EQ(Names(find("hint").report_purposes), "billing");
  EXPECT_NE(find("hint").compartment, find("pan.last4").compartment);
  EXPECT_EQ(Names(policy->ReportPurposes(category_, policy->FindField(category_, "hint"),
                                         Terms("all", "web"))),
            "billing");
  EXPECT_TRUE(
      policy
          ->ReportPurposes(category_, policy->FindField(category_, "hint"), Terms("all", "button"))
          .none());
}

TEST_F(TablesTest, RulesKnowTheirWordsAndClause) {
  const AllowRule* rule =
      policy_->FindAllow(category_, policy_->FindField(category_, "expiry"),
                         policy_->FindPurpose("contact.news"), policy_->FindSource("shop"));
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->words, "c allows contact: expiry from shop (OPT_IN)");
  EXPECT_EQ(rule->line, 22);
}

}  // namespace
}  // namespace bailee::policy
