// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"
#include "base/try.h"
#include "vault/frame/session_impl.h"

namespace bailee::vault {
namespace {

// Unwinds an attempt whose answer does not count; nobody sees it.
Status Overtaken() { return Status(Code::kBusy, "read.overtaken", "a commit came between"); }

// A password is put right by whoever may verify it, any other field by whoever may read it.
policy::Action ActionOn(const Frame& frame, const Ask& ask, std::string_view field) {
  if (ask.kind != EventKind::kRectify) return ask.action;
  const policy::CategoryIndex category = frame.in_force().FindCategory(ask.category);
  const policy::FieldIndex index =
      category.valid() ? frame.in_force().FindField(category, field) : policy::FieldIndex{};
  const bool password =
      index.valid() && frame.in_force().field(category, index).kind == Kind::kPassword;
  return password ? policy::Action::kVerifyPassword : ask.action;
}

}  // namespace

policy::Request SessionImpl::RequestFor(const Frame& frame, const Ask& ask,
                                        std::string_view field) const {
  return {.action = ActionOn(frame, ask, field),
          .purpose = purpose_.name,
          .category = ask.category,
          .field = field,
          .on_behalf_of = on_behalf_of_,
          .case_reference = ask.case_reference,
          .now = frame.now,
          .policy_version = 0,
          .purpose_key_held = true,
          .wrap = policy::WrapState::kPresent,
          .versions = frame.rules()->versions,
          .recipient = ask.recipient,
          .ground = ask.ground};
}

policy::Decision SessionImpl::DecideStageOne(const Frame& frame, const Ask& ask) const {
  for (const std::string_view field : ask.fields) {
    policy::Decision decision =
        policy::DecideStageOne(frame.in_force(), RequestFor(frame, ask, field));
    if (!decision.allowed()) return decision;
  }
  return {};
}

policy::Decision SessionImpl::DecideOn(const Frame& frame, const Ask& ask,
                                       const policy::Datum* datum, const policy::Standing& standing,
                                       policy::WrapState wrap) const {
  for (const std::string_view field : ask.fields) {
    policy::Request request = RequestFor(frame, ask, field);
    request.wrap = wrap;
    policy::Decision decision = policy::Decide(frame.in_force(), datum, standing, request);
    if (!decision.allowed()) return decision;
  }
  return {};
}

Event SessionImpl::EventOf(const Ask& ask, Outcome outcome, const Handle& handle) const {
  return {.kind = ask.kind,
          .outcome = outcome,
          .purpose = purpose_.name,
          .on_behalf_of = on_behalf_of_,
          .category = ask.category,
          .fields = ask.fields,
          .case_reference = ask.case_reference,
          .recipient = ask.recipient,
          .ground = ask.ground,
          .handle = handle};
}

Status SessionImpl::Refuse(const Frame& frame, const Ask& ask, const policy::Decision& decision,
                           const Handle& handle) {
  const std::vector<Reason> reasons = decision.reasons.Ordered();
  Event event = EventOf(ask, Outcome::kRefused, handle);
  event.reasons = reasons;
  BAILEE_TRY(const DecisionId id, vault_->Record(frame, event));
  return WithDecision(decision.ToStatus(), id);
}

Status SessionImpl::Fail(const Frame& frame, const Ask& ask, const Handle& handle, Status status) {
  BAILEE_CHECK(!status.ok());
  const Outcome outcome = status.code() == Code::kNotFound ? Outcome::kNotFound : Outcome::kFailed;
  BAILEE_RETURN_IF_ERROR(vault_->Record(frame, EventOf(ask, outcome, handle)).status());
  return status;
}

Result<DecisionId> SessionImpl::Allow(const Frame& frame, const Ask& ask, const Handle& handle,
                                      std::span<const EventRecord> records) {
  const auto overtaken = [&] { return !attempt_.last && !frame.snapshot->current(); };
  attempt_.overtaken = overtaken();
  if (attempt_.overtaken) return Overtaken();
  Event event = EventOf(ask, Outcome::kAllowed, handle);
  event.records = records;
  BAILEE_TRY(const DecisionId id, vault_->Record(frame, event));
  attempt_.overtaken = overtaken();
  return id;
}

}  // namespace bailee::vault
