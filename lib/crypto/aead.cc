// SPDX-License-Identifier: Apache-2.0
#include "crypto/aead.h"

#include <sodium.h>

#include "base/check.h"
#include "crypto/hash.h"

namespace bailee::crypto {

static_assert(kAeadTagBytes == crypto_aead_chacha20poly1305_ietf_ABYTES);

void AeadSeal(ByteView key, const AeadNonce& nonce, ByteView aad, ByteView plaintext,
              std::span<uint8_t> out) {
  BAILEE_CHECK(key.size() == crypto_aead_chacha20poly1305_ietf_KEYBYTES);
  BAILEE_CHECK(out.size() == plaintext.size() + kAeadTagBytes);
  BAILEE_CHECK(crypto_aead_chacha20poly1305_ietf_encrypt(out.data(), nullptr, plaintext.data(),
                                                         plaintext.size(), aad.data(), aad.size(),
                                                         nullptr, nonce.data(), key.data()) == 0);
}

bool AeadOpen(ByteView key, const AeadNonce& nonce, ByteView aad, ByteView sealed,
              std::span<uint8_t> out) {
  BAILEE_CHECK(key.size() == crypto_aead_chacha20poly1305_ietf_KEYBYTES);
  if (sealed.size() < kAeadTagBytes) {
    Wipe(out);
    return false;
  }
  BAILEE_CHECK(out.size() == sealed.size() - kAeadTagBytes);
  const bool authentic = crypto_aead_chacha20poly1305_ietf_decrypt(
                             out.data(), nullptr, nullptr, sealed.data(), sealed.size(), aad.data(),
                             aad.size(), nonce.data(), key.data()) == 0;
  if (!authentic) Wipe(out);
  return authentic;
}

}  // namespace bailee::crypto
