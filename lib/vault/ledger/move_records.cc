// SPDX-License-Identifier: Apache-2.0
#include "vault/ledger/move_records.h"

#include <algorithm>
#include <vector>

#include "base/codec.h"
#include "base/try.h"
#include "record/revisions.h"
#include "record/seal.h"

namespace bailee::vault {
namespace {

using crypto::CompartmentKey;
using store::Table;

const Move* MoveOf(const Moves& moves, const record::RowEntry& entry) {
  const auto it = moves.find(entry.compartment);
  return it != moves.end() && it->second.Concerns(entry) ? &it->second : nullptr;
}

// D of wraps that travel with a record.
Result<CompartmentKey> TravellingKey(const Move& move, const keys::KeyringKeys& keyring,
                                     const keys::Subject& subject, const RecordId& id,
                                     const record::RowEntry& entry) {
  keys::WrapPlace place = move.place;
  place.record = id;
  BAILEE_TRY(const keys::WrapSet wraps,
             keys::WrapSet::OpenTravelling(place, subject.key, entry.travelling));
  const keys::Wrap* wrap = HeldWrap(wraps, entry.generation, keyring);
  const bool fits = !move.holders || HoldersOf(wraps, entry.generation) == *move.holders;
  if (wrap == nullptr || !fits) {
    return Status(Code::kDamage, "wraps.damaged", "the wraps of a compartment do not open");
  }
  return OpenHeld(place, *wrap, keyring);
}

// The entry's bytes under the move's own generation. Errors: kDamage if it does not open.
Result<Bytes> SealAgain(const Move& move, const keys::KeyringKeys& keyring,
                        const keys::Subject& subject, const RecordId& id,
                        const record::RecordHead& head, const record::RowEntry& entry,
                        crypto::Random& random) {
  record::CompartmentPlace place{.vault = move.place.vault,
                                 .handle = move.place.handle,
                                 .category = move.place.category,
                                 .record = id,
                                 .compartment = entry.compartment,
                                 .generation = entry.generation,
                                 .head = head};
  const auto seal = [&](const CompartmentKey& old_key) -> Result<Bytes> {
    BAILEE_TRY(const Secret plain, record::OpenCompartment(old_key, place, entry.sealed));
    place.generation = move.to;
    return record::SealCompartment(move.to_key, place, plain, random);
  };
  if (entry.travelling.empty()) return seal(move.from.at(entry.generation));
  BAILEE_TRY(const CompartmentKey key, TravellingKey(move, keyring, subject, id, entry));
  return seal(key);
}

// Moves one record. Errors: kDamage if an entry does not open: nothing is changed.
Status MoveRecord(store::WriteTransaction& transaction, const keys::KeyringKeys& keyring,
                  const keys::Subject& subject, const RecordGroup& group, const Moves& moves,
                  ByteView key, crypto::Random& random) {
  BAILEE_TRY(const std::optional<ByteView> bytes, transaction.Get(Table::kRecords, key));
  BAILEE_TRY(const record::RecordRow row, record::ParseRecordRow(*bytes));
  const RecordId id{Reader(key.last(16)).GetArray<16>()};
  if (row.head().revision != subject.RevisionOf(group.category, id)) {
    return Status(Code::kDamage, "record.damaged", "a record is not the newest");
  }
  BAILEE_TRY(const record::Revisions revisions,
             record::Revisions::Open({group.vault, group.handle, group.category, id},
                                     subject.history, row));
  std::vector<Bytes> sealed(row.size());
  std::vector<record::RowEntry> entries;
  for (const record::RowEntry& entry : row) entries.push_back(entry);
  for (size_t i = 0; i < entries.size(); ++i) {
    const Move* move = MoveOf(moves, entries[i]);
    if (move == nullptr) continue;
    const record::RecordHead head = revisions.HeadOf(entries[i].compartment);
    BAILEE_TRY(sealed[i], SealAgain(*move, keyring, subject, id, head, entries[i], random));
    entries[i] = {entries[i].compartment, move->to, {}, sealed[i]};
  }
  const Bytes moved = record::EncodeRecordRow(row.head(), entries, row.revisions());
  return transaction.Put(Table::kRecords, key, moved);
}

// Keys of records that a move concerns, one more than `count_max` if there are more.
Result<std::vector<Bytes>> FindConcerned(store::WriteTransaction& transaction,
                                         const RecordGroup& group, const Moves& moves,
                                         size_t count_max) {
  Bytes prefix;
  Writer(prefix).Put(group.handle.view()).Put(group.category.view());
  std::vector<Bytes> found;
  BAILEE_RETURN_IF_ERROR(
      transaction.Scan(Table::kRecords, prefix, {}, [&](ByteView key, ByteView bytes) {
        const Result<record::RecordRow> row = record::ParseRecordRow(bytes);
        // What does not parse stays what it is: its reader says so.
        if (!row.ok() || row->head().terms != group.terms) return true;
        bool concerned = false;
        for (const record::RowEntry& entry : *row) {
          concerned = concerned || MoveOf(moves, entry) != nullptr;
        }
        if (concerned) found.emplace_back(key.begin(), key.end());
        return found.size() <= count_max;
      }));
  return found;
}

}  // namespace

keys::WrapPlace RecordGroup::Compartment(const keys::Subject& subject, uint16_t compartment) const {
  return {.vault = vault,
          .handle = handle,
          .category = category,
          .record = {},
          .compartment = compartment,
          .terms = terms,
          .subject_generation = subject.head.generation};
}

WrapHolders HoldersOf(const keys::WrapSet& wraps, uint32_t generation) {
  WrapHolders holders;
  for (const keys::Wrap& wrap : wraps.wraps()) {
    if (wrap.generation == generation) holders.emplace(wrap.purpose, wrap.key_version);
  }
  return holders;
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

Result<bool> MoveRecords(store::WriteTransaction& transaction, const keys::KeyringKeys& keyring,
                         const keys::Subject& subject, const RecordGroup& group, const Moves& moves,
                         crypto::Random& random, size_t& records_max) {
  BAILEE_TRY(const std::vector<Bytes> records,
             FindConcerned(transaction, group, moves, records_max));
  bool complete = records.size() <= records_max;
  for (const Bytes& key : records) {
    if (records_max == 0) break;
    const Status moved = MoveRecord(transaction, keyring, subject, group, moves, key, random);
    // A damaged neighbour must not stop this write; it keeps its generation.
    if (!moved.ok() && moved.code() != Code::kDamage) return moved;
    complete = complete && moved.ok();
    --records_max;
  }
  return complete;
}

Status DropMoved(store::WriteTransaction& transaction, const keys::Subject& subject, Moves& moves,
                 crypto::Random& random) {
  for (auto& entry : moves) {
    Move& move = entry.second;
    move.wraps.RemoveIf(
        [&](const keys::Wrap& wrap) { return move.from.contains(wrap.generation); });
    BAILEE_TRY(const Bytes row, move.wraps.Seal(move.place, subject.key, random));
    BAILEE_RETURN_IF_ERROR(transaction.Put(Table::kSubjects, keys::WrapsRowKeyOf(move.place), row));
  }
  return Status();
}

}  // namespace bailee::vault
