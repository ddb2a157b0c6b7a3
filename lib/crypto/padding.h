// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "bailee/bytes.h"
#include "bailee/result.h"
#include "bailee/secret.h"

namespace bailee::crypto {

// Padding that makes lengths say little (FORMAT.md §5.3).

// How long `data_bytes` bytes are once padded: the smallest bucket with room for one byte more.
size_t PaddedSize(size_t data_bytes);

// Whether padded data can have this length.
bool IsBucket(size_t padded_bytes);

// Pads in place: writes what follows the first `data_bytes` bytes of `buffer`.
// REQUIRES: buffer.size() == PaddedSize(data_bytes).
void Pad(std::span<uint8_t> buffer, size_t data_bytes);

// A padded copy. Errors: kFull "secret.arena-full".
Result<Secret> Padded(ByteView data);

// The length of the data in `padded`, in time that depends on padded.size() alone.
// Errors: kDamage "crypto.bad-padding" unless the length is a bucket and the padding, which begins
// with 0x80, is no longer than a bucket needs.
Result<size_t> UnpaddedSize(ByteView padded);

}  // namespace bailee::crypto
