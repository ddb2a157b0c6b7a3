// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/bytes.h"
#include "bailee/secret.h"
#include "crypto/key.h"

namespace bailee::testing {

inline Bytes Copied(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

// What a secret or a key holds, to compare.
inline Bytes Revealed(const Secret& secret) { return secret.RevealBytes(Copied); }
inline Bytes Revealed(const crypto::Key& key) { return key.Reveal(Copied); }

}  // namespace bailee::testing
