// SPDX-License-Identifier: Apache-2.0
#include "policy/decide_internal.h"

namespace bailee::policy {
namespace {

TermsIndexes Proposed(const Asked& asked) { return {asked.notice, asked.source, asked.controller}; }

}  // namespace

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
  if (f.EffectivePurposes(asked.category, asked.field, terms).any()) return reasons;
  if (f.ReportPurposes(asked.category, asked.field, terms).any()) return reasons;
  const TermsIndexes ours{terms.notice, terms.source, {}};
  const bool for_us = f.EffectivePurposes(asked.category, asked.field, ours).any();
  reasons.Add(!asked.ours && for_us ? Reason::kOutsideInstructions : Reason::kNotCollectedFor);
  return reasons;
}

ReasonSet CollectStageTwo(const Asked& asked, const Standing& standing) {
  const Policy& f = asked.in_force;
  const TermsIndexes terms = Proposed(asked);
  const PurposeSet effective = f.EffectivePurposes(asked.category, asked.field, terms);
  const PurposeSet reports = f.ReportPurposes(asked.category, asked.field, terms);
  ReasonSet reasons;
  for (uint16_t i = 0; i < f.purposes().size(); ++i) {
    if (!effective[i] && !reports[i]) continue;
    const PurposeIndex purpose{i};
    ReasonSet late;
    if (Ended(f, asked.category, purpose, standing, asked.request.collected_at,
              asked.request.now)) {
      late.Add(Reason::kPastRetention);
    }
    if (reports[i] && late.empty()) return {};
    reasons.Add(late);
    if (!effective[i]) continue;
    const AllowRule* rule = f.FindAllow(asked.category, asked.field, purpose, asked.source);
    const Said said = WhatWasSaid(f, standing, purpose, asked.request.category, asked.source);
    const ReasonSet choice = ChoiceReasons(said, rule->basis);
    if (choice.empty() && late.empty()) return {};
    reasons.Add(choice);
  }
  return reasons;
}

}  // namespace bailee::policy
