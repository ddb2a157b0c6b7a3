// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "vault/rotate/rotation.h"

namespace bailee::vault {

// Wraps of one purpose from one version of its key to the next: FORMAT.md §18.2.
struct Rewrap {
  crypto::NameId purpose;
  uint16_t from = 0;
  uint16_t to = 0;
};

// The parts of a pass that gives every generation with a wrap under `from` one under `to`: in rows
// and in wraps that travel. The vault's keyring has both keys.
std::vector<PassPart> AddWraps(VaultImpl& vault, const Rewrap& rewrap);

// The parts of a pass that takes away every wrap under `from`. With `renew`, its compartment is
// also owed a new D and its subject gets a new S, as when a purpose is withdrawn.
std::vector<PassPart> DropWraps(VaultImpl& vault, const Rewrap& rewrap, bool renew);

}  // namespace bailee::vault
