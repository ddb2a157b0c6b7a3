// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "bailee/bytes.h"

namespace bailee::crypto {

using Sha256Digest = std::array<uint8_t, 32>;

// SHA-256 (FIPS 180-4) of the parts one after the other. Only for what others have specified: the
// Merkle tree of RFC 6962 and the key ids of C2SP notes. Everything of our own is a personalised
// BLAKE2b (crypto/hash.h). Parts are not delimited.
Sha256Digest Sha256(std::initializer_list<ByteView> parts);

// The same of what comes bit by bit.
class Sha256Stream {
 public:
  Sha256Stream();
  void Put(ByteView bytes);
  // REQUIRES: nothing is put after it.
  Sha256Digest Finish();

 private:
  alignas(uint64_t) std::array<uint8_t, 104> state_;  // libsodium's
};

}  // namespace bailee::crypto
