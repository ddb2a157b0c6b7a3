// SPDX-License-Identifier: Apache-2.0
#include "base/codec.h"
#include "base/try.h"
#include "keys/back_rows.h"
#include "keys/pending.h"
#include "vault/check/check_rows.h"

// Rows that people and records are found by.
namespace bailee::vault {
namespace {

using store::Table;

// Keys that are remembered of back rows; beyond that they are read again.
constexpr size_t kBackedRowsMax = 100'000;

bool IsDamage(const Status& status) { return status.code() == Code::kDamage; }

}  // namespace

Status RowChecker::LookAtLookup(Frame& frame, ByteView key, ByteView value, RowFindings& out) {
  const uint8_t kind = key.empty() ? 0 : key[0];
  if (kind == static_cast<uint8_t>(keys::RefDomain::kSubject) ||
      kind == static_cast<uint8_t>(keys::RefDomain::kTag)) {
    return LookAtRef(frame, key, value, out);
  }
  if (kind == keys::kFieldKind) return LookAtField(frame, key, value, out);
  if (keys::ParsePendingKey(key).ok()) return LookAtPending(frame, key, value, out);
  if (const std::optional<Handle> owner = keys::OwnerOfBackRow(key))
    return LookAtBack(frame, *owner, key, value, out);
  out.Add(Flaw::kRowUnknown);
  return Status();
}

// A ref leads to somebody who says that they have it.
Status RowChecker::LookAtRef(Frame& frame, ByteView key, ByteView value, RowFindings& out) {
  const auto row = keys::OpenRefRow(vault_.LookupOf(frame), *frame.snapshot, key, value);
  if (!row.ok()) return Take(row.status(), Flaw::kLookupDamaged, out);
  out.About(row->handle);
  const Result<SharedSubject> subject = vault_.LoadSubject(frame, row->handle);
  if (IsDamage(subject.status())) {
    out.Unsure();
    return Status();
  }
  if (!subject.ok()) return subject.status();
  if (*subject == nullptr || (*subject)->subject().ref.size_bytes() == 0) {
    out.Add(Flaw::kLookupRef);
    return Status();
  }
  const keys::Subject& state = (*subject)->subject();
  const bool tag = state.kind == keys::SubjectKind::kTag;
  BAILEE_TRY(const VaultImpl::Ref listed, state.ref.Reveal([&](std::string_view ref) {
    return vault_.RefTag(tag ? Who::Tag(ref) : Who::Ref(ref));
  }));
  if (listed.domain != row->domain || listed.tag != row->tag) out.Add(Flaw::kLookupRef);
  return Status();
}

Result<bool> RowChecker::HasRecord(Frame& frame, const crypto::NameId& index, const Handle& handle,
                                   const RecordId& record) {
  if (rules_ != frame.rules()) {
    rules_ = frame.rules();
    categories_ = CategoriesOfIndexes(*rules_);
  }
  const auto known = categories_.find(index);
  if (known == categories_.end()) return true;  // nobody can say
  for (const crypto::NameId& category : known->second) {
    BAILEE_TRY(const std::optional<ByteView> row,
               frame.snapshot->Get(Table::kRecords, RecordKeyOf(handle, category, record)));
    if (row) return true;
  }
  return false;
}

Status RowChecker::LookAtField(Frame& frame, ByteView key, ByteView value, RowFindings& out) {
  const auto row = keys::OpenFieldRow(vault_.LookupOf(frame), *frame.snapshot, key, value);
  if (!row.ok()) return Take(row.status(), Flaw::kLookupDamaged, out);
  out.About(row->hit.handle);
  out.About({}, row->hit.record);
  BAILEE_TRY(const bool there, HasRecord(frame, row->index.id, row->hit.handle, row->hit.record));
  if (!there) {
    out.Add(Flaw::kLookupDead);
    return Status();
  }
  BAILEE_TRY(const SharedSubject subject, OwnerOf(frame, row->hit.handle, out));
  if (subject == nullptr) return Status();
  BAILEE_TRY(const bool backed, HasBackRow(frame, *subject, key));
  if (!backed) out.Add(Flaw::kLookupNoBack);
  return Status();
}

Result<bool> RowChecker::HasBackRow(Frame& frame, const OpenedSubject& subject,
                                    ByteView field_key) {
  keys::FieldKey wanted{};
  if (field_key.size() != wanted.size()) return false;
  std::ranges::copy(field_key, wanted.begin());
  if (const auto known = backed_.find(subject.handle()); known != backed_.end())
    return known->second.contains(wanted);
  std::set<keys::FieldKey> backed;
  bool found = false;
  Status problem;
  BAILEE_RETURN_IF_ERROR(frame.snapshot->Scan(
      Table::kLookup, keys::BackPrefix(subject.handle()), {}, [&](ByteView key, ByteView value) {
        const auto back = keys::OpenBackRow(
            vault_.id(), {subject.handle(), subject.subject().history}, key, value);
        // A damaged one may be that of this row: it is found where it is.
        found = found || IsDamage(back.status());
        if (!back.ok() && !IsDamage(back.status())) problem = back.status();
        if (!back.ok()) return problem.ok();
        for (const keys::BackEntry& entry : *back) {
          found = found || entry.field_key == wanted;
          if (backed.size() < kBackedRowsMax) backed.insert(entry.field_key);
        }
        return true;
      }));
  BAILEE_RETURN_IF_ERROR(problem);
  if (!found || backed.size() == kBackedRowsMax) return found;
  if (backed_rows_ + backed.size() > kBackedRowsMax) {
    backed_.clear();
    backed_rows_ = 0;
  }
  // Of somebody with a damaged one nothing is remembered: another row may be its.
  if (backed.contains(wanted)) {
    backed_rows_ += backed.size();
    backed_.emplace(subject.handle(), std::move(backed));
  }
  return found;
}

Status RowChecker::LookAtPending(Frame& frame, ByteView key, ByteView value, RowFindings& out) {
  BAILEE_TRY(const keys::PendingKey parsed, keys::ParsePendingKey(key));
  BAILEE_TRY(const SharedSubject subject, OwnerOf(frame, parsed.handle, out));
  if (subject == nullptr) return Status();
  const crypto::SubjectKey& s = subject->subject().key;
  const Status outer = keys::CheckPending(vault_.id(), key, value, s);
  if (!outer.ok()) return Take(outer, Flaw::kLookupDamaged, out);
  const keys::HeldIndex* index = vault_.keyring().FindIndex(parsed.index.id, parsed.index.version);
  if (index == nullptr) return Status();
  const std::string_view name = index->name;
  const keys::HeldPurpose* purpose = vault_.keyring().FindPurpose(name.substr(name.rfind('/') + 1));
  if (purpose == nullptr) return Status();
  const keys::PendingPlace place{.vault = vault_.id(),
                                 .handle = parsed.handle,
                                 .index = parsed.index,
                                 .purpose = purpose->id,
                                 .purpose_version = purpose->version};
  const auto pending = keys::OpenPending(place, parsed.nonce, s, purpose->key, value);
  if (!pending.ok()) return Take(pending.status(), Flaw::kLookupDamaged, out);
  BAILEE_TRY(const bool there, HasRecord(frame, parsed.index.id, parsed.handle, pending->record));
  out.About({}, pending->record);
  if (!there) out.Add(Flaw::kLookupDead);
  return Status();
}

Status RowChecker::LookAtBack(Frame& frame, const Handle& owner, ByteView key, ByteView value,
                              RowFindings& out) {
  BAILEE_TRY(const SharedSubject subject, OwnerOf(frame, owner, out));
  if (subject == nullptr) return Status();
  const auto back = keys::OpenBackRow(vault_.id(), {owner, subject->subject().history}, key, value);
  if (!back.ok()) return Take(back.status(), Flaw::kLookupDamaged, out);
  for (const keys::BackEntry& entry : *back)
    BAILEE_RETURN_IF_ERROR(LookAtBackEntry(frame, owner, entry, out));
  return Status();
}

Status RowChecker::LookAtBackEntry(Frame& frame, const Handle& owner, const keys::BackEntry& entry,
                                   RowFindings& out) {
  out.About({}, entry.record);
  BAILEE_TRY(const std::optional<ByteView> row,
             frame.snapshot->Get(Table::kLookup, entry.field_key));
  if (row) {
    const auto field =
        keys::OpenFieldRow(vault_.LookupOf(frame), *frame.snapshot, entry.field_key, *row);
    if (IsDamage(field.status())) return Status();  // found where it is
    if (!field.ok()) return field.status();
    if (field->hit != keys::FieldHit{owner, entry.record}) out.Add(Flaw::kLookupMissing);
    return Status();
  }
  const crypto::NameId index{Reader(ByteView(entry.field_key).subspan(1)).GetArray<8>()};
  BAILEE_TRY(const bool there, HasRecord(frame, index, owner, entry.record));
  out.Add(there ? Flaw::kLookupMissing : Flaw::kLookupDead);
  return Status();
}

}  // namespace bailee::vault
