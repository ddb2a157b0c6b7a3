// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "bailee/bytes.h"
#include "crypto/key.h"
#include "crypto/labels.h"

namespace bailee::crypto {

// BLAKE2b-n(none; personal; parts one after the other) of FORMAT.md §1, n = out.size().
// Parts are not delimited: at most one of them may vary in length.
// REQUIRES: 1 ≤ out.size() ≤ 64; parts do not lie in `out`.
void HashInto(const Personal& personal, std::initializer_list<ByteView> parts,
              std::span<uint8_t> out);

// BLAKE2b-n(key; personal; parts). As HashInto.
void KeyedHashInto(const Key& key, const Personal& personal, std::initializer_list<ByteView> parts,
                   std::span<uint8_t> out);

// As KeyedHashInto, under a key that is part of a larger Secret. REQUIRES: key.size() == 32.
void KeyedHashInto(ByteView key, const Personal& personal, ByteView data, std::span<uint8_t> out);

// The same as values, for digests that are not secret.
template <size_t N>
std::array<uint8_t, N> Hash(const Personal& personal, std::initializer_list<ByteView> parts) {
  std::array<uint8_t, N> out;
  HashInto(personal, parts, out);
  return out;
}
template <size_t N>
std::array<uint8_t, N> KeyedHash(const Key& key, const Personal& personal,
                                 std::initializer_list<ByteView> parts) {
  std::array<uint8_t, N> out;
  KeyedHashInto(key, personal, parts, out);
  return out;
}

// Whether `a` and `b` are the same bytes, in time that depends on their lengths alone. Different
// lengths are not equal.
bool ConstantTimeEqual(ByteView a, ByteView b);

// Overwrites bytes of a buffer that is not a Secret; the compiler does not leave it out.
void Wipe(std::span<uint8_t> bytes);

}  // namespace bailee::crypto
