// SPDX-License-Identifier: Apache-2.0
#include "crypto/sign.h"

#include <sodium.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/try.h"

namespace bailee::crypto {
namespace {

Bytes Message(const Personal& personal, std::initializer_list<ByteView> parts) {
  Bytes message(personal.bytes.begin(), personal.bytes.end());
  for (const ByteView part : parts) message.insert(message.end(), part.begin(), part.end());
  return message;
}

Status BadSignature() {
  return Status(Code::kDamage, "crypto.bad-signature", "a signature does not verify",
                "restore what was signed from where it was made");
}

}  // namespace

Result<SigningKey> SigningKey::FromSeed(const SigningSeed& seed) {
  BAILEE_CHECK(!seed.empty());
  BAILEE_TRY(Secret secret, Secret::Allocate(crypto_sign_SECRETKEYBYTES));
  VerifyKey verify_key;
  secret.RevealMutable([&](std::span<uint8_t> out) {
    seed.Reveal([&](ByteView bytes) {
      crypto_sign_seed_keypair(verify_key.bytes.data(), out.data(), bytes.data());
    });
  });
  return SigningKey(std::move(secret), verify_key);
}

SigningKey::SigningKey(Secret secret, const VerifyKey& verify_key)
    : secret_(std::move(secret)), verify_key_(verify_key) {}

Signature SigningKey::Sign(const Personal& personal, std::initializer_list<ByteView> parts) const {
  // Otherwise what is signed here might be a note as well.
  BAILEE_CHECK(personal.bytes.back() == 0);
  return SignBytes(Message(personal, parts));
}

Signature SigningKey::SignNote(ByteView text) const {
  BAILEE_CHECK(IsNote(text));
  return SignBytes(text);
}

Signature SigningKey::SignBytes(ByteView message) const {
  BAILEE_CHECK(!secret_.empty());
  Signature signature;
  secret_.RevealBytes([&](ByteView secret) {
    crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), secret.data());
  });
  return signature;
}

Status Verify(const VerifyKey& key, const Personal& personal, std::initializer_list<ByteView> parts,
              ByteView signature) {
  return internal::VerifyRaw(key, Message(personal, parts), signature) ? Status() : BadSignature();
}

bool IsNote(ByteView text) {
  return !text.empty() && text.back() == '\n' &&
         std::all_of(text.begin(), text.end(), [](uint8_t c) { return c >= 0x20 || c == '\n'; });
}

Status VerifyNote(const VerifyKey& key, ByteView text, ByteView signature) {
  return IsNote(text) && internal::VerifyRaw(key, text, signature) ? Status() : BadSignature();
}

bool internal::VerifyRaw(const VerifyKey& key, ByteView message, ByteView signature) {
  return signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     key.bytes.data()) == 0;
}

}  // namespace bailee::crypto
