// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "model/enumerate.h"

// The decision against its slow twin on every small question. By default a sample of each family is
// asked; BAILEE_MODEL=full asks all (the CTest `policy_exhaustive_full`).
namespace bailee::model {
namespace {

Form Chosen() {
  const char* form = std::getenv("BAILEE_MODEL");
  return form != nullptr && std::string_view(form) == "full" ? kFull : kShort;
}

TEST(Exhaustive, DecideIsItsObviousTwin) {
  uint64_t total = 0;
  uint64_t allowed = 0;
  for (const Family& family : Families()) {
    std::string difference;
    const uint64_t cases = ForEachCase(family, Chosen(), [&](const Case& question) {
      if (AskOracle(question).reasons.empty()) ++allowed;
      if (Agree(question)) return true;
      difference = MinimalInWords(question);
      return false;
    });
    total += cases;
    std::cout << family.name << ": " << cases << " cases\n";
    ASSERT_TRUE(difference.empty()) << "family " << family.name << "\n" << difference;
    EXPECT_GT(cases, 100U) << family.name;
  }
  std::cout << "all families: " << total << " cases, " << allowed << " of them allowed\n";
  EXPECT_GT(allowed, total / 50) << "a world in which nothing is allowed proves little";
}

TEST(Exhaustive, EverySmallPolicyIsOneThatTheLibraryTakes) {
  for (const Family& family : Families()) {
    family.enumerate(Chosen().policy_step, [](const Block&) { return true; });
  }
  EXPECT_EQ(RefusedPolicies().count, 0U) << RefusedPolicies().last;
}

}  // namespace
}  // namespace bailee::model
