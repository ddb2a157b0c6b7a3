// SPDX-License-Identifier: Apache-2.0
#include "crypto/suite1.h"

#include <sodium.h>

#include <array>
#include <cstring>

#include "base/check.h"
#include "base/try.h"
#include "crypto/aead.h"
#include "crypto/binding.h"
#include "crypto/hash.h"

namespace bailee::crypto {
namespace {

static_assert(kEnvelopeOverhead == kSaltBytes + kCommitmentBytes + kAeadTagBytes);
constexpr size_t kHeaderBytes = kSaltBytes + kCommitmentBytes;

// The subkey seals one message and no other, so its nonce may be zero.
constexpr AeadNonce kZeroNonce{};

// H of FORMAT.md §4, wiped when it goes.
struct Derived {
  std::array<uint8_t, 64> hash;
  Derived() = default;
  Derived(const Derived&) = delete;
  Derived& operator=(const Derived&) = delete;
  ~Derived() { Wipe(hash); }
  ByteView subkey() const { return ByteView(hash).first(kKeyBytes); }
  ByteView commitment() const { return ByteView(hash).subspan(kKeyBytes); }
};

void Derive(const Key& key, ByteView salt, ByteView aad, Derived& derived) {
  BAILEE_CHECK(!key.empty());
  key.Reveal([&](ByteView bytes) {
    // Every binding of a row fits one block of BLAKE2b; only a keyring's is longer.
    std::array<uint8_t, kSaltBytes + kWrapBindingBytes> input;
    if (aad.size() <= kWrapBindingBytes) {
      std::memcpy(input.data(), salt.data(), kSaltBytes);
      if (!aad.empty()) std::memcpy(input.data() + kSaltBytes, aad.data(), aad.size());
      crypto_generichash_blake2b(derived.hash.data(), derived.hash.size(), input.data(),
                                 kSaltBytes + aad.size(), bytes.data(), bytes.size());
      return;
    }
    crypto_generichash_blake2b_state state;
    crypto_generichash_blake2b_init(&state, bytes.data(), bytes.size(), derived.hash.size());
    crypto_generichash_blake2b_update(&state, salt.data(), salt.size());
    crypto_generichash_blake2b_update(&state, aad.data(), aad.size());
    crypto_generichash_blake2b_final(&state, derived.hash.data(), derived.hash.size());
    sodium_memzero(&state, sizeof state);
  });
}

Status Damaged() {
  return Status(Code::kDamage, "crypto.damaged", "sealed bytes are not authentic",
                "restore them from a backup");
}

Status WrongKey() {
  return Status(Code::kKey, "crypto.wrong-key", "the key is not the one this was sealed with",
                "check which keyring was meant");
}

}  // namespace

void SealInto(const Key& key, ByteView aad, ByteView plaintext, Random& random,
              std::span<uint8_t> out) {
  BAILEE_CHECK(out.size() == plaintext.size() + kEnvelopeOverhead);
  const std::span<uint8_t> salt = out.first(kSaltBytes);
  random.Fill(salt);
  Derived derived;
  Derive(key, salt, aad, derived);
  std::memcpy(out.data() + kSaltBytes, derived.commitment().data(), kCommitmentBytes);
  AeadSeal(derived.subkey(), kZeroNonce, {}, plaintext, out.subspan(kHeaderBytes));
}

void SealAppend(const Key& key, ByteView aad, ByteView plaintext, Random& random, Bytes& out) {
  const size_t at = out.size();
  out.resize(at + plaintext.size() + kEnvelopeOverhead);
  SealInto(key, aad, plaintext, random, std::span(out).subspan(at));
}

Bytes Seal(const Key& key, ByteView aad, ByteView plaintext, Random& random) {
  Bytes out;
  SealAppend(key, aad, plaintext, random, out);
  return out;
}

Status OpenInto(const Key& key, ByteView aad, ByteView envelope, std::span<uint8_t> out) {
  if (envelope.size() < kEnvelopeOverhead) {
    Wipe(out);
    return Damaged();
  }
  BAILEE_CHECK(out.size() == envelope.size() - kEnvelopeOverhead);
  Derived derived;
  Derive(key, envelope.first(kSaltBytes), aad, derived);
  // Before the AEAD: without this one ciphertext can be made to open under two keys.
  if (!ConstantTimeEqual(derived.commitment(), envelope.subspan(kSaltBytes, kCommitmentBytes))) {
    Wipe(out);
    return WrongKey();
  }
  if (!AeadOpen(derived.subkey(), kZeroNonce, {}, envelope.subspan(kHeaderBytes), out)) {
    return Damaged();
  }
  return Status();
}

Result<Secret> Open(const Key& key, ByteView aad, ByteView envelope) {
  if (envelope.size() < kEnvelopeOverhead) return Damaged();
  BAILEE_TRY(Secret plaintext, Secret::Allocate(envelope.size() - kEnvelopeOverhead));
  BAILEE_RETURN_IF_ERROR(plaintext.RevealMutable(
      [&](std::span<uint8_t> out) { return OpenInto(key, aad, envelope, out); }));
  return plaintext;
}

Status DamageUnlessFull(const Status& failure, Status damage) {
  if (failure.code() == Code::kFull) return failure;
  return damage;
}

}  // namespace bailee::crypto
