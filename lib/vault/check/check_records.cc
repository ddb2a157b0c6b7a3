// SPDX-License-Identifier: Apache-2.0
#include "base/codec.h"
#include "base/try.h"
#include "crypto/checksum.h"
#include "record/fields.h"
#include "record/seal.h"
#include "vault/check/check_rows.h"
#include "vault/frame/due.h"
#include "vault/ledger/keywork.h"
#include "vault/ledger/ledger_entry.h"
#include "vault/ledger/move_records.h"

// Subjects, their wraps and their records.
namespace bailee::vault {

using store::Table;

struct RowChecker::RecordAt {
  const OpenedSubject& subject;
  const RecordKey& key;
  const record::RecordRow& row;
  const record::Revisions& revisions;
  const policy::CategoryInfo& category;
  bool read = false;  // open its values, too
};

bool ReadShare::Has(const VaultId& vault, ByteView key) const {
  return slices > 0 && crypto::Checksum(vault.bytes, key) % slices == slice;
}

std::string CategoryName(const Rules& rules, const crypto::NameId& id) {
  for (const auto& [version, bound] : rules.policies) {
    for (size_t i = 0; i < bound->categories.size(); ++i) {
      if (bound->categories[i].id == id)
        return bound->policy->category({static_cast<uint16_t>(i)}).id;
    }
  }
  return id.ToHex();
}

Status RowChecker::Take(const Status& status, Flaw flaw, RowFindings& out, std::string at) {
  if (status.code() != Code::kDamage) return status;
  // A shard's key is found where it is; what hangs on it cannot be told.
  if (status.name() == "shard.damaged") {
    out.Unsure();
  } else {
    out.Add(flaw, std::move(at));
  }
  return Status();
}

Status RowChecker::TakeIfHeld(const Status& status, Flaw flaw, RowFindings& out, std::string at) {
  return status.code() == Code::kKey ? Status() : Take(status, flaw, out, std::move(at));
}

Result<RowChecker::SharedSubject> RowChecker::OwnerOf(Frame& frame, const Handle& handle,
                                                      RowFindings& out) {
  out.About(handle);
  const uint64_t transaction = frame.snapshot->transaction_id();
  if (handle != handle_ || transaction != transaction_) wraps_ = {};
  if (transaction != transaction_) {
    backed_.clear();
    backed_rows_ = 0;
  }
  handle_ = handle;
  transaction_ = transaction;
  Result<SharedSubject> subject = vault_.LoadSubject(frame, handle);
  if (subject.status().code() == Code::kDamage) {
    out.Unsure();
    return SharedSubject();
  }
  if (!subject.ok() || *subject != nullptr) return subject;
  BAILEE_TRY(const std::optional<ByteView> going,
             frame.snapshot->Get(Table::kDue, DueKeyOf(Due::kRows, handle.view())));
  if (!going) out.Add(Flaw::kSubjectMissing);
  return SharedSubject();
}

Result<std::shared_ptr<const BoundTerms>> RowChecker::TermsOf(Frame& frame,
                                                              const crypto::TermsId& id,
                                                              RowFindings& out) {
  using Shared = std::shared_ptr<const BoundTerms>;
  Result<Shared> terms = vault_.terms().Get(*frame.snapshot, vault_.id(), frame.rules(), id);
  if (terms.status().code() != Code::kDamage) return terms;
  BAILEE_TRY(const std::optional<ByteView> row, frame.snapshot->Get(Table::kTerms, id.view()));
  if (row) {
    out.Unsure();  // they are found where they are
  } else {
    out.Add(Flaw::kTermsMissing, "terms " + id.ToHex());
  }
  return Shared();
}

Status RowChecker::LookAtSubject(Frame& frame, ByteView key, ByteView value, RowFindings& out) {
  const Handle handle{Reader(key).GetArray<16>()};
  out.About(handle);
  // Not through the cache, which knows a row by its head.
  const Result<keys::Subject> subject =
      keys::OpenSubject(vault_.id(), handle, value, *frame.shards(), *frame.snapshot);
  if (!subject.ok()) return Take(subject.status(), Flaw::kSubjectDamaged, out);
  const Result<LedgerState> ledger = DecodeStanding(subject->standing);
  if (!ledger.ok()) return Take(ledger.status(), Flaw::kSubjectDamaged, out);
  BAILEE_RETURN_IF_ERROR(CheckListed(frame, handle, *subject, out));
  return CheckStanding(frame, handle, *subject, *ledger, out);
}

Status RowChecker::CheckListed(Frame& frame, const Handle& handle, const keys::Subject& subject,
                               RowFindings& out) {
  if (subject.ref.size_bytes() == 0) return Status();
  const bool tag = subject.kind == keys::SubjectKind::kTag;
  BAILEE_TRY(const VaultImpl::Ref listed, subject.ref.Reveal([&](std::string_view ref) {
    return vault_.RefTag(tag ? Who::Tag(ref) : Who::Ref(ref));
  }));
  const auto found =
      keys::FindRef(vault_.LookupOf(frame), *frame.snapshot, listed.domain, listed.tag);
  if (found.status().code() == Code::kDamage) return Status();  // it is found where it is
  if (!found.ok()) return found.status();
  if (*found != handle) out.Add(Flaw::kSubjectUnlisted);
  return Status();
}

// That no entry before the last is missing is found at the entry after it.
Status RowChecker::CheckStanding(Frame& frame, const Handle& handle, const keys::Subject& subject,
                                 const LedgerState& ledger, RowFindings& out) {
  if (ledger.entries > 0) {
    BAILEE_TRY(const std::optional<ByteView> last,
               frame.snapshot->Get(Table::kLedger, EntryKeyOf(handle, ledger.entries)));
    if (!last) {
      out.Add(Flaw::kLedgerLength, "entry " + std::to_string(ledger.entries));
      return Status();
    }
  }
  const auto entries =
      ReadLedger(*frame.snapshot, vault_.id(), handle, subject.history, ledger.entries);
  if (entries.status().code() == Code::kDamage) return Status();  // found where it is
  if (!entries.ok()) return entries.status();
  LedgerState folded;
  for (const LedgerEntry& entry : *entries) Fold(entry, folded);
  BAILEE_TRY(const Bytes comes_to, EncodeStanding(folded));
  if (comes_to != subject.standing) out.Add(Flaw::kSubjectStanding);
  return Status();
}

Status RowChecker::LookAtWraps(Frame& frame, ByteView key, ByteView value, RowFindings& out) {
  Reader reader(key);
  const Handle handle{reader.GetArray<16>()};
  const auto kind = reader.Get<uint8_t>();
  const crypto::NameId category{reader.GetArray<8>()};
  const auto compartment = reader.Get<uint16_t>();
  const crypto::TermsId terms_id{reader.GetArray<16>()};
  if (!reader.complete() || kind != 1) {
    out.Add(Flaw::kRowUnknown);
    return Status();
  }
  out.About(CategoryName(*frame.rules(), category));
  const std::string at = "compartment " + std::to_string(compartment);
  BAILEE_TRY(const SharedSubject subject, OwnerOf(frame, handle, out));
  if (subject == nullptr) return Status();
  BAILEE_TRY(const auto terms, TermsOf(frame, terms_id, out));
  if (terms == nullptr) return Status();
  BAILEE_TRY(const auto bound, BindGroup(vault_, frame, handle, category, terms_id));
  const keys::WrapPlace place = subject->Place(category, compartment, terms_id);
  const auto wraps = keys::WrapSet::Open(place, subject->subject().key, value);
  if (!wraps.ok()) return Take(wraps.status(), Flaw::kWrapsDamaged, out, at);
  if (!bound || compartment >= bound->group.compartments) {
    out.Add(Flaw::kWrapsDamaged, at);
    return Status();
  }
  return CheckInnerWraps(place, *wraps, out);
}

Status RowChecker::CheckInnerWraps(const keys::WrapPlace& place, const keys::WrapSet& wraps,
                                   RowFindings& out) {
  for (const keys::Wrap& wrap : wraps.wraps()) {
    const keys::HeldPurpose* held = vault_.keyring().FindPurpose(wrap.purpose, wrap.key_version);
    ++(held == nullptr ? looked_.wraps_closed : looked_.wraps_opened);
    if (held == nullptr) continue;
    const Status opened = keys::OpenWrap(place, wrap, held->key).status();
    if (!opened.ok()) {
      BAILEE_RETURN_IF_ERROR(Take(opened, Flaw::kWrapDamaged, out,
                                  "compartment " + std::to_string(place.compartment) +
                                      ", generation " + std::to_string(wrap.generation) +
                                      ", purpose " + held->name));
    }
  }
  return Status();
}

Status RowChecker::LookAtRecord(Frame& frame, ByteView key, ByteView value, RowFindings& out) {
  if (key.size() != kRecordKeyBytes) {
    out.Add(Flaw::kRowUnknown);
    return Status();
  }
  const RecordKey at = DecodeRecordKey(key);
  out.About(CategoryName(*frame.rules(), at.category), at.record);
  BAILEE_TRY(const SharedSubject subject, OwnerOf(frame, at.handle, out));
  if (subject == nullptr) return Status();
  const Result<record::RecordRow> row = record::ParseRecordRow(value);
  if (!row.ok()) return Take(row.status(), Flaw::kRecordDamaged, out);
  if (row->head().revision != subject->subject().RevisionOf(at.category, at.record)) {
    out.Add(Flaw::kRecordOld);
    return Status();
  }
  return CheckRecordRow(frame, *subject, at, *row, out);
}

Status RowChecker::CheckRecordRow(Frame& frame, const OpenedSubject& subject, const RecordKey& key,
                                  const record::RecordRow& row, RowFindings& out) {
  const auto revisions = record::Revisions::Open(
      {vault_.id(), key.handle, key.category, key.record}, subject.subject().history, row);
  if (!revisions.ok()) return Take(revisions.status(), Flaw::kRecordDamaged, out);
  BAILEE_TRY(const auto terms, TermsOf(frame, row.head().terms, out));
  if (terms == nullptr) return Status();
  BAILEE_TRY(const auto bound,
             BindGroup(vault_, frame, key.handle, key.category, row.head().terms));
  if (!bound || row.size() != bound->group.compartments) {
    out.Add(Flaw::kRecordDamaged);
    return Status();
  }
  const auto row_key = RecordKeyOf(key.handle, key.category, key.record);
  const RecordAt at{.subject = subject,
                    .key = key,
                    .row = row,
                    .revisions = *revisions,
                    .category = bound->terms->bound->policy->category(bound->category),
                    .read = share_.Has(vault_.id(), row_key)};
  const uint64_t closed_before = looked_.compartments_closed;
  for (const record::RowEntry entry : row) {
    if (entry.compartment >= bound->group.compartments) {
      out.Add(Flaw::kRecordDamaged, "compartment " + std::to_string(entry.compartment));
      return Status();
    }
    BAILEE_RETURN_IF_ERROR(CheckCompartment(frame, at, entry, out));
  }
  if (at.read && looked_.compartments_closed == closed_before && out.findings().empty())
    ++looked_.records_read;
  return Status();
}

Result<const keys::WrapSet*> RowChecker::WrapsOf(Frame& frame, const RecordAt& at,
                                                 const record::RowEntry& entry,
                                                 std::optional<keys::WrapSet>& travelling,
                                                 RowFindings& out) {
  const keys::WrapSet* none = nullptr;
  const std::string place_text = "compartment " + std::to_string(entry.compartment);
  keys::WrapPlace place = at.subject.Place(at.key.category, entry.compartment, at.row.head().terms);
  if (!entry.travelling.empty()) {
    place.record = at.key.record;
    Result<keys::WrapSet> opened =
        keys::WrapSet::OpenTravelling(place, at.subject.subject().key, entry.travelling);
    if (!opened.ok()) {
      BAILEE_RETURN_IF_ERROR(Take(opened.status(), Flaw::kWrapsDamaged, out, place_text));
      return none;
    }
    travelling = *std::move(opened);
    BAILEE_RETURN_IF_ERROR(CheckInnerWraps(place, *travelling, out));
    return static_cast<const keys::WrapSet*>(&*travelling);
  }
  Result<const keys::WrapSet*> wraps = wraps_.Of(*frame.snapshot, at.subject, place);
  if (!wraps.ok() && wraps.status().name() != "wraps.missing") {
    if (wraps.status().code() != Code::kDamage) return wraps.status();
    out.Unsure();  // they are found where they are
    return none;
  }
  if (!wraps.ok() || !(*wraps)->HasGeneration(entry.generation)) {
    out.Add(Flaw::kWrapsMissing, place_text + ", generation " + std::to_string(entry.generation));
    return none;
  }
  return wraps;
}

Status RowChecker::CheckCompartment(Frame& frame, const RecordAt& at, const record::RowEntry& entry,
                                    RowFindings& out) {
  std::optional<keys::WrapSet> travelling;
  BAILEE_TRY(const keys::WrapSet* wraps, WrapsOf(frame, at, entry, travelling, out));
  if (wraps == nullptr || !at.read) return Status();
  return ReadCompartment(at, entry, *wraps, out);
}

Status RowChecker::ReadCompartment(const RecordAt& at, const record::RowEntry& entry,
                                   const keys::WrapSet& wraps, RowFindings& out) {
  const keys::Wrap* wrap = HeldWrap(wraps, entry.generation, vault_.keyring());
  if (wrap == nullptr) {
    ++looked_.compartments_closed;
    return Status();
  }
  const std::string text = "compartment " + std::to_string(entry.compartment);
  keys::WrapPlace place = at.subject.Place(at.key.category, entry.compartment, at.row.head().terms);
  if (!entry.travelling.empty()) place.record = at.key.record;
  const auto key = OpenHeld(place, *wrap, vault_.keyring());
  if (!key.ok()) {
    if (key.status().code() == Code::kDamage) out.Unsure();
    return key.status().code() == Code::kDamage ? Status() : key.status();
  }
  const record::CompartmentPlace sealed{.vault = vault_.id(),
                                        .handle = at.key.handle,
                                        .category = at.key.category,
                                        .record = at.key.record,
                                        .compartment = entry.compartment,
                                        .generation = entry.generation,
                                        .head = at.revisions.HeadOf(entry.compartment)};
  const Result<Secret> plain = record::OpenCompartment(*key, sealed, entry.sealed);
  if (!plain.ok()) return Take(plain.status(), Flaw::kRecordData, out, text);
  const bool fits = plain->RevealBytes([&](ByteView bytes) {
    const auto fields = record::Fields::Decode(bytes);
    if (!fields.ok()) return false;
    for (const record::Fields::Item item : *fields) {
      if (at.category.fields.size() <= item.field ||
          at.category.fields[item.field].compartment.value != entry.compartment) {
        return false;
      }
    }
    return true;
  });
  if (!fits) out.Add(Flaw::kRecordData, text);
  return Status();
}

}  // namespace bailee::vault
