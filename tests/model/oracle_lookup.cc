// SPDX-License-Identifier: Apache-2.0
#include "model/oracle_lookup.h"

#include <limits>

namespace bailee::model {
namespace {

bool Below(const std::string& purpose, const std::string& ancestor) {
  return purpose.size() > ancestor.size() && purpose.starts_with(ancestor) &&
         purpose[ancestor.size()] == '.';
}

// No name at all, or this one among them.
bool AllOr(const Names& names, const std::string& name) {
  return names.empty() || names.contains(name);
}

Timestamp DaysAfter(Timestamp start, int days) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const int64_t span_ms = int64_t{days} * kMillisPerDay;
  return {start.unix_ms > kMax - span_ms ? kMax : start.unix_ms + span_ms};
}

}  // namespace

bool KnowsCategory(const SmallPolicy& policy, const std::string& category) {
  return policy.categories.contains(category);
}

bool KnowsField(const SmallPolicy& policy, const std::string& category, const std::string& field) {
  return KnowsCategory(policy, category) && policy.categories.at(category).fields.contains(field);
}

Names ValuesOf(const SmallPolicy& policy, const std::string& category, const std::string& field) {
  Names values = {field};
  for (const auto& [name, other] : policy.categories.at(category).fields) {
    if (!other.transform.empty() && name.starts_with(field + ".")) values.insert(name);
  }
  return values;
}

bool KnowsController(const SmallPolicy& policy, const std::string& controller) {
  return controller.empty() || policy.controllers.contains(controller);
}

bool IsLeaf(const SmallPolicy& policy, const std::string& purpose) {
  if (!policy.purposes.contains(purpose)) return false;
  for (const auto& [id, may_know] : policy.purposes) {
    if (Below(id, purpose)) return false;
  }
  return true;
}

bool Covers(const SmallPolicy& policy, const Names& names, const std::string& leaf) {
  for (const std::string& name : names) {
    if (name == leaf || Below(leaf, name)) return IsLeaf(policy, leaf);
  }
  return false;
}

bool GoodSource(const SmallPolicy& policy, const std::string& source) {
  const auto found = policy.sources.find(source);
  return found != policy.sources.end() && found->second != SmallRole::kIndependent;
}

const SmallAllow* AllowOf(const SmallPolicy& policy, const Cell& cell, const std::string& source) {
  if (!KnowsField(policy, cell.category, cell.field)) return nullptr;
  for (const SmallAllow& allow : policy.categories.at(cell.category).allows) {
    if (AllOr(allow.fields, cell.field) && AllOr(allow.sources, source) &&
        Covers(policy, allow.purposes, cell.purpose)) {
      return &allow;
    }
  }
  return nullptr;
}

bool Instructed(const SmallPolicy& policy, const Cell& cell, const std::string& controller) {
  if (controller.empty()) return true;
  const auto found = policy.controllers.find(controller);
  if (found == policy.controllers.end()) return false;
  for (const SmallInstruction& rule : found->second) {
    if (rule.category == cell.category && AllOr(rule.fields, cell.field) &&
        Covers(policy, rule.purposes, cell.purpose)) {
      return true;
    }
  }
  return false;
}

bool Allowed(const SmallPolicy& policy, const Cell& cell, const std::string& source,
             const std::string& controller) {
  return AllowOf(policy, cell, source) != nullptr && Instructed(policy, cell, controller);
}

namespace {

// The notice is known, lists the purpose, and may take data from this known, not independent
// source.
bool Noticed(const SmallPolicy& policy, const std::string& purpose, const Under& under) {
  const auto notice = policy.notices.find(under.notice);
  return notice != policy.notices.end() && GoodSource(policy, under.source) &&
         AllOr(notice->second.sources, under.source) &&
         Covers(policy, notice->second.purposes, purpose);
}

}  // namespace

bool Effective(const SmallPolicy& policy, const Cell& cell, const Under& under) {
  return Noticed(policy, cell.purpose, under) &&
         Allowed(policy, cell, under.source, under.controller);
}

bool Reported(const SmallPolicy& policy, const Cell& cell) {
  for (const SmallReport& report : policy.reports) {
    if (report.category == cell.category && report.purpose == cell.purpose &&
        (report.by == cell.field || report.of == cell.field)) {
      return true;
    }
  }
  return false;
}

