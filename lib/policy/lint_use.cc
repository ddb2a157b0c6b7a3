// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <map>

#include "bailee/limits.h"
#include "policy/lint.h"

namespace bailee::policy {
namespace {

constexpr int64_t kRetentionDaysMax = 36'525;  // a hundred years

std::string Name(const CategoryDraft& draft) { return "category \"" + draft.id.text + "\""; }

void LintAllows(const CategoryDraft& draft, Findings& findings) {
  for (const AllowDraft& a : draft.allows) {
    if (a.purposes.empty()) findings.Error(a.at, "allow without purpose");
    if (a.basis.value == 0) findings.Error(a.at, "allow without basis");
    if (draft.sensitive && a.basis.value == static_cast<int>(Basis::kOptOut)) {
      findings.Error(
          a.basis.at,
          Name(draft) + " is sensitive: what is not NECESSARY must be OPT_IN, not OPT_OUT");
    }
  }
}

// For each field: which purposes have which basis, from which source.
class Bases {
 public:
  // Adds what one rule says; false if another rule says otherwise.
  bool Add(const AllowRule& rule) {
    bool agrees = true;
    const size_t basis = static_cast<size_t>(rule.basis);
    const auto others = [&](const std::array<PurposeSet, 5>& sets) {
      PurposeSet set;
      for (size_t b = 0; b < sets.size(); ++b) set |= b == basis ? PurposeSet() : sets[b];
      return (set & rule.purposes).any();
    };
    if (rule.sources.empty()) {
      agrees = !others(some_);
      everywhere_[basis] |= rule.purposes;
    }
    for (const SourceIndex source : rule.sources) {
      agrees = agrees && !others(everywhere_) && !others(by_source_[source]);
      by_source_[source][basis] |= rule.purposes;
    }
    some_[basis] |= rule.purposes;
    return agrees;
  }

