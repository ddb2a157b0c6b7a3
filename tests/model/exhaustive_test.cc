// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "model/enumerate.h"

// The decision against its slow twin on every small question. BAILEE_MODEL chooses how many: by
// default a sample of each family; "full": all (the CTest `policy_exhaustive_full`); "brief": first
// a glance, then the sample, with no words about a difference but that there is one (for
// mutate.py).
namespace bailee::model {
namespace {

std::string_view Wanted() {
  const char* wanted = std::getenv("BAILEE_MODEL");
  return wanted != nullptr ? wanted : "";
}

Form Chosen() { return Wanted() == "full" ? kFull : kShort; }

TEST(Exhaustive, DecideIsItsObviousTwin) {
  uint64_t total = 0;
  uint64_t allowed = 0;
  if (Wanted() == "brief") {
    for (const Family& family : Families()) {
      bool agree = true;
      ForEachCase(family, kGlance, [&](const Case& question) { return agree = Agree(question); });
      ASSERT_TRUE(agree) << "family " << family.name << ", at a glance";
    }
  }
  for (const Family& family : Families()) {
    std::string difference;
    const uint64_t cases = ForEachCase(family, Chosen(), [&](const Case& question) {
      if (AskReal(question).allowed()) ++allowed;
      if (Agree(question)) return true;
      difference = Wanted() == "brief" ? "they differ" : MinimalInWords(question);
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
