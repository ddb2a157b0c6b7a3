// SPDX-License-Identifier: Apache-2.0
#include "vault/rights/subject_export.h"

#include <algorithm>
#include <utility>

#include "base/codec.h"
#include "base/try.h"
#include "vault/ledger/ledger_entry.h"
#include "vault/rights/rights.h"

namespace bailee::vault {
namespace {

using store::Table;

// What is in memory at a time: so many records, or few that are large.
constexpr size_t kExportChunkRecords = 256;
constexpr size_t kChunkBytes = size_t{1} << 20;

policy::Decision Because(Reason reason, std::string rule) {
  policy::Decision decision;
  decision.reasons.Add(reason);
  decision.rule = std::move(rule);
  return decision;
}

// The category of a row in the policy of its terms.
policy::CategoryIndex CategoryOf(const BoundPolicy& bound, const crypto::NameId& id) {
  const auto found = std::find_if(bound.categories.begin(), bound.categories.end(),
                                  [&](const CategoryBinding& each) { return each.id == id; });
  if (found == bound.categories.end()) return {};
  return {static_cast<uint16_t>(found - bound.categories.begin())};
}

// What is known of a row that cannot be opened: its key.
ExportedRecord ExportedDamage(const Frame& frame, const RecordKey& key, Status damage) {
  ExportedRecord record;
  record.id = key.record;
  record.damage = std::move(damage);
  const policy::CategoryIndex category = CategoryOf(*frame.rules()->in_force, key.category);
  record.category =
      category.valid() ? frame.in_force().category(category).id : key.category.ToHex();
  return record;
}

// The fields that a record has a value of, or may have where nobody can tell.
std::vector<HeldField> HeldOf(const policy::CategoryInfo& category, const ExportedRecord& record) {
  std::vector<HeldField> held;
  for (const policy::FieldInfo& field : category.fields) {
    const bool has =
        std::any_of(record.values.begin(), record.values.end(),
                    [&](const Record::Value& each) { return each.name == field.name; }) ||
        std::any_of(record.gaps.begin(), record.gaps.end(),
                    [&](const ExportedGap& each) { return each.field == field.name; });
    if (has) held.push_back({field.name, field.kind, field.compartment});
  }
  return held;
}

}  // namespace

SubjectExport::SubjectExport(const std::shared_ptr<VaultImpl>& vault,
                             const keys::HeldPurpose& rights, std::string on_behalf_of)
    : vault_(vault),
      on_behalf_of_(std::move(on_behalf_of)),
      session_(vault, rights, on_behalf_of_),
      ask_{.kind = EventKind::kExportSubject,
           .action = policy::Action::kRead,
           .category = {},
           .fields = {},
           .case_reference = {}} {}

Result<SubjectExportSummary> SubjectExport::Run(const Who& who, SubjectExportVisitor& visitor) {
  SubjectExportSummary summary;
  {
    BAILEE_TRY(ExportedSubject subject, session_.Settled([&] { return Begin(who); }));
    BAILEE_RETURN_IF_ERROR(AddDisclosures(subject));
    summary.handle = subject.handle;
    summary.decision = subject.decision;
    BAILEE_RETURN_IF_ERROR(visitor.Subject(subject));
  }
  Bytes from;
  do {
    BAILEE_TRY(Chunk chunk, session_.Settled([&] { return NextChunk(summary.handle, from); }));
    for (const ExportedRecord& record : chunk.records) {
      ++summary.records;
      if (!record.damage.ok()) ++summary.damaged;
      BAILEE_RETURN_IF_ERROR(visitor.Record(record));
    }
    from = std::move(chunk.next);
  } while (!from.empty());
  return summary;
}

Result<ExportedSubject> SubjectExport::Begin(const Who& who) {
  BAILEE_TRY(Frame frame, vault_->Begin());
  const Result<SharedSubject> subject = session_.SubjectOf(frame, who);
  if (!subject.ok()) return session_.Fail(frame, ask_, {}, subject.status());
  BAILEE_RETURN_IF_ERROR(Refused(frame, *subject));
  Result<ExportedSubject> described = Describe(frame, **subject);
  if (!described.ok()) return session_.Fail(frame, ask_, (*subject)->handle(), described.status());
  BAILEE_TRY(described->decision, session_.Allow(frame, ask_, (*subject)->handle(), {}));
  return described;
}

Status SubjectExport::Refused(Frame& frame, const SharedSubject& subject) {
  const Handle handle = subject == nullptr ? Handle{} : subject->handle();
  if (!on_behalf_of_.empty() && !frame.in_force().FindController(on_behalf_of_).valid()) {
    return session_.Refuse(
        frame, ask_, Because(Reason::kOutsideInstructions, "nothing is held for them"), handle);
  }
  if (subject == nullptr) return session_.Fail(frame, ask_, {}, NotFound());
  if (subject->standing().erased) {
    return session_.Refuse(frame, ask_, Because(Reason::kSubjectErased, "nothing is left"), handle);
  }
  if (on_behalf_of_.empty()) return Status();
  const Result<bool> any = HoldsAnything(frame, *subject);
  if (!any.ok()) return session_.Fail(frame, ask_, handle, any.status());
  return *any ? Status() : session_.Fail(frame, ask_, handle, NotFound());
}

// A controller is not told that somebody is known of whom nothing is held for it.
Result<bool> SubjectExport::HoldsAnything(Frame& frame, const OpenedSubject& subject) {
  bool any = false;
  Status problem;
  const auto look = [&](ByteView key, ByteView bytes) -> Status {
    if (key.size() != kRecordKeyBytes) return Status();
    const RecordKey record = DecodeRecordKey(key);
    const Result<FoundRow> found =
        session_.ParseRow(frame, subject, record.category, record.record, bytes);
    if (!found.ok()) return found.status().code() == Code::kDamage ? Status() : found.status();
    any = found->terms->controller == on_behalf_of_;
    return Status();
  };
  BAILEE_RETURN_IF_ERROR(frame.snapshot->Scan(Table::kRecords, subject.handle().view(), {},
                                              [&](ByteView key, ByteView bytes) {
                                                problem = look(key, bytes);
                                                return problem.ok() && !any;
                                              }));
  BAILEE_RETURN_IF_ERROR(problem);
  return any;
}

Result<ExportedSubject> SubjectExport::Describe(Frame& frame, const OpenedSubject& subject) {
  const keys::Subject& row = subject.subject();
  ExportedSubject described;
  described.handle = subject.handle();
  described.browser = row.kind == keys::SubjectKind::kTag;
  BAILEE_TRY(described.ref, row.ref.RevealBytes([](ByteView ref) { return Secret::From(ref); }));
  described.known_since = row.created_at;
  described.at = frame.now;
  described.policy_name = frame.in_force().name();
  described.policy_version = frame.in_force().version();
  described.on_behalf_of = on_behalf_of_;
  if (!on_behalf_of_.empty()) return described;
  described.restricted = subject.standing().restricted;
  Result<std::vector<LedgerEntry>> ledger = ReadLedger(
      *frame.snapshot, vault_->id(), subject.handle(), row.history, subject.ledger_entries());
  if (ledger.ok()) {
    described.ledger = *std::move(ledger);
  } else if (ledger.status().code() == Code::kDamage) {
    described.ledger_damage = ledger.status();
  } else {
    return ledger.status();
  }
  return described;
}

// The accounting has an event of its own.
Status SubjectExport::AddDisclosures(ExportedSubject& subject) {
  auto made = session_.Disclosures(Who::ByHandle(subject.handle));
  if (made.ok()) {
    subject.disclosures = *std::move(made);
  } else if (made.status().code() == Code::kDamage) {
    subject.disclosures_damage = made.status();
  } else {
    return made.status();
  }
  return Status();
}

Result<SubjectExport::Chunk> SubjectExport::NextChunk(const Handle& handle, const Bytes& from) {
  BAILEE_TRY(Frame frame, vault_->Begin());
  const Result<SharedSubject> loaded = session_.SubjectOf(frame, Who::ByHandle(handle));
  if (!loaded.ok()) return session_.Fail(frame, ask_, handle, loaded.status());
  const SharedSubject& subject = *loaded;
  if (subject == nullptr) return session_.Fail(frame, ask_, handle, NotFound());  // gone meanwhile
  Chunk chunk;
  size_t rows = 0;
  size_t bytes_taken = 0;
  Status problem;
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(Table::kRecords, handle.view(), from, [&](ByteView key, ByteView bytes) {
        if (rows == kExportChunkRecords || bytes_taken >= kChunkBytes) {
          chunk.next.assign(key.begin(), key.end());
          return false;
        }
        ++rows;
        bytes_taken += bytes.size();
        if (key.size() == kRecordKeyBytes)
          problem = TakeRow(frame, *subject, DecodeRecordKey(key), bytes, chunk);
        return problem.ok();
      }));
  if (!problem.ok()) return session_.Fail(frame, ask_, handle, problem);
  BAILEE_RETURN_IF_ERROR(session_.Allow(frame, ask_, handle, chunk.about).status());
  return chunk;
}

