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

bool Concerns(const Policy& in_force, const PurposeChoice& choice, CategoryIndex category) {
  if (choice.category.empty()) return true;
  if (!category.valid()) return choice.choice != Choice::kGiven;  // [82]
  return choice.category == in_force.category(category).id;
}

// Whether the notice asks for this purpose and takes this source, in the numbers of `policy`.
bool Shown(const Policy& policy, std::string_view notice_id, PurposeIndex purpose,
           std::optional<SourceIndex> source) {
  const NoticeIndex index = policy.FindNotice(notice_id);
  if (!index.valid()) return false;
  const NoticeInfo& notice = policy.notice(index);
  return notice.purposes[purpose.value] && (!source || Takes(notice, *source));
}

bool IsYes(const Policy& in_force, const PurposeChoice& choice, const Concern& concern) {
  return choice.choice == Choice::kGiven &&
         choice.purpose == in_force.purpose(concern.purpose).id &&
         Concerns(in_force, choice, concern.category) &&
         Shown(in_force, choice.notice, concern.purpose, concern.source);
}

bool IsNo(const Policy& in_force, const PurposeChoice& choice, const Concern& concern) {
  return choice.choice != Choice::kGiven &&
         Reaches(choice.purpose, in_force.purpose(concern.purpose).id) &&
         Concerns(in_force, choice, concern.category);
}

const Policy* FindVersion(std::span<const Policy* const> versions, uint32_t version) {
  const auto found = std::find_if(versions.begin(), versions.end(),
                                  [&](const Policy* each) { return each->version() == version; });
  return found == versions.end() ? nullptr : *found;
}

// Whether an earlier version gave the field to the purpose, and the notice said so.
bool HadUse(const Policy& in_force, const Policy& then, const Concern& concern,
            std::string_view notice) {
  const CategoryInfo& category = in_force.category(concern.category);
  const PurposeIndex purpose = then.FindPurpose(in_force.purpose(concern.purpose).id);
  const CategoryIndex known = then.FindCategory(category.id);
  if (!purpose.valid() || !known.valid()) return false;  // an inner purpose is nobody's to use
  const FieldIndex field = then.FindField(known, category.fields[concern.field.value].name);
  if (!field.valid()) return false;
  if (!concern.source) {
    return Shown(then, notice, purpose, {}) && then.field(known, field).readers[purpose.value];
  }
  const ControllerIndex controller = then.FindController(concern.on_behalf_of);
  if (!concern.source->valid() || controller.valid() == concern.on_behalf_of.empty()) return false;
  const SourceIndex source = then.FindSource(in_force.source(*concern.source).id);
  return source.valid() && then.source(source).role != Role::kIndependent &&
         Shown(then, notice, purpose, source) &&
         then.AllowedPurposes(known, field, source, controller)[purpose.value];
}

bool Covers(const Policy& in_force, std::span<const Policy* const> versions,
            const PurposeChoice& yes, const Concern& concern) {
  if (!concern.category.valid() || yes.version == in_force.version()) return true;  // [82]
  const Policy* then = FindVersion(versions, yes.version);
  return then != nullptr && HadUse(in_force, *then, concern, yes.notice);
}

// Whether `one` was said before `other`; both are of one list.
bool Before(const PurposeChoice& one, const PurposeChoice& other) {
  return one.sequence < other.sequence || (one.sequence == other.sequence && &one < &other);
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

Said WhatWasSaid(const Policy& in_force, std::span<const Policy* const> versions,
                 const Standing& standing, const Concern& concern) {
  const PurposeChoice* yes = nullptr;  // the last one
  const PurposeChoice* no = nullptr;   // the last one
  for (const PurposeChoice& choice : standing.choices) {
    if (IsYes(in_force, choice, concern) && (yes == nullptr || Before(*yes, choice))) yes = &choice;
    if (IsNo(in_force, choice, concern) && (no == nullptr || Before(*no, choice))) no = &choice;
  }
  Said said;
  for (const PurposeChoice& choice : standing.choices) {
    if (IsYes(in_force, choice, concern)) {
      const bool undone = no != nullptr && Before(choice, *no);
      said.yes = said.yes || (!undone && Covers(in_force, versions, choice, concern));
    } else if (IsNo(in_force, choice, concern)) {
      const bool lifted = yes != nullptr && Before(choice, *yes);
      if (!lifted) said.noes.Add(ReasonOf(choice.choice));
    }
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
