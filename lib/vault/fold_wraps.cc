// SPDX-License-Identifier: Apache-2.0
#include "vault/fold_wraps.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/codec.h"
#include "base/try.h"
#include "record/row.h"
#include "record/seal.h"

namespace bailee::vault {
namespace {

using crypto::CompartmentKey;
using store::Table;

// Whose wraps a generation has: each purpose with the version of its key.
using Purposes = std::set<std::pair<crypto::NameId, uint16_t>>;

Purposes PurposesOf(const keys::WrapSet& wraps, uint32_t generation) {
  Purposes purposes;
  for (const keys::Wrap& wrap : wraps.wraps()) {
    if (wrap.generation == generation) purposes.emplace(wrap.purpose, wrap.key_version);
  }
  return purposes;
}

const keys::Wrap* HeldWrap(const keys::WrapSet& wraps, uint32_t generation,
                           const keys::KeyringKeys& keyring) {
  for (const keys::Wrap& wrap : wraps.wraps()) {
    const bool held = keyring.FindPurpose(wrap.purpose, wrap.key_version) != nullptr;
    if (wrap.generation == generation && held) return &wrap;
  }
  return nullptr;
}

Result<CompartmentKey> OpenHeld(const keys::WrapPlace& place, const keys::Wrap& wrap,
                                const keys::KeyringKeys& keyring) {
  return keys::OpenWrap(place, wrap, keyring.FindPurpose(wrap.purpose, wrap.key_version)->key);
}

// One compartment whose generations can be folded.
struct Foldable {
  keys::WrapPlace place;
  keys::WrapSet wraps;
  uint32_t own = 0;  // the generation to seal under
  CompartmentKey own_key;
  Purposes purposes;                       // of `own`, and of all that is folded into it
  std::map<uint32_t, CompartmentKey> old;  // the generations to drop
};
using Foldables = std::map<uint16_t, Foldable>;

// The compartments of the place that have something to fold and a generation to fold it into.
Result<Foldables> FindFoldables(store::WriteTransaction& transaction,
                                const keys::KeyringKeys& keyring, const keys::Subject& subject,
                                const FoldPlace& at) {
  Foldables foldables;
  for (uint16_t i = 0; i < at.compartments; ++i) {
    Foldable foldable;
    foldable.place = at.Compartment(subject, i);
    BAILEE_TRY(const std::optional<ByteView> row,
               transaction.Get(Table::kSubjects, keys::WrapsRowKeyOf(foldable.place)));
    if (!row) continue;
    BAILEE_TRY(foldable.wraps, keys::WrapSet::Open(foldable.place, subject.key, *row));
    const keys::Wrap* own = foldable.wraps.FindFor(keyring);
    if (own == nullptr || own->write_only) continue;
    foldable.own = own->generation;
    foldable.purposes = PurposesOf(foldable.wraps, own->generation);
    BAILEE_TRY(foldable.own_key, OpenHeld(foldable.place, *own, keyring));
    for (const uint32_t generation : foldable.wraps.WriteOnlyNumbers()) {
      const keys::Wrap* wrap = HeldWrap(foldable.wraps, generation, keyring);
      if (wrap == nullptr || PurposesOf(foldable.wraps, generation) != foldable.purposes) continue;
      BAILEE_TRY(CompartmentKey key, OpenHeld(foldable.place, *wrap, keyring));
      foldable.old.emplace(generation, std::move(key));
    }
    if (!foldable.old.empty()) foldables.emplace(i, std::move(foldable));
  }
  return foldables;
}

// Whether an entry must be sealed again before the old generations of its compartment can go.
bool IsOld(const Foldables& foldables, const record::RowEntry& entry) {
  const auto it = foldables.find(entry.compartment);
  return it != foldables.end() &&
         (!entry.travelling.empty() || it->second.old.contains(entry.generation));
}

// The entry's bytes under its compartment's own generation. Errors: kDamage if it does not open.
Result<Bytes> SealAgain(const Foldable& foldable, const keys::KeyringKeys& keyring,
                        const keys::Subject& subject, const RecordId& id,
                        const record::RecordHead& head, const record::RowEntry& entry,
                        crypto::Random& random) {
  record::CompartmentPlace place{.vault = foldable.place.vault,
                                 .handle = foldable.place.handle,
                                 .category = foldable.place.category,
                                 .record = id,
                                 .compartment = entry.compartment,
                                 .generation = entry.generation,
                                 .head = head};
  const auto seal = [&](const CompartmentKey& old_key) -> Result<Bytes> {
    BAILEE_TRY(const Secret plain, record::OpenCompartment(old_key, place, entry.sealed));
    place.generation = foldable.own;
    return record::SealCompartment(foldable.own_key, place, plain, random);
  };
  if (entry.travelling.empty()) return seal(foldable.old.at(entry.generation));

  keys::WrapPlace with_record = foldable.place;
  with_record.record = id;
  BAILEE_TRY(const keys::WrapSet wraps,
             keys::WrapSet::OpenTravelling(with_record, subject.key, entry.travelling));
  const keys::Wrap* wrap = HeldWrap(wraps, entry.generation, keyring);
  if (wrap == nullptr || PurposesOf(wraps, entry.generation) != foldable.purposes) {
    return Status(Code::kDamage, "wraps.damaged", "the wraps of a compartment do not open");
  }
  BAILEE_TRY(const CompartmentKey key, OpenHeld(with_record, *wrap, keyring));
  return seal(key);
}

// Seals one record's old entries again. Errors: kDamage if one does not open: nothing is changed.
Status FoldRecord(store::WriteTransaction& transaction, const keys::KeyringKeys& keyring,
                  const keys::Subject& subject, const Foldables& foldables, ByteView key,
                  crypto::Random& random) {
  BAILEE_TRY(const std::optional<ByteView> bytes, transaction.Get(Table::kRecords, key));
  BAILEE_TRY(const record::RecordRow row, record::ParseRecordRow(*bytes));
  const RecordId id{Reader(key.last(16)).GetArray<16>()};
  const crypto::NameId& category = foldables.begin()->second.place.category;
  if (row.head().revision != subject.RevisionOf(category, id)) {
    return Status(Code::kDamage, "record.damaged", "a record is not the newest");
  }
  std::vector<Bytes> sealed(row.size());
  std::vector<record::RowEntry> entries;
  for (const record::RowEntry& entry : row) entries.push_back(entry);
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!IsOld(foldables, entries[i])) continue;
    const Foldable& foldable = foldables.at(entries[i].compartment);
    BAILEE_TRY(sealed[i],
               SealAgain(foldable, keyring, subject, id, row.head(), entries[i], random));
    entries[i] = {entries[i].compartment, foldable.own, {}, sealed[i]};
  }
  const Bytes folded = record::EncodeRecordRow(row.head(), entries);
  return transaction.Put(Table::kRecords, key, folded);
}

