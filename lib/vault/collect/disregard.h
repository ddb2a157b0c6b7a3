// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "bailee/report.h"
#include "vault/frame/vault_impl.h"

namespace bailee::vault {

// Why something was not taken. Numbers are stored: FORMAT.md §16.3.
enum class Disregard : uint8_t { kNoAcceptedTag = 1, kSourceIndependent = 2 };

// Counts `count` more of them. `name` is that of the category, or of the source. REQUIRES: within a
// write. Errors: kDamage; those of the store.
Status CountDisregarded(const Frame& frame, Disregard why, std::string_view name, uint64_t count);

Result<std::vector<Disregarded>> ReadDisregarded(VaultImpl& vault);

}  // namespace bailee::vault
