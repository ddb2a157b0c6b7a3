// SPDX-License-Identifier: Apache-2.0
#include "policy/decide_internal.h"

namespace bailee::policy {
namespace {

constexpr auto kValuesMax = uint16_t{limits::kFieldsPerCategoryMax};

TermsIndexes Proposed(const Asked& asked) { return {asked.notice, asked.source, asked.controller}; }

// Whether `field` is a value of the field that is asked for: that field itself or a view of it.
bool IsValue(const Asked& asked, FieldIndex field) {
  return field == asked.field || asked.in_force.field(asked.category, field).view_of == asked.field;
}

bool AnyEffective(const Asked& asked, FieldSet values, const TermsIndexes& terms) {
  for (uint16_t i = 0; i < kValuesMax; ++i) {
    if (values.test(i) &&
        asked.in_force.EffectivePurposes(asked.category, FieldIndex{i}, terms).any()) {
      return true;
    }
  }
  return false;
}

bool AnyReport(const Asked& asked, FieldSet values, const TermsIndexes& terms) {
  for (uint16_t i = 0; i < kValuesMax; ++i) {
    if (values.test(i) && asked.in_force.ReportPurposes(asked.category, {i}, terms).any())
      return true;
  }
  return false;
}

// What becomes of a value [60], [61].
enum class Use : uint8_t { kClosed, kFed, kKept };

// If one value is closed, adds what keeps it so, if any purpose would use it.
Use UseOf(const Asked& asked, const Standing& standing, FieldIndex value, ReasonSet& reasons) {
  const Policy& f = asked.in_force;
  const TermsIndexes terms = Proposed(asked);
  const PurposeSet effective = f.EffectivePurposes(asked.category, value, terms);
  const PurposeSet reports = f.ReportPurposes(asked.category, value, terms);
  const PurposeSet held_for = f.StoredReportPurposes(asked.category, value, terms);
  Use use = Use::kClosed;
  for (uint16_t i = 0; i < f.purposes().size(); ++i) {
    if (!effective[i] && !reports[i]) continue;
    const PurposeIndex purpose{i};
    ReasonSet late;
    if (Ended(f, asked.category, purpose, standing, asked.request.collected_at,
              asked.request.now)) {
      late.Add(Reason::kPastRetention);
    }
    if (held_for[i] && late.empty()) return Use::kKept;
    if (reports[i] && late.empty()) use = Use::kFed;
    reasons.Add(late);
    if (!effective[i]) continue;
    const AllowRule* rule = f.FindAllow(asked.category, value, purpose, asked.source);
    const Said said =
        WhatWasSaid(f, asked.request.versions, standing,
                    {purpose, asked.category, value, asked.source, asked.request.on_behalf_of});
    const ReasonSet choice = ChoiceReasons(said, rule->basis);
    if (choice.empty() && late.empty()) return Use::kKept;
    reasons.Add(choice);
  }
  return use;
}

FieldSet WithoutFedOnly(const Asked& asked, FieldSet values) {
  for (uint16_t i = asked.field.value; i < kValuesMax; ++i) {
    if (values.test(i) && asked.in_force.field(asked.category, {i}).fed_only()) values.reset(i);
  }
  return values;
}

}  // namespace

FieldSet ValuesOf(const Asked& asked) {
  FieldSet values;
  const size_t count = asked.in_force.category(asked.category).fields.size();
  for (uint16_t i = asked.field.value; i < count && IsValue(asked, {i}); ++i) values.set(i);
  return values;
}

ReasonSet CollectStageOne(const Asked& asked) {
  const Policy& f = asked.in_force;
  ReasonSet reasons = PolicyInForce(asked);
  bool known = asked.known_field();
  if (!asked.category.valid()) {
    reasons.Add(Reason::kUnknownCategory);
  } else if (!known || f.field(asked.category, asked.field).is_view()) {
    reasons.Add(Reason::kUndeclaredField);
    known = false;
  }
  if (!asked.source.valid()) {
    reasons.Add(Reason::kUnknownSource);
    known = false;
  } else if (f.source(asked.source).role == Role::kIndependent) {
    reasons.Add(Reason::kSourceIndependent);
    known = false;
  }
  if (!asked.notice.valid()) {
    reasons.Add(Reason::kUnknownNotice);
    known = false;
  }
  if (!asked.ours && !asked.controller.valid()) {
    reasons.Add(Reason::kOutsideInstructions);
    known = false;
  }
  if (!known) return reasons;
  const TermsIndexes terms = Proposed(asked);  // [24]
  const FieldSet values = ValuesOf(asked);
  if (AnyEffective(asked, values, terms) || AnyReport(asked, values, terms)) return reasons;
  const TermsIndexes ours{terms.notice, terms.source, {}};
  const bool for_us = AnyEffective(asked, values, ours);
  reasons.Add(!asked.ours && for_us ? Reason::kOutsideInstructions : Reason::kNotCollectedFor);
  return reasons;
}

ReasonSet CollectStageTwo(const Asked& asked, const Standing& standing, FieldSet& stored) {
  const FieldSet values = ValuesOf(asked);
  ReasonSet reasons;
  bool open = false;
  for (uint16_t i = asked.field.value; i < kValuesMax; ++i) {
    if (!values.test(i)) continue;
    const Use use = UseOf(asked, standing, {i}, reasons);
    open = open || use != Use::kClosed;
    if (use == Use::kKept) stored.set(i);
  }
  if (stored[asked.field.value]) stored = WithoutFedOnly(asked, values);  // [61]
  return open ? ReasonSet() : reasons;
}

}  // namespace bailee::policy
