// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.h"
#include "policy/policy.h"

// Which purposes a datum is held for. On the path of every read: nothing here allocates.
namespace bailee::policy {
namespace {

bool Takes(const std::vector<SourceIndex>& sources, SourceIndex source) {
  return sources.empty() || std::find(sources.begin(), sources.end(), source) != sources.end();
}

PurposeSet InstructedPurposes(const Policy& policy, CategoryIndex category, FieldIndex field,
                              ControllerIndex controller) {
  PurposeSet set;
  if (!controller.valid()) return set.set();
  for (const ControllerRule& rule : policy.controller(controller).rules) {
    if (rule.category == category && rule.fields[field.value]) set |= rule.purposes;
  }
  return set;
}

PurposeSet Noticed(const Policy& policy, const TermsIndexes& terms) {
  if (!terms.notice.valid() || !terms.source.valid()) return {};
  if (policy.source(terms.source).role == Role::kIndependent) return {};
  const NoticeInfo& notice = policy.notice(terms.notice);
  return Takes(notice.sources, terms.source) ? notice.purposes : PurposeSet();
}

}  // namespace

PurposeSet Policy::AllowedPurposes(CategoryIndex category, FieldIndex field, SourceIndex source,
                                   ControllerIndex controller) const {
  PurposeSet set;
  for (const AllowRule& rule : this->category(category).allows) {
    if (rule.fields[field.value] && Takes(rule.sources, source)) set |= rule.purposes;
  }
  return set & InstructedPurposes(*this, category, field, controller);
}

PurposeSet Policy::EffectivePurposes(CategoryIndex category, FieldIndex field,
                                     const TermsIndexes& terms) const {
  return Noticed(*this, terms) & AllowedPurposes(category, field, terms.source, terms.controller);
}

PurposeSet Policy::EffectivePurposes(CategoryIndex category, CompartmentIndex compartment,
                                     const TermsIndexes& terms) const {
  const CategoryInfo& info = this->category(category);
  BAILEE_CHECK(compartment.value < info.compartments.size());
  return EffectivePurposes(category, info.compartments[compartment.value].fields.front(), terms);
}

PurposeSet Policy::ReportPurposes(CategoryIndex category, FieldIndex field,
                                  const TermsIndexes& terms) const {
  return this->field(category, field).report_purposes & Noticed(*this, terms) &
         InstructedPurposes(*this, category, field, terms.controller);
}

PurposeSet Policy::StoredReportPurposes(CategoryIndex category, FieldIndex field,
                                        const TermsIndexes& terms) const {
  return ReportPurposes(category, field, terms) &
         this->field(category, field).stored_report_purposes;
}

const AllowRule* Policy::FindAllow(CategoryIndex category, FieldIndex field, PurposeIndex purpose,
                                   SourceIndex source) const {
  for (const AllowRule& rule : this->category(category).allows) {
    if (rule.purposes[purpose.value] && rule.fields[field.value] && Takes(rule.sources, source)) {
      return &rule;
    }
  }
  return nullptr;
}

const Retention* Policy::FindRetention(CategoryIndex category, PurposeIndex purpose) const {
  for (const Retention& retention : this->category(category).retentions) {
    if (retention.purpose == purpose) return &retention;
  }
  return nullptr;
}

}  // namespace bailee::policy
