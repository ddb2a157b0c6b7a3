// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "model/small_world.h"

// What must hold of the decision whatever its rules say in detail: of the library's own answers,
// over a sample of the small worlds.
namespace bailee::model {
namespace {

// Steps that are prime and differ from those of the comparison.
constexpr Form kSample{11, 61};

const Family& Named(const char* name) {
  for (const Family& family : Families()) {
    if (std::strcmp(family.name, name) == 0) return family;
  }
  ADD_FAILURE() << "no family " << name;
  return Families().front();
}

bool AllowedWith(const Case& question, const policy::Standing& standing) {
  return AskReal(question, standing).allowed();
}

// Everything a subject or an operator can add to be left alone.
std::vector<policy::Standing> MoreRestrictive(const policy::Standing& standing) {
  std::vector<policy::Standing> added;
  for (const policy::Choice choice :
       {policy::Choice::kWithdrawn, policy::Choice::kObjected, policy::Choice::kDeclined}) {
    for (const char* purpose : {"news", "news.mail", "billing"}) {
      for (const char* category : {"", "card"}) {
        added.push_back(standing);
        added.back().choices.push_back({purpose, category, choice, 1000, "", 0});
      }
    }
  }
  added.resize(added.size() + 4, standing);
  added[added.size() - 1].restricted = true;
  added[added.size() - 2].erasure_waits = true;
  added[added.size() - 3].erased = true;
  added[added.size() - 4].holds.push_back({""});
  return added;
}

TEST(Property, NoObjectionWithdrawalOrRestrictionTurnsARefusalIntoAGrant) {
  uint64_t refusals = 0;
  for (const char* name : {"declarations", "versions", "choices", "retentions", "collecting"}) {
    ForEachCase(Named(name), kSample, [&](const Case& question) {
      const policy::Decision before = AskReal(question);
      if (before.allowed()) return true;
      ++refusals;
      for (const policy::Standing& more : MoreRestrictive(StandingOf(question))) {
        if (!AllowedWith(question, more)) continue;
        ADD_FAILURE() << name << "\n" << ToText(question.in_force->small);
        return false;
      }
      return true;
    });
  }
  EXPECT_GT(refusals, 10'000U);
}

TEST(Property, NothingPastRetentionComesBackLater) {
  uint64_t past = 0;
  for (const char* name : {"versions", "retentions", "collecting", "reports"}) {
    ForEachCase(Named(name), {1, 29}, [&](const Case& question) {
      if (!AskReal(question).reasons.Has(Reason::kPastRetention)) return true;
      ++past;
      for (const int64_t later_ms : {int64_t{1}, kMillisPerDay, 100'000 * kMillisPerDay}) {
        SmallRequest request = *question.request;
        request.now.unix_ms += later_ms;
        const Case later{question.in_force, question.terms, question.standing, &request};
        if (AskReal(later).allowed()) {
          ADD_FAILURE() << name << " " << later_ms << "\n" << ToText(question.in_force->small);
          return false;
        }
      }
      return true;
    });
  }
  EXPECT_GT(past, 1'000U);
}

TEST(Property, AnEventNeverProlongsRetention) {
  uint64_t past = 0;
  ForEachCase(Named("retentions"), {1, 7}, [&](const Case& question) {
    if (!AskReal(question).reasons.Has(Reason::kPastRetention)) return true;
    ++past;
    for (const char* name : {"closed", "left"}) {
      for (const int64_t days : {-1, 0, 1, 3}) {
        policy::Standing more = StandingOf(question);
        more.events.push_back({name, Days(kCollected, days)});
        EXPECT_FALSE(AllowedWith(question, more)) << name << " " << days;
      }
    }
    return true;
  });
  EXPECT_GT(past, 1'000U);
}

using Narrowing = void (*)(SmallPolicy&);
constexpr Narrowing kNarrowings[] = {
    [](SmallPolicy& p) { p.categories["card"].allows[2].fields = {"pan.last4"}; },
    [](SmallPolicy& p) { p.categories["card"].allows[2].sources = {"web"}; },
    [](SmallPolicy& p) { p.categories["card"].allows[2].purposes = {"news.sms"}; },
    [](SmallPolicy& p) { p.categories["card"].allows[2].basis = SmallBasis::kOptIn; },
    [](SmallPolicy& p) {
      p.categories["card"].retains = {{{"news.mail"}, 1, "", 0}};
    },
    [](SmallPolicy& p) {
      p.notices["n1"].purposes = {"keep", "billing"};
    },
    [](SmallPolicy& p) { p.notices["n1"].sources = {"web"}; },
    [](SmallPolicy& p) { p.notices["n2"].purposes = {"keep"}; },
    [](SmallPolicy& p) { p.notices.erase("n1"); },
    [](SmallPolicy& p) { p.notices.erase("n2"); },
    [](SmallPolicy& p) {
      p.controllers["acme"] = {{{"keep"}, "card", {}}};
    },
    [](SmallPolicy& p) { p.sources["shop"] = SmallRole::kIndependent; },
};

SmallPolicy Wide() {
  SmallPolicy policy = BasePolicy(2);
  policy.categories["card"].allows.push_back(
      {{"news"}, SmallBasis::kOptOut, {"pan", "pan.last4"}, {}});
  policy.controllers["acme"] = {{{"news", "keep"}, "card", {}}};
  return policy;
}

TEST(Property, NarrowingThePolicyInForceGrantsNothingNew) {
  uint64_t refusals = 0;
  const auto wide = LoadFilled(Wide());
  ASSERT_NE(wide, nullptr);
  for (const Narrowing narrowing : kNarrowings) {
    SmallPolicy small = Wide();
    narrowing(small);
    const auto narrow = LoadFilled(std::move(small));
    ASSERT_NE(narrow, nullptr) << RefusedPolicies().last;
    ForEachCase(Named("versions"), {13, 11}, [&](const Case& question) {
      if (question.terms != nullptr && question.terms->small.policy->version == 2) return true;
      Case asked = question;
      asked.in_force = wide.get();
      if (AskReal(asked).allowed()) return true;
      ++refusals;
      asked.in_force = narrow.get();
      EXPECT_FALSE(AskReal(asked).allowed()) << ToText(narrow->small);
      return !::testing::Test::HasFailure();
    });
  }
  EXPECT_GT(refusals, 10'000U);
}

TEST(Property, DroppingANoticeGrantsNoMoreThanEmptyingIt) {
  uint64_t refusals = 0;
  for (const char* notice : {"n1", "n2"}) {
    SmallPolicy small = Wide();
    small.notices[notice].purposes = {"keep"};  // as good as empty: nobody is asked about it
    const auto emptied = LoadFilled(small);
    small.notices.erase(notice);
    const auto dropped = LoadFilled(std::move(small));
    ASSERT_TRUE(emptied != nullptr && dropped != nullptr) << RefusedPolicies().last;
    ForEachCase(Named("versions"), {13, 11}, [&](const Case& question) {
      if (question.terms != nullptr && question.terms->small.policy->version == 2) return true;
      Case asked = question;
      asked.in_force = emptied.get();
      if (AskReal(asked).allowed()) return true;
      ++refusals;
      asked.in_force = dropped.get();
      EXPECT_FALSE(AskReal(asked).allowed()) << notice;
      return !::testing::Test::HasFailure();
    });
  }
  EXPECT_GT(refusals, 10'000U);
}

TEST(Property, UnknownAbsentAndForbiddenLookAlikeToWhomMayNotKnow) {
  uint64_t hidden = 0;
  for (const Family& family : Families()) {
    ForEachCase(family, kSample, [&](const Case& question) {
      const policy::Decision decision = AskReal(question);
      if (decision.allowed() || decision.visible) return true;
      ++hidden;
      const Status status = decision.ToStatus();
      EXPECT_EQ(status.code(), Code::kNotFound);
      EXPECT_EQ(status.name(), "vault.not-found");
      EXPECT_EQ(status.message(), "nothing there");
      EXPECT_EQ(status.hint(), "");
      EXPECT_EQ(status.refusal(), nullptr);
      EXPECT_EQ(decision.rule + decision.clause + decision.offer, "");
      return true;
    });
  }
  EXPECT_GT(hidden, 1'000U);
}

// What is said out loud to such a purpose does not depend on anyone: an unknown subject hears it
// too. (Whether somebody may be written to is itself the answer, and differs by who it is.)
TEST(Property, WhatIsVisibleToWhomMayNotKnowIsSaidOfAnyone) {
  const policy::Standing unknown;
  for (const Family& family : Families()) {
    ForEachCase(family, kSample, [&](const Case& question) {
      const SmallRequest& request = *question.request;
      const auto purpose = question.in_force->small.purposes.find(request.purpose);
      if (request.action == SmallAction::kCollect || request.purpose == "rights") return true;
      if (request.action == SmallAction::kContact) return true;
      if (purpose != question.in_force->small.purposes.end() && purpose->second) return true;
      const policy::Decision decision = AskReal(question);
      if (decision.allowed() || !decision.visible) return true;
      const policy::Decision of_nobody =
          policy::Decide(*question.in_force->real, nullptr, unknown, ToReal(request));
      EXPECT_EQ(decision.reasons, of_nobody.reasons);
      EXPECT_TRUE(of_nobody.visible);
      EXPECT_EQ(decision.rule + decision.clause + decision.offer,
                of_nobody.rule + of_nobody.clause + of_nobody.offer);
      return !::testing::Test::HasFailure();
    });
  }
}

// What the caller hears: an answer with no datum that hides nothing is the same `not-found`.
std::string Heard(const policy::Decision& decision) {
  policy::Decision hidden;
  hidden.reasons.Add(Reason::kNotCollectedFor);
  hidden.visible = false;
  const Status status = (decision.allowed() ? hidden : decision).ToStatus();
  std::string text = std::string(status.name()) + "|" + std::string(status.message()) + "|" +
                     std::string(status.hint());
  if (status.refusal() == nullptr) return text;
  for (const Reason reason : status.refusal()->reasons)
    text += "|" + std::string(ReasonWord(reason));
  return text + "|" + status.refusal()->clause + "|" + status.refusal()->rule + "|" +
         status.refusal()->offer;
}

TEST(Property, AnErasedSubjectLooksLikeAnUnknownOneToAnyPurposeButRights) {
  uint64_t asked = 0;
  for (const Family& family : Families()) {
    ForEachCase(family, kSample, [&](const Case& question) {
      const SmallRequest& request = *question.request;
      if (request.action == SmallAction::kCollect || request.purpose == "rights") return true;
      ++asked;
      policy::Standing erased = question.standing->real;
      erased.erased = true;
      const policy::Policy& in_force = *question.in_force->real;
      const policy::Request real = ToReal(request);
      const policy::Datum* datum = question.terms != nullptr ? &question.terms->real : nullptr;
      EXPECT_EQ(Heard(policy::Decide(in_force, datum, erased, real)),
                Heard(policy::Decide(in_force, nullptr, policy::Standing{}, real)));
      return !::testing::Test::HasFailure();
    });
  }
  EXPECT_GT(asked, 10'000U);
}

}  // namespace
}  // namespace bailee::model
