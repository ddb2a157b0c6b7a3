// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "bailee/bytes.h"

namespace bailee::crypto {

inline constexpr size_t kChecksumKeyBytes = 16;
using ChecksumKey = std::array<uint8_t, kChecksumKeyBytes>;

// SipHash-2-4 as the number it is defined to give. Tells whole bytes from torn ones; under a key
// that everybody may know it proves nothing.
uint64_t Checksum(const ChecksumKey& key, ByteView bytes);

}  // namespace bailee::crypto
