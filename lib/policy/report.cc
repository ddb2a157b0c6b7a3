// SPDX-License-Identifier: Apache-2.0
#include "policy/report.h"

#include <algorithm>
#include <chrono>

#include "policy/decide_internal.h"
#include "policy/tables.h"

namespace bailee::policy {
namespace {

// Years 0 to 9999 and some: what lies outside is one bucket on either side.
constexpr int64_t kDayMax = 3'000'000;
constexpr int64_t kDayMin = -1'000'000;

int64_t DayNumber(Timestamp at) {
  const int64_t days = at.unix_ms / kMillisPerDay;
  return at.unix_ms % kMillisPerDay < 0 ? days - 1 : days;
}

Timestamp StartOf(std::chrono::sys_days day) {
  return {int64_t{day.time_since_epoch().count()} * kMillisPerDay};
}

// The inputs of a report lie in its category.
template <typename Visit>
bool EveryInput(const ReportInfo& report, const Visit& visit) {
  return visit(report.of) && std::all_of(report.by.begin(), report.by.end(), visit);
}

TermsIndexes TermsIn(const Policy& in_force, const Datum& datum) {
  if (datum.policy == &in_force) return datum.terms;
  TermsIndexes terms;
  if (datum.terms.notice.valid())
    terms.notice = in_force.FindNotice(datum.policy->notice(datum.terms.notice).id);
  if (datum.terms.source.valid())
    terms.source = in_force.FindSource(datum.policy->source(datum.terms.source).id);
  return terms;
}

bool Served(const Policy& policy, CategoryIndex category, FieldIndex field,
            const TermsIndexes& terms, std::string_view purpose) {
  const PurposeIndex index = policy.FindPurpose(purpose);
  return index.valid() && policy.purpose(index).leaf &&
         policy.ReportPurposes(category, field, terms)[index.value];
}

// [96] for one leaf.
bool CollectedFor(const Policy& in_force, const ReportInfo& report, const Datum& datum, bool agreed,
                  std::string_view purpose) {
  const Policy& then = *datum.policy;
  const CategoryIndex category = then.FindCategory(in_force.category(report.category).id);
  const TermsIndexes now = TermsIn(in_force, datum);
  return EveryInput(report, [&](FieldIndex field) {
    if (!Served(in_force, report.category, field, now, purpose)) return false;
    if (agreed) return true;
    const std::string& name = in_force.field(report.category, field).name;
    const FieldIndex old = category.valid() ? then.FindField(category, name) : FieldIndex{};
    return old.valid() && Served(then, category, old, datum.terms, purpose);
  });
}

}  // namespace

std::vector<Reason> DecideReport(const Policy& in_force, const ReportInfo& report,
                                 std::string_view recipient, bool tally_held, Timestamp now) {
  std::vector<Reason> reasons;
  if (now < in_force.effective()) reasons.push_back(Reason::kPolicyNotInForce);
  const RecipientIndex index = in_force.FindRecipient(recipient);
  if (!index.valid()) {
    reasons.push_back(Reason::kUnknownRecipient);
  } else if (std::find(report.recipients.begin(), report.recipients.end(), index) ==
             report.recipients.end()) {
    reasons.push_back(Reason::kRecipientNotListed);
  }
  if (!tally_held) reasons.push_back(Reason::kPurposeKeyMissing);
  return reasons;
}

bool MayCount(const Policy& in_force, const ReportInfo& report, const Datum& datum,
              const Standing& standing, Timestamp now) {
  if (datum.terms.controller.valid()) return false;                                    // [95]
  if (standing.restricted || standing.erasure_waits || standing.erased) return false;  // [98]
  if (!report.purpose.valid() || !report.category.valid() || !report.of.valid()) return false;
  const std::string_view category = in_force.category(report.category).id;
  const bool agreed = std::find(standing.agreed_versions.begin(), standing.agreed_versions.end(),
                                in_force.version()) != standing.agreed_versions.end();
  const PurposeSet& leaves = in_force.purpose(report.purpose).leaves;
  for (uint16_t i = 0; i < in_force.purposes().size(); ++i) {
    if (!leaves[i]) continue;
    const std::string_view purpose = in_force.purposes()[i].id;
    if (!CollectedFor(in_force, report, datum, agreed, purpose)) return false;
    if (!WhatWasSaid(in_force, {}, standing, {{i}, report.category, report.of, {}}).noes.empty())
      return false;
    if (Ended(in_force, report.category, {i}, standing, datum.collected_at, now)) return false;
    if (!agreed && datum.policy != &in_force &&
        Ended(*datum.policy, datum.policy->FindCategory(category),
              datum.policy->FindPurpose(purpose), standing, datum.collected_at, now)) {
      return false;
    }
  }
  return leaves.any();
}

const ReportInfo* FindReport(const Policy& policy, std::string_view id) {
  for (const ReportInfo& report : policy.reports()) {
    if (report.id == id) return &report;
  }
  return nullptr;
}

ReportWindow WindowOf(ReportBucket bucket, Timestamp at) {
  using std::chrono::days;
  const int64_t number = std::clamp(DayNumber(at), kDayMin, kDayMax);
  const std::chrono::sys_days day{days{static_cast<int>(number)}};
  if (bucket == ReportBucket::kDay) return {StartOf(day), StartOf(day + days{1})};
  if (bucket == ReportBucket::kWeek) {
    const std::chrono::weekday of_week{day};
    const std::chrono::sys_days monday = day - (of_week - std::chrono::Monday);
    return {StartOf(monday), StartOf(monday + days{7})};
  }
  const std::chrono::year_month_day date{day};
  const std::chrono::year_month month{date.year(), date.month()};
  return {StartOf(std::chrono::sys_days{month / 1}),
          StartOf(std::chrono::sys_days{(month + std::chrono::months{1}) / 1})};
}

std::optional<Timestamp> DayOf(std::string_view canonical_time) {
  if (canonical_time.size() < 10) return std::nullopt;
  const std::optional<int64_t> day = ParseDate(canonical_time.substr(0, 10));
  if (!day) return std::nullopt;
  return Timestamp{*day * kMillisPerDay};
}

std::string_view ReportCountWord(ReportCount count) {
  return count == ReportCount::kSubjects ? "SUBJECTS" : "RECORDS";
}

std::string_view ReportBucketWord(ReportBucket bucket) {
  if (bucket == ReportBucket::kDay) return "DAY";
  return bucket == ReportBucket::kWeek ? "WEEK" : "MONTH";
}

std::string_view ReportFeedWord(ReportFeed feed) {
  return feed == ReportFeed::kStored ? "STORED" : "AT_COLLECTION";
}

}  // namespace bailee::policy
