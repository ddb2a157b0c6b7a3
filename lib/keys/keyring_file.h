// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/bytes.h"
#include "bailee/keyring.h"
#include "bailee/result.h"
#include "bailee/secret.h"
#include "crypto/random.h"
#include "crypto/sign.h"
#include "keys/keyring_keys.h"

// Keyring files: FORMAT.md §6.
namespace bailee::keys {

// The bytes of a keyring file: `keys`, signed by the authority, locked as `lock` says.
// REQUIRES: keys.header names keys.purposes, keys.indexes and keys.roles, in their order.
// Errors: kFull; kFailed (memory for Argon2id; key file).
Result<Secret> EncodeKeyring(const KeyringKeys& keys, const crypto::SigningKey& authority,
                             const Unlock& lock, crypto::Random& random);

// Reads the signed part alone.
// Errors: kKey "key.not-a-keyring"; kTooNew "key.too-new"; kDamage "key.damaged".
Result<KeyringHeader> InspectKeyring(ByteView file);

// Opens a keyring file. Errors: as InspectKeyring; kKey "key.wrong", "key.locked"; kFull.
Result<KeyringKeys> ParseKeyring(ByteView file, const Unlock& unlock);

}  // namespace bailee::keys
