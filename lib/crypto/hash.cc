// SPDX-License-Identifier: Apache-2.0
#include "crypto/hash.h"

#include <sodium.h>

#include "base/check.h"

namespace bailee::crypto {
namespace {

void HashParts(ByteView key, const Personal& personal, std::initializer_list<ByteView> parts,
               std::span<uint8_t> out) {
  BAILEE_CHECK(!out.empty() && out.size() <= crypto_generichash_blake2b_BYTES_MAX);
  if (parts.size() == 1) {
    const ByteView only = *parts.begin();
    BAILEE_CHECK(crypto_generichash_blake2b_salt_personal(out.data(), out.size(), only.data(),
                                                          only.size(), key.data(), key.size(),
                                                          nullptr, personal.bytes.data()) == 0);
    return;
  }
  crypto_generichash_blake2b_state state;
  BAILEE_CHECK(crypto_generichash_blake2b_init_salt_personal(&state, key.data(), key.size(),
                                                             out.size(), nullptr,
                                                             personal.bytes.data()) == 0);
  for (const ByteView part : parts) {
    crypto_generichash_blake2b_update(&state, part.data(), part.size());
  }
  crypto_generichash_blake2b_final(&state, out.data(), out.size());
  sodium_memzero(&state, sizeof state);
}

}  // namespace

void HashInto(const Personal& personal, std::initializer_list<ByteView> parts,
              std::span<uint8_t> out) {
  HashParts({}, personal, parts, out);
}

void KeyedHashInto(const Key& key, const Personal& personal, std::initializer_list<ByteView> parts,
                   std::span<uint8_t> out) {
  BAILEE_CHECK(!key.empty());
  key.Reveal([&](ByteView bytes) { HashParts(bytes, personal, parts, out); });
}

void KeyedHashInto(ByteView key, const Personal& personal, ByteView data, std::span<uint8_t> out) {
  BAILEE_CHECK(key.size() == kKeyBytes);
  HashParts(key, personal, {data}, out);
}

bool ConstantTimeEqual(ByteView a, ByteView b) {
  if (a.size() != b.size()) return false;
  // Of the size of most that is compared, not byte by byte.
  if (a.size() == crypto_verify_32_BYTES) return crypto_verify_32(a.data(), b.data()) == 0;
  return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

void Wipe(std::span<uint8_t> bytes) {
  if (!bytes.empty()) sodium_memzero(bytes.data(), bytes.size());
}

}  // namespace bailee::crypto
