// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/small_world.h"
#include "policy/diff.h"

// What `policy diff` promises: if nothing is wider, nothing that is held becomes readable. Over
// every pair of the versions that the family of that name knows, and data held under a third.
namespace bailee::model {
namespace {

const Family& Versioning() {
  for (const Family& family : Families()) {
    if (std::strcmp(family.name, "versions") == 0) return family;
  }
  return Families().front();
}

// The same policy as the next version.
std::unique_ptr<const LoadedPolicy> Next(SmallPolicy policy) {
  policy.version = 3;
  return LoadFilled(std::move(policy));
}

// A notice whose id comes back brings back what people once said to it; publishing refuses that.
bool AddsANotice(const SmallPolicy& before, const SmallPolicy& after) {
  for (const auto& [id, notice] : after.notices) {
    if (!before.notices.contains(id)) return true;
  }
  return false;
}

class Widening : public ::testing::Test {
 protected:
  Widening() {
    ForEachCase(Versioning(), {1, 1009}, [&](const Case& question) {
      const std::string text = ToText(question.in_force->small);
      if (next_.contains(text)) return true;
      next_[text] = Next(question.in_force->small);
      return next_[text] != nullptr;
    });
  }

  // By text of the older version: the newer ones that are not wider.
  const std::vector<const LoadedPolicy*>& NotWider(const LoadedPolicy& before) {
    const auto [known, fresh] = not_wider_.try_emplace(&before);
    if (!fresh) return known->second;
    for (const auto& [text, after] : next_) {
      if (AddsANotice(before.small, after->small)) continue;
      const PolicyDiff diff = policy::Diff(*before.real, *after->real);
      const bool wider =
          diff.Has(PolicyChange::Effect::kWider) || diff.Has(PolicyChange::Effect::kBreaks);
      if (!wider) known->second.push_back(after.get());
    }
    return known->second;
  }

  // Whether what is held under the one could not be kept under the other: then publishing refuses.
  bool Breaks(const policy::Policy& held, const LoadedPolicy& after) {
    const auto [known, fresh] = breaks_.try_emplace({&held, &after});
    if (fresh) {
      known->second = policy::Diff(held, *after.real).Has(PolicyChange::Effect::kBreaks);
    }
    return known->second;
  }

  std::map<std::string, std::unique_ptr<const LoadedPolicy>> next_;
  std::map<std::pair<const policy::Policy*, const LoadedPolicy*>, bool> breaks_;
  std::map<const LoadedPolicy*, std::vector<const LoadedPolicy*>> not_wider_;
};

TEST_F(Widening, WhatIsNotWiderGrantsNothingThatWasRefusedForHeldData) {
  ASSERT_GT(next_.size(), 25U);
  uint64_t refusals = 0;
  uint64_t narrowed = 0;
  ForEachCase(Versioning(), {3, 7}, [&](const Case& question) {
    // Whoever agreed to the older version is judged by it alone; by a newer one not agreed to, what
    // it was collected under counts again.
    if (question.terms == nullptr || !question.standing->small.agreed_versions.empty()) return true;
    const bool before = AskReal(question).allowed();
    for (const LoadedPolicy* after : NotWider(*question.in_force)) {
      Case asked = question;
      asked.in_force = after;
      const bool granted = AskReal(asked).allowed();
      refusals += before ? 0 : 1;
      narrowed += before && !granted ? 1 : 0;
      if (before || !granted || Breaks(*question.terms->real.policy, *after)) continue;
      ADD_FAILURE() << ToText(question.in_force->small) << "\n" << ToText(after->small);
      return false;
    }
    return true;
  });
  EXPECT_GT(refusals, 10'000U);
  EXPECT_GT(narrowed, 1'000U);
}

TEST_F(Widening, WhatIsWiderOneWayIsNarrowerTheOther) {
  uint64_t asked_count = 0;
  for (const auto& [text, after] : next_) {
    for (const auto& [other_text, other] : next_) {
      SmallPolicy again = other->small;
      again.version = 2;
      const auto before = LoadFilled(std::move(again));
      ASSERT_NE(before, nullptr);
      const PolicyDiff diff = policy::Diff(*before->real, *after->real);
      EXPECT_TRUE(text != other_text || diff.changes.empty()) << text;
      const PolicyDiff back = policy::Diff(*after->real, *before->real);
      // A notice that goes is narrower; one that comes is nothing by itself.
      if (AddsANotice(other->small, after->small)) continue;
      EXPECT_EQ(diff.Has(PolicyChange::Effect::kWider), back.Has(PolicyChange::Effect::kNarrower))
          << text << "\n"
          << other_text;
      ++asked_count;
    }
  }
  EXPECT_GT(asked_count, 500U);
}

// Whether every yes was given under the version that the datum is held under, as that version asks.
bool SaidThen(const Case& question) {
  const SmallPolicy& then = *question.terms->small.policy;
  for (const SmallChoice& choice : question.standing->small.choices) {
    if (choice.word != SmallWord::kGiven) continue;
    if (choice.under != SmallVersion::kThen) return false;
    const auto notice = then.notices.find(choice.notice);
    if (notice == then.notices.end() || !notice->second.purposes.contains(choice.purpose))
      return false;
  }
  return true;
}

// Whoever neither agreed to it nor consented after it: also a wider version reaches nothing held,
// whatever the subject said yes to before.
TEST_F(Widening, NoVersionReachesWhatIsHeldUnlessTheSubjectSaidYesToIt) {
  uint64_t refusals = 0;
  uint64_t with_consent = 0;
  ForEachCase(Versioning(), {7, 11}, [&](const Case& question) {
    if (question.terms == nullptr || !SaidThen(question)) return true;
    // As it was when it was collected: the version it is held under in force.
    const policy::Standing standing = StandingOf(question);
    const policy::Decision then = policy::Decide(
        *question.terms->real.policy, &question.terms->real, standing, ToReal(*question.request));
    if (then.allowed()) return true;
    ++refusals;
    if (!standing.choices.empty()) ++with_consent;
    Case later = question;
    for (const auto& [text, after] : next_) {
      later.in_force = after.get();
      if (!AskReal(later, standing).allowed()) continue;
      if (Breaks(*question.terms->real.policy, *after)) continue;
      ADD_FAILURE() << ToText(*question.terms->small.policy) << "\n" << text;
      return false;
    }
    return true;
  });
  EXPECT_GT(refusals, 1'000U);
  EXPECT_GT(with_consent, 500U);
}

}  // namespace
}  // namespace bailee::model
