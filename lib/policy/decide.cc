// SPDX-License-Identifier: Apache-2.0
#include "policy/decide.h"

#include "base/check.h"
#include "policy/decide_internal.h"

namespace bailee::policy {
namespace {

ReasonSet StageOne(const Asked& asked) {
  if (asked.request.action == Action::kCollect) return CollectStageOne(asked);
  if (asked.request.action == Action::kContact) return ContactStageOne(asked);
  ReasonSet reasons = ReadStageOne(asked);
  if (asked.request.action == Action::kDisclose) reasons.Add(DiscloseStageOne(asked));
  return reasons;
}

bool MayKnow(const Asked& asked) {
  if (asked.request.action == Action::kCollect || asked.rights) return true;
  return asked.in_force.purpose(asked.purpose).may_know_existence;
}

Decision Answer(const Asked& asked, ReasonSet reasons, bool visible) {
  Decision decision;
  decision.reasons = reasons;
  decision.visible = reasons.empty() || visible;
  if (!reasons.empty() && visible) Explain(asked, decision);
  return decision;
}

// [30]
Decision AboutErased(const Asked& asked) {
  ReasonSet reasons;
  if (asked.request.action != Action::kCollect && !asked.rights) {
    reasons = ReadStageTwo(asked, nullptr, Standing{});
    if (!reasons.empty()) return Answer(asked, reasons, MayKnow(asked));
  }
  reasons.Add(Reason::kSubjectErased);
  return Answer(asked, reasons, asked.rights);
}

}  // namespace

Asked LookUp(const Policy& in_force, const Request& request) {
  Asked asked(in_force, request);
  asked.ours = request.on_behalf_of.empty();
  if (!asked.ours) asked.controller = in_force.FindController(request.on_behalf_of);
  asked.category = in_force.FindCategory(request.category);
  if (asked.category.valid()) asked.field = in_force.FindField(asked.category, request.field);
  if (request.action == Action::kCollect) {
    asked.notice = in_force.FindNotice(request.notice);
    asked.source = in_force.FindSource(request.source);
    return asked;
  }
  asked.rights = request.action != Action::kContact && request.purpose == "rights";
  if (!request.recipient.empty()) asked.recipient = in_force.FindRecipient(request.recipient);
  if (!request.ground.empty()) asked.ground = ParseGround(request.ground);
  const PurposeIndex purpose = in_force.FindPurpose(request.purpose);
  if (purpose.valid() && in_force.purpose(purpose).leaf) asked.purpose = purpose;
  return asked;
}

Decision DecideStageOne(const Policy& in_force, const Request& request) {
  const Asked asked = LookUp(in_force, request);
  return Answer(asked, StageOne(asked), true);
}

Decision Decide(const Policy& in_force, const Datum* datum, const Standing& standing,
                const Request& request) {
  BAILEE_CHECK(datum == nullptr || datum->policy != nullptr);
  const Asked asked = LookUp(in_force, request);
  if (const ReasonSet reasons = StageOne(asked); !reasons.empty()) {
    return Answer(asked, reasons, true);
  }
  if (request.action == Action::kContact) {
    return Answer(asked, ContactStageTwo(asked, standing), true);
  }
  if (standing.erased) return AboutErased(asked);
  if (request.action != Action::kCollect) {
    return Answer(asked, ReadStageTwo(asked, datum, standing), MayKnow(asked));
  }
  FieldSet stored;
  Decision decision = Answer(asked, CollectStageTwo(asked, standing, stored), MayKnow(asked));
  decision.stored = stored;
  return decision;
}

}  // namespace bailee::policy
