// SPDX-License-Identifier: Apache-2.0
#include "vault/erase/erase.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "keys/issue.h"
#include "policy/case_reference.h"
#include "vault/disclose/disclosure_row.h"
#include "vault/disclose/suppression.h"
#include "vault/erase/shred.h"
#include "vault/frame/due.h"
#include "vault/frame/writable_subject.h"
#include "vault/ledger/align_wraps.h"
#include "vault/ledger/ledger.h"
#include "vault/ledger/ledger_entry.h"
#include "vault/rights/rights.h"

namespace bailee::vault {
namespace {

using store::Table;

constexpr size_t kErasedTogether = 64;
constexpr size_t kRowsErasedPerWrite = 4'000;
constexpr size_t kErasedPerLook = 64;

struct Row {
  Bytes key;
  Bytes value;
};

Result<std::vector<Row>> SomeRows(store::Snapshot& snapshot, Table table, const Bytes& prefix,
                                  const Bytes& from, size_t count_max) {
  std::vector<Row> rows;
  BAILEE_RETURN_IF_ERROR(snapshot.Scan(table, prefix, from, [&](ByteView key, ByteView value) {
    if (rows.size() == count_max) return false;
    rows.push_back({{key.begin(), key.end()}, {value.begin(), value.end()}});
    return true;
  }));
  return rows;
}

Bytes HandleBytes(const Handle& handle) { return {handle.bytes.begin(), handle.bytes.end()}; }

// Where rows lie whose keys name the subject.
Result<std::vector<std::pair<Table, Bytes>>> PlacesOf(store::Snapshot& snapshot,
                                                      const Handle& handle) {
  std::vector<std::pair<Table, Bytes>> places = {{Table::kSubjects, HandleBytes(handle)},
                                                 {Table::kRecords, HandleBytes(handle)},
                                                 {Table::kKeywork, HandleBytes(handle)},
                                                 {Table::kLedger, EntriesPrefix(handle)},
                                                 {Table::kLookup, keys::BackPrefix(handle)}};
  BAILEE_TRY(std::vector<Bytes> pending, keys::PendingPrefixes(snapshot));
  for (Bytes& prefix : pending) {
    Writer(prefix).Put(handle.view());
    places.emplace_back(Table::kLookup, std::move(prefix));
  }
  return places;
}

// Deletes what there is of the subject but the accounting, at most `count_max` rows. Returns how
// many; fewer mean that nothing is left.
Result<size_t> DeleteRowsOf(const Frame& frame, const Handle& handle, size_t count_max) {
  size_t deleted = 0;
  BAILEE_TRY(const auto places, PlacesOf(*frame.snapshot, handle));
  for (const auto& [table, prefix] : places) {
    BAILEE_TRY(const std::vector<Row> rows,
               SomeRows(*frame.snapshot, table, prefix, {}, count_max - deleted));
    for (const Row& row : rows) BAILEE_RETURN_IF_ERROR(frame.transaction->Delete(table, row.key));
    deleted += rows.size();
  }
  return deleted;
}

Result<uint64_t> CountRecords(store::Snapshot& snapshot, const Handle& handle) {
  uint64_t count = 0;
  BAILEE_RETURN_IF_ERROR(
      snapshot.Scan(Table::kRecords, HandleBytes(handle), {}, [&](ByteView, ByteView) {
        ++count;
        return true;
      }));
  return count;
}

Status Held(const policy::Standing& standing) {
  Refusal refusal;
  refusal.reasons = {Reason::kHeld};
  refusal.rule = "what is held for a case is not erased";
  refusal.offer = "it is noted that erasing was asked for; release the hold for " +
                  standing.holds.front().reference + ", then erase again";
  return Status::Refused(std::move(refusal));
}

}  // namespace

Status SubjectEraser::Run(std::span<const Who> whos, Erased& erased) {
  size_t together = kErasedTogether;
  while (!whos.empty()) {
    const Result<std::vector<Done>> written =
        RunTogether(whos.first(std::min(together, whos.size())));
    if (!written.ok()) {
      const Status& status = written.status();
      const bool of_one = status.refusal() != nullptr || status.code() == Code::kDamage;
      if (of_one && together > 1) {
        together = 1;  // whoever comes before them is erased
        continue;
      }
      return status.refusal() != nullptr ? Refuse(status) : status;
    }
    for (const Done& done : *written) {
      if (!done.held.ok()) return Refuse(done.held);
      erased.rows += done.rows;
      erased.kept += done.kept;
      erased.suppressed += done.suppressed;
      erased.records += done.records;
      if (!done.all) break;
      ++(done.known ? erased.subjects : erased.unknown);
      erased.decisions.push_back(done.decision);
      whos = whos.subspan(1);
    }
  }
  return Status();
}

Result<std::vector<SubjectEraser::Done>> SubjectEraser::RunTogether(std::span<const Who> whos) {
  std::vector<Done> dones;
  BAILEE_RETURN_IF_ERROR(vault_->Write([&](Frame& frame) -> Status {
    dones.clear();
    uint64_t rows = 0;
    for (const Who& who : whos) {
      Done& done = dones.emplace_back();
      BAILEE_RETURN_IF_ERROR(RunOnce(frame, who, done));
      rows += done.rows + done.kept;
      if (!done.all || rows >= kRowsErasedPerWrite) break;
    }
    return Status();
  }));
  return dones;
}

Status SubjectEraser::Refuse(const Status& why) {
  BAILEE_TRY(const Frame frame, vault_->Begin());
  BAILEE_TRY(const DecisionId decision, vault_->Record(frame, {.kind = EventKind::kErase,
                                                               .outcome = Outcome::kRefused,
                                                               .purpose = keys::kRights,
                                                               .case_reference = case_,
                                                               .reasons = why.refusal()->reasons}));
  return WithDecision(why, decision);
}

Status SubjectEraser::RunOnce(Frame& frame, const Who& who, Done& done) {
  const Result<SessionImpl::SharedSubject> loaded = session_.SubjectOf(frame, who);
  if (!loaded.ok() && loaded.status().code() != Code::kDamage) return loaded.status();
  if (!loaded.ok() || (*loaded == nullptr && who.kind() != Who::Kind::kHandle)) {
    BAILEE_TRY(const std::optional<Handle> handle, vault_->Resolve(frame, who));
    if (handle) return EraseUnreadable(frame, who, *handle, done);
  }
  if (!loaded.ok()) return loaded.status();
  const SessionImpl::SharedSubject& subject = *loaded;
  if (subject == nullptr) {
    done.all = true;
    BAILEE_TRY(done.decision, vault_->RecordWrite(frame, {.kind = EventKind::kErase,
                                                          .outcome = Outcome::kNotFound,
                                                          .purpose = keys::kRights,
                                                          .case_reference = case_}));
    return Status();
  }
  if (!subject->standing().holds.empty()) {
    done.held = Held(subject->standing());
    return subject->standing().erasure_waits ? Status() : RememberAsked(frame, subject->handle());
  }
  done.known = true;
  BAILEE_TRY(const bool unlisted, DeleteLookups(frame, *subject, done));
  if (!unlisted) return Status();
  BAILEE_TRY(const bool kept, KeepAccounting(frame, *subject, done));
  if (!kept) return Status();
  BAILEE_RETURN_IF_ERROR(SuppressAddresses(frame, *subject, done));
  BAILEE_RETURN_IF_ERROR(DeleteSelf(frame, *subject, done));
  done.all = true;
  return RecordErased(frame, subject->handle(), done);
}

Status SubjectEraser::RememberAsked(Frame& frame, const Handle& handle) {
  BAILEE_TRY(std::optional<WritableSubject> subject, FindForWrite(*vault_, frame, handle));
  BAILEE_CHECK(subject.has_value());
  LedgerEntry entry;
  entry.kind = LedgerKind::kErasureAsked;
  entry.recorded_at = entry.at = frame.now;
  entry.policy_version = frame.in_force().version();
  entry.reference = case_;
  BAILEE_RETURN_IF_ERROR(AppendEntries(*vault_, frame, *subject, {std::move(entry)}).status());
  BAILEE_RETURN_IF_ERROR(AlignWraps(*vault_, frame, *subject).status());
  BAILEE_RETURN_IF_ERROR(PutSubject(*vault_, frame, *subject));
  return KeepTime(frame);
}

Status SubjectEraser::SuppressAddresses(Frame& frame, const OpenedSubject& subject, Done& done) {
  const Bytes prefix = HandleBytes(subject.handle());
  Bytes from;
  for (;;) {
    BAILEE_TRY(const std::vector<Row> rows,
               SomeRows(*frame.snapshot, Table::kRecords, prefix, from, kErasedPerLook));
    if (rows.empty()) return Status();
    for (const Row& row : rows) {
      if (row.key.size() != kRecordKeyBytes) continue;
      Status status = SuppressIn(frame, subject, DecodeRecordKey(row.key), row.value, done);
      // What does not open or is no address must not keep anybody from being erased.
      const bool told = status.code() == Code::kDamage || status.code() == Code::kInvalidValue;
      if (!status.ok() && !told) return status;
    }
    from = rows.back().key;
    from.push_back(0);
  }
}

Status SubjectEraser::SuppressIn(Frame& frame, const OpenedSubject& subject, const RecordKey& key,
                                 ByteView bytes, Done& done) {
  BAILEE_TRY(const FoundRow found,
             session_.ParseRow(frame, subject, key.category, key.record, bytes));
  const BoundPolicy& bound = *found.terms->bound;
  for (size_t i = 0; i < bound.categories.size(); ++i) {
    if (bound.categories[i].id != key.category) continue;
    const policy::CategoryInfo& category = bound.policy->category({static_cast<uint16_t>(i)});
    for (const policy::FieldInfo& field : category.fields) {
      if (field.kind != Kind::kEmail) continue;
      const std::string_view name = field.name;
      const Ask ask{.kind = EventKind::kErase,
                    .action = policy::Action::kRead,
                    .category = category.id,
                    .fields = {&name, 1},
                    .case_reference = {}};
      BAILEE_TRY(const std::optional<Record> opened,
                 session_.OpenValues(frame, subject, ask, found));
      if (!opened || !opened->values.front().value) continue;
      BAILEE_TRY(const bool added, SuppressAddress(*vault_, frame, *opened->values.front().value));
      if (added) ++done.suppressed;
    }
  }
  return Status();
}

Result<bool> SubjectEraser::DeleteLookups(Frame& frame, const OpenedSubject& subject, Done& done) {
  const keys::Subject& state = subject.subject();
  constexpr size_t kBackRowsMax = kRowsErasedPerWrite / (1 + keys::kBackEntriesMax);
  BAILEE_TRY(const std::vector<Row> rows,
             SomeRows(*frame.snapshot, Table::kLookup, keys::BackPrefix(subject.handle()), {},
                      kBackRowsMax));
  for (const Row& row : rows) {
    const Result<keys::BackEntries> back =
        keys::OpenBackRow(vault_->id(), {subject.handle(), state.history}, row.key, row.value);
    if (!back.ok() && back.status().code() != Code::kDamage) return back.status();
    BAILEE_RETURN_IF_ERROR(frame.transaction->Delete(Table::kLookup, row.key));
    ++done.rows;
    if (!back.ok()) continue;  // the rows that it led to are found to be dead by upkeep
    for (const keys::BackEntry& entry : *back) {
      BAILEE_RETURN_IF_ERROR(frame.transaction->Delete(Table::kLookup, entry.field_key));
      BAILEE_RETURN_IF_ERROR(OweShardOf(*frame.transaction, entry.tag()));
      ++done.rows;
    }
  }
  return rows.size() < kBackRowsMax;
}

Result<bool> SubjectEraser::KeepAccounting(Frame& frame, const OpenedSubject& subject, Done& done) {
  const Bytes prefix = HandleBytes(subject.handle());
  // As of this transaction: the key may be rotated meanwhile.
  const keys::HeldPurpose* rights =
      HeldOf(frame.rules()->manifest.FindPurpose(keys::kRights), vault_->keyring());
  if (rights == nullptr)
    return NotForThisKeyring("people are erased by rights",
                             "open the vault with the rights keyring");
  Bytes from;
  for (;;) {
    BAILEE_TRY(const std::vector<Row> rows,
               SomeRows(*frame.snapshot, Table::kDisclosures, prefix, from, kErasedPerLook));
    if (rows.empty()) return true;
    for (const Row& row : rows) {
      if (row.key.size() != kDisclosureKeyBytes || IsKeptDisclosure(row.value)) continue;
      const auto sequence = Reader(ByteView(row.key).last(8)).Get<uint64_t>();
      const Result<Bytes> kept =
          KeepDisclosure(vault_->id(), subject.handle(), sequence, subject.subject().history,
                         row.value, *rights, vault_->random());
      // A damaged one is as damaged afterwards.
      if (!kept.ok() && kept.status().code() == Code::kDamage) continue;
      if (!kept.ok()) return kept.status();
      BAILEE_RETURN_IF_ERROR(frame.transaction->Put(Table::kDisclosures, row.key, *kept));
      ++done.kept;
    }
    if (done.kept >= kRowsErasedPerWrite) return false;
    from = rows.back().key;
    from.push_back(0);
  }
}

Status SubjectEraser::DeleteSelf(Frame& frame, const OpenedSubject& subject, Done& done) {
  const keys::Subject& state = subject.subject();
  BAILEE_TRY(done.records, CountRecords(*frame.snapshot, subject.handle()));
  if (state.ref.size_bytes() > 0) {
    BAILEE_RETURN_IF_ERROR(state.ref.Reveal([&](std::string_view ref) -> Status {
      const bool tag = state.kind == keys::SubjectKind::kTag;
      BAILEE_TRY(const VaultImpl::Ref listed, vault_->RefTag(tag ? Who::Tag(ref) : Who::Ref(ref)));
      BAILEE_RETURN_IF_ERROR(OweShardOf(*frame.transaction, listed.tag));
      return keys::DeleteRef(*frame.transaction, listed.domain, listed.tag);
    }));
  }
  BAILEE_RETURN_IF_ERROR(
      frame.transaction->Delete(Table::kSubjects, keys::SubjectRowKeyOf(subject.handle())));
  BAILEE_RETURN_IF_ERROR(OweShardOf(*frame.transaction, subject.handle().bytes));
  BAILEE_TRY(const size_t deleted, DeleteRowsOf(frame, subject.handle(), kRowsErasedPerWrite));
  done.rows += deleted + 1;
  if (deleted < kRowsErasedPerWrite) return Status();
  return PutDue(*frame.transaction, Due::kRows, subject.handle().view());
}

Status SubjectEraser::EraseUnreadable(Frame& frame, const Who& who, const Handle& handle,
                                      Done& done) {
  done.known = true;
  done.all = true;
  BAILEE_TRY(done.records, CountRecords(*frame.snapshot, handle));
  if (who.kind() != Who::Kind::kHandle) {
    BAILEE_TRY(const VaultImpl::Ref listed, vault_->RefTag(who));
    BAILEE_RETURN_IF_ERROR(OweShardOf(*frame.transaction, listed.tag));
    BAILEE_RETURN_IF_ERROR(keys::DeleteRef(*frame.transaction, listed.domain, listed.tag));
  }
  BAILEE_RETURN_IF_ERROR(
      frame.transaction->Delete(Table::kSubjects, keys::SubjectRowKeyOf(handle)));
  BAILEE_RETURN_IF_ERROR(OweShardOf(*frame.transaction, handle.bytes));
  // Without their keys nobody knows which lookup rows lead to them: upkeep's sweep finds those
  // dead.
  BAILEE_RETURN_IF_ERROR(PutDue(*frame.transaction, Due::kRows, handle.view()));
  return RecordErased(frame, handle, done);
}

Status SubjectEraser::RecordErased(Frame& frame, const Handle& handle, Done& done) {
  const std::string count = std::to_string(done.records);
  const audit::Detail detail{audit::What::kCount, count};
  BAILEE_TRY(done.decision, vault_->RecordWrite(frame, {.kind = EventKind::kErase,
                                                        .purpose = keys::kRights,
                                                        .case_reference = case_,
                                                        .handle = handle,
                                                        .details = {&detail, 1}}));
  return KeepTime(frame);
}

Status DeleteLeftRows(VaultImpl& vault) {
  for (;;) {
    std::vector<Bytes> left;
    {
      BAILEE_TRY(const Frame frame, vault.Begin());
      BAILEE_TRY(left, ListDue(*frame.snapshot, Due::kRows, 1));
    }
    if (left.empty()) return Status();
    BAILEE_RETURN_IF_ERROR(vault.Write([&](Frame& frame) -> Status {
      const Handle handle{Reader(left.front()).GetArray<16>()};
      BAILEE_TRY(const size_t deleted, DeleteRowsOf(frame, handle, kRowsErasedPerWrite));
      if (deleted == kRowsErasedPerWrite) return Status();
      return DeleteDue(*frame.transaction, Due::kRows, left.front());
    }));
  }
}

Result<Erased> EraseSubjects(const std::shared_ptr<VaultImpl>& vault, std::span<const Who> whos,
                             const EraseOptions& options) {
  if (!options.case_reference.empty() && !policy::IsCaseReference(options.case_reference)) {
    return Status(Code::kInvalidValue, "erase.case", "a case is named by letters, digits and -",
                  "use at most 64 of [A-Za-z0-9-]");
  }
  BAILEE_TRY(const keys::HeldPurpose* rights,
             HeldRights(*vault, {.kind = EventKind::kErase}, "people are erased by rights"));
  Erased erased;
  SubjectEraser eraser(vault, *rights, options.case_reference);
  BAILEE_RETURN_IF_ERROR(eraser.Run(whos, erased));
  if (options.defer) {
    BAILEE_TRY(erased.shredded, ShreddedSoFar(*vault));
    return erased;
  }
  BAILEE_TRY(erased.shredded, Shred(*vault, options.shred));
  return erased;
}

}  // namespace bailee::vault
