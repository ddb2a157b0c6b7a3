// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "policy/policy_tests.h"
#include "policy/support.h"

namespace bailee::policy {
namespace {

class Texts : public ::testing::TestWithParam<const char*> {
 protected:
  std::string text_ = ReadText(GetParam());
};

TEST_P(Texts, LintsWithoutErrorOrWarning) { EXPECT_EQ(FindingsOf(text_), ""); }

TEST_P(Texts, PassesItsOwnTests) {
  const PolicyPtr policy = Loaded(text_);
  ASSERT_NE(policy, nullptr);
  const std::vector<TestResult> results = RunTests(*policy);
  EXPECT_GE(results.size(), 10u);
  for (const TestResult& result : results) {
    std::string got;
    for (const Reason reason : result.got_reasons) got += " " + std::string(ReasonWord(reason));
    EXPECT_TRUE(result.passed) << GetParam() << ":" << result.line << " " << result.name
                               << " got:" << got;
  }
}

TEST_P(Texts, ComesBackTheSameFromItsBinary) {
  const PolicyPtr policy = Loaded(text_);
  ASSERT_NE(policy, nullptr);
  const Result<PolicyPtr> again = Policy::FromBinary(policy->ToBinary());
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_EQ((*again)->ToBinary(), policy->ToBinary());
  for (const TestResult& result : RunTests(**again)) EXPECT_TRUE(result.passed) << result.name;
}

INSTANTIATE_TEST_SUITE_P(Both, Texts,
                         ::testing::Values("proto/policies/livelook_2013.textproto",
                                           "proto/policies/liveops_2016.textproto"),
                         [](const auto& param) {
                           return param.index == 0 ? "LiveLook" : "LiveOps";
                         });

}  // namespace
}  // namespace bailee::policy