Status SubjectExport::TakeRow(Frame& frame, const OpenedSubject& subject, const RecordKey& key,
                              ByteView bytes, Chunk& chunk) {
  const auto damaged = [&](const Status& status) -> Status {
    if (status.code() != Code::kDamage) return status;
    chunk.records.push_back(ExportedDamage(frame, key, status));
    chunk.about.push_back({subject.handle(), key.category, key.record, {}});
    return Status();
  };
  const Result<FoundRow> found = session_.ParseRow(frame, subject, key.category, key.record, bytes);
  if (!found.ok()) {
    // Nobody can say for whom it was held: it is named among our own.
    const bool not_ours = !on_behalf_of_.empty() && found.status().code() == Code::kDamage;
    return not_ours ? Status() : damaged(found.status());
  }
  Result<std::optional<ExportedRecord>> record = ExportRow(frame, subject, key, *found);
  if (!record.ok()) return damaged(record.status());
  if (!*record) return Status();
  chunk.records.push_back(**std::move(record));
  chunk.about.push_back(session_.EventRecordOf(subject, key.category, *found));
  return Status();
}

Result<std::optional<ExportedRecord>> SubjectExport::ExportRow(Frame& frame,
                                                               const OpenedSubject& subject,
                                                               const RecordKey& key,
                                                               const FoundRow& found) {
  const BoundTerms& terms = *found.terms;
  if (terms.controller != on_behalf_of_) return std::optional<ExportedRecord>();
  const policy::Policy& under = *terms.bound->policy;
  const policy::CategoryIndex category = CategoryOf(*terms.bound, key.category);
  if (!category.valid()) return DamagedRecord("its terms do not know its category");
  ExportedRecord record;
  record.id = key.record;
  record.category = under.category(category).id;
  record.collected_at = found.row.head().collected_at;
  record.notice = terms.notice;
  record.source = terms.source;
  if (terms.indexes.source.valid())
    record.source_role = RoleWord(under.source(terms.indexes.source).role);
  record.controller = terms.controller;
  record.policy_version = under.version();
  const policy::Datum datum = terms.DatumAt(record.collected_at);
  const policy::CategoryInfo& info = under.category(category);
  BAILEE_RETURN_IF_ERROR(
      OpenFields(frame, subject, found, Readable(frame, subject, datum, info, record), record));
  const std::vector<HeldField> held = HeldOf(info, record);
  record.uses = UsesOf({frame, subject.standing(), datum, record.category, on_behalf_of_}, held);
  record.recipients = RecipientsOf(frame.in_force(), record.category, held);
  return std::optional<ExportedRecord>(std::move(record));
}

