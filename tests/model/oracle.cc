// SPDX-License-Identifier: Apache-2.0
#include "model/oracle.h"

#include "model/oracle_lookup.h"
#include "model/oracle_outside.h"

namespace bailee::model {
namespace {

bool CaseGiven(const SmallRequest& request) {
  const std::string& text = request.case_reference;
  const std::string allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
  return !text.empty() && text.size() <= 64 && text.find_first_not_of(allowed) == text.npos;
}

bool IsPassword(const SmallPolicy& policy, const Cell& cell) {
  return policy.categories.at(cell.category).fields.at(cell.field).kind == "PASSWORD";
}

bool LookedUp(const SmallPolicy& policy, const Cell& cell) {
  return Covers(policy, policy.categories.at(cell.category).fields.at(cell.field).lookups,
                cell.purpose);
}

// Nobody reads the field, whatever the purpose, but a report uses it.
bool ReportOnly(const SmallPolicy& F, const Cell& cell) {
  bool any_report = false;
  for (const auto& [id, may_know] : F.purposes) {
    if (!IsLeaf(F, id)) continue;
    const Cell other{cell.category, cell.field, id};
    if (Reader(F, other)) return false;
    if (Reported(F, other)) any_report = true;
  }
  return any_report;
}

// Rules 8 to 11: what an ordinary purpose may ever do with a field.
void RefuseByDeclaration(const SmallPolicy& F, const SmallRequest& request, const Cell& cell,
                         Reasons& reasons) {
  const bool reader = Reader(F, cell);
  const bool password = IsPassword(F, cell);
  // 8
  const bool reads =
      request.action == SmallAction::kRead || request.action == SmallAction::kDisclose;
  if (!reader || (reads && password) ||
      (request.action == SmallAction::kVerifyPassword && !password) ||
      (request.action == SmallAction::kFind && !LookedUp(F, cell))) {
    reasons.insert(Reason::kNotCollectedFor);
  }
  // 9
  if (!reader && (Reported(F, cell) || ReportOnly(F, cell))) {
    reasons.insert(Reason::kIndividualReadOfReportData);
  }
  // 10
  if (!request.on_behalf_of.empty() && F.controllers.contains(request.on_behalf_of) && reader &&
      !Instructed(F, cell, request.on_behalf_of)) {
    reasons.insert(Reason::kOutsideInstructions);
  }
  // 11
  bool any = false;
  bool all_case = true;
  for (const SmallAllow& allow : F.categories.at(cell.category).allows) {
    if (!Covers(F, allow.purposes, cell.purpose)) continue;
    if (!allow.fields.empty() && !allow.fields.contains(cell.field)) continue;
    any = true;
    if (allow.basis != SmallBasis::kCase) all_case = false;
  }
  if (any && all_case && !CaseGiven(request)) reasons.insert(Reason::kCaseMissing);
}

// Rules 2 to 11.
void RefuseUseEarly(const SmallPolicy& F, const SmallRequest& request, Reasons& reasons) {
  const Cell cell{request.category, request.field, request.purpose};
  const bool rights = request.purpose == "rights";
  const bool purpose_known = rights || IsLeaf(F, request.purpose);
  if (!purpose_known) reasons.insert(Reason::kUnknownPurpose);                         // 2
  if (!KnowsCategory(F, cell.category)) reasons.insert(Reason::kUnknownCategory);      // 3
  if (KnowsCategory(F, cell.category) && !KnowsField(F, cell.category, cell.field)) {  // 4
    reasons.insert(Reason::kUnknownField);
  }
  if (!request.purpose_key_held) reasons.insert(Reason::kPurposeKeyMissing);  // 5
  if (!KnowsController(F, request.on_behalf_of)) {                            // 6
    reasons.insert(Reason::kOutsideInstructions);
  }
  if (!KnowsField(F, cell.category, cell.field) || !purpose_known) return;
  if (rights) {
    if (request.action != SmallAction::kRead || IsPassword(F, cell)) {  // 7
      reasons.insert(Reason::kNotCollectedFor);
    }
  } else {
    RefuseByDeclaration(F, request, cell, reasons);
  }
}

// The purposes a new value would serve: its E (readers) and R (reports) of rule 24.
struct Served {
  Names readers;
  Names reports;
};
Served ServedBy(const SmallPolicy& F, const SmallRequest& request, const std::string& value,
                const std::string& controller) {
  const Under under{request.notice, request.source, controller};
  Served served;
  for (const auto& [id, may_know] : F.purposes) {
    if (!IsLeaf(F, id)) continue;
    const Cell cell{request.category, value, id};
    if (Effective(F, cell, under)) served.readers.insert(id);
    if (EffectiveReport(F, cell, under)) served.reports.insert(id);
  }
  return served;
}

// Rules 20 to 24.
void RefuseCollectEarly(const SmallPolicy& F, const SmallRequest& request, Reasons& reasons) {
  const bool category = KnowsCategory(F, request.category);
  const bool field = KnowsField(F, request.category, request.field) &&
                     F.categories.at(request.category).fields.at(request.field).transform.empty();
  const bool source = F.sources.contains(request.source);
  const bool notice = F.notices.contains(request.notice);
  const bool controller = KnowsController(F, request.on_behalf_of);
  if (!category) reasons.insert(Reason::kUnknownCategory);  // 20
  if (category && !field) reasons.insert(Reason::kUndeclaredField);
  if (!source) reasons.insert(Reason::kUnknownSource);  // 21
  if (source && !GoodSource(F, request.source)) reasons.insert(Reason::kSourceIndependent);
  if (!notice) reasons.insert(Reason::kUnknownNotice);            // 22
  if (!controller) reasons.insert(Reason::kOutsideInstructions);  // 23
  if (!category || !field || !notice || !controller || !GoodSource(F, request.source)) return;
  bool for_us = false;  // 24
  for (const std::string& value : ValuesOf(F, request.category, request.field)) {
    const Served served = ServedBy(F, request, value, request.on_behalf_of);
    if (!served.readers.empty() || !served.reports.empty()) return;
    if (!ServedBy(F, request, value, "").readers.empty()) for_us = true;
  }
  if (!request.on_behalf_of.empty() && for_us) {
    reasons.insert(Reason::kOutsideInstructions);
  } else {
    reasons.insert(Reason::kNotCollectedFor);
  }
}

// `choice(basis)` of the rules.
void RefuseByChoice(SmallBasis basis, const Heard& heard, Reasons& reasons) {
  if (basis == SmallBasis::kCase) return;
  if (heard.noes.contains(SmallWord::kDeclined)) reasons.insert(Reason::kDeclined);
  if (basis == SmallBasis::kNecessary) return;
  if (heard.noes.contains(SmallWord::kObjected)) reasons.insert(Reason::kObjected);
  if (heard.noes.contains(SmallWord::kWithdrawn)) reasons.insert(Reason::kConsentWithdrawn);
  if (basis == SmallBasis::kOptIn && !heard.yes && heard.noes.empty()) {
    reasons.insert(Reason::kConsentMissing);
  }
}

// One judge of rule 42.
void Judge(const SmallPolicy& judge, const Cell& cell, const SmallTerms& terms,
           const SmallStanding& standing, const SmallRequest& request, const Heard& heard,
           Reasons& reasons) {
  const SmallAllow* allow = AllowOf(judge, cell, terms.source);
  RefuseByChoice(allow->basis, heard, reasons);
  if (allow->basis == SmallBasis::kCase && !CaseGiven(request)) {
    reasons.insert(Reason::kCaseMissing);
  }
  if (Ended(judge, cell, standing, terms.collected_at, request.now)) {
    reasons.insert(Reason::kPastRetention);
  }
}

bool Agreed(const SmallPolicy& F, const SmallTerms& terms, const SmallStanding& standing) {
  return terms.policy->version == F.version || standing.agreed_versions.contains(F.version);
}

bool TermsRoute(const SmallPolicy& F, const SmallTerms& terms, const SmallStanding& standing,
                const SmallRequest& request, const Cell& cell) {
  const std::string& k = request.on_behalf_of;
  if (!Allowed(F, cell, terms.source, k) || !GoodSource(F, terms.source)) return false;  // 41a
  if (!Shows(F, terms.notice, cell.purpose, nullptr)) return false;
  if (Agreed(F, terms, standing)) {  // 41b
    return Effective(F, cell, {terms.notice, terms.source, k});
  }
  const SmallPolicy& T = *terms.policy;
  if (!KnowsField(T, cell.category, cell.field) || !IsLeaf(T, cell.purpose)) return false;
  if (!Effective(T, cell, {terms.notice, terms.source, terms.controller})) return false;
  return request.action != SmallAction::kFind || LookedUp(T, cell);
}

bool ConsentRoute(const SmallPolicy& F, const SmallTerms& terms, const SmallRequest& request,
                  const Cell& cell, const Heard& heard) {
  return heard.yes && heard.noes.empty() && Allowed(F, cell, terms.source, request.on_behalf_of) &&
         GoodSource(F, terms.source);
}

// Rule 43: the policy of the datum judges too.
bool ThenJudges(const SmallPolicy& F, const SmallTerms& terms, const SmallStanding& standing,
                const Cell& cell) {
  if (Agreed(F, terms, standing)) return false;
  const SmallPolicy& T = *terms.policy;
  return KnowsField(T, cell.category, cell.field) && IsLeaf(T, cell.purpose) &&
         Allowed(T, cell, terms.source, terms.controller);
}

// Rule 44.
void RefuseNoRoute(const SmallPolicy& F, const SmallTerms& terms, const SmallRequest& request,
                   const Cell& cell, const Heard& heard, Reasons& reasons) {
  reasons.insert(Reason::kNotCollectedFor);
  if (!Allowed(F, cell, terms.source, request.on_behalf_of)) return;
  if (!GoodSource(F, terms.source)) return;
  bool shown = false;
  for (const auto& [id, notice] : F.notices) {
    if (Shows(F, id, cell.purpose, &terms.source)) shown = true;
  }
  if (!shown) return;
  if (heard.noes.empty()) {
    reasons.insert(Reason::kConsentMissing);
  } else {
    RefuseByChoice(SmallBasis::kOptIn, heard, reasons);
  }
}

// Rules 40 to 47.
Reasons RefuseDatum(const SmallPolicy& F, const SmallTerms& terms, const SmallStanding& standing,
                    const SmallRequest& request, const Cell& cell) {
  Reasons reasons;
  if (terms.controller != request.on_behalf_of || !KnowsController(F, terms.controller)) {  // 40
    reasons.insert(Reason::kOutsideInstructions);
  }
  const Heard heard = Hear(F, terms.policy, standing, cell, &terms.source, request.on_behalf_of);
  if (TermsRoute(F, terms, standing, request, cell) ||
      ConsentRoute(F, terms, request, cell, heard)) {  // 42
    Judge(F, cell, terms, standing, request, heard, reasons);
    if (ThenJudges(F, terms, standing, cell)) {  // 43
      Judge(*terms.policy, cell, terms, standing, request, heard, reasons);
    }
  } else {
    RefuseNoRoute(F, terms, request, cell, heard, reasons);  // 44
  }
  if (standing.restricted) reasons.insert(Reason::kRestricted);  // 45
  bool hold = false;                                             // 46
  for (const std::string& held : standing.held_categories) {
    if (held.empty() || held == cell.category) hold = true;
  }
  if (standing.erasure_waits || (hold && reasons.contains(Reason::kPastRetention))) {
    reasons.insert(Reason::kHeld);
  }
  if (request.action == SmallAction::kDisclose) {
    RefuseDiscloseLate(F, &terms, Agreed(F, terms, standing), standing, request, reasons);
  }
  if (request.wrap_pending && reasons.empty()) reasons.insert(Reason::kWrapPending);  // 47
  return reasons;
}

// Rule 50.
Reasons RefuseAbsent(const SmallPolicy& F, const SmallStanding& standing,
                     const SmallRequest& request, const Cell& cell) {
  Reasons reasons;
  const SmallAllow* strictest = nullptr;
  for (const SmallAllow& allow : F.categories.at(cell.category).allows) {
    if (allow.basis == SmallBasis::kCase || !Covers(F, allow.purposes, cell.purpose)) continue;
    if (!allow.fields.empty() && !allow.fields.contains(cell.field)) continue;
    if (strictest == nullptr || allow.basis > strictest->basis) strictest = &allow;
  }
  if (strictest != nullptr) {
    RefuseByChoice(strictest->basis,
                   Hear(F, nullptr, standing, cell, nullptr, request.on_behalf_of), reasons);
  }
  if (standing.restricted) reasons.insert(Reason::kRestricted);
  if (request.action == SmallAction::kDisclose) {
    RefuseDiscloseLate(F, nullptr, false, standing, request, reasons);
  }
  return reasons;
}

// Rule 60 for one value: whether some purpose may use it, also as it is held, and otherwise what
// stops each.
struct Uses {
  bool open = false;
  bool kept = false;
  Reasons reasons;
};
Uses UsesOf(const SmallPolicy& F, const SmallStanding& standing, const SmallRequest& request,
            const std::string& value) {
  Uses uses;
  const Served served = ServedBy(F, request, value, request.on_behalf_of);
  for (const bool report : {false, true}) {
    for (const std::string& q : report ? served.reports : served.readers) {
      const Cell cell{request.category, value, q};
      Reasons reasons;
      if (!report) {
        const Heard heard = Hear(F, nullptr, standing, cell, &request.source, request.on_behalf_of);
        RefuseByChoice(AllowOf(F, cell, request.source)->basis, heard, reasons);
      }
      if (Ended(F, cell, standing, request.collected_at, request.now)) {
        reasons.insert(Reason::kPastRetention);
      }
      if (reasons.empty()) {
        uses.open = true;
        if (!report || ReportedFromHeld(F, cell)) uses.kept = true;
      }
      uses.reasons.insert(reasons.begin(), reasons.end());
    }
  }
  return uses;
}

// Only reports that are fed while collecting have any use for the value, whatever the notice.
bool OnlyFed(const SmallPolicy& F, const std::string& category, const std::string& value) {
  bool fed = false;
  for (const auto& [id, may_know] : F.purposes) {
    const Cell cell{category, value, id};
    if (!IsLeaf(F, id)) continue;
    if (Reader(F, cell) || ReportedFromHeld(F, cell)) return false;
    if (Reported(F, cell)) fed = true;
  }
  return fed;
}

// Rules 60 and 61.
OracleAnswer AnswerCollect(const SmallPolicy& F, const SmallStanding& standing,
                           const SmallRequest& request) {
  OracleAnswer answer;
  const Names values = ValuesOf(F, request.category, request.field);
  bool open = false;
  for (const std::string& value : values) {
    const Uses uses = UsesOf(F, standing, request, value);
    if (uses.open) open = true;
    if (uses.kept) answer.stored.insert(value);
    answer.reasons.insert(uses.reasons.begin(), uses.reasons.end());
  }
  if (open) answer.reasons.clear();
  if (!answer.stored.contains(request.field)) return answer;
  for (const std::string& value : values) {
    if (!OnlyFed(F, request.category, value)) answer.stored.insert(value);
  }
  return answer;
}

}  // namespace

OracleAnswer OracleStageOne(const SmallPolicy& in_force, const SmallRequest& request) {
  OracleAnswer answer;
  if (request.now < in_force.effective ||  // 1
      (request.policy_version != 0 && request.policy_version != in_force.version)) {
    answer.reasons.insert(Reason::kPolicyNotInForce);
  }
  if (request.action == SmallAction::kCollect) {
    RefuseCollectEarly(in_force, request, answer.reasons);
  } else if (request.action == SmallAction::kContact) {
    RefuseContactEarly(in_force, request, answer.reasons);
  } else {
    RefuseUseEarly(in_force, request, answer.reasons);
  }
  if (request.action == SmallAction::kDisclose) {
    RefuseDiscloseEarly(in_force, request, CaseGiven(request), answer.reasons);
  }
  return answer;
}

OracleAnswer OracleDecide(const SmallPolicy& in_force, const SmallTerms* terms,
                          const SmallStanding& standing, const SmallRequest& request) {
  OracleAnswer answer = OracleStageOne(in_force, request);
  if (!answer.reasons.empty()) return answer;
  if (request.action == SmallAction::kContact) {
    return {RefuseContactLate(in_force, standing, request), true};
  }
  const bool collect = request.action == SmallAction::kCollect;
  const bool rights = !collect && request.purpose == "rights";
  const Cell cell{request.category, request.field, request.purpose};
  if (standing.erased && (rights || collect)) return {{Reason::kSubjectErased}, rights};  // 30
  if (standing.erased) {
    const Reasons unknown = RefuseAbsent(in_force, SmallStanding{}, request, cell);
    if (unknown.empty()) return {{Reason::kSubjectErased}, false};
    return {unknown, in_force.purposes.at(request.purpose)};
  }
  if (collect) return AnswerCollect(in_force, standing, request);
  if (rights) {
    if (terms != nullptr && terms->controller != request.on_behalf_of) {  // 31
      answer.reasons.insert(Reason::kOutsideInstructions);
    } else if (request.wrap_pending) {  // 32
      answer.reasons.insert(Reason::kWrapPending);
    }
    return answer;
  }
  answer.reasons = terms != nullptr ? RefuseDatum(in_force, *terms, standing, request, cell)
                                    : RefuseAbsent(in_force, standing, request, cell);
  answer.visible = answer.reasons.empty() || in_force.purposes.at(request.purpose);
  return answer;
}

Reason OraclePrimary(const Reasons& reasons) {
  for (const Reason reason : {Reason::kPolicyNotInForce,
                              Reason::kUnknownPurpose,
                              Reason::kUnknownCategory,
                              Reason::kUnknownField,
                              Reason::kUndeclaredField,
                              Reason::kUnknownSource,
                              Reason::kUnknownNotice,
                              Reason::kSourceIndependent,
                              Reason::kUnknownRecipient,
                              Reason::kSubjectErased,
                              Reason::kIndividualReadOfReportData,
                              Reason::kNotCollectedFor,
                              Reason::kOutsideInstructions,
                              Reason::kRecipientNotListed,
                              Reason::kGroundNotMet,
                              Reason::kContactSuppressed,
                              Reason::kDeclined,
                              Reason::kObjected,
                              Reason::kConsentWithdrawn,
                              Reason::kConsentMissing,
                              Reason::kNoticeMissing,
                              Reason::kCaseMissing,
                              Reason::kRestricted,
                              Reason::kPastRetention,
                              Reason::kHeld,
                              Reason::kPurposeKeyMissing,
                              Reason::kWrapPending}) {
    if (reasons.contains(reason)) return reason;
  }
  return *reasons.begin();
}

}  // namespace bailee::model
