// SPDX-License-Identifier: Apache-2.0
#include "policy/decide_internal.h"

namespace bailee::policy {
namespace {

bool IsContact(std::string_view purpose) {
  return purpose == "contact" || purpose.starts_with("contact.");
}

}  // namespace

ReasonSet ContactStageOne(const Asked& asked) {
  ReasonSet reasons = PolicyInForce(asked);
  if (!asked.purpose.valid()) {
    reasons.Add(Reason::kUnknownPurpose);
  } else if (!IsContact(asked.request.purpose)) {
    reasons.Add(Reason::kNotCollectedFor);
  }
  return reasons;
}

ReasonSet ContactStageTwo(const Asked& asked, const Standing& standing) {
  const Standing nobody;
  const Standing& known = standing.erased ? nobody : standing;
  const Said said =
      WhatWasSaid(asked.in_force, asked.request.versions, known, {asked.purpose, {}, {}, {}});
  ReasonSet reasons = ChoiceReasons(said, Basis::kOptIn);
  if (known.restricted) reasons.Add(Reason::kRestricted);
  if (!reasons.empty() && !asked.in_force.purpose(asked.purpose).may_know_existence) {  // [84]
    reasons = ReasonSet();
    reasons.Add(Reason::kConsentMissing);
  }
  if (asked.request.suppressed) reasons.Add(Reason::kContactSuppressed);
  return reasons;
}

}  // namespace bailee::policy
