// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "bailee/result.h"
#include "crypto/random.h"
#include "keys/keyring_keys.h"
#include "keys/subject.h"
#include "keys/wraps.h"
#include "record/row.h"
#include "store/engine.h"

namespace bailee::vault {

// How many records one transaction seals again at most.
inline constexpr size_t kMovedRecordsMax = 256;

// The records of one subject, category and terms: they share their compartments' keys.
struct RecordGroup {
  VaultId vault;
  Handle handle;
  crypto::NameId category;
  crypto::TermsId terms;
  uint16_t compartments = 0;  // how many the category has

  bool operator==(const RecordGroup&) const = default;
  keys::WrapPlace Compartment(const keys::Subject& subject, uint16_t compartment) const;
};

// Which of a subject's groups it is.
using GroupId = std::pair<crypto::NameId, crypto::TermsId>;

// Whose wraps a generation has: each purpose with the version of its key.
using WrapHolders = std::set<std::pair<crypto::NameId, uint16_t>>;
WrapHolders HoldersOf(const keys::WrapSet& wraps, uint32_t generation);

// A wrap of the generation that a purpose of `keyring` opens, or null.
const keys::Wrap* HeldWrap(const keys::WrapSet& wraps, uint32_t generation,
                           const keys::KeyringKeys& keyring);
// D out of it. REQUIRES: HeldWrap found it.
Result<crypto::CompartmentKey> OpenHeld(const keys::WrapPlace& place, const keys::Wrap& wrap,
                                        const keys::KeyringKeys& keyring);

// What one compartment's records are to be sealed under, and what they may be sealed under now.
struct Move {
  keys::WrapPlace place;
  keys::WrapSet wraps;
  uint32_t to = 0;
  crypto::CompartmentKey to_key;
  std::map<uint32_t, crypto::CompartmentKey> from;  // generations that end
  std::optional<WrapHolders> holders;  // set: only what has exactly these travelling wraps moves

  bool Concerns(const record::RowEntry& entry) const {
    return !entry.travelling.empty() || from.contains(entry.generation);
  }
};
using Moves = std::map<uint16_t, Move>;  // by compartment

// Seals the group's records that a move concerns again under its `to`, keeping their revisions, at
// most `records_max` of them, which is counted down. Returns whether none is left. A damaged record
// stays as it is and counts as left. Errors: kFull; those of the store.
Result<bool> MoveRecords(store::WriteTransaction& transaction, const keys::KeyringKeys& keyring,
                         const keys::Subject& subject, const RecordGroup& group, const Moves& moves,
                         crypto::Random& random, size_t& records_max);

// Drops the generations that ended and writes the wraps of every move. REQUIRES: MoveRecords
// returned true. The subject's row must then change: a number that was dropped may be given again.
// Errors: kFull; those of the store.
Status DropMoved(store::WriteTransaction& transaction, const keys::Subject& subject, Moves& moves,
                 crypto::Random& random);

}  // namespace bailee::vault
