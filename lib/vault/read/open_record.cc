// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "record/fields.h"
#include "record/seal.h"
#include "vault/frame/session_impl.h"

namespace bailee::vault {
namespace {

// The compartments of one record that were opened for the fields before. Mostly it is one, which is
// kept without memory of its own.
class OpenedCompartments {
 public:
  // Null: not yet. Until the next Add.
  const Secret* Find(uint16_t number) const {
    if (newest_ && newest_->first == number) return &newest_->second;
    for (const auto& [earlier, plain] : earlier_) {
      if (earlier == number) return &plain;
    }
    return nullptr;
  }
  const Secret* Add(uint16_t number, Secret plain) {
    if (newest_) earlier_.push_back(*std::move(newest_));
    newest_.emplace(number, std::move(plain));
    return &newest_->second;
  }

 private:
  std::optional<std::pair<uint16_t, Secret>> newest_;
  std::vector<std::pair<uint16_t, Secret>> earlier_;
};

}  // namespace

Status DamagedRecord(const char* what) {
  return Status(Code::kDamage, "record.damaged", std::string("a record is damaged: ") + what,
                "restore the vault from a backup; other records are still readable");
}

std::array<uint8_t, kRecordKeyBytes> RecordKeyOf(const Handle& handle,
                                                 const crypto::NameId& category,
                                                 const RecordId& record) {
  std::array<uint8_t, kRecordKeyBytes> key{};
  uint8_t* at = std::copy(handle.bytes.begin(), handle.bytes.end(), key.data());
  at = std::copy(category.bytes.begin(), category.bytes.end(), at);
  std::copy(record.bytes.begin(), record.bytes.end(), at);
  return key;
}

Result<FoundRow> SessionImpl::ParseRow(Frame& frame, const OpenedSubject& subject,
                                       const crypto::NameId& category, const RecordId& id,
                                       ByteView bytes) {
  BAILEE_TRY(const record::RecordRow row, record::ParseRecordRow(bytes));
  // An older row put back opens under its own revision; the subject's row says which one holds.
  if (row.head().revision != subject.subject().RevisionOf(category, id))
    return DamagedRecord("it is not the newest");
  BAILEE_TRY(record::Revisions revisions,
             record::Revisions::Open({vault_->id(), subject.handle(), category, id},
                                     subject.subject().history, row));
  BAILEE_TRY(std::shared_ptr<const BoundTerms> terms,
             vault_->terms().Get(*frame.snapshot, vault_->id(), frame.rules(), row.head().terms));
  return FoundRow{id, row, std::move(revisions), std::move(terms)};
}

Result<std::optional<FoundRow>> SessionImpl::FindRow(Frame& frame, const OpenedSubject& subject,
                                                     const crypto::NameId& category,
                                                     const RecordId& id) {
  BAILEE_TRY(
      const std::optional<ByteView> bytes,
      frame.snapshot->Get(store::Table::kRecords, RecordKeyOf(subject.handle(), category, id)));
  if (!bytes) return std::optional<FoundRow>();
  BAILEE_TRY(FoundRow found, ParseRow(frame, subject, category, id, *bytes));
  return std::optional<FoundRow>(std::move(found));
}

Result<OpenedSubject::SharedKey> SessionImpl::KeyOf(Frame& frame, const OpenedSubject& subject,
                                                    const crypto::NameId& category,
                                                    const FoundRow& found,
                                                    const record::RowEntry& entry) {
  keys::WrapPlace place = subject.Place(category, entry.compartment, found.row.head().terms);
  if (entry.travelling.empty())
    return subject.CompartmentKey(*frame.snapshot, place, entry.generation, purpose_.id,
                                  vault_->keyring());
  place.record = found.id;
  return subject.TravellingKey(place, entry.travelling, purpose_.id, vault_->keyring());
}

Result<std::optional<Record>> SessionImpl::OpenValues(Frame& frame, const OpenedSubject& subject,
                                                      const Ask& ask, const FoundRow& found) {
  const policy::Policy& under = *found.terms->bound->policy;
  const policy::CategoryIndex category = under.FindCategory(ask.category);
  // The row says under which terms it lies, and rows can be moved by whoever can write the file.
  if (!category.valid()) return DamagedRecord("its terms do not know its category");
  const crypto::NameId category_id = found.terms->bound->category(category).id;

  Record released;
  released.handle = subject.handle();
  released.id = found.id;
  released.category = ask.category;
  released.collected_at = found.row.head().collected_at;
  released.values.reserve(ask.fields.size());
  OpenedCompartments opened;
  for (const std::string_view name : ask.fields) {
    const policy::FieldIndex field = under.FindField(category, name);
    if (!field.valid()) {
      // Declared after this was collected.
      released.values.push_back({std::string(name), std::nullopt});
      continue;
    }
    const uint16_t number = under.field(category, field).compartment.value;
    const Secret* plain = opened.Find(number);
    if (plain == nullptr) {
      const std::optional<record::RowEntry> entry = found.row.Find(number);
      if (!entry) return DamagedRecord("a compartment is missing");
      BAILEE_TRY(const OpenedSubject::SharedKey key,
                 KeyOf(frame, subject, category_id, found, *entry));
      if (key == nullptr) return std::optional<Record>();
      const record::CompartmentPlace place{.vault = vault_->id(),
                                           .handle = subject.handle(),
                                           .category = category_id,
                                           .record = found.id,
                                           .compartment = number,
                                           .generation = entry->generation,
                                           .head = found.revisions.HeadOf(number)};
      BAILEE_TRY(Secret compartment, record::OpenCompartment(*key, place, entry->sealed));
      plain = opened.Add(number, std::move(compartment));
    }
    BAILEE_TRY(std::optional<Secret> value,
               plain->RevealBytes([&](ByteView bytes) -> Result<std::optional<Secret>> {
                 BAILEE_TRY(const std::optional<ByteView> stored,
                            record::FindField(bytes, field.value));
                 if (!stored) return std::optional<Secret>();
                 BAILEE_TRY(Secret copy, Secret::From(*stored));
                 return std::optional<Secret>(std::move(copy));
               }));
    released.values.push_back({std::string(name), std::move(value)});
  }
  return std::optional<Record>(std::move(released));
}

Result<std::optional<Record>> SessionImpl::Release(Frame& frame, const OpenedSubject& subject,
                                                   const Ask& ask, const FoundRow& found,
                                                   policy::Decision& refused) {
  if (!IsOfSource(found)) {
    // Nothing of this session: as if it were not there.
    refused = {};
    refused.reasons.Add(Reason::kNotCollectedFor);
    refused.visible = false;
    return std::optional<Record>();
  }
  const policy::Datum datum = found.terms->DatumAt(found.row.head().collected_at);
  refused = DecideOn(frame, ask, &datum, subject.standing(), policy::WrapState::kPresent);
  if (!refused.allowed()) return std::optional<Record>();
  BAILEE_TRY(std::optional<Record> record, OpenValues(frame, subject, ask, found));
  if (!record) {
    refused = DecideOn(frame, ask, &datum, subject.standing(), policy::WrapState::kPending);
    BAILEE_CHECK(!refused.allowed());
  }
  return record;
}

EventRecord SessionImpl::EventRecordOf(const OpenedSubject& subject, const crypto::NameId& category,
                                       const FoundRow& found) const {
  return {subject.handle(), category, found.id, found.row.head().terms};
}

}  // namespace bailee::vault
