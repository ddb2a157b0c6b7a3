// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "bailee/bytes.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/sign.h"
#include "keys/manifest.h"
#include "store/engine.h"

// Whose statements hold: FORMAT.md §7.1 and §18.7.
namespace bailee::vault {

// The key of the row in which `authority` says who follows it.
Bytes SuccessorKeyOf(const crypto::VerifyKey& authority);

// The vault's manifest, and who signed it.
struct Stated {
  crypto::VerifyKey authority;
  keys::Manifest manifest;
};

// Reads meta["manifest"] for whoever pins `pinned`: it is signed by that authority, or by the one
// that it made way for, as long as the manifest says that keyrings of the one before are taken.
// `seen` is the authority that held when it was last looked, or null: it is not gone back behind.
// Errors: as keys::ParseManifest; kKey "key.retired" if the authority was replaced; those of the
// store.
Result<Stated> ReadManifest(store::Snapshot& snapshot, const VaultId& vault,
                            const crypto::VerifyKey& pinned, uint64_t number_min,
                            const crypto::VerifyKey* seen);

}  // namespace bailee::vault
