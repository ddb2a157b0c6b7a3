// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "bailee/bytes.h"
#include "bailee/result.h"
#include "bailee/secret.h"
#include "crypto/key.h"
#include "crypto/random.h"

namespace bailee::crypto {

// Write-only boxes (FORMAT.md §4.2): whoever has a public key can seal, only the holder of the
// secret opens. Not safe against a future quantum computer that kept a copy.

inline constexpr size_t kBoxOverhead = 104;  // ephemeral public key ‖ envelope

// An X25519 public key. Take it from the verified manifest and nowhere else.
struct BoxPublicKey {
  std::array<uint8_t, 32> bytes{};
  // clang-tidy 14 misreads the operator.
  auto operator<=>(const BoxPublicKey&) const = default;  // NOLINT(modernize-use-nullptr)
  ByteView view() const { return bytes; }
};

// The X25519 secret of a purpose key. Errors: kFull "secret.arena-full".
Result<BoxSecret> DeriveBoxSecret(const PurposeKey& key, uint16_t key_version);

// The public half of `secret`.
BoxPublicKey PublicKeyOf(const BoxSecret& secret);

// X25519. Errors: kDamage "crypto.weak-public-key" if the result is all zero, which a public key of
// low order causes; kFull "secret.arena-full".
Result<Secret> Agree(const BoxSecret& secret, const BoxPublicKey& other);

// Seals boxes with one ephemeral key, one for each transaction; the costly agreement is made once
// for each recipient. Move-only; thread-compatible.
class BoxSender {
 public:
  // Errors: kFull "secret.arena-full".
  static Result<BoxSender> Create(Random& random);

  // Appends a box of plaintext.size() + kBoxOverhead bytes to `out`; on failure `out` is as it was.
  // REQUIRES: `plaintext` and `aad` do not lie in `out`. Errors: as Agree.
  Status SealAppend(const BoxPublicKey& recipient, ByteView aad, ByteView plaintext, Random& random,
                    Bytes& out);

  // The box by itself. Errors: as SealAppend.
  Result<Bytes> Seal(const BoxPublicKey& recipient, ByteView aad, ByteView plaintext,
                     Random& random);

 private:
  explicit BoxSender(BoxSecret ephemeral);

  BoxSecret ephemeral_;
  BoxPublicKey ephemeral_public_;
  std::map<BoxPublicKey, Secret> agreed_;
};

// Opens boxes for one recipient. Move-only; const functions are thread-safe.
class BoxOpener {
 public:
  explicit BoxOpener(BoxSecret secret);

  const BoxPublicKey& public_key() const { return public_key_; }

  // Errors: kDamage "crypto.damaged" (also for a box shorter than any), "crypto.weak-public-key";
  // kKey "crypto.wrong-key" if the box is for another recipient or binding; kFull
  // "secret.arena-full".
  Result<Secret> Open(ByteView aad, ByteView box) const;

 private:
  BoxSecret secret_;
  BoxPublicKey public_key_;
};

}  // namespace bailee::crypto
