// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "policy/case_reference.h"
#include "policy/decide_internal.h"

namespace bailee::policy {
namespace {

// What a request names, in the numbers of one policy.
struct DisclosureNames {
  const Policy& policy;
  RecipientIndex recipient;
  PurposeIndex purpose;
  CategoryIndex category;
  FieldIndex field;
};

DisclosureNames NamesNow(const Asked& asked) {
  return {asked.in_force, asked.recipient, asked.purpose, asked.category, asked.field};
}

DisclosureNames NamesThen(const Asked& asked, const Policy& then) {
  const Request& request = asked.request;
  DisclosureNames names{then,
                        then.FindRecipient(request.recipient),
                        then.FindPurpose(request.purpose),
                        then.FindCategory(request.category),
                        {}};
  if (names.category.valid()) names.field = then.FindField(names.category, request.field);
  return names;
}

// Whether the field may leave to the recipient for the purpose, on any ground or on this one.
struct Listed {
  bool any = false;
  const DiscloseRule* rule = nullptr;  // on the ground that is asked for
};

Listed Find(const DisclosureNames& names, std::optional<Ground> ground) {
  Listed listed;
  if (!names.category.valid()) return listed;
  for (const DiscloseRule& rule : names.policy.category(names.category).discloses) {
    if (rule.recipient != names.recipient || rule.purpose != names.purpose) continue;
    const auto& fields = rule.fields;
    if (std::find(fields.begin(), fields.end(), names.field) == fields.end()) continue;
    listed.any = true;
    if (ground && rule.ground == *ground) listed.rule = &rule;
  }
  return listed;
}

// [71], [72], [74]
void NotListed(const Listed& listed, ReasonSet& reasons) {
  if (!listed.any) {
    reasons.Add(Reason::kRecipientNotListed);
  } else if (listed.rule == nullptr) {
    reasons.Add(Reason::kGroundNotMet);
  }
}

bool GroundNeedsCase(Ground ground) {
  return ground == Ground::kLaw || ground == Ground::kTermsOfService ||
         ground == Ground::kFraudOrSecurity || ground == Ground::kImminentHarm;
}

Timestamp DaysAfter(Timestamp start, int32_t days) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const int64_t span_ms = int64_t{days} * kMillisPerDay;
  return {start.unix_ms > kMax - span_ms ? kMax : start.unix_ms + span_ms};
}

// [75]
bool Announced(const Policy& policy, const DiscloseRule& rule, const Standing& standing,
               Timestamp now) {
  const std::string& notice = policy.notice(rule.notice).id;
  std::optional<Timestamp> shown;  // in the future: then the wait is not over either
  for (const NoticeShown& each : standing.notices) {
    if (each.notice != notice) continue;
    if (!shown || each.at < *shown) shown = each.at;
  }
  if (!shown || now < DaysAfter(*shown, rule.wait_days)) return false;
  return rule.until_days == 0 || now < DaysAfter(*shown, rule.until_days);
}

bool IsThirdParty(const DisclosureNames& names) {
  return names.recipient.valid() &&
         names.policy.recipients()[names.recipient.value].role == RecipientRole::kThirdParty;
}

}  // namespace

ReasonSet DiscloseStageOne(const Asked& asked) {
  ReasonSet reasons;
  if (!asked.recipient.valid()) reasons.Add(Reason::kUnknownRecipient);
  const bool purpose_known = asked.purpose.valid() || asked.rights;
  if (!asked.recipient.valid() || !asked.known_field() || !purpose_known) return reasons;
  const Listed listed = Find(NamesNow(asked), asked.ground);
  NotListed(listed, reasons);
  if (listed.rule != nullptr && GroundNeedsCase(listed.rule->ground) &&
      !IsCaseReference(asked.request.case_reference)) {
    reasons.Add(Reason::kCaseMissing);
  }
  return reasons;
}

ReasonSet DiscloseStageTwo(const Asked& asked, const Datum* older,
                           std::optional<SourceIndex> source, const Standing& standing) {
  ReasonSet reasons;
  const auto judge = [&](const DisclosureNames& names) {
    const Listed listed = Find(names, asked.ground);
    NotListed(listed, reasons);
    if (listed.rule != nullptr && listed.rule->ground == Ground::kSuccession &&
        !Announced(names.policy, *listed.rule, standing, asked.request.now)) {
      reasons.Add(Reason::kNoticeMissing);
    }
    return IsThirdParty(names);
  };
  bool third_party = judge(NamesNow(asked));
  if (older != nullptr && judge(NamesThen(asked, *older->policy))) third_party = true;

  const FieldInfo& field = asked.in_force.field(asked.category, asked.field);
  const bool sold = third_party && field.kind == Kind::kEmail && asked.ground != Ground::kLaw;
  if (sold || asked.ground == Ground::kConsent) {  // [76], [77]
    const Said said = WhatWasSaid(
        asked.in_force, asked.request.versions, standing,
        {asked.purpose, asked.category, asked.field, source, asked.request.on_behalf_of});
    reasons.Add(ChoiceReasons(said, Basis::kOptIn));
  }
  return reasons;
}

}  // namespace bailee::policy
