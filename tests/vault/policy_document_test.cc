// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "bailee/policy.h"

namespace bailee {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr Timestamp kIn2017{1'500'000'000'000};

std::string AcmeText() {
  std::ifstream file(BAILEE_SOURCE_DIR "/tests/compile_fail/acme.policy.textproto");
  return {std::istreambuf_iterator<char>(file), {}};
}

PolicyDocument Acme() {
  auto document = PolicyDocument::FromText(AcmeText(), "acme");
  EXPECT_TRUE(document.ok()) << document.status().message();
  return *std::move(document);
}

std::vector<std::string> ReadersOf(const PolicyDocument& document, std::string_view category,
                                   std::string_view field) {
  const auto* declared = document.Describe().FindCategory(category);
  const auto* found = PolicyDescription::FindField(*declared, field);
  std::vector<std::string> readers;
  for (const auto& each : found->readers) readers.push_back(each.purpose);
  return readers;
}

TEST(PolicyDocument, DescribesWhoMayReadWhat) {
  const PolicyDocument document = Acme();
  EXPECT_THAT(ReadersOf(document, "payment_card", "pan"), testing::ElementsAre("billing"));
  EXPECT_THAT(ReadersOf(document, "payment_card", "pan.last4"),
              testing::ElementsAre("billing", "support"));
}

TEST(PolicyDocument, DescribesAViewByItsField) {
  const PolicyDocument document = Acme();
  const auto* category = document.Describe().FindCategory("payment_card");
  ASSERT_NE(category, nullptr);
  EXPECT_TRUE(category->holds_many);
  const auto* view = PolicyDescription::FindField(*category, "pan.last4");
  ASSERT_NE(view, nullptr);
  EXPECT_EQ(view->view_of, "pan");
  EXPECT_EQ(view->transform, "LAST4");
}

TEST(PolicyDocument, DescribesARuleWithBasisClauseAndLine) {
  const PolicyDocument document = Acme();
  const auto* category = document.Describe().FindCategory("payment_card");
  const auto& reader = PolicyDescription::FindField(*category, "pan")->readers.front();
  EXPECT_EQ(reader.basis, "NECESSARY");
  EXPECT_EQ(reader.clause, "A-2");
  EXPECT_GT(reader.line, 0);
}

TEST(PolicyDocument, FindsNothingByAnUnknownName) {
  const PolicyDocument document = Acme();
  EXPECT_EQ(document.Describe().FindCategory("nothing"), nullptr);
  EXPECT_EQ(document.Describe().FindPurpose("nothing"), nullptr);
  EXPECT_NE(document.Describe().FindPurpose("contact.news"), nullptr);
}

TEST(PolicyDocument, AnswersAloneWhatNeedsNoLookAtData) {
  const PolicyDocument document = Acme();
  const auto ask = [&](std::string_view purpose, std::string_view field) {
    return document.Decide(
        {.purpose = purpose, .category = "payment_card", .field = field, .now = kIn2017});
  };
  EXPECT_TRUE(ask("billing", "pan").ok());
  const Status refused = ask("support", "pan");
  ASSERT_NE(refused.refusal(), nullptr);
  EXPECT_THAT(refused.refusal()->reasons, Contains(Reason::kNotCollectedFor));
  EXPECT_THAT(refused.refusal()->offer, HasSubstr("pan.last4"));
}

TEST(PolicyDocument, BeforeItsDateItIsNotInForce) {
  const Status refused = Acme().Decide(
      {.purpose = "billing", .category = "payment_card", .field = "pan", .now = Timestamp{0}});
  ASSERT_NE(refused.refusal(), nullptr);
  EXPECT_THAT(refused.refusal()->reasons, Contains(Reason::kPolicyNotInForce));
}

TEST(PolicyDocument, RunsItsTests) {
  const auto results = Acme().RunTests();
  ASSERT_EQ(results.size(), 2U);
  EXPECT_TRUE(results[0].passed && results[1].passed);
  EXPECT_FALSE(results[0].allowed);
  EXPECT_THAT(results[0].reasons, Contains(Reason::kNotCollectedFor));
}

TEST(PolicyDocument, GivesFindingsOnFailureToo) {
  std::vector<PolicyFinding> findings;
  const auto document =
      PolicyDocument::FromText("name: \"x\"\npurpose { idd: \"a\" }\n", "x", &findings);
  EXPECT_EQ(document.status().code(), Code::kPolicyInvalid);
  ASSERT_FALSE(findings.empty());
  EXPECT_TRUE(std::any_of(findings.begin(), findings.end(),
                          [](const auto& each) { return each.error && each.line == 2; }));
}

TEST(PolicyDocument, RefusesBytesThatAreNoPolicy) {
  EXPECT_EQ(PolicyDocument::FromBinary(AsBytes("\xff\xff")).status().code(), Code::kPolicyInvalid);
  EXPECT_EQ(PolicyDocument::FromBinary({}).status().code(), Code::kPolicyInvalid);
}

}  // namespace
}  // namespace bailee
