// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/ledger.h"
#include "vault/ledger/keywork.h"

namespace bailee::vault {

// Aligns the wraps of everybody with their standing, the policy in force and the time, and does the
// key work that waits, in short transactions. Can be stopped at any point and begun again.
Result<UpkeepResult> RunUpkeep(VaultImpl& vault, const UpkeepOptions& options);

// Does waiting key work as far as this process holds the keys: of at most `rows_max` groups.
Result<UpkeepResult> RunKeywork(VaultImpl& vault, size_t rows_max);

}  // namespace bailee::vault
