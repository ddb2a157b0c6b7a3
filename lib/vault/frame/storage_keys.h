// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "crypto/binding.h"
#include "keys/issue.h"
#include "vault/frame/vault_impl.h"

namespace bailee::vault {

// What the older of two storage keys is bound to where it lies under the next, version `to`.
crypto::EncodedBinding OlderKeyBinding(const VaultId& vault, uint16_t to);

// The storage keys that everything begun now has to be under.
struct StorageKeys {
  crypto::StorageKey older;  // empty unless two are open
  std::vector<keys::StorageKeyRef> refs;
};
// The older of two storage keys that are open, which whoever has the newer opens; empty if the note
// of it is lost. Errors: kFull; those of ReadRotation.
Result<crypto::StorageKey> OlderStorageKey(store::Snapshot& snapshot, const VaultId& vault,
                                           const keys::StorageKeyRef& newer);
// False: this process has only the older of two. Errors: kDamage; kFull; those of the store.
Result<bool> StorageKeysOf(VaultImpl& vault, Frame& frame, StorageKeys& keys);

}  // namespace bailee::vault
