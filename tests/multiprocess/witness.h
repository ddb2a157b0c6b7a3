// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "audit/read_leaves.h"
#include "keys/keyring_keys.h"
#include "store/lmdb_engine.h"
#include "vault/stories.h"

namespace bailee {

// The whole trail of a vault that nobody has open, as its auditor reads it. Journals left behind
// are adopted first.
inline std::vector<testing::ReadLeaf> TrailOf(TempVault& vault) {
  { Vault adopter = vault.Open({}); }
  const Keyring auditor = vault.Origin("auditor");
  const Secret* secret = auditor.keys().FindRole(keys::Role::kAuditor);
  const crypto::BoxOpener opener(
      *secret->RevealBytes([](ByteView bytes) { return crypto::BoxSecret::FromBytes(bytes); }));
  const auto engine = *store::OpenLmdb(vault.path(), {.map_bytes = uint64_t{1} << 30});
  return testing::LeavesOf(*engine, vault.id(), opener);
}

}  // namespace bailee
