// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "bailee/bytes.h"

namespace bailee::crypto {

// ChaCha20-Poly1305 of RFC 8439: a step of suite 1, and what seals journal entries (FORMAT.md
// §13.2), whose keys their reader derives and never chooses. By itself it does not commit to its
// key: one ciphertext can be made to open under two.

inline constexpr size_t kAeadTagBytes = 16;
using AeadNonce = std::array<uint8_t, 12>;

// Writes ciphertext ‖ tag. `plaintext` may be the front of `out`, or apart from it.
// REQUIRES: key.size() == 32, out.size() == plaintext.size() + 16, (key, nonce) never used before.
void AeadSeal(ByteView key, const AeadNonce& nonce, ByteView aad, ByteView plaintext,
              std::span<uint8_t> out);

// Opens ciphertext ‖ tag; false, and `out` zeroed, if it is not authentic (or shorter than a tag).
// REQUIRES: key.size() == 32, out.size() == sealed.size() − 16 if there is a tag.
[[nodiscard]] bool AeadOpen(ByteView key, const AeadNonce& nonce, ByteView aad, ByteView sealed,
                            std::span<uint8_t> out);

}  // namespace bailee::crypto
