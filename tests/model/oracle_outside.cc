// SPDX-License-Identifier: Apache-2.0
#include "model/oracle_outside.h"

#include "model/oracle_lookup.h"

namespace bailee::model {
namespace {

constexpr int64_t kDayMs = 24 * 60 * 60 * 1000;

// The disclose with this recipient, purpose and field, and this ground; "*": whatever ground.
const SmallDisclose* ListedIn(const SmallPolicy& policy, const SmallRequest& request,
                              const std::string& ground) {
  if (!IsLeaf(policy, request.purpose)) return nullptr;
  if (!KnowsField(policy, request.category, request.field)) return nullptr;
  if (!policy.recipients.contains(request.recipient)) return nullptr;
  for (const SmallDisclose& rule : policy.categories.at(request.category).discloses) {
    if (rule.recipient == request.recipient && rule.purpose == request.purpose &&
        rule.fields.contains(request.field) && (ground == "*" || ground == rule.ground)) {
      return &rule;
    }
  }
  return nullptr;
}

bool NoticeIsMissing(const SmallDisclose& rule, const SmallStanding& standing, Timestamp now) {
  bool shown = false;
  Timestamp first;
  for (const SmallEvent& notice : standing.notices) {
    if (notice.name != rule.notice || notice.at > now) continue;
    if (!shown || notice.at < first) first = notice.at;
    shown = true;
  }
  if (!shown) return true;
  const int64_t passed_ms = now.unix_ms - first.unix_ms;
  if (passed_ms < rule.wait_days * kDayMs) return true;
  return rule.until_days != 0 && passed_ms >= rule.until_days * kDayMs;
}

// choice(OPT_IN)
void RefuseWithoutYes(const Heard& heard, Reasons& reasons) {
  if (heard.noes.contains(SmallWord::kDeclined)) reasons.insert(Reason::kDeclined);
  if (heard.noes.contains(SmallWord::kObjected)) reasons.insert(Reason::kObjected);
  if (heard.noes.contains(SmallWord::kWithdrawn)) reasons.insert(Reason::kConsentWithdrawn);
  if (!heard.yes && heard.noes.empty()) reasons.insert(Reason::kConsentMissing);
}

bool IsThirdParty(const SmallPolicy& policy, const std::string& recipient) {
  return policy.recipients.contains(recipient) && policy.recipients.at(recipient) == "THIRD_PARTY";
}

}  // namespace

void RefuseDiscloseEarly(const SmallPolicy& F, const SmallRequest& request, bool case_given,
                         Reasons& reasons) {
  if (!F.recipients.contains(request.recipient)) {  // 70
    reasons.insert(Reason::kUnknownRecipient);
    return;
  }
  if (!KnowsField(F, request.category, request.field)) return;
  if (request.purpose != "rights" && !IsLeaf(F, request.purpose)) return;
  if (ListedIn(F, request, "*") == nullptr) {
    reasons.insert(Reason::kRecipientNotListed);  // 71
  } else if (ListedIn(F, request, request.ground) == nullptr) {
    reasons.insert(Reason::kGroundNotMet);  // 72
  } else if (!case_given &&                 // 73
             (request.ground == "LAW" || request.ground == "TERMS_OF_SERVICE" ||
              request.ground == "FRAUD_OR_SECURITY" || request.ground == "IMMINENT_HARM")) {
    reasons.insert(Reason::kCaseMissing);
  }
}

void RefuseDiscloseLate(const SmallPolicy& F, const SmallTerms* terms, bool agreed,
                        const SmallStanding& standing, const SmallRequest& request,
                        Reasons& reasons) {
  const SmallTerms* older = agreed ? nullptr : terms;
  if (older != nullptr) {  // 74
    if (ListedIn(*older->policy, request, "*") == nullptr) {
      reasons.insert(Reason::kRecipientNotListed);
    } else if (ListedIn(*older->policy, request, request.ground) == nullptr) {
      reasons.insert(Reason::kGroundNotMet);
    }
  }
  for (const SmallPolicy* X : {&F, older != nullptr ? older->policy : &F}) {  // 75
    const SmallDisclose* rule = ListedIn(*X, request, request.ground);
    if (rule != nullptr && rule->ground == "SUCCESSION" &&
        NoticeIsMissing(*rule, standing, request.now)) {
      reasons.insert(Reason::kNoticeMissing);
    }
  }
  const Cell cell{request.category, request.field, request.purpose};
  bool third = IsThirdParty(F, request.recipient);  // 77
  if (older != nullptr && IsThirdParty(*older->policy, request.recipient)) third = true;
  const bool email = F.categories.at(request.category).fields.at(request.field).kind == "EMAIL";
  if (request.ground == "CONSENT" || (third && email && request.ground != "LAW")) {  // 76
    RefuseWithoutYes(Hear(F, terms != nullptr ? terms->policy : nullptr, standing, cell,
                          terms != nullptr ? &terms->source : nullptr, request.on_behalf_of),
                     reasons);
  }
}

void RefuseContactEarly(const SmallPolicy& F, const SmallRequest& request, Reasons& reasons) {
  if (!IsLeaf(F, request.purpose)) {  // 80
    reasons.insert(Reason::kUnknownPurpose);
  } else if (request.purpose != "contact" && request.purpose.find("contact.") != 0) {  // 81
    reasons.insert(Reason::kNotCollectedFor);
  }
}

Reasons RefuseContactLate(const SmallPolicy& F, const SmallStanding& standing,
                          const SmallRequest& request) {
  Reasons reasons;
  SmallStanding heard;  // 82: a yes for one category is none, a no for one is one for all
  for (SmallChoice choice : standing.erased ? heard.choices : standing.choices) {
    if (choice.word == SmallWord::kGiven && !choice.category.empty()) continue;
    choice.category = "";
    heard.choices.push_back(choice);
  }
  RefuseWithoutYes(Hear(F, nullptr, heard, {"", "", request.purpose}, nullptr, ""), reasons);
  if (standing.restricted && !standing.erased) reasons.insert(Reason::kRestricted);  // 83
  if (!reasons.empty() && !F.purposes.at(request.purpose)) {                         // 84
    reasons = {Reason::kConsentMissing};
  }
  if (request.suppressed) reasons.insert(Reason::kContactSuppressed);  // 85
  return reasons;
}

}  // namespace bailee::model
