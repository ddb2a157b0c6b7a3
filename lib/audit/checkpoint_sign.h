// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "bailee/checkpoint.h"
#include "bailee/clock.h"
#include "bailee/result.h"
#include "crypto/sign.h"

namespace bailee::audit {

// The public half of `log` as users know it.
LogKey LogKeyOf(const crypto::SigningKey& log);

// Makes the checkpoint of FORMAT.md §13.7: signed by `log` under `origin`, with the time `at`, cut
// to the second. Whoever signs two heads of which one does not extend the other breaks the log for
// good: the caller has proven that `head` extends the last one that was signed.
// Errors: kInvalidValue "checkpoint.origin" unless `origin` can be a key name: 1 to
// limits::kOriginBytesMax bytes of UTF-8 without spaces, control characters and plus signs, and not
// "cosignature/v1"; "checkpoint.time" for a time before 1970.
Result<std::string> SignCheckpoint(const crypto::SigningKey& log, std::string_view origin,
                                   const TreeHead& head, Timestamp at);

}  // namespace bailee::audit
