// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "bailee/result.h"
#include "keys/lookup.h"
#include "vault/frame/vault_impl.h"

namespace bailee::vault {

// Whether entries wait for this index. Errors: those of the store.
Result<bool> HasPending(Frame& frame, const keys::IndexName& index);

// Turns pending lookup entries into lookup rows, for every index whose key and purpose this process
// holds, in bounded transactions. Returns how many entries it turned into rows. Errors: kDamage
// (an entry does not open; it stays and all others were folded); kFull; those of the store.
Result<size_t> FoldLookups(VaultImpl& vault);

}  // namespace bailee::vault