 private:
  std::array<PurposeSet, 5> some_{};        // from any source at all
  std::array<PurposeSet, 5> everywhere_{};  // from every source
  std::map<SourceIndex, std::array<PurposeSet, 5>> by_source_;
};

void LintBases(const CategoryDraft& draft, const CategoryInfo& category, Findings& findings) {
  std::vector<bool> told(category.allows.size());
  for (size_t field = 0; field < category.fields.size(); ++field) {
    Bases bases;
    for (size_t i = 0; i < category.allows.size(); ++i) {
      if (!category.allows[i].fields[field]) continue;
      if (bases.Add(category.allows[i]) || told[i]) continue;
      told[i] = true;
      findings.Error(draft.allows[i].at, "another allow gives field \"" +
                                             category.fields[field].name +
                                             "\" to the same purpose on another basis");
    }
  }
}

void LintRetain(const RetainDraft& r, Findings& findings) {
  if (r.purposes.empty()) findings.Error(r.at, "retain without purpose");
  if (r.days.value < 1 || r.days.value > kRetentionDaysMax) {
    findings.Error(r.days.at, "days must be 1 to 36525");
  }
  if (r.from.value == 0) findings.Error(r.at, "retain does not say from when it counts");
  const bool event = r.from.value == static_cast<int>(RetainFrom::kEvent);
  if (event && r.event.empty()) findings.Error(r.at, "retain from EVENT names no event");
  if (event && (r.at_most_days.value < r.days.value || r.at_most_days.value > kRetentionDaysMax)) {
    findings.Error(r.at_most_days.at,
                   "retain from EVENT needs at_most_days, no less than days and at most 36525: the "
                   "event may never come");
  }
  if (!event && (!r.event.empty() || r.at_most_days.value != 0)) {
    findings.Error(r.at, "event and at_most_days are for retain from EVENT");
  }
}

// Leaves that use the category at all, be it through reports.
PurposeSet Users(const CategoryInfo& category) {
  PurposeSet users;
  for (const FieldInfo& field : category.fields) users |= field.readers | field.report_purposes;
  return users;
}

void LintRetains(const CategoryDraft& draft, CategoryIndex index, const Tables& t,
                 Findings& findings) {
  PurposeSet users = Users(t.categories[index.value]);
  for (const ReportInfo& report : t.reports) {  // also one that does not say yet what it is of
    if (report.category == index) users |= t.purposes[report.purpose.value].leaves;
  }
  PurposeSet kept;
  for (const RetainDraft& r : draft.retains) {
    LintRetain(r, findings);
    const PurposeSet leaves = ExpandLeaves(t, r.purposes);
    if ((leaves & kept).any()) findings.Error(r.at, "a second retain for the same purpose");
    if (leaves.any() && (leaves & users).none()) {
      findings.Error(r.at, "retain for a purpose that may not use " + Name(draft));
    }
    kept |= leaves;
  }
  for (size_t i = 0; i < t.purposes.size(); ++i) {
    if (!users[i] || kept[i]) continue;
    Place at = draft.at;
    for (const AllowDraft& a : draft.allows) {
      if (ExpandLeaves(t, a.purposes)[i]) at = a.at;
    }
    findings.Error(at, Name(draft) + " has no retain for purpose \"" + t.purposes[i].id + "\"");
  }
}

Place PlaceOf(const CategoryDraft& draft, const std::string& full_name) {
  for (const FieldDraft& f : draft.fields) {
    if (f.id.text == full_name) return f.at;
    for (const ViewDraft& v : f.views) {
      if (f.id.text + "." + v.id.text == full_name) return v.at;
    }
  }
  return draft.at;
}

void LintUnused(const CategoryDraft& draft, const CategoryInfo& category, Findings& findings) {
  for (const FieldInfo& field : category.fields) {
    if (field.readers.any() || field.report_purposes.any()) continue;
    // A field is also of use through its views.
    const bool seen =
        std::any_of(category.fields.begin(), category.fields.end(), [&](const FieldInfo& view) {
          return view.view_of.valid() && &category.fields[view.view_of.value] == &field &&
                 (view.readers.any() || view.report_purposes.any());
        });
    if (seen) continue;
    findings.Error(PlaceOf(draft, field.name),
                   "no purpose may use field \"" + field.name + "\" of " + Name(draft));
  }
}

void LintCompartments(const CategoryDraft& draft, const CategoryInfo& category,
                      Findings& findings) {
  for (const CompartmentInfo& compartment : category.compartments) {
    const FieldInfo& first = category.fields[compartment.fields.front().value];
    if (first.readers.count() <= limits::kPurposesPerCompartmentMax) continue;
    findings.Error(PlaceOf(draft, first.name),
                   "more than 64 purposes may use field \"" + first.name + "\"");
  }
}

void LintLookupPurposes(const CategoryDraft& draft, const Tables& t, CategoryIndex index,
                        Findings& findings) {
  for (const FieldDraft& f : draft.fields) {
    const FieldIndex field = t.field_names[index.value].Find<FieldTag>(f.id.text);
    for (const Word& word : f.lookups) {
      const PurposeIndex purpose = t.purpose_names.Find<PurposeTag>(word.text);
      if (t.categories[index.value].fields[field.value].readers[purpose.value]) continue;
      findings.Error(word.at, "lookup for purpose \"" + word.text + "\", which may not read \"" +
                                  f.id.text + "\"");
    }
  }
}

}  // namespace

void LintUse(const CategoryDraft& draft, CategoryIndex index, const Tables& tables,
             Findings& findings) {
  const CategoryInfo& category = tables.categories[index.value];
  LintAllows(draft, findings);
  LintRetains(draft, index, tables, findings);
  LintBases(draft, category, findings);
  LintUnused(draft, category, findings);
  LintCompartments(draft, category, findings);
  LintLookupPurposes(draft, tables, index, findings);
  PurposeSet noticed;
  for (const NoticeInfo& notice : tables.notices) noticed |= notice.purposes;
  const PurposeSet users = Users(category);
  for (size_t i = 0; i < tables.purposes.size(); ++i) {
    if (!users[i] || noticed[i]) continue;
    findings.Warning(draft.at, "no notice lists purpose \"" + tables.purposes[i].id +
                                   "\", so nothing is ever held for it in " + Name(draft));
  }
}

}  // namespace bailee::policy
