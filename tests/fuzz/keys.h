// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "bailee/ids.h"
#include "crypto/binding.h"
#include "crypto/key.h"
#include "crypto/names.h"
#include "crypto/padding.h"
#include "crypto/random.h"
#include "crypto/sign.h"
#include "fuzz/target.h"

// Keys and places that are the same in every run: a target that seals what the fuzzer made reaches
// what lies behind the sealing.
namespace bailee::fuzz {

inline constexpr VaultId kVault{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
inline constexpr Handle kHandle{{0xa0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
inline constexpr RecordId kRecord{{0xb0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
inline constexpr crypto::NameId kCategory{{0xc0, 1, 2, 3, 4, 5, 6, 7}};

// The same bytes in each run of a target, and never the same twice in one.
crypto::Random& Random();

inline std::array<uint8_t, 32> KeyBytes(uint8_t number) {
  std::array<uint8_t, 32> bytes;
  bytes.fill(number);
  return bytes;
}

template <typename Key>
Key FixedKey(uint8_t number) {
  return Must(Key::FromBytes(KeyBytes(number)));
}

inline const crypto::SigningKey& Signer() {
  static const crypto::SigningKey key =
      Must(crypto::SigningKey::FromSeed(FixedKey<crypto::SigningSeed>(9)));
  return key;
}

// As FORMAT.md §5.3 pads.
inline Bytes PaddedCopy(ByteView data) {
  Bytes padded = ToBytes(data);
  padded.resize(crypto::PaddedSize(data.size()));
  crypto::Pad(padded, data.size());
  return padded;
}

}  // namespace bailee::fuzz
