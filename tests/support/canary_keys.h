// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "bailee/keyring.h"
#include "support/canary.h"
#include "support/temp_vault.h"

namespace bailee::testing {

// Plants every key of a keyring, and what is derived from its purpose keys.
void PlantKeysOf(CanarySearch& search, const Keyring& keyring);

// Plants the keys that only the vault itself has, opened with those that its holders have: of refs,
// the epoch, every shard, subjects, and compartments as far as `upkeep` opens them. Returns how
// many of the last there were. REQUIRES: nobody in this process has the vault open.
size_t PlantInnerKeys(CanarySearch& search, const TempVault& vault);

}  // namespace bailee::testing
