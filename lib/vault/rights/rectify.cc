// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "bailee/limits.h"
#include "base/check.h"
#include "base/try.h"
#include "vault/frame/session_impl.h"
#include "vault/ledger/ledger.h"
#include "vault/rights/rectify_record.h"

namespace bailee::vault {
namespace {

// A record is collected anew under another policy at most so often while it is put right.
constexpr int kAttemptsMax = 3;

Status NothingGiven() {
  return {Code::kUsage, "rectify.nothing", "no field was given", "give the fields to put right"};
}

Status TooManyToPutRight() {
  return {Code::kUsage, "rectify.too-many", "too many records in one call",
          "put at most " + std::to_string(limits::kRectifiedRecordsMax) + " right at a time"};
}

// Unwinds a transaction that must not write; what to say is known elsewhere.
Status RectificationGivenUp() {
  return {Code::kConflict, "rectify.given-up", "nothing may be written"};
}

policy::Decision Undeclared(std::string rule, std::string offer) {
  policy::Decision decision;
  decision.reasons.Add(Reason::kUndeclaredField);
  decision.rule = std::move(rule);
  decision.offer = std::move(offer);
  return decision;
}

// Whether `name` is a field of this policy that values are given for.
policy::Decision CheckField(const policy::Policy& policy, std::string_view category_name,
                            std::string_view name) {
  const policy::CategoryIndex category = policy.FindCategory(category_name);
  const policy::FieldIndex field =
      category.valid() ? policy.FindField(category, name) : policy::FieldIndex{};
  const std::string full = std::string(category_name) + "." + std::string(name);
  if (!field.valid()) {
    return Undeclared(full + " was declared after this record was collected",
                      "collect it under the policy now in force");
  }
  const policy::FieldInfo& info = policy.field(category, field);
  if (!info.is_view()) return {};
  return Undeclared(full + " is a view",
                    "put " + policy.field(category, info.view_of).name + " right: it follows");
}

bool IsHeld(const policy::Standing& standing, std::string_view category) {
  return standing.erasure_waits ||
         std::any_of(standing.holds.begin(), standing.holds.end(), [&](const policy::Hold& hold) {
           return hold.category.empty() || hold.category == category;
         });
}

}  // namespace

// What only changing it stands against, of a record that may be read.
policy::Decision SessionImpl::MayChange(const Frame& frame, const Ask& ask,
                                        const Aimed& aimed) const {
  for (const std::string_view field : ask.fields) {
    policy::Decision decision = CheckField(*aimed.row->terms->bound->policy, ask.category, field);
    if (!decision.allowed()) return decision;
  }
  if (!IsHeld(aimed.subject->standing(), ask.category)) return {};
  const policy::PurposeIndex purpose = frame.in_force().FindPurpose(purpose_.name);
  policy::Decision decision;
  decision.reasons.Add(Reason::kHeld);
  decision.rule = std::string(ask.category) + " is held for a case as it is";
  decision.offer = "put it right once the hold is released";
  decision.visible =
      !purpose.valid() || frame.in_force().purpose(purpose).may_know_existence;  // or for rights
  return decision;
}

// Looks nothing up: the same for everybody.
policy::Decision SessionImpl::MayName(const Frame& frame, const Ask& ask) const {
  policy::Decision decision = DecideStageOne(frame, ask);
  for (size_t i = 0; i < ask.fields.size() && decision.allowed(); ++i)
    decision = CheckField(frame.in_force(), ask.category, ask.fields[i]);
  return decision;
}

Result<SessionImpl::Aimed> SessionImpl::AimAt(Frame& frame, const Ask& ask,
                                              const RectifyRequest& request) {
  Aimed aimed;
  aimed.refused = MayName(frame, ask);
  if (!aimed.refused.allowed()) return aimed;
  BAILEE_TRY(const RecordId id, RecordAsked(frame, ask, request.record));
  BAILEE_TRY(aimed.subject, SubjectOf(frame, request.who));
  if (aimed.subject != nullptr) {
    BAILEE_TRY(aimed.row, FindRow(frame, *aimed.subject, frame.CategoryIdOf(ask.category), id));
    if (aimed.row && !IsOfSource(*aimed.row)) aimed.row.reset();  // as if it were not there
  }
  std::optional<policy::Datum> datum;
  if (aimed.row) datum = aimed.row->terms->DatumAt(aimed.row->row.head().collected_at);
  aimed.refused = DecideOn(frame, ask, datum ? &*datum : nullptr,
                           aimed.subject ? aimed.subject->standing() : policy::Standing{},
                           policy::WrapState::kPresent);
  if (aimed.found()) aimed.refused = MayChange(frame, ask, aimed);
  return aimed;
}

Status SessionImpl::Tell(const Frame& frame, const Ask& ask, const Aimed& aimed) {
  if (!aimed.refused.allowed()) return Refuse(frame, ask, aimed.refused, aimed.handle());
  return Fail(frame, ask, aimed.handle(), NotFound());
}

Result<Rectified> SessionImpl::PutRight(Frame& frame, const Ask& ask, Aimed& aimed,
                                        const PreparedRecord& values) {
  const Handle handle = aimed.handle();
  const record::RecordHead head = aimed.row->row.head();
  BAILEE_TRY(std::optional<WritableSubject> subject, FindForWrite(*vault_, frame, handle));
  BAILEE_CHECK(subject.has_value());
  Rectifier rectifier(
      *vault_, frame, *std::move(subject),
      {.terms = *aimed.row->terms, .values = values, .by_rights = purpose_.name == keys::kRights});
  Rectified done{.handle = handle, .record = values.id};
  BAILEE_TRY(done.revision, rectifier.Put(aimed.refused));
  if (!aimed.refused.allowed()) return RectificationGivenUp();

  LedgerEntry entry;
  entry.kind = LedgerKind::kRectified;
  entry.recorded_at = entry.at = frame.now;
  entry.policy_version = frame.in_force().version();
  entry.purpose = purpose_.name;
  entry.category = ask.category;
  entry.reference = ask.case_reference;
  entry.record = values.id;
  entry.fields.assign(ask.fields.begin(), ask.fields.end());
  WritableSubject& written = rectifier.subject();
  BAILEE_RETURN_IF_ERROR(AppendEntries(*vault_, frame, written, {std::move(entry)}).status());
  BAILEE_RETURN_IF_ERROR(PutSubject(*vault_, frame, written));
  BAILEE_RETURN_IF_ERROR(KeepTime(frame));
  done.sequence = written.ledger.entries;
  const std::string sequence = std::to_string(done.sequence);
  const audit::Detail detail{audit::What::kSequence, sequence};
  const EventRecord about{handle, frame.CategoryIdOf(ask.category), values.id, head.terms,
                          audit::RecordVersion{done.revision, head.collected_at}};
  Event event = EventOf(ask, Outcome::kAllowed, handle);
  event.records = {&about, 1};
  event.details = {&detail, 1};
  BAILEE_TRY(done.decision, vault_->RecordWrite(frame, event));
  return done;
}

SessionImpl::Correction::Correction(const RectifyRequest& asked) : request(asked) {
  names.reserve(request.fields.size());
  for (const FieldInput& field : request.fields) names.push_back(field.name);
  ask = {.kind = EventKind::kRectify,
         .action = policy::Action::kRead,
         .category = request.category,
         .fields = names,
         .case_reference = request.case_reference};
}

Status SessionImpl::Prepare(Correction& correction) {
  const Ask& ask = correction.ask;
  {
    BAILEE_TRY(const Frame frame, vault_->Begin());
    if (ask.fields.empty()) return Fail(frame, ask, {}, NothingGiven());
    const policy::Decision first = MayName(frame, ask);
    if (!first.allowed()) return Refuse(frame, ask, first, {});
    correction.under = frame.rules()->in_force;
  }
  // Before anybody is looked up, outside any transaction: making a password's verifier takes long,
  // and must take as long for somebody unknown.
  const record::ViewContext views{.regions = vault_->regions()};
  const auto prepare = [&] {
    return PrepareValues(*correction.under->policy, ask.category, correction.request.fields, views);
  };
  Result<PreparedRecord> prepared = prepare();
  BAILEE_TRY(Frame frame, vault_->Begin());
  if (!prepared.ok()) return Fail(frame, ask, {}, prepared.status());
  const Result<Aimed> aimed = AimAt(frame, ask, correction.request);
  if (!aimed.ok()) return Fail(frame, ask, {}, aimed.status());
  if (!aimed->found()) return Tell(frame, ask, *aimed);
  if (aimed->row->terms->bound->policy != correction.under->policy) {
    correction.under = aimed->row->terms->bound;
    prepared = prepare();
    if (!prepared.ok()) return Fail(frame, ask, aimed->handle(), prepared.status());
  }
  correction.values = *std::move(prepared);
  correction.values.id = aimed->row->id;
  return Status();
}

Result<std::optional<std::vector<Rectified>>> SessionImpl::RectifyOnce(
    std::span<Correction> corrections) {
  for (Correction& each : corrections) BAILEE_RETURN_IF_ERROR(Prepare(each));
  std::vector<Rectified> done;
  const Correction* last = nullptr;  // the one that it got to
  Aimed aimed;
  bool other_policy = false;
  const Status written = vault_->Write([&](Frame& frame) -> Status {
    done.clear();
    for (const Correction& each : corrections) {
      last = &each;
      aimed = {};  // an error is about nobody before them
      BAILEE_TRY(aimed, AimAt(frame, each.ask, each.request));
      if (!aimed.found()) return RectificationGivenUp();
      other_policy = aimed.row->terms->bound->policy != each.under->policy;
      if (other_policy) return RectificationGivenUp();
      BAILEE_TRY(done.emplace_back(), PutRight(frame, each.ask, aimed, each.values));
    }
    for (Rectified& each : done) each.transaction = frame.transaction->transaction_id();
    return Status();
  });
  if (written.ok()) return std::optional(std::move(done));
  if (other_policy) return std::optional<std::vector<Rectified>>();
  BAILEE_TRY(const Frame frame, vault_->Begin());
  const Ask& ask = last == nullptr ? corrections.front().ask : last->ask;
  if (written.name() == RectificationGivenUp().name()) return Tell(frame, ask, aimed);
  return Fail(frame, ask, aimed.handle(), written);
}

Result<std::vector<Rectified>> SessionImpl::Rectify(std::span<const RectifyRequest> requests) {
  std::vector<Correction> corrections;
  corrections.reserve(requests.size());  // they are referred to
  for (const RectifyRequest& each : requests) corrections.emplace_back(each);
  if (corrections.empty()) return std::vector<Rectified>();
  if (corrections.size() > limits::kRectifiedRecordsMax) {
    BAILEE_TRY(const Frame frame, vault_->Begin());
    return Fail(frame, corrections.front().ask, {}, TooManyToPutRight());
  }
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    BAILEE_TRY(std::optional<std::vector<Rectified>> done, RectifyOnce(corrections));
    if (done) return *std::move(done);
  }
  BAILEE_TRY(const Frame frame, vault_->Begin());
  return Fail(
      frame, corrections.front().ask, {},
      {Code::kBusy, "rectify.overtaken", "the record is being collected anew", "try again"});
}

}  // namespace bailee::vault