// Keys of records with old entries, one more than `count_max` if there are more.
Result<std::vector<Bytes>> FindOldRecords(store::WriteTransaction& transaction, const FoldPlace& at,
                                          const Foldables& foldables, size_t count_max) {
  Bytes prefix;
  Writer(prefix).Put(at.handle.view()).Put(at.category.view());
  std::vector<Bytes> found;
  BAILEE_RETURN_IF_ERROR(
      transaction.Scan(Table::kRecords, prefix, {}, [&](ByteView key, ByteView bytes) {
        const Result<record::RecordRow> row = record::ParseRecordRow(bytes);
        // What does not parse stays what it is: its reader says so.
        if (!row.ok() || row->head().terms != at.terms) return true;
        bool old = false;
        for (const record::RowEntry& entry : *row) old = old || IsOld(foldables, entry);
        if (old) found.emplace_back(key.begin(), key.end());
        return found.size() <= count_max;
      }));
  return found;
}

}  // namespace

keys::WrapPlace FoldPlace::Compartment(const keys::Subject& subject, uint16_t compartment) const {
  return {.vault = vault,
          .handle = handle,
          .category = category,
          .record = {},
          .compartment = compartment,
          .terms = terms,
          .subject_generation = subject.head.generation};
}

bool CanFold(const keys::WrapSet& wraps, const keys::KeyringKeys& keyring) {
  const std::vector<uint32_t> numbers = wraps.WriteOnlyNumbers();
  return std::any_of(numbers.begin(), numbers.end(), [&](uint32_t generation) {
    return HeldWrap(wraps, generation, keyring) != nullptr;
  });
}

Result<bool> FoldWraps(store::WriteTransaction& transaction, const keys::KeyringKeys& keyring,
                       const keys::Subject& subject, const FoldPlace& place, crypto::Random& random,
                       size_t& records_max) {
  BAILEE_TRY(Foldables foldables, FindFoldables(transaction, keyring, subject, place));
  if (foldables.empty()) return false;
  BAILEE_TRY(const std::vector<Bytes> records,
             FindOldRecords(transaction, place, foldables, records_max));
  bool complete = records.size() <= records_max;
  for (const Bytes& key : records) {
    if (records_max == 0) break;
    const Status folded = FoldRecord(transaction, keyring, subject, foldables, key, random);
    // A damaged neighbour must not stop this write; it keeps its generation.
    if (!folded.ok() && folded.code() != Code::kDamage) return folded;
    complete = complete && folded.ok();
    --records_max;
  }
  if (!complete) return false;
  for (auto& entry : foldables) {
    Foldable& foldable = entry.second;
    foldable.wraps.RemoveIf(
        [&](const keys::Wrap& wrap) { return foldable.old.contains(wrap.generation); });
    BAILEE_TRY(const Bytes row, foldable.wraps.Seal(foldable.place, subject.key, random));
    BAILEE_RETURN_IF_ERROR(
        transaction.Put(Table::kSubjects, keys::WrapsRowKeyOf(foldable.place), row));
  }
  return true;
}

}  // namespace bailee::vault
