// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/bytes.h"
#include "bailee/result.h"
#include "keys/keyring_keys.h"

namespace bailee::keys {

// The bytes of bailee.v1.KeyringHeader.
Bytes EncodeKeyringHeader(const KeyringHeader& header);

// Reads hostile bytes. Errors: kDamage "key.damaged" unless they are a header with all its parts
// and nothing unknown.
Result<KeyringHeader> ParseKeyringHeader(ByteView bytes);

}  // namespace bailee::keys
