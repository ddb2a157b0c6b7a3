// SPDX-License-Identifier: Apache-2.0
#include "bailee/disclose.h"

#include "bailee/limits.h"
#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/random.h"
#include "policy/case_reference.h"
#include "vault/disclose/disclosure_row.h"
#include "vault/disclose/parcel.h"
#include "vault/frame/session_impl.h"

namespace bailee::vault {
namespace {

using store::Table;

// Unwinds a write whose refusal is recorded outside of it; nobody sees it.
Status DisclosureGivenUp() {
  return Status(Code::kFailed, "disclose.given-up", "the write was given up");
}

std::vector<std::string> Texts(std::span<const std::string_view> views) {
  return {views.begin(), views.end()};
}

}  // namespace

Status SessionImpl::CheckDisclose(const Frame& frame, const DiscloseRequest& request) const {
  if (request.fields.empty()) {
    return Status(Code::kUsage, "read.no-fields", "no field is asked for", "name the fields");
  }
  if (request.records.size() > kDisclosedRecordsMax ||
      request.fields.size() > limits::kFieldsPerCategoryMax) {
    return Status(Code::kInvalidValue, "disclose.too-many",
                  "one call discloses at most 1,000 records, and each field once",
                  "disclose them in several calls");
  }
  if (request.until && *request.until < frame.now) {
    return Status(Code::kInvalidValue, "disclose.until-past", "the end of the share is in the past",
                  "give a time to come, or none");
  }
  return Status();
}

Result<std::vector<RecordId>> SessionImpl::RecordsAsked(const Frame& frame,
                                                        const DiscloseRequest& request) const {
  const Ask ask{.category = request.category, .fields = request.fields, .case_reference = {}};
  std::vector<RecordId> ids;
  if (request.records.empty()) {
    BAILEE_TRY(const RecordId only, RecordAsked(frame, ask, std::nullopt));
    ids.push_back(only);
  }
  for (const RecordId& each : request.records) {
    BAILEE_TRY(const RecordId id, RecordAsked(frame, ask, each));
    ids.push_back(id);
  }
  return ids;
}

Result<Disclosure> SessionImpl::Disclose(const DiscloseRequest& request) {
  const Ask ask{.kind = EventKind::kDisclose,
                .action = policy::Action::kDisclose,
                .category = request.category,
                .fields = request.fields,
                .case_reference = request.case_reference,
                .recipient = request.recipient,
                .ground = request.ground};
  {
    // What can be refused without looking anything up need not wait for the writer.
    BAILEE_TRY(Frame frame, vault_->Begin());
    const Status fits = CheckDisclose(frame, request);
    if (!fits.ok()) return Fail(frame, ask, {}, fits);
    const policy::Decision first = DecideStageOne(frame, ask);
    if (!first.allowed()) return Refuse(frame, ask, first, {});
  }
  Given given;
  const Status written = vault_->Write([&](Frame& frame) {
    given = Given();
    return DiscloseIn(frame, ask, request, given);
  });
  if (written.ok()) return std::move(given.disclosure);
  BAILEE_TRY(const Frame frame, vault_->Begin());
  if (!given.refused.allowed()) return Refuse(frame, ask, given.refused, given.handle);
  return Fail(frame, ask, given.handle, written);
}

Status SessionImpl::TakeForDisclosure(Frame& frame, const Ask& ask, const DiscloseRequest& request,
                                      Given& given, std::vector<EventRecord>& about) {
  BAILEE_TRY(const std::vector<RecordId> ids, RecordsAsked(frame, request));
  BAILEE_TRY(const SharedSubject subject, SubjectOf(frame, request.who));
  if (subject != nullptr) given.handle = subject->handle();
  const crypto::NameId category = frame.CategoryIdOf(ask.category);
  for (const RecordId& id : ids) {
    std::optional<FoundRow> found;
    if (subject != nullptr) {
      BAILEE_TRY(found, FindRow(frame, *subject, category, id));
    }
    if (!found) {
      given.refused =
          DecideOn(frame, ask, nullptr, subject ? subject->standing() : policy::Standing{},
                   policy::WrapState::kPresent);
      return given.refused.allowed() ? NotFound() : DisclosureGivenUp();
    }
    BAILEE_TRY(std::optional<Record> record, Release(frame, *subject, ask, *found, given.refused));
    if (!record) return DisclosureGivenUp();
    given.disclosure.records.push_back(*std::move(record));
    about.push_back(EventRecordOf(*subject, category, *found));
  }
  return Status();
}

// Inside the write: whatever others committed before it counts, whatever they commit later does
// not.
Status SessionImpl::DiscloseIn(Frame& frame, const Ask& ask, const DiscloseRequest& request,
                               Given& given) {
  given.refused = DecideStageOne(frame, ask);
  if (!given.refused.allowed()) return DisclosureGivenUp();
  std::vector<EventRecord> about;
  BAILEE_RETURN_IF_ERROR(TakeForDisclosure(frame, ask, request, given, about));
  BAILEE_TRY(const DisclosureInfo info, RecordDisclosure(frame, ask, request, given, about));
  return PutDisclosure(frame, info, given.disclosure);
}

Result<DisclosureInfo> SessionImpl::RecordDisclosure(const Frame& frame, const Ask& ask,
                                                     const DiscloseRequest& request, Given& given,
                                                     std::span<const EventRecord> about) {
  BAILEE_TRY(const uint64_t last, LastDisclosure(*frame.snapshot, given.handle));
  const std::string sequence = std::to_string(last + 1);
  const audit::Detail detail{audit::What::kSequence, sequence};
  Event event = EventOf(ask, Outcome::kAllowed, given.handle);
  event.records = about;
  event.details = {&detail, 1};
  BAILEE_TRY(const DecisionId decision, vault_->RecordWrite(frame, event));
  DisclosureInfo info{.handle = given.handle,
                      .sequence = last + 1,
                      .at = frame.now,
                      .until = request.until,
                      .policy_version = frame.in_force().version(),
                      .sealed = false,
                      .recipient = std::string(ask.recipient),
                      .ground = std::string(ask.ground),
                      .purpose = purpose_.name,
                      .on_behalf_of = on_behalf_of_,
                      .category = std::string(ask.category),
                      .case_reference = std::string(ask.case_reference),
                      .decision = decision.ToText(),
                      .fields = Texts(ask.fields),
                      .records = {}};
  // Where no case is needed the caller may have said anything.
  if (!policy::IsCaseReference(info.case_reference)) info.case_reference.clear();
  for (const Record& record : given.disclosure.records) info.records.push_back(record.id);
  given.disclosure.decision = decision;
  for (Record& record : given.disclosure.records) record.decision = decision;
  return info;
}

Status SessionImpl::PutDisclosure(Frame& frame, const DisclosureInfo& info, Disclosure& out) {
  const policy::RecipientIndex recipient = frame.in_force().FindRecipient(info.recipient);
  const std::string& key = frame.in_force().recipients()[recipient.value].public_key;
  ParcelId parcel;
  if (!key.empty()) {
    parcel.bytes = crypto::RandomArray<16>(vault_->random());
    BAILEE_TRY(out.parcel,
               SealParcel(vault_->id(), parcel, info, out.records, key, vault_->random()));
    out.records.clear();
  }
  BAILEE_TRY(const SharedSubject subject, vault_->LoadSubject(frame, info.handle));
  BAILEE_CHECK(subject != nullptr);
  BAILEE_TRY(const Bytes row, SealDisclosure(vault_->id(), info, parcel, subject->subject().history,
                                             vault_->random()));
  BAILEE_RETURN_IF_ERROR(frame.transaction->Insert(
      Table::kDisclosures, DisclosureKeyOf(info.handle, info.sequence), row));
  out.handle = info.handle;
  out.sequence = info.sequence;
  out.at = info.at;
  return Status();
}

}  // namespace bailee::vault

namespace bailee {

Result<Disclosure> Session::Disclose(const DiscloseRequest& request) {
  return impl_->Disclose(request);
}

}  // namespace bailee
