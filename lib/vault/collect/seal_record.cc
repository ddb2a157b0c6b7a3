// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "keys/pending.h"
#include "record/fields.h"
#include "record/kind.h"
#include "record/revisions.h"
#include "record/seal.h"
#include "record/terms.h"
#include "vault/collect/store_collection.h"
#include "vault/ledger/entitled.h"

namespace bailee::vault {
namespace {

using store::Table;

}  // namespace

Result<Secret> CollectionWriter::PlainOf(const Draft& draft, uint16_t compartment) const {
  std::vector<record::FieldValue> values;
  for (const PreparedField& field : draft.record.fields) {
    if (!draft.stored[field.field.value]) continue;
    if (draft.category.fields[field.field.value].compartment.value != compartment) continue;
    values.push_back({.field = field.field.value, .secret = &field.value});
  }
  return record::EncodeFields(values);
}

Result<Bytes> CollectionWriter::SealRow(Target& target, const Draft& draft) {
  const record::RecordHead head{draft.revision, draft.collected_at, draft.terms_id};
  const size_t count = draft.category.compartments.size();
  std::vector<Bytes> sealed(count);
  std::vector<Bytes> travelling(count);
  std::vector<record::RowEntry> entries;
  for (uint16_t i = 0; i < count; ++i) {
    BAILEE_TRY(Sealer sealer, SealerFor(target, draft, i));
    BAILEE_TRY(const Secret plain, PlainOf(draft, i));
    travelling[i] = std::move(sealer.travelling);
    const record::CompartmentPlace place{.vault = vault_.id(),
                                         .handle = target.handle,
                                         .category = draft.binding.id,
                                         .record = draft.record.id,
                                         .compartment = i,
                                         .generation = sealer.generation,
                                         .head = head};
    sealed[i] = record::SealCompartment(*sealer.key, place, plain, vault_.random());
    entries.push_back({i, sealer.generation, travelling[i], sealed[i]});
  }
  return record::EncodeRecordRow(head, entries);
}

std::vector<keys::WrapRecipient> CollectionWriter::RecipientsOf(
    const Target& target, const Draft& draft, policy::CompartmentIndex compartment) const {
  return EntitledRecipients({.rules = *frame_.rules(),
                             .collected = draft.bound,
                             .terms = draft.terms,
                             .category = draft.record.category,
                             .compartment = compartment,
                             .collected_at = draft.collected_at,
                             .now = frame_.now},
                            target.standing());
}

Result<CollectionWriter::Sealer> CollectionWriter::NewGeneration(
    Target& target, const Draft& draft, const keys::WrapPlace& place, keys::WrapSet wraps,
    policy::CompartmentIndex compartment) {
  BAILEE_TRY(crypto::CompartmentKey key, crypto::CompartmentKey::Generate(vault_.random()));
  const std::vector<keys::WrapRecipient> recipients = RecipientsOf(target, draft, compartment);
  const bool write_only =
      std::none_of(recipients.begin(), recipients.end(),
                   [](const keys::WrapRecipient& each) { return each.key != nullptr; });
  Sealer sealer;
  sealer.key = std::make_shared<const crypto::CompartmentKey>(std::move(key));
  if (write_only && wraps.WriteOnlyGenerations() >= keys::kWriteOnlyGenerationsMax) {
    keys::WrapPlace with_record = place;
    with_record.record = draft.record.id;
    sealer.generation = record::kTravellingGeneration;
    keys::WrapSet own;
    BAILEE_RETURN_IF_ERROR(
        own.Add(with_record, sealer.generation, *sealer.key, recipients, boxes_, vault_.random()));
    BAILEE_TRY(sealer.travelling,
               own.SealTravelling(with_record, target.subject.key, vault_.random()));
    return sealer;
  }
  sealer.generation = wraps.NextGeneration();
  BAILEE_RETURN_IF_ERROR(
      wraps.Add(place, sealer.generation, *sealer.key, recipients, boxes_, vault_.random()));
  BAILEE_TRY(const Bytes row, wraps.Seal(place, target.subject.key, vault_.random()));
  BAILEE_RETURN_IF_ERROR(transaction_.Put(Table::kSubjects, keys::WrapsRowKeyOf(place), row));
  sealers_.insert_or_assign(keys::WrapsRowKeyOf(place), sealer);
  return sealer;
}

Result<CollectionWriter::Sealer> CollectionWriter::SealerFor(Target& target, const Draft& draft,
                                                             uint16_t compartment) {
  const RecordGroup group{vault_.id(), target.handle, draft.binding.id, draft.terms_id};
  const keys::WrapPlace place = group.Compartment(target.subject, compartment);
  const auto row_key = keys::WrapsRowKeyOf(place);
  if (const auto known = sealers_.find(row_key); known != sealers_.end()) return known->second;

  keys::WrapSet wraps;
  if (!target.created) {
    BAILEE_TRY(const std::optional<ByteView> row, transaction_.Get(Table::kSubjects, row_key));
    if (row) {
      BAILEE_TRY(wraps, keys::WrapSet::Open(place, target.subject.key, *row));
    }
  }
  if (CanFold(wraps, vault_.keyring())) {
    const RecordGroup fold{vault_.id(), target.handle, draft.binding.id, draft.terms_id,
                           static_cast<uint16_t>(draft.category.compartments.size())};
    if (target.to_fold.empty() || target.to_fold.back() != fold) target.to_fold.push_back(fold);
  }
  const keys::Wrap* wrap = wraps.FindFor(vault_.keyring());
  if (wrap == nullptr) return NewGeneration(target, draft, place, std::move(wraps), {compartment});
  const keys::HeldPurpose* held = vault_.keyring().FindPurpose(wrap->purpose, wrap->key_version);
  BAILEE_TRY(crypto::CompartmentKey key, keys::OpenWrap(place, *wrap, held->key));
  Sealer sealer{
      std::make_shared<const crypto::CompartmentKey>(std::move(key)), wrap->generation, {}};
  sealers_.insert_or_assign(row_key, sealer);
  return sealer;
}

Result<std::shared_ptr<const crypto::CompartmentKey>> CollectionWriter::HeldKey(
    const Target& target, const Draft& draft, const crypto::TermsId& terms,
    const record::RowEntry& entry) {
  using Shared = std::shared_ptr<const crypto::CompartmentKey>;
  const RecordGroup group{vault_.id(), target.handle, draft.binding.id, terms};
  keys::WrapPlace place = group.Compartment(target.subject, entry.compartment);
  keys::WrapSet wraps;
  if (entry.travelling.empty()) {
    BAILEE_TRY(const std::optional<ByteView> row,
               transaction_.Get(Table::kSubjects, keys::WrapsRowKeyOf(place)));
    if (!row) return Shared();
    BAILEE_TRY(wraps, keys::WrapSet::Open(place, target.subject.key, *row));
  } else {
    place.record = draft.record.id;
    BAILEE_TRY(wraps, keys::WrapSet::OpenTravelling(place, target.subject.key, entry.travelling));
  }
  for (const keys::HeldPurpose& held : vault_.keyring().purposes) {
    const keys::Wrap* wrap = wraps.Find(held.id, held.version, entry.generation);
    if (wrap == nullptr) continue;
    BAILEE_TRY(crypto::CompartmentKey key, keys::OpenWrap(place, *wrap, held.key));
    return std::make_shared<const crypto::CompartmentKey>(std::move(key));
  }
  return Shared();
}

Result<bool> CollectionWriter::HasSameContent(const PreparedCollection& collection,
                                              const Target& target, const Draft& draft,
                                              const record::RecordRow& old) {
  const record::RecordHead& head = old.head();
  if (collection.request.collected_at && head.collected_at != draft.collected_at) return false;
  Draft as_old = draft;
  as_old.collected_at = head.collected_at;
  BAILEE_TRY(const crypto::TermsId terms, PutTerms(collection, as_old));
  if (terms != head.terms || old.size() != draft.category.compartments.size()) return false;
  BAILEE_TRY(
      const record::Revisions revisions,
      record::Revisions::Open({vault_.id(), target.handle, draft.binding.id, draft.record.id},
                              target.subject.history, old));
  for (const record::RowEntry& entry : old) {
    if (entry.compartment >= draft.category.compartments.size()) return false;
    BAILEE_TRY(const auto key, HeldKey(target, draft, terms, entry));
    if (key == nullptr)
      return false;  // written by somebody whose data this process may not read: replace it
    const record::CompartmentPlace place{.vault = vault_.id(),
                                         .handle = target.handle,
                                         .category = draft.binding.id,
                                         .record = draft.record.id,
                                         .compartment = entry.compartment,
                                         .generation = entry.generation,
                                         .head = revisions.HeadOf(entry.compartment)};
    BAILEE_TRY(const Secret stored, record::OpenCompartment(*key, place, entry.sealed));
    BAILEE_TRY(const Secret given, PlainOf(draft, entry.compartment));
    const bool same = stored.RevealBytes([&](ByteView a) {
      return given.RevealBytes([&](ByteView b) { return crypto::ConstantTimeEqual(a, b); });
    });
    if (!same) return false;
  }
  return true;
}

Status CollectionWriter::PutLookups(Target& target, const Draft& draft) {
  for (const PreparedField& field : draft.record.fields) {
    const std::vector<IndexBinding>& indexes = draft.binding.indexes[field.field.value];
    if (indexes.empty() || !draft.stored[field.field.value]) continue;
    const policy::FieldInfo& info = draft.category.fields[field.field.value];
    const policy::PurposeSet effective =
        draft.bound.policy->EffectivePurposes(draft.record.category, field.field, draft.terms);
    BAILEE_TRY(const Secret form, field.value.Reveal([&](std::string_view canonical) {
      return record::IndexForm(info.kind, canonical);
    }));
    for (const IndexBinding& index : indexes) {
      if (!effective.test(index.purpose.value)) continue;
      BAILEE_RETURN_IF_ERROR(
          form.RevealBytes([&](ByteView bytes) { return PutLookup(target, draft, index, bytes); }));
    }
  }
  return Status();
}

Status CollectionWriter::PutBackRows(Target& target) {
  const keys::RowOwner owner{target.handle, target.subject.history};
  BAILEE_RETURN_IF_ERROR(
      keys::PutBackRows(vault_.id(), transaction_, owner, target.back, vault_.random()));
  target.back.clear();
  return Status();
}

Status CollectionWriter::PutLookup(Target& target, const Draft& draft, const IndexBinding& index,
                                   ByteView form) {
  if (index.held == nullptr) {
    const keys::PendingPlace place{.vault = vault_.id(),
                                   .handle = target.handle,
                                   .index = index.index,
                                   .purpose = index.recipient.purpose,
                                   .purpose_version = index.recipient.key_version};
    BAILEE_TRY(crypto::BoxSender * sender, boxes_.Get(vault_.random()));
    return keys::PutPending(transaction_, place, target.subject.key, index.recipient.box_public,
                            draft.record.id, form, *sender, vault_.random());
  }
  const keys::LookupTag tag = keys::TagOfValue(index.held->key, form);
  const keys::LookupContext context = vault_.LookupOf(frame_);
  const keys::RowOwner owner{target.handle, target.subject.history};
  if (draft.revision > 0) {
    BAILEE_RETURN_IF_ERROR(PutBackRows(target));  // they are looked through
    BAILEE_TRY(const bool listed,
               keys::IsListed(context, transaction_, index.index, tag, owner, draft.record.id));
    if (listed) return Status();
  }
  return keys::PutField(context, transaction_, index.index, tag, owner, draft.record.id,
                        vault_.random(), target.back);
}

}  // namespace bailee::vault
