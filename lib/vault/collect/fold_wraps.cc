// SPDX-License-Identifier: Apache-2.0
#include "vault/collect/fold_wraps.h"

#include <algorithm>

#include "base/try.h"

namespace bailee::vault {
namespace {

using store::Table;

// The compartments of the group that have something to fold and a generation to fold it into.
Result<Moves> FindFoldable(store::WriteTransaction& transaction, const keys::KeyringKeys& keyring,
                           const keys::Subject& subject, const RecordGroup& group) {
  Moves moves;
  for (uint16_t i = 0; i < group.compartments; ++i) {
    Move move;
    move.place = group.Compartment(subject, i);
    BAILEE_TRY(const std::optional<ByteView> row,
               transaction.Get(Table::kSubjects, keys::WrapsRowKeyOf(move.place)));
    if (!row) continue;
    BAILEE_TRY(move.wraps, keys::WrapSet::Open(move.place, subject.key, *row));
    const keys::Wrap* own = move.wraps.FindFor(keyring);
    if (own == nullptr || own->write_only) continue;
    move.to = own->generation;
    move.holders = HoldersOf(move.wraps, own->generation);
    BAILEE_TRY(move.to_key, OpenHeld(move.place, *own, keyring));
    for (const uint32_t generation : move.wraps.WriteOnlyNumbers()) {
      const keys::Wrap* wrap = HeldWrap(move.wraps, generation, keyring);
      if (wrap == nullptr || HoldersOf(move.wraps, generation) != *move.holders) continue;
      BAILEE_TRY(crypto::CompartmentKey key, OpenHeld(move.place, *wrap, keyring));
      move.from.emplace(generation, std::move(key));
    }
    if (!move.from.empty()) moves.emplace(i, std::move(move));
  }
  return moves;
}

}  // namespace

bool CanFold(const keys::WrapSet& wraps, const keys::KeyringKeys& keyring) {
  const std::vector<uint32_t> numbers = wraps.WriteOnlyNumbers();
  return std::any_of(numbers.begin(), numbers.end(), [&](uint32_t generation) {
    return HeldWrap(wraps, generation, keyring) != nullptr;
  });
}

Result<bool> FoldWraps(store::WriteTransaction& transaction, const keys::KeyringKeys& keyring,
                       const keys::Subject& subject, const RecordGroup& group,
                       crypto::Random& random, size_t& records_max) {
  BAILEE_TRY(Moves moves, FindFoldable(transaction, keyring, subject, group));
  if (moves.empty()) return false;
  BAILEE_TRY(const bool complete,
             MoveRecords(transaction, keyring, subject, group, moves, random, records_max));
  if (!complete) return false;
  BAILEE_RETURN_IF_ERROR(DropMoved(transaction, subject, moves, random));
  return true;
}

}  // namespace bailee::vault
