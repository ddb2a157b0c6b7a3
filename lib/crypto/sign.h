// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <initializer_list>

#include "bailee/bytes.h"
#include "bailee/result.h"
#include "bailee/secret.h"
#include "crypto/key.h"
#include "crypto/labels.h"

namespace bailee::crypto {

// Ed25519 (RFC 8032) over personal ‖ parts one after the other: what is signed as one thing cannot
// be shown as another. Parts are not delimited: at most the last may vary in length. Notes, whose
// form others have specified, are signed bare, by a pair of functions of their own.

struct VerifyKey {
  std::array<uint8_t, 32> bytes{};
  auto operator<=>(const VerifyKey&) const = default;  // NOLINT(modernize-use-nullptr)
  ByteView view() const { return bytes; }
};

using Signature = std::array<uint8_t, 64>;

// A key pair. Move-only; const functions are thread-safe.
class SigningKey {
 public:
  // Errors: kFull "secret.arena-full".
  static Result<SigningKey> FromSeed(const SigningSeed& seed);

  const VerifyKey& verify_key() const { return verify_key_; }

  // REQUIRES: `personal` ends in a zero byte, which no note contains.
  Signature Sign(const Personal& personal, std::initializer_list<ByteView> parts) const;

  // Signs `text` alone, as C2SP signed notes and cosignatures want it. It cannot be shown as
  // anything that Sign signed, nor the other way round: a note has no zero byte, and what Sign
  // signs has one among its first 16. REQUIRES: IsNote(text).
  Signature SignNote(ByteView text) const;

 private:
  SigningKey(Secret secret, const VerifyKey& verify_key);

  Signature SignBytes(ByteView message) const;

  Secret secret_;  // libsodium's 64 bytes: seed ‖ public key
  VerifyKey verify_key_;
};

// Errors: kDamage "crypto.bad-signature", also for a signature that is not 64 bytes.
Status Verify(const VerifyKey& key, const Personal& personal, std::initializer_list<ByteView> parts,
              ByteView signature);

// Whether `text` may be signed as a note: it ends in a line feed and has no other control character
// (bytes below 0x20).
bool IsNote(ByteView text);

// Errors: kDamage "crypto.bad-signature", also for what is no note and for a signature that is not
// 64 bytes.
Status VerifyNote(const VerifyKey& key, ByteView text, ByteView signature);

namespace internal {
// Ed25519 of `message` alone, for published test vectors.
bool VerifyRaw(const VerifyKey& key, ByteView message, ByteView signature);
}  // namespace internal

}  // namespace bailee::crypto
