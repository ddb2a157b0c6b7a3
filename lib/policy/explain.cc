// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/suggest.h"
#include "policy/decide_internal.h"

// What a refusal says beside its reasons. Only names the policy declares are ever repeated: what
// the caller sent may be personal data in the wrong place.
namespace bailee::policy {
namespace {

// The allow that gives the purpose most of the category, to say what it may do instead.
const AllowRule* RuleFor(const Asked& asked) {
  if (!asked.category.valid() || !asked.purpose.valid()) return nullptr;
  const AllowRule* nearest = nullptr;
  for (const AllowRule& rule : asked.in_force.category(asked.category).allows) {
    if (!rule.purposes[asked.purpose.value]) continue;
    if (asked.field.valid() && rule.fields[asked.field.value]) return &rule;
    if (nearest == nullptr) nearest = &rule;
  }
  return nearest;
}

// A form of the field that the purpose may read.
std::string ReadableForm(const Asked& asked) {
  if (!asked.known_field() || !asked.purpose.valid()) return {};
  const CategoryInfo& category = asked.in_force.category(asked.category);
  const FieldInfo& field = category.fields[asked.field.value];
  const FieldIndex base = field.is_view() ? field.view_of : asked.field;
  for (const FieldInfo& other : category.fields) {
    // Not what was asked for: that it may be read in general is of no help to whoever may not here.
    if (&other != &field && other.view_of == base && other.readers[asked.purpose.value]) {
      return "ask for " + other.name;
    }
  }
  return {};
}

std::string NoticeToShow(const Asked& asked) {
  for (const NoticeInfo& notice : asked.in_force.notices()) {
    const bool lists = asked.purpose.valid() && notice.purposes[asked.purpose.value];
    if (lists) return "show notice " + notice.id;
  }
  return {};
}

// For collecting: the notice for the first purpose that waits for consent.
std::string NoticeToCollect(const Asked& asked) {
  const FieldSet values = ValuesOf(asked);
  for (const AllowRule& rule : asked.in_force.category(asked.category).allows) {
    if (rule.basis != Basis::kOptIn || (rule.fields & values).none()) continue;
    for (const NoticeInfo& notice : asked.in_force.notices()) {
      if ((notice.purposes & rule.purposes).any()) return "show notice " + notice.id;
    }
  }
  return {};
}

template <typename Infos>
std::string Near(std::string_view name, const Infos& infos, auto id_of) {
  std::vector<std::string_view> names;
  names.reserve(infos.size());
  for (const auto& info : infos) names.push_back(id_of(info));
  const std::string near = Nearest(name, names);
  return near.empty() ? near : "did you mean " + near;
}

std::string OfferNotCollectedFor(const Asked& asked) {
  if (asked.known_field() && asked.request.action == Action::kRead &&
      asked.in_force.field(asked.category, asked.field).kind == Kind::kPassword) {
    return "a password is never readable: use VerifyPassword";
  }
  return ReadableForm(asked);
}

// The disclose rules for the recipient, purpose and field of a request.
template <typename Use>
void EachListed(const Asked& asked, Use&& use) {
  if (!asked.known_field() || !asked.recipient.valid()) return;
  for (const DiscloseRule& rule : asked.in_force.category(asked.category).discloses) {
    const auto& fields = rule.fields;
    const bool field = std::find(fields.begin(), fields.end(), asked.field) != fields.end();
    if (field && rule.recipient == asked.recipient && rule.purpose == asked.purpose) use(rule);
  }
}

std::string GroundsListed(const Asked& asked) {
  std::string grounds;
  EachListed(asked, [&](const DiscloseRule& rule) {
    grounds +=
        (grounds.empty() ? "name the ground " : " or ") + std::string(GroundWord(rule.ground));
  });
  return grounds;
}

std::string NoticeOfSuccession(const Asked& asked) {
  std::string offer;
  EachListed(asked, [&](const DiscloseRule& rule) {
    if (!rule.notice.valid()) return;
    offer = "show notice " + asked.in_force.notice(rule.notice).id;
    if (rule.wait_days > 0) offer += ", then wait " + std::to_string(rule.wait_days) + " days";
  });
  return offer;
}

std::string OfferFor(const Asked& asked, Reason primary) {
  const Policy& f = asked.in_force;
  const auto id = [](const auto& info) -> std::string_view { return info.id; };
  switch (primary) {
    case Reason::kUnknownPurpose:
      if (const PurposeIndex inner = f.FindPurpose(asked.request.purpose); inner.valid()) {
        return "only leaves are acted for: name a purpose below " + f.purpose(inner).id;
      }
      return Near(asked.request.purpose, f.purposes(), id);
    case Reason::kUnknownCategory:
      return Near(asked.request.category, f.categories(), id);
    case Reason::kUnknownField:
    case Reason::kUndeclaredField:
      return Near(asked.request.field, f.category(asked.category).fields,
                  [](const FieldInfo& field) -> std::string_view { return field.name; });
    case Reason::kUnknownSource:
      return Near(asked.request.source, f.sources(), id);
    case Reason::kUnknownNotice:
      return Near(asked.request.notice, f.notices(), id);
    case Reason::kUnknownRecipient:
      return Near(asked.request.recipient, f.recipients(), id);
    case Reason::kGroundNotMet:
      return GroundsListed(asked);
    case Reason::kNoticeMissing:
      return NoticeOfSuccession(asked);
    case Reason::kIndividualReadOfReportData:
      return "ask for the report";
    case Reason::kNotCollectedFor:
      return OfferNotCollectedFor(asked);
    case Reason::kOutsideInstructions:
      return "name the controller it is held for";
    case Reason::kConsentMissing:
    case Reason::kConsentWithdrawn:
      return asked.request.action == Action::kCollect ? NoticeToCollect(asked)
                                                      : NoticeToShow(asked);
    case Reason::kCaseMissing:
      return "give a case reference";
    case Reason::kPurposeKeyMissing:
      return "open the vault with a keyring for this purpose";
    case Reason::kWrapPending:
      return "ask again once key work is done";
    case Reason::kPolicyNotInForce:
      return "use the policy in force";
    default:
      return {};
  }
}

}  // namespace

// The clause of the rule by which something leaves, or would have.
void ExplainDisclose(const Asked& asked, Decision& decision) {
  EachListed(asked, [&](const DiscloseRule& rule) {
    if (asked.ground && rule.ground != *asked.ground) return;
    decision.clause = rule.clause;
    decision.rule = asked.in_force.category(asked.category).id + " discloses to " +
                    asked.in_force.recipients()[rule.recipient.value].id + " for " +
                    asked.in_force.purpose(rule.purpose).id + " (" +
                    std::string(GroundWord(rule.ground)) + ")";
  });
}

void Explain(const Asked& asked, Decision& decision) {
  const std::vector<Reason> ordered = decision.reasons.Ordered();
  if (const AllowRule* rule = RuleFor(asked)) {
    decision.rule = rule->words;
    decision.clause = rule->clause;
  } else if (asked.category.valid()) {
    const CategoryInfo& category = asked.in_force.category(asked.category);
    decision.clause = category.clause;
    if (asked.purpose.valid()) {
      decision.rule =
          category.id + " allows nothing to " + asked.in_force.purpose(asked.purpose).id;
    }
  }
  if (asked.request.action == Action::kDisclose) ExplainDisclose(asked, decision);
  if (asked.request.action == Action::kContact && asked.purpose.valid()) {
    decision.clause = asked.in_force.purpose(asked.purpose).clause;
  }
  // What is outside the terms may still be asked for.
  const Reason primary = ordered.front();
  const bool consent = decision.reasons.Has(Reason::kConsentMissing);
  if (!consent || primary != Reason::kNotCollectedFor) decision.offer = OfferFor(asked, primary);
  if (consent && decision.offer.empty()) {
    decision.offer = OfferFor(asked, Reason::kConsentMissing);
  }
}

}  // namespace bailee::policy
