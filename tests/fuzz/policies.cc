// SPDX-License-Identifier: Apache-2.0
// Policies as text and as bytes, and what is decided by those that are accepted.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "base/utf8.h"
#include "fuzz/policy_mutator.h"
#include "fuzz/target.h"
#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/policy.h"
#include "policy/policy_tests.h"
#include "policy/report.h"
#include "policy/tables.h"

namespace bailee::fuzz {
namespace {

using policy::Policy;

std::string FileText(const std::string& path) {
  std::ifstream file(std::string(BAILEE_SOURCE_DIR) + path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void CheckFindings(const std::vector<policy::Finding>& findings, bool accepted) {
  bool error = false;
  for (const policy::Finding& each : findings) {
    error = error || each.severity == policy::Severity::kError;
    FUZZ_CHECK(each.line >= 0 && each.column >= 0 && !each.message.empty());
    FUZZ_CHECK(IsUtf8(each.message) && each.message.find('\n') == std::string::npos);
    FUZZ_CHECK(!policy::FormatFinding(each, "f").empty());
  }
  FUZZ_CHECK(error != accepted);
}

// Words of the policy are in it, so that the rest of what CheckFailure holds cannot be asked for.
void CheckRefusal(const policy::Decision& decision) {
  const Status status = decision.ToStatus();
  FUZZ_CHECK(status.code() == (decision.visible ? Code::kRefused : Code::kNotFound));
  FUZZ_CHECK(!decision.visible || status.refusal()->reasons == decision.reasons.Ordered());
}

// One question about somebody who has said nothing, of data collected under `policy` itself.
void Ask(const Policy& policy, const policy::Request& request, const policy::Datum& datum) {
  const policy::Decision first = policy::DecideStageOne(policy, request);
  const policy::Decision both = policy::Decide(policy, &datum, {}, request);
  // What is refused without looking anything up is refused.
  FUZZ_CHECK(first.allowed() || !both.allowed());
  const policy::Decision again = policy::Decide(policy, &datum, {}, request);
  FUZZ_CHECK(again.reasons == both.reasons && again.visible == both.visible);
  if (!both.allowed()) CheckRefusal(both);
  // Without the key nothing is granted (the third wall, as far as Decide knows of it).
  policy::Request keyless = request;
  keyless.purpose_key_held = false;
  if (request.action == policy::Action::kRead) {
    FUZZ_CHECK(!policy::Decide(policy, &datum, {}, keyless).allowed());
  }
}

void AskEverything(const Policy& policy) {
  size_t asked = 0;
  constexpr int64_t kTimes[] = {0, 1'370'044'800'000, INT64_MAX, INT64_MIN, 4'000'000'000'000};
  for (uint16_t c = 0; c < policy.categories().size(); ++c) {
    const policy::CategoryInfo& category = policy.categories()[c];
    for (const policy::FieldInfo& field : category.fields) {
      for (const policy::PurposeInfo& purpose : policy.purposes()) {
        for (const policy::Action action :
             {policy::Action::kRead, policy::Action::kFind, policy::Action::kDisclose}) {
          if (++asked > 90) return;
          const int64_t now = kTimes[asked % std::size(kTimes)];
          const policy::Datum datum{
              .policy = &policy,
              .terms = {policy.notices().empty() ? policy::NoticeIndex{} : policy::NoticeIndex{0},
                        policy.sources().empty() ? policy::SourceIndex{} : policy::SourceIndex{0},
                        {}},
              .collected_at = {kTimes[asked / 5 % std::size(kTimes)]}};
          Ask(policy,
              {.action = action,
               .purpose = purpose.id,
               .category = category.id,
               .field = field.name,
               .now = {now},
               .purpose_key_held = true},
              datum);
        }
      }
    }
    (void)policy.BucketOf({c}, {kTimes[c % std::size(kTimes)]});
    (void)policy.BucketAt({c}, INT64_MAX);
    (void)policy.BucketAt({c}, INT64_MIN);
  }
}

void CheckAccepted(const Policy& policy) {
  const auto reread = Policy::FromBinary(policy.ToBinary());
  FUZZ_CHECK(reread.ok() && (*reread)->ToBinary() == policy.ToBinary());
  FUZZ_CHECK(policy::Diff(policy, **reread).changes.empty());
  FUZZ_CHECK((*reread)->name() == policy.name() && policy.version() >= 1);
  (void)policy::RunTests(policy);
  AskEverything(policy);
  for (const policy::ReportInfo& report : policy.reports()) {
    FUZZ_CHECK(policy::FindReport(policy, report.id) == &report);
    for (const int64_t at : {int64_t{0}, INT64_MAX, INT64_MIN}) {
      const policy::ReportWindow window = policy::WindowOf(report.bucket, {at});
      FUZZ_CHECK(window.from <= window.before);
    }
  }
}

const Policy& Known() {
  static const auto known =
      Must(Policy::FromText(FileText("/tests/compile_fail/acme.policy.textproto"), "known"));
  return *known;
}

void RunPolicyText(ByteView input) {
  std::vector<policy::Finding> findings;
  const auto policy = Policy::FromText(AsText(input), "f", &findings);
  CheckFindings(findings, policy.ok());
  if (!policy.ok()) {
    FUZZ_CHECK(policy.status().code() == Code::kPolicyInvalid);
    return;
  }
  CheckAccepted(**policy);
  (void)policy::Diff(Known(), **policy);
  (void)policy::Diff(**policy, Known());
}

// Small ones of every part: large ones are slow, and the tests of the clauses have them.
std::vector<Bytes> PolicyTextSeeds() {
  constexpr std::string_view kSmall = R"(name: "p" version: 1 effective: "2013-05-24"
purpose { id: "billing" says: "s" clause: "C-1" } purpose { id: "contact.news" says: "s" }
notice { id: "n" sha256: "0123456789012345678901234567890123456789012345678901234567890123"
  purpose: "billing" purpose: "contact.news" source: "web" }
source { id: "web" role: OWN } controller { id: "acme" agreement: "D" allow { purpose: "billing" category: "card" } }
category { id: "card" says: "s" clause: "C-1" about: SUBJECT holds: MANY
  field { id: "pan" kind: PAN required: true view { id: "last4" mask: LAST4 } lookup { purpose: "billing" } }
  field { id: "at" kind: TIME view { id: "day" coarsen: DAY } }
  allow { purpose: "billing" basis: NECESSARY } allow { purpose: "contact.news" basis: OPT_IN field: "pan.last4" }
  retain { purpose: "billing" days: 540 from: EVENT event: "closed" at_most_days: 2555 }
  retain { purpose: "contact.news" days: 90 from: COLLECTION }
  disclose { recipient: "bank" ground: ON_OUR_BEHALF purpose: "billing" field: "pan" } }
recipient { id: "bank" role: ON_OUR_BEHALF agreement: "D" }
test { name: "t" given { notice: "n" source: "web" age_days: 3 }
  ask { purpose: "billing" category: "card" field: "pan" } expect: ALLOWED }
)";
  return {ToBytes(kSmall), ToBytes(FileText("/tests/compile_fail/acme.policy.textproto"))};
}

const Registered registered_policy_text({"policy_text", RunPolicyText, PolicyTextSeeds,
                                         MutatePolicyText});

void RunPolicyBinary(ByteView input) {
  std::vector<policy::Finding> findings;
  const auto policy = Policy::FromBinary(input, &findings);
  CheckFindings(findings, policy.ok());
  if (!policy.ok()) {
    FUZZ_CHECK(policy.status().code() == Code::kPolicyInvalid);
    return;
  }
  CheckAccepted(**policy);
}

std::vector<Bytes> PolicyBinarySeeds() {
  std::vector<Bytes> seeds;
  for (const Bytes& text : PolicyTextSeeds()) {
    const auto policy = Policy::FromText(AsText(text), "f");
    if (policy.ok()) seeds.push_back((*policy)->ToBinary());
  }
  return seeds;
}

const Registered registered_policy_binary({"policy_binary", RunPolicyBinary, PolicyBinarySeeds});

// --- The small words of the language

void RunPolicyWords(ByteView input) {
  const std::string_view text = AsText(input);
  if (const auto ground = policy::ParseGround(text)) {
    FUZZ_CHECK(policy::GroundWord(*ground) == text);
  }
  if (const auto reason = ParseReason(text)) FUZZ_CHECK(ReasonWord(*reason) == text);
  const auto days = policy::ParseDate(text);
  FUZZ_CHECK(!days || text.size() == 10);
  (void)policy::DayOf(text);
}

std::vector<Bytes> PolicyWordsSeeds() {
  return {ToBytes("LAW"), ToBytes("not-collected-for"), ToBytes("2016-02-29"),
          ToBytes("2013-05-24T10:11:12.345Z")};
}

const Registered registered_policy_words({"policy_words", RunPolicyWords, PolicyWordsSeeds});

}  // namespace
}  // namespace bailee::fuzz
