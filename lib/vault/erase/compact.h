// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/erase.h"
#include "vault/frame/vault_impl.h"

namespace bailee::vault {

// Vault::Compact.
Result<Compacted> CompactVault(VaultImpl& vault);

}  // namespace bailee::vault
