// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/erase.h"
#include "vault/vault_impl.h"

// Epochs: FORMAT.md §17.
namespace bailee::vault {

// Does everything that is owed (due.h) as far as it goes: deletes what erased subjects left, renews
// shards, begins an epoch and ends those before it, and waits for other processes to notice. In
// short transactions; can be stopped at any point and begun again, by any process.
// Errors: kFull; kAuditDown; kFailed (also "epoch.io"); kDamage; those of the store.
Result<Shredded> Shred(VaultImpl& vault, const ShredOptions& options);

// How far what is owed has come, without doing any of it. Errors: those of Begin.
Result<Shredded> ShreddedSoFar(VaultImpl& vault);

}  // namespace bailee::vault
