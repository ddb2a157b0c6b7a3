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

bool Applies(const PurposeChoice& choice, std::string_view purpose, std::string_view category) {
  if (!choice.category.empty() && choice.category != category) return false;
  if (choice.choice == Choice::kGiven) return !choice.notice.empty() && choice.purpose == purpose;
  return Reaches(choice.purpose, purpose);
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
  return Status::Refused({reasons.Ordered(), clause, rule, offer});
}

const PurposeChoice* LastChoice(const Standing& standing, std::string_view purpose,
                                std::string_view category) {
  const PurposeChoice* last = nullptr;
  for (const PurposeChoice& choice : standing.choices) {
    if (!Applies(choice, purpose, category)) continue;
    if (last == nullptr || choice.sequence >= last->sequence) last = &choice;
  }
  return last;
}

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

ReasonSet ChoiceReasons(const PurposeChoice* last, Basis basis) {
  ReasonSet reasons;
  if (basis == Basis::kCase) return reasons;
  if (last == nullptr) {
    if (basis == Basis::kOptIn) reasons.Add(Reason::kConsentMissing);
    return reasons;
  }
  if (last->choice == Choice::kGiven) return reasons;
  if (basis == Basis::kNecessary && last->choice != Choice::kDeclined) return reasons;
  reasons.Add(ReasonOf(last->choice));
  return reasons;
}

bool Ended(const Policy& policy, CategoryIndex category, PurposeIndex purpose,
           const Standing& standing, Timestamp collected_at, Timestamp now) {
  const Retention* retention = policy.FindRetention(category, purpose);
  if (retention == nullptr) return true;
  std::optional<Timestamp> event_at;
  for (const NamedEvent& event : standing.events) {
    if (retention->from != RetainFrom::kEvent || event.event != retention->event) continue;
    if (event.at >= collected_at && (!event_at || event.at < *event_at)) event_at = event.at;
  }
  return now >= RetentionEnd(*retention, collected_at, event_at);
}

bool Takes(const NoticeInfo& notice, SourceIndex source) {
  return notice.sources.empty() ||
         std::find(notice.sources.begin(), notice.sources.end(), source) != notice.sources.end();
}

}  // namespace bailee::policy
