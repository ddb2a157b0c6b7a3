// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>

#include "vault/frame/terms_cache.h"
#include "vault/frame/writable_subject.h"
#include "vault/ledger/entitled.h"
#include "vault/ledger/move_records.h"

// What wraps and keys are owed after a change of standing or policy: FORMAT.md §14.2.
namespace bailee::vault {

// Compartments of a group that are owed something: the lowest generation that may stay, or 0 if
// only wraps are missing.
using Owed = std::map<uint16_t, uint32_t>;

// A group of records with the terms that it was collected under.
struct BoundGroup {
  RecordGroup group;
  std::shared_ptr<const BoundTerms> terms;
  policy::CategoryIndex category;  // in the policy of the terms
  Timestamp collected_at;          // the last moment of its expiry bucket

  // Who must have a wrap of a compartment now.
  std::vector<keys::WrapRecipient> Entitled(const Frame& frame, const policy::Standing& standing,
                                            uint16_t compartment) const;
};

// The group, or nothing if its terms do not know the category: its reader says what is wrong.
// Errors: kDamage "record.terms"; those of the store.
Result<std::optional<BoundGroup>> BindGroup(VaultImpl& vault, const Frame& frame,
                                            const Handle& handle, const crypto::NameId& category,
                                            const crypto::TermsId& terms);

// A row of `keywork`.
struct KeyworkRow {
  Handle handle;
  crypto::NameId category;
  crypto::TermsId terms;
  Owed owed;
};
// Errors: kDamage "keywork.damaged".
Result<KeyworkRow> ParseKeywork(ByteView key, ByteView value);
// What a group is owed. Errors: kDamage; those of the store.
Result<Owed> ReadOwed(store::Snapshot& snapshot, const RecordGroup& group);
// Replaces it; an empty one deletes the row. Errors: those of the store.
Status PutOwed(store::WriteTransaction& transaction, const RecordGroup& group, const Owed& owed);

struct WorkDone {
  size_t wraps_made = 0;
  size_t renewed = 0;  // compartments whose data lies under a new key
  bool left = false;   // something waits for other keys, or for the next transaction
};

// Does what `owed` says as far as this process holds the keys, and writes what is left of it. Seals
// at most `records_max` records, which is counted down. Marks the subject as changed where its row
// must change. Errors: kDamage (the wraps); kFull; those of the store.
Result<WorkDone> DoKeywork(VaultImpl& vault, const Frame& frame, WritableSubject& subject,
                           const BoundGroup& bound, Owed owed, size_t& records_max);

}  // namespace bailee::vault