std::vector<std::string_view> SubjectExport::Readable(const Frame& frame,
                                                      const OpenedSubject& subject,
                                                      const policy::Datum& datum,
                                                      const policy::CategoryInfo& category,
                                                      ExportedRecord& record) const {
  std::vector<std::string_view> readable;
  for (const policy::FieldInfo& field : category.fields) {
    const std::string_view name = field.name;
    const policy::Decision decision = session_.DecideOn(
        frame, AskFor(record, {&name, 1}), &datum, subject.standing(), policy::WrapState::kPresent);
    if (decision.allowed()) {
      readable.push_back(name);
    } else {
      record.gaps.push_back({field.name, decision.reasons.Ordered().front()});
    }
  }
  return readable;
}

Ask SubjectExport::AskFor(const ExportedRecord& record,
                          std::span<const std::string_view> fields) const {
  Ask ask = ask_;
  ask.category = record.category;
  ask.fields = fields;
  return ask;
}

Status SubjectExport::OpenFields(Frame& frame, const OpenedSubject& subject, const FoundRow& found,
                                 std::span<const std::string_view> fields, ExportedRecord& record) {
  if (fields.empty()) return Status();
  BAILEE_TRY(std::optional<Record> opened,
             session_.OpenValues(frame, subject, AskFor(record, fields), found));
  if (opened) {
    record.proven = true;
    for (Record::Value& each : opened->values) {
      if (each.value) record.values.push_back(std::move(each));
    }
    return Status();
  }
  // Some compartment has no wrap for rights yet: which, and what of the rest.
  if (fields.size() == 1) {
    record.gaps.push_back({std::string(fields.front()), Reason::kWrapPending});
    return Status();
  }
  for (const std::string_view& field : fields) {
    BAILEE_RETURN_IF_ERROR(OpenFields(frame, subject, found, {&field, 1}, record));
  }
  return Status();
}

Result<SubjectExportSummary> ExportSubject(const std::shared_ptr<VaultImpl>& vault, const Who& who,
                                           const SubjectExportOptions& options,
                                           SubjectExportVisitor& visitor) {
  BAILEE_TRY(
      const keys::HeldPurpose* rights,
      HeldRights(*vault, {.kind = EventKind::kExportSubject, .on_behalf_of = options.on_behalf_of},
                 "everything of a person is given to rights alone"));
  return SubjectExport(vault, *rights, options.on_behalf_of).Run(who, visitor);
}

}  // namespace bailee::vault
