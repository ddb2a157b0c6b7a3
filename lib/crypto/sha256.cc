// SPDX-License-Identifier: Apache-2.0
#include "crypto/sha256.h"

#include <sodium.h>

namespace bailee::crypto {

Sha256Digest Sha256(std::initializer_list<ByteView> parts) {
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  for (const ByteView part : parts) crypto_hash_sha256_update(&state, part.data(), part.size());
  Sha256Digest digest;
  crypto_hash_sha256_final(&state, digest.data());
  return digest;
}

}  // namespace bailee::crypto
