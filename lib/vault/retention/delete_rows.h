// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <span>

#include "vault/frame/vault_impl.h"

namespace bailee::vault {

// Which categories an index belongs to, in any version of the policy.
using CategoriesByIndex = std::map<crypto::NameId, std::set<crypto::NameId>>;
CategoriesByIndex CategoriesOfIndexes(const Rules& rules);

// After records were deleted: deletes the wraps and key work of groups that have none left, and
// subjects of whom nothing at all is left, no record and no word in their ledger. Returns how many
// subjects. REQUIRES: within Write. Errors: kDamage; those of the store.
Result<size_t> DeleteWhatIsEmpty(VaultImpl& vault, const Frame& frame,
                                 std::span<const EventRecord> deleted);

// Deletes lookup rows that lead to records which are gone, and pending ones of subjects that are,
// and takes them out of back rows, in short transactions. Returns how many rows. Errors: kDamage;
// kFull; those of the store.
Result<uint64_t> DeleteDeadLookups(VaultImpl& vault);

}  // namespace bailee::vault
