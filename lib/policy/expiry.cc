// SPDX-License-Identifier: Apache-2.0
#include "policy/expiry.h"

#include "policy/decide_internal.h"

namespace bailee::policy {
namespace {

// What does not keep a purpose from using a datum for good.
ReasonSet Passing() {
  ReasonSet reasons;
  for (const Reason reason : {Reason::kDeclined, Reason::kObjected, Reason::kConsentWithdrawn,
                              Reason::kConsentMissing, Reason::kRestricted, Reason::kHeld}) {
    reasons.Add(reason);
  }
  return reasons;
}

bool UsedBy(const Policy& in_force, const Datum& datum, const Standing& standing,
            const Request& request) {
  ReasonSet reasons = Decide(in_force, &datum, standing, request).reasons;
  reasons.Add(Passing());
  return reasons == Passing();
}

// Whether a report of the policy in force still counts it.
bool Counted(const Policy& in_force, const Datum& datum, const CategoryInfo& collected,
             CategoryIndex category, FieldIndex field, const Standing& standing, Timestamp now) {
  const CategoryIndex now_category = in_force.FindCategory(collected.id);
  const PurposeSet purposes = datum.policy->ReportPurposes(category, field, datum.terms);
  for (size_t i = 0; now_category.valid() && i < purposes.size(); ++i) {
    if (!purposes.test(i)) continue;
    const PurposeIndex then{static_cast<uint16_t>(i)};
    const PurposeIndex purpose = in_force.FindPurpose(datum.policy->purpose(then).id);
    const bool over = !purpose.valid() ||
                      Ended(in_force, now_category, purpose, standing, datum.collected_at, now) ||
                      Ended(*datum.policy, category, then, standing, datum.collected_at, now);
    if (!over) return true;
  }
  return false;
}

}  // namespace

bool MustStay(const Policy& in_force, std::span<const Policy* const> versions, const Datum& datum,
              CategoryIndex category, const Standing& standing, Timestamp now) {
  const CategoryInfo& collected = datum.policy->category(category);
  if (standing.erasure_waits || OnHold(standing, collected.id)) return true;
  const std::string_view controller =
      datum.terms.controller.valid()
          ? std::string_view(datum.policy->controller(datum.terms.controller).id)
          : std::string_view();
  for (size_t i = 0; i < collected.fields.size(); ++i) {
    const FieldInfo& field = collected.fields[i];
    const FieldIndex index{static_cast<uint16_t>(i)};
    if (Counted(in_force, datum, collected, category, index, standing, now)) return true;
    Request request{
        .action = field.kind == Kind::kPassword ? Action::kVerifyPassword : Action::kRead,
        .category = collected.id,
        .field = field.name,
        .on_behalf_of = controller,
        .case_reference = "any",
        .now = now,
        .purpose_key_held = true,
        .versions = versions};
    for (const PurposeInfo& purpose : in_force.purposes()) {
      request.purpose = purpose.id;
      if (purpose.leaf && UsedBy(in_force, datum, standing, request)) return true;
    }
  }
  return false;
}

}  // namespace bailee::policy
