// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"
#include "base/try.h"
#include "vault/session_impl.h"

namespace bailee::vault {
namespace {

// Unwinds an attempt whose answer does not count; nobody sees it.
Status Overtaken() { return Status(Code::kBusy, "read.overtaken", "a commit came between"); }

}  // namespace

policy::Request SessionImpl::RequestFor(const Frame& frame, const Ask& ask,
                                        std::string_view field) const {
  return {.action = ask.action,
          .purpose = purpose_.name,
          .category = ask.category,
          .field = field,
          .on_behalf_of = on_behalf_of_,
          .case_reference = ask.case_reference,
          .now = frame.now,
          .policy_version = 0,
          .purpose_key_held = true,
          .wrap = policy::WrapState::kPresent,
          .notice = {},
          .source = {},
          .collected_at = {}};
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

Status SessionImpl::Refuse(const Frame& frame, const Ask& ask, const policy::Decision& decision,
                           const Handle& handle) {
  const std::vector<Reason> reasons = decision.reasons.Ordered();
  BAILEE_TRY(const DecisionId id, vault_->Record(frame, {.kind = ask.kind,
                                                         .outcome = Outcome::kRefused,
                                                         .purpose = purpose_.name,
                                                         .on_behalf_of = on_behalf_of_,
                                                         .category = ask.category,
                                                         .fields = ask.fields,
                                                         .case_reference = ask.case_reference,
                                                         .reasons = reasons,
                                                         .handle = handle}));
  return WithDecision(decision.ToStatus(), id);
}

Status SessionImpl::Fail(const Frame& frame, const Ask& ask, const Handle& handle, Status status) {
  BAILEE_CHECK(!status.ok());
  const Outcome outcome = status.code() == Code::kNotFound ? Outcome::kNotFound : Outcome::kFailed;
  BAILEE_TRY([[maybe_unused]] const DecisionId id,
             vault_->Record(frame, {.kind = ask.kind,
                                    .outcome = outcome,
                                    .purpose = purpose_.name,
                                    .on_behalf_of = on_behalf_of_,
                                    .category = ask.category,
                                    .fields = ask.fields,
                                    .case_reference = ask.case_reference,
                                    .handle = handle}));
  return status;
}

Result<DecisionId> SessionImpl::Allow(const Frame& frame, const Ask& ask, const Handle& handle,
                                      std::span<const EventRecord> records) {
  const auto overtaken = [&] { return !attempt_.last && !frame.snapshot->current(); };
  attempt_.overtaken = overtaken();
  if (attempt_.overtaken) return Overtaken();
  BAILEE_TRY(const DecisionId id, vault_->Record(frame, {.kind = ask.kind,
                                                         .outcome = Outcome::kAllowed,
                                                         .purpose = purpose_.name,
                                                         .on_behalf_of = on_behalf_of_,
                                                         .category = ask.category,
                                                         .fields = ask.fields,
                                                         .case_reference = ask.case_reference,
                                                         .handle = handle,
                                                         .records = records}));
  attempt_.overtaken = overtaken();
  return id;
}

}  // namespace bailee::vault
