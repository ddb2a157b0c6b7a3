// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.h"
#include "policy/case_reference.h"
#include "policy/decide_internal.h"

namespace bailee::policy {
namespace {

// A datum seen from the policy in force: what it is held under, by name and by its numbers there.
struct Held {
  const Policy& collected;  // T
  const Datum& datum;
  std::string_view notice_name;
  std::string_view controller_name;
  SourceIndex source;  // in force
  NoticeIndex notice;  // in force
  bool source_open;    // in force, and data may be taken from it
  bool agreed;
};

Held LookUpHeld(const Asked& asked, const Datum& datum, const Standing& standing) {
  const Policy& f = asked.in_force;
  const Policy& t = *datum.policy;
  const auto& agreed = standing.agreed_versions;
  const std::string_view source =
      datum.terms.source.valid() ? std::string_view(t.source(datum.terms.source).id) : "";
  Held held{t, datum, "", "", f.FindSource(source), {}, false, false};
  if (datum.terms.notice.valid()) held.notice_name = t.notice(datum.terms.notice).id;
  if (datum.terms.controller.valid()) {
    held.controller_name = t.controller(datum.terms.controller).id;
  }
  held.notice = f.FindNotice(held.notice_name);
  held.source_open = held.source.valid() && f.source(held.source).role != Role::kIndependent;
  held.agreed = t.version() == f.version() ||
                std::find(agreed.begin(), agreed.end(), f.version()) != agreed.end();
  return held;
}

// The same purpose, category and field in the policy the datum was collected under.
struct Then {
  PurposeIndex purpose;
  CategoryIndex category;
  FieldIndex field;
  bool known() const { return purpose.valid() && field.valid(); }
};

Then LookUpThen(const Asked& asked, const Policy& t) {
  if (&t == &asked.in_force) return {asked.purpose, asked.category, asked.field};
  Then then;
  const PurposeIndex purpose = t.FindPurpose(asked.request.purpose);
  if (purpose.valid() && t.purpose(purpose).leaf) then.purpose = purpose;
  then.category = t.FindCategory(asked.request.category);
  if (then.category.valid()) then.field = t.FindField(then.category, asked.request.field);
  return then;
}

bool AllowedNow(const Asked& asked, const Held& held) {
  return asked.in_force.AllowedPurposes(asked.category, asked.field, held.source,
                                        asked.controller)[asked.purpose.value];
}

// [41] a
bool NowOk(const Asked& asked, const Held& held) {
  if (!AllowedNow(asked, held) || !held.source_open) return false;
  return held.notice.valid() && asked.in_force.notice(held.notice).purposes[asked.purpose.value];
}

// [41] b
bool ThenOk(const Asked& asked, const Held& held, const Then& then) {
  if (held.agreed) {
    const TermsIndexes now{held.notice, held.source, asked.controller};
    return asked.in_force.EffectivePurposes(asked.category, asked.field, now)[asked.purpose.value];
  }
  if (!then.known()) return false;
  const Policy& t = held.collected;
  if (!t.EffectivePurposes(then.category, then.field, held.datum.terms)[then.purpose.value]) {
    return false;
  }
  return asked.request.action != Action::kFind ||
         t.field(then.category, then.field).lookups[then.purpose.value];
}

// [41], the consent route
bool Consented(const Asked& asked, const Held& held, const Said& said) {
  return said.yes && held.source_open && AllowedNow(asked, held);
}

// [43]
bool JudgedByThen(const Held& held, const Then& then) {
  if (held.agreed || !then.known()) return false;
  const TermsIndexes& terms = held.datum.terms;
  return held.collected.AllowedPurposes(then.category, then.field, terms.source,
                                        terms.controller)[then.purpose.value];
}

// [42]: what one policy has to say about data it lets the purpose use.
void Judge(const Asked& asked, const Policy& policy, const Then& names, SourceIndex source,
           const Datum& datum, const Standing& standing, const Said& said, ReasonSet& reasons) {
  const AllowRule* rule = policy.FindAllow(names.category, names.field, names.purpose, source);
  BAILEE_CHECK(rule != nullptr);
  reasons.Add(ChoiceReasons(said, rule->basis));
  if (rule->basis == Basis::kCase && !IsCaseReference(asked.request.case_reference)) {
    reasons.Add(Reason::kCaseMissing);
  }
  if (Ended(policy, names.category, names.purpose, standing, datum.collected_at,
            asked.request.now)) {
    reasons.Add(Reason::kPastRetention);
  }
}

// [44]
void OutsideTerms(const Asked& asked, const Held& held, const Said& said, ReasonSet& reasons) {
  reasons.Add(Reason::kNotCollectedFor);
  if (!held.source_open || !AllowedNow(asked, held)) return;
  const auto notices = asked.in_force.notices();
  const bool can_be_asked =
      std::any_of(notices.begin(), notices.end(), [&](const NoticeInfo& notice) {
        return notice.purposes[asked.purpose.value] && Takes(notice, held.source);
      });
  if (!can_be_asked) return;
  reasons.Add(said.noes);
  if (said.noes.empty()) reasons.Add(Reason::kConsentMissing);
}

// [41] to [44]
void Route(const Asked& asked, const Held& held, const Standing& standing, ReasonSet& reasons) {
  const Then now{asked.purpose, asked.category, asked.field};
  const Then then = LookUpThen(asked, held.collected);
  const Said said = WhatWasSaid(
      asked.in_force, asked.request.versions, standing,
      {asked.purpose, asked.category, asked.field, held.source, asked.request.on_behalf_of});
  const bool by_terms = NowOk(asked, held) && ThenOk(asked, held, then);
  if (!by_terms && !Consented(asked, held, said)) {
    OutsideTerms(asked, held, said, reasons);
    return;
  }
  Judge(asked, asked.in_force, now, held.source, held.datum, standing, said, reasons);
  if (!JudgedByThen(held, then)) return;
  Judge(asked, held.collected, then, held.datum.terms.source, held.datum, standing, said, reasons);
}

// [50]
ReasonSet WithoutDatum(const Asked& asked, const Standing& standing) {
  ReasonSet reasons;
  if (standing.restricted) reasons.Add(Reason::kRestricted);
  Basis strictest = Basis::kCase;
  for (const AllowRule& rule : asked.in_force.category(asked.category).allows) {
    if (!rule.purposes[asked.purpose.value] || !rule.fields[asked.field.value]) continue;
    if (rule.basis == Basis::kCase) continue;
    strictest = strictest == Basis::kCase ? rule.basis : std::max(strictest, rule.basis);
  }
  const Said said = WhatWasSaid(asked.in_force, asked.request.versions, standing,
                                {asked.purpose, asked.category, asked.field, {}});
  reasons.Add(ChoiceReasons(said, strictest));
  return reasons;
}

}  // namespace

bool OnHold(const Standing& standing, std::string_view category) {
  return std::any_of(standing.holds.begin(), standing.holds.end(), [&](const Hold& hold) {
    return hold.category.empty() || hold.category == category;
  });
}

ReasonSet ReadStageTwo(const Asked& asked, const Datum* datum, const Standing& standing) {
  const bool pending = asked.request.wrap == WrapState::kPending;
  const bool discloses = asked.request.action == Action::kDisclose;
  ReasonSet reasons;
  if (datum == nullptr) {
    if (!asked.rights) {
      reasons = WithoutDatum(asked, standing);
      if (discloses) reasons.Add(DiscloseStageTwo(asked, nullptr, std::nullopt, standing));
      return reasons;
    }
    if (pending) reasons.Add(Reason::kWrapPending);
    return reasons;
  }
  const Held held = LookUpHeld(asked, *datum, standing);
  if (held.controller_name != asked.request.on_behalf_of) {  // [31], [40]; stage one knows it
    reasons.Add(Reason::kOutsideInstructions);
  }
  if (!asked.rights) {
    Route(asked, held, standing, reasons);
    if (standing.restricted) reasons.Add(Reason::kRestricted);  // [45]
    if (standing.erasure_waits ||
        (reasons.Has(Reason::kPastRetention) && OnHold(standing, asked.request.category))) {
      reasons.Add(Reason::kHeld);  // [46]
    }
    if (discloses) {
      reasons.Add(DiscloseStageTwo(asked, held.agreed ? nullptr : datum, held.source, standing));
    }
  }
  if (pending && reasons.empty()) reasons.Add(Reason::kWrapPending);  // [32], [47]
  return reasons;
}

}  // namespace bailee::policy
