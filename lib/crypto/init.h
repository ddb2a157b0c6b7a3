// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/status.h"

namespace bailee::crypto {

// Readies the cryptographic library; called before anything else of this module. Cheap after the
// first time; thread-safe.
// Errors: kFailed "crypto.unavailable" if libsodium does not start or is older than 1.0.18.
Status Init();

}  // namespace bailee::crypto
