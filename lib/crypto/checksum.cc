// SPDX-License-Identifier: Apache-2.0
#include "crypto/checksum.h"

#include <sodium.h>

namespace bailee::crypto {

static_assert(kChecksumKeyBytes == crypto_shorthash_siphash24_KEYBYTES);
static_assert(sizeof(uint64_t) == crypto_shorthash_siphash24_BYTES);

uint64_t Checksum(const ChecksumKey& key, ByteView bytes) {
  std::array<uint8_t, sizeof(uint64_t)> out;
  crypto_shorthash_siphash24(out.data(), bytes.data(), bytes.size(), key.data());
  uint64_t value = 0;  // SipHash gives its number lowest byte first
  for (size_t i = out.size(); i-- > 0;) value = value << 8 | out[i];
  return value;
}

}  // namespace bailee::crypto
