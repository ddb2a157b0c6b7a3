// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_tests.h"

#include <algorithm>

#include "policy/decide_internal.h"

namespace bailee::policy {
namespace {

// Later than anything a policy says, so that ages never reach before 1970.
Timestamp TestNow(const Policy& policy) {
  return {policy.effective().unix_ms + int64_t{100'000} * kMillisPerDay};
}

// The notice by which somebody whose data came from this source would be asked.
std::string NoticeFor(const Policy& policy, std::string_view purpose, SourceIndex source) {
  const PurposeIndex index = policy.FindPurpose(purpose);
  for (const NoticeInfo& notice : policy.notices()) {
    if (!index.valid() || !notice.purposes[index.value]) continue;
    if (!source.valid() || Takes(notice, source)) return notice.id;
  }
  return {};
}

void AddChoices(const Policy& policy, const TestCase& test,
                const std::vector<std::string>& purposes, Choice choice, Standing& standing) {
  const SourceIndex source = policy.FindSource(test.source);
  for (const std::string& purpose : purposes) {
    const std::string notice = choice == Choice::kGiven ? NoticeFor(policy, purpose, source) : "";
    standing.choices.push_back(
        {purpose, "", choice, standing.choices.size(), notice, policy.version()});
  }
}

Standing StandingOf(const Policy& policy, const TestCase& test, Timestamp now) {
  Standing standing;
  AddChoices(policy, test, test.consented, Choice::kGiven, standing);
  AddChoices(policy, test, test.withdrawn, Choice::kWithdrawn, standing);
  AddChoices(policy, test, test.objected, Choice::kObjected, standing);
  AddChoices(policy, test, test.declined, Choice::kDeclined, standing);
  for (const TestCase::Happened& happened : test.happened) {
    standing.events.push_back(
        {happened.event, {now.unix_ms - int64_t{happened.days_ago} * kMillisPerDay}});
  }
  for (const TestCase::Shown& shown : test.shown) {
    standing.notices.push_back(
        {shown.notice, {now.unix_ms - int64_t{shown.days_ago} * kMillisPerDay}});
  }
  standing.restricted = test.restricted;
  if (test.held) standing.holds.push_back({});
  return standing;
}

Decision Ask(const Policy& policy, const TestCase& test) {
  const Timestamp now = TestNow(policy);
  const Timestamp collected_at{now.unix_ms - int64_t{test.age_days} * kMillisPerDay};
  Request request;
  request.action = test.action;
  request.purpose = test.purpose;
  request.category = test.category;
  request.field = test.field;
  request.on_behalf_of = test.on_behalf_of;
  request.case_reference = test.case_reference;
  request.now = now;
  request.purpose_key_held = true;
  request.notice = test.notice;
  request.source = test.source;
  request.collected_at = collected_at;
  request.recipient = test.recipient;
  request.ground = test.ground;
  request.suppressed = test.suppressed;
  const Datum datum{&policy,
                    {policy.FindNotice(test.notice), policy.FindSource(test.source),
                     policy.FindController(test.controller)},
                    collected_at};
  const bool exists = !test.notice.empty();
  return Decide(policy, exists ? &datum : nullptr, StandingOf(policy, test, now), request);
}

}  // namespace

std::vector<TestResult> RunTests(const Policy& policy) {
  std::vector<TestResult> results;
  for (const TestCase& test : policy.tests()) {
    const Decision decision = Ask(policy, test);
    TestResult result;
    result.name = test.name;
    result.line = test.line;
    result.expected_allowed = test.expect_allowed;
    result.got_allowed = decision.allowed();
    result.expected_reasons = test.because;
    result.got_reasons = decision.reasons.Ordered();
    result.passed = decision.allowed() == test.expect_allowed &&
                    std::all_of(test.because.begin(), test.because.end(),
                                [&](Reason reason) { return decision.reasons.Has(reason); });
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace bailee::policy
