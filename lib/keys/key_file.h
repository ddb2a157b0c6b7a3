// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "bailee/keyring.h"
#include "bailee/result.h"
#include "bailee/secret.h"
#include "crypto/key.h"

namespace bailee::keys {

// Whether only this user may read the file. Errors: kNotFound; kKey "key.file-mode"; kFailed.
Status CheckPrivate(const std::string& path);

// The 32 bytes of a private key file.
// Errors: kNotFound; kKey "key.file-mode" (others may read it), "key.file-size"; kFailed; kFull.
Result<crypto::UnlockKey> ReadKeyFile(const std::string& path);

// The bytes of a keyring, from wherever `source` says.
// Errors: kNotFound; kKey "key.file-mode", "key.source-failed"; kInvalidValue (too large); kFailed;
// kFull.
Result<Secret> ReadSource(const KeySource& source);

}  // namespace bailee::keys
