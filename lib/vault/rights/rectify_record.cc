// SPDX-License-Identifier: Apache-2.0
#include "vault/rights/rectify_record.h"

#include <algorithm>

#include "base/try.h"
#include "record/fields.h"
#include "vault/frame/session_impl.h"
#include "vault/ledger/entitled.h"

namespace bailee::vault {
namespace {

using policy::FieldIndex;
using policy::FieldSet;
using store::Table;

// The values and, whether they are stored or not, every view of them.
FieldSet ConcernedBy(const policy::CategoryInfo& category, const PreparedRecord& values) {
  FieldSet concerned;
  for (const PreparedField& value : values.fields) {
    const FieldIndex field = value.field;
    concerned.set(field.value);
    for (size_t i = 0; i < category.fields.size(); ++i) {
      if (category.fields[i].view_of == field) concerned.set(i);
    }
  }
  return concerned;
}

// The last moment of the bucket of the terms: its wraps are for all records of it.
Timestamp BucketEnd(const BoundTerms& terms, policy::CategoryIndex category) {
  return {terms.bound->policy->BucketAt(category, terms.expiry_bucket).before.unix_ms - 1};
}

policy::Decision KeyMissing(const policy::CategoryInfo& category, const FieldSet& lost) {
  std::string names;
  for (size_t i = 0; i < category.fields.size(); ++i) {
    if (!lost[i]) continue;
    names += (names.empty() ? "" : ", ") + category.fields[i].name;
  }
  policy::Decision decision;
  decision.reasons.Add(Reason::kPurposeKeyMissing);
  decision.rule = category.id + ": " + names + " must be kept, sealed together with a new value";
  decision.offer = "give these as well, or let a process put it right that may open them";
  return decision;
}

policy::Decision OfNoUse(const policy::CategoryInfo& category) {
  policy::Decision decision;
  decision.reasons.Add(Reason::kNotCollectedFor);
  decision.rule = category.id + ": no purpose may use what would be put right";
  return decision;
}

}  // namespace

Rectifier::Rectifier(VaultImpl& vault, Frame& frame, WritableSubject subject,
                     const Correction& correction)
    : vault_(vault),
      frame_(frame),
      correction_(correction),
      writer_(vault, frame),
      target_{std::move(subject), {}, {}},
      draft_{.record = correction.values,
             .bound = *correction.terms.bound,
             .category = correction.terms.bound->policy->category(correction.values.category),
             .binding = correction.terms.bound->category(correction.values.category),
             .terms = correction.terms.indexes,
             .terms_id = {},
             .collected_at = BucketEnd(correction.terms, correction.values.category),
             .stored = {}},
      concerned_(ConcernedBy(draft_.category, correction.values)) {}

record::RecordPlace Rectifier::Place() const {
  return {vault_.id(), target_.handle, draft_.binding.id, draft_.record.id};
}

record::CompartmentPlace Rectifier::PlaceOf(uint16_t compartment, uint32_t generation,
                                            const record::RecordHead& head) const {
  return {.vault = vault_.id(),
          .handle = target_.handle,
          .category = draft_.binding.id,
          .record = draft_.record.id,
          .compartment = compartment,
          .generation = generation,
          .head = head};
}

FieldSet Rectifier::FieldsOf(uint16_t compartment) const {
  FieldSet fields;
  for (const FieldIndex field : draft_.category.compartments[compartment].fields)
    fields.set(field.value);
  return fields;
}

Status Rectifier::ReadRow() {
  const auto key = RecordKeyOf(target_.handle, draft_.binding.id, draft_.record.id);
  BAILEE_TRY(const std::optional<ByteView> bytes, frame_.transaction->Get(Table::kRecords, key));
  if (!bytes) return DamagedRecord("it is gone");
  old_bytes_.assign(bytes->begin(), bytes->end());
  BAILEE_TRY(old_, record::ParseRecordRow(old_bytes_));
  BAILEE_TRY(old_revisions_, record::Revisions::Open(Place(), target_.subject.history, *old_));
  if (old_->size() != draft_.category.compartments.size())
    return DamagedRecord("a compartment is missing");
  const uint32_t newest = target_.subject.RevisionOf(draft_.binding.id, draft_.record.id);
  if (old_->head().revision != newest) return DamagedRecord("it is not the newest");
  head_ = old_->head();
  head_.revision = draft_.revision = newest + 1;
  draft_.terms_id = head_.terms;
  return Status();
}

Result<std::optional<Secret>> Rectifier::Open(const record::RowEntry& entry) {
  BAILEE_TRY(const auto key, writer_.HeldKey(target_, draft_, draft_.terms_id, entry));
  if (key == nullptr) return std::optional<Secret>();
  const record::CompartmentPlace place =
      PlaceOf(entry.compartment, entry.generation, old_revisions_->HeadOf(entry.compartment));
  BAILEE_TRY(Secret plain, record::OpenCompartment(*key, place, entry.sealed));
  return std::optional<Secret>(std::move(plain));
}

// Opens what holds more than the new values; `rights` must also know what there was.
Status Rectifier::OpenConcerned(policy::Decision& refused) {
  FieldSet lost;
  for (const record::RowEntry& entry : *old_) {
    if (entry.compartment >= draft_.category.compartments.size())
      return DamagedRecord("a compartment is too many");
    const FieldSet fields = FieldsOf(entry.compartment);
    if ((fields & concerned_).none()) continue;
    const FieldSet others = fields & ~concerned_;
    std::optional<Secret>& opened = opened_[entry.compartment];
    if (others.none() && !correction_.by_rights) continue;
    BAILEE_TRY(opened, Open(entry));
    if (!opened) lost |= others;
  }
  if (lost.any()) refused = KeyMissing(draft_.category, lost);
  return Status();
}

// Whether anybody but those who look after the data may use this value, or might but for a
// restriction.
bool Rectifier::IsOfUse(FieldIndex field) const {
  policy::Standing standing = target_.standing();
  standing.restricted = false;
  const BoundPolicy& in_force = *frame_.rules()->in_force;
  const auto entitled =
      EntitledRecipients({.rules = *frame_.rules(),
                          .collected = draft_.bound,
                          .terms = draft_.terms,
                          .category = draft_.record.category,
                          .compartment = draft_.category.fields[field.value].compartment,
                          .collected_at = draft_.collected_at,
                          .now = frame_.now},
                         standing);
  return std::any_of(entitled.begin(), entitled.end(), [&](const keys::WrapRecipient& each) {
    return each.purpose != in_force.upkeep.newest.purpose &&
           each.purpose != in_force.rights.newest.purpose;
  });
}

// What a purpose may read may be stored, with its views, as when it was collected. What `rights`
// puts right may be of use to nobody: nothing is stored then that was not there.
FieldSet Rectifier::KeptValues() const {
  if (!correction_.by_rights) return concerned_;
  FieldSet kept;
  for (const auto& [compartment, plain] : opened_) {
    if (!plain) continue;
    plain->RevealBytes([&](ByteView bytes) {
      const auto fields = record::Fields::Decode(bytes);
      if (!fields.ok()) return;
      for (const record::Fields::Item& item : *fields) kept.set(item.field);
    });
  }
  for (const PreparedField& value : correction_.values.fields) {
    if (!kept[value.field.value] && IsOfUse(value.field)) kept.set(value.field.value);
  }
  return kept & concerned_;
}

Result<Secret> Rectifier::PlainOf(uint16_t compartment) const {
  const FieldSet here = FieldsOf(compartment);
  std::vector<record::FieldValue> values;
  for (const PreparedField& value : correction_.values.fields) {
    const size_t field = value.field.value;
    if (here[field] && draft_.stored[field])
      values.push_back({.field = value.field.value, .secret = &value.value});
  }
  const std::optional<Secret>& old = opened_.at(compartment);
  if (!old) return record::EncodeFields(values);
  return old->RevealBytes([&](ByteView bytes) -> Result<Secret> {
    BAILEE_TRY(const record::Fields fields, record::Fields::Decode(bytes));
    for (const record::Fields::Item& item : fields) {
      if (!concerned_[item.field]) values.push_back({.field = item.field, .bytes = item.value});
    }
    std::sort(values.begin(), values.end(),
              [](const auto& a, const auto& b) { return a.field < b.field; });
    return record::EncodeFields(values);
  });
}

Status Rectifier::Seal() {
  for (const auto& each : opened_) {
    const uint16_t compartment = each.first;
    BAILEE_TRY(const Secret plain, PlainOf(compartment));
    BAILEE_TRY(CollectionWriter::Sealer sealer, writer_.SealerFor(target_, draft_, compartment));
    Bytes sealed = record::SealCompartment(
        *sealer.key, PlaceOf(compartment, sealer.generation, head_), plain, vault_.random());
    sealed_[compartment] = {sealer.generation, std::move(sealer.travelling), std::move(sealed)};
  }
  return Status();
}

Status Rectifier::PutRow() {
  std::vector<record::RowEntry> entries;
  std::vector<uint32_t> revisions;
  for (record::RowEntry entry : *old_) {
    const auto it = sealed_.find(entry.compartment);
    if (it == sealed_.end()) {
      revisions.push_back(old_revisions_->Of(entry.compartment));
    } else {
      entry = {entry.compartment, it->second.generation, it->second.travelling, it->second.sealed};
      revisions.push_back(head_.revision);
    }
    entries.push_back(entry);
  }
  Bytes sealed;
  if (sealed_.size() < entries.size()) {
    sealed =
        record::SealRevisions(Place(), head_, target_.subject.history, revisions, vault_.random());
  }
  return frame_.transaction->Put(Table::kRecords,
                                 RecordKeyOf(target_.handle, draft_.binding.id, draft_.record.id),
                                 record::EncodeRecordRow(head_, entries, sealed));
}

Result<uint32_t> Rectifier::Put(policy::Decision& refused) {
  BAILEE_RETURN_IF_ERROR(ReadRow());
  BAILEE_RETURN_IF_ERROR(OpenConcerned(refused));
  if (!refused.allowed()) return uint32_t{0};
  draft_.stored = KeptValues();
  if (draft_.stored.none()) {
    refused = OfNoUse(draft_.category);
    return uint32_t{0};
  }
  BAILEE_RETURN_IF_ERROR(Seal());
  BAILEE_RETURN_IF_ERROR(PutRow());
  target_.subject.SetRevision(draft_.binding.id, draft_.record.id, draft_.revision);
  target_.changed = true;
  BAILEE_RETURN_IF_ERROR(writer_.PutLookups(target_, draft_));
  BAILEE_RETURN_IF_ERROR(writer_.PutBackRows(target_));
  BAILEE_RETURN_IF_ERROR(writer_.FoldTarget(target_));
  return draft_.revision;
}

}  // namespace bailee::vault
