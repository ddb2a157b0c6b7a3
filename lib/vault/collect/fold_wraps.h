// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "vault/ledger/move_records.h"

namespace bailee::vault {

// Whether `wraps` hold a write-only generation that a purpose of `keyring` opens.
bool CanFold(const keys::WrapSet& wraps, const keys::KeyringKeys& keyring);

// Gives records that were written write-only a generation that a holder made: seals compartments
// whose D is in a write-only generation or travels again under the newest generation that `keyring`
// opens with a key of its own, and drops write-only generations once no record needs them
// (FORMAT.md §9.2). Only between generations with the same purposes, so nobody gains or loses a
// wrap. Counts `records_max` down by the records it seals; what is left over waits for the next
// holder that writes, as does whatever does not open. Returns whether wraps were dropped: the
// subject's row must then change, so that keys cached for those generations are not used for others
// of that number. Errors: kDamage (the wraps of the group); kFull; those of the store.
Result<bool> FoldWraps(store::WriteTransaction& transaction, const keys::KeyringKeys& keyring,
                       const keys::Subject& subject, const RecordGroup& group,
                       crypto::Random& random, size_t& records_max);

}  // namespace bailee::vault
