// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <span>
#include <vector>

#include "bailee/erase.h"
#include "vault/frame/vault_impl.h"

// Epochs: FORMAT.md §17.
namespace bailee::vault {

// Does everything that is owed (due.h) as far as it goes: deletes what erased subjects left, renews
// shards, begins an epoch and ends those before it, and waits for other processes to notice. In
// short transactions; can be stopped at any point and begun again, by any process.
// Errors: kFull; kAuditDown; kFailed (also "epoch.io"); kDamage; those of the store.
Result<Shredded> Shred(VaultImpl& vault, const ShredOptions& options);

// How far what is owed has come, without doing any of it. Errors: those of Begin.
Result<Shredded> ShreddedSoFar(VaultImpl& vault);

// In a write: begins the next epoch under these keys. False: there is no room in the file, and the
// epoch before this one has to end first.
Result<bool> BeginEpochIn(VaultImpl& vault, Frame& frame,
                          std::span<const keys::StorageKeyRef> keys);
// Overwrites the keys of epochs that are over, and waits until `deadline` for who may hold them.
Status EndEpochs(VaultImpl& vault, std::chrono::steady_clock::time_point deadline,
                 std::vector<uint64_t>& waiting_for);

}  // namespace bailee::vault
