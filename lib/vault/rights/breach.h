// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/breach.h"
#include "bailee/keyring.h"
#include "vault/frame/vault_impl.h"

namespace bailee::vault {

// Vault::ScopeOfBreach.
Result<BreachScope> ScopeOfBreach(VaultImpl& vault, const Keyring::Description& leaked,
                                  const BreachOptions& options);

}  // namespace bailee::vault
