// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "bailee/erase.h"
#include "vault/frame/vault_impl.h"

namespace bailee::vault {

// Gives every shard that is owed one a new key and seals its rows again, in short transactions;
// can be stopped at any point and begun again. `at_end` is a part of the one that leaves nothing to
// renew. Adds to `done`; false if `progress` stopped it.
// Errors: kFull; kAuditDown; those of `at_end`; those of the store.
Result<bool> RenewShards(VaultImpl& vault, const ShredOptions& options,
                         const std::function<Status(Frame&)>& at_end, Shredded& done);

}  // namespace bailee::vault
