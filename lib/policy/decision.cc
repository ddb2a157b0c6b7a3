// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.h"
#include "policy/decide_internal.h"

namespace bailee::policy {
namespace {

// Whether a restrictive choice on `above` reaches `purpose`: the same, or dotted below it.
bool Reaches(std::string_view above, std::string_view purpose) {
  return purpose.starts_with(above) &&
         (purpose.size() == above.size() || purpose[above.size()] == '.');
}

bool Concerns(const PurposeChoice& choice, std::optional<std::string_view> category) {
  if (!category) return choice.category.empty() || choice.choice != Choice::kGiven;  // [82]
  return choice.category.empty() || choice.category == *category;
}

// Whether a notice in force was shown that asks for this purpose and takes this source.
bool Shown(const Policy& in_force, const PurposeChoice& choice, PurposeIndex purpose,
           std::optional<SourceIndex> source) {
  const NoticeIndex index = in_force.FindNotice(choice.notice);
  if (!index.valid()) return false;
  const NoticeInfo& notice = in_force.notice(index);
  return notice.purposes[purpose.value] && (!source || Takes(notice, *source));
}

// The reason that a no stands for. REQUIRES: choice is not kGiven.
Reason ReasonOf(Choice choice) {
  switch (choice) {
    case Choice::kDeclined:
      return Reason::kDeclined;
    case Choice::kObjected:
      return Reason::kObjected;
    case Choice::kWithdrawn:
      return Reason::kConsentWithdrawn;
    case Choice::kGiven:
      break;
  }
  BAILEE_CHECK(false);
}

}  // namespace

std::vector<Reason> ReasonSet::Ordered() const {
  std::vector<Reason> ordered;
  for (const Reason reason : kPrecedence) {
    if (Has(reason)) ordered.push_back(reason);
  }
  return ordered;
}

Status Decision::ToStatus() const {
  BAILEE_CHECK(!allowed());
  if (!visible) return Status(Code::kNotFound, "vault.not-found", "nothing there");
  return Status::Refused({reasons.Ordered(), clause, rule, offer, {}});
}

Said WhatWasSaid(const Policy& in_force, const Standing& standing, PurposeIndex purpose,
                 std::optional<std::string_view> category, std::optional<SourceIndex> source) {
  const std::string_view name = in_force.purpose(purpose).id;
  const PurposeChoice* yes = nullptr;  // the last one
  for (const PurposeChoice& choice : standing.choices) {
    if (choice.choice != Choice::kGiven || choice.purpose != name) continue;
    if (!Concerns(choice, category) || !Shown(in_force, choice, purpose, source)) continue;
    if (yes == nullptr || choice.sequence >= yes->sequence) yes = &choice;
  }
  Said said{yes != nullptr, {}};
  for (const PurposeChoice& choice : standing.choices) {
    if (choice.choice == Choice::kGiven || !Reaches(choice.purpose, name)) continue;
    if (!Concerns(choice, category)) continue;
    const bool lifted = yes != nullptr && (choice.sequence < yes->sequence ||
                                           (choice.sequence == yes->sequence && &choice < yes));
    if (!lifted) said.noes.Add(ReasonOf(choice.choice));
  }
  return said;
}

ReasonSet ChoiceReasons(const Said& said, Basis basis) {
  ReasonSet reasons;
  switch (basis) {
    case Basis::kCase:
      break;
    case Basis::kNecessary:
      if (said.noes.Has(Reason::kDeclined)) reasons.Add(Reason::kDeclined);
      break;
    case Basis::kOptIn:
      if (!said.yes && said.noes.empty()) reasons.Add(Reason::kConsentMissing);
      [[fallthrough]];
    case Basis::kOptOut:
      reasons.Add(said.noes);
      break;
  }
  return reasons;
}

bool Ended(const Policy& policy, CategoryIndex category, PurposeIndex purpose,
           const Standing& standing, Timestamp collected_at, Timestamp now) {
  const Retention* retention = policy.FindRetention(category, purpose);
  if (retention == nullptr) return true;
  std::optional<Timestamp> event_at;
  for (const NamedEvent& event : standing.events) {
    if (retention->from != RetainFrom::kEvent || event.event != retention->event) continue;
    if (event.at > now) continue;
    if (event.at >= collected_at && (!event_at || event.at < *event_at)) event_at = event.at;
  }
  return now >= RetentionEnd(*retention, collected_at, event_at);
}

bool Takes(const NoticeInfo& notice, SourceIndex source) {
  return notice.sources.empty() ||
         std::find(notice.sources.begin(), notice.sources.end(), source) != notice.sources.end();
}

}  // namespace bailee::policy