bool ReportedFromHeld(const SmallPolicy& policy, const Cell& cell) {
  for (const SmallReport& report : policy.reports) {
    const bool uses = report.by == cell.field || report.of == cell.field;
    if (report.category == cell.category && report.purpose == cell.purpose && uses &&
        !report.at_collection) {
      return true;
    }
  }
  return false;
}

bool EffectiveReport(const SmallPolicy& policy, const Cell& cell, const Under& under) {
  return Reported(policy, cell) && Noticed(policy, cell.purpose, under) &&
         Instructed(policy, cell, under.controller);
}

bool Reader(const SmallPolicy& policy, const Cell& cell) {
  for (const SmallAllow& allow : policy.categories.at(cell.category).allows) {
    if (AllOr(allow.fields, cell.field) && Covers(policy, allow.purposes, cell.purpose))
      return true;
  }
  return false;
}

bool Ended(const SmallPolicy& policy, const Cell& cell, const SmallStanding& standing,
           Timestamp collected_at, Timestamp now) {
  if (!KnowsCategory(policy, cell.category)) return true;
  for (const SmallRetain& retain : policy.categories.at(cell.category).retains) {
    if (!Covers(policy, retain.purposes, cell.purpose)) continue;
    if (retain.event.empty()) return now >= DaysAfter(collected_at, retain.days);
    if (now >= DaysAfter(collected_at, retain.at_most_days)) return true;
    // Days after the earliest event: that is, days after any of them.
    for (const SmallEvent& event : standing.events) {
      if (event.name == retain.event && event.at >= collected_at && event.at <= now &&
          now >= DaysAfter(event.at, retain.days)) {
        return true;
      }
    }
    return false;
  }
  return true;
}

bool Shows(const SmallPolicy& policy, const std::string& notice, const std::string& purpose,
           const std::string* source) {
  const auto found = policy.notices.find(notice);
  if (found == policy.notices.end()) return false;
  if (!Covers(policy, found->second.purposes, purpose)) return false;
  if (source == nullptr || found->second.sources.empty()) return true;
  return policy.sources.contains(*source) && found->second.sources.contains(*source);
}

namespace {

bool IsYes(const SmallPolicy& F, const SmallChoice& choice, const Cell& cell,
           const std::string* source) {
  return choice.word == SmallWord::kGiven && choice.purpose == cell.purpose &&
         (choice.category.empty() || choice.category == cell.category) &&
         Shows(F, choice.notice, cell.purpose, source);
}

// The version a choice was made under gave the cell to the purpose, from that source or from any.
bool Knew(const SmallPolicy& F, const SmallPolicy* T, const SmallChoice& choice, const Cell& cell,
          const std::string* source, const std::string& controller) {
  if (cell.category.empty() || choice.under == SmallVersion::kNow) return true;
  if (choice.under == SmallVersion::kLost || T == nullptr) return false;
  if (T->version == F.version) return true;
  if (!KnowsField(*T, cell.category, cell.field)) return false;
  if (!Shows(*T, choice.notice, cell.purpose, source)) return false;
  if (source == nullptr) return Reader(*T, cell);
  // What F does not know as a source is from nowhere, also for T.
  return F.sources.contains(*source) && GoodSource(*T, *source) &&
         Allowed(*T, cell, *source, controller);
}

bool IsNo(const SmallChoice& choice, const Cell& cell) {
  return choice.word != SmallWord::kGiven &&
         (choice.category.empty() || choice.category == cell.category) &&
         (choice.purpose == cell.purpose || Below(cell.purpose, choice.purpose));
}

}  // namespace

Heard Hear(const SmallPolicy& F, const SmallPolicy* T, const SmallStanding& standing,
           const Cell& cell, const std::string* source, const std::string& controller) {
  Heard heard;
  for (size_t i = 0; i < standing.choices.size(); ++i) {
    const SmallChoice& one = standing.choices[i];
    bool lifted = false;  // by a later yes
    bool undone = false;  // by a later no
    for (size_t j = 0; j < standing.choices.size(); ++j) {
      const SmallChoice& other = standing.choices[j];
      if (other.sequence < one.sequence || (other.sequence == one.sequence && j <= i)) continue;
      if (IsYes(F, other, cell, source)) lifted = true;
      if (IsNo(other, cell)) undone = true;
    }
    if (IsNo(one, cell) && !lifted) heard.noes.insert(one.word);
    if (IsYes(F, one, cell, source) && !undone && Knew(F, T, one, cell, source, controller))
      heard.yes = true;
  }
  return heard;
}

}  // namespace bailee::model
