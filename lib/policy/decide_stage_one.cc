// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "bailee/limits.h"
#include "policy/case_reference.h"
#include "policy/decide_internal.h"

namespace bailee::policy {
namespace {

// [7]
void ForRights(const Asked& asked, ReasonSet& reasons) {
  if (!asked.known_field()) return;
  const FieldInfo& field = asked.in_force.field(asked.category, asked.field);
  if (asked.request.action != Action::kRead || field.kind == Kind::kPassword) {
    reasons.Add(Reason::kNotCollectedFor);
  }
}

bool ActionFits(Action action, const FieldInfo& field, PurposeIndex purpose) {
  switch (action) {
    case Action::kRead:
    case Action::kDisclose:
      return field.kind != Kind::kPassword;
    case Action::kVerifyPassword:
      return field.kind == Kind::kPassword;
    case Action::kFind:
      return field.lookups[purpose.value];
    case Action::kCollect:  // neither comes here
    case Action::kContact:
      break;
  }
  return false;
}

bool Instructed(const Asked& asked) {
  const auto& rules = asked.in_force.controller(asked.controller).rules;
  return std::any_of(rules.begin(), rules.end(), [&](const ControllerRule& rule) {
    return rule.category == asked.category && rule.fields[asked.field.value] &&
           rule.purposes[asked.purpose.value];
  });
}

// [11]
bool NeedsCase(const Asked& asked) {
  const auto& allows = asked.in_force.category(asked.category).allows;
  bool any = false;
  for (const AllowRule& rule : allows) {
    if (!rule.purposes[asked.purpose.value] || !rule.fields[asked.field.value]) continue;
    if (rule.basis != Basis::kCase) return false;
    any = true;
  }
  return any;
}

// [8] to [11]
void ForPurpose(const Asked& asked, ReasonSet& reasons) {
  if (!asked.known_field() || !asked.purpose.valid()) return;
  const FieldInfo& field = asked.in_force.field(asked.category, asked.field);
  const bool reader = field.readers[asked.purpose.value];
  if (!reader || !ActionFits(asked.request.action, field, asked.purpose)) {
    reasons.Add(Reason::kNotCollectedFor);
  }
  if (!reader && field.report_purposes.any() &&
      (field.report_purposes[asked.purpose.value] || field.readers.none())) {
    reasons.Add(Reason::kIndividualReadOfReportData);
  }
  if (reader && asked.controller.valid() && !Instructed(asked)) {
    reasons.Add(Reason::kOutsideInstructions);
  }
  if (!IsCaseReference(asked.request.case_reference) && NeedsCase(asked)) {
    reasons.Add(Reason::kCaseMissing);
  }
}

}  // namespace

ReasonSet PolicyInForce(const Asked& asked) {
  ReasonSet reasons;
  const uint32_t expected = asked.request.policy_version;
  if (asked.request.now < asked.in_force.effective() ||
      (expected != 0 && expected != asked.in_force.version())) {
    reasons.Add(Reason::kPolicyNotInForce);
  }
  return reasons;
}

ReasonSet ReadStageOne(const Asked& asked) {
  ReasonSet reasons = PolicyInForce(asked);
  if (!asked.purpose.valid() && !asked.rights) reasons.Add(Reason::kUnknownPurpose);
  if (!asked.category.valid()) reasons.Add(Reason::kUnknownCategory);
  if (asked.category.valid() && !asked.field.valid()) reasons.Add(Reason::kUnknownField);
  if (!asked.request.purpose_key_held) reasons.Add(Reason::kPurposeKeyMissing);
  if (!asked.ours && !asked.controller.valid()) reasons.Add(Reason::kOutsideInstructions);
  if (asked.rights) {
    ForRights(asked, reasons);
  } else {
    ForPurpose(asked, reasons);
  }
  return reasons;
}

}  // namespace bailee::policy
