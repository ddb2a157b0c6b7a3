// SPDX-License-Identifier: Apache-2.0
#include "crypto/box.h"

#include <sodium.h>

#include <cstring>

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/suite1.h"

namespace bailee::crypto {
namespace {

static_assert(kBoxOverhead == sizeof(BoxPublicKey::bytes) + kEnvelopeOverhead);

// K of FORMAT.md §4.2.
Result<BoxKey> KeyOfBox(const Secret& agreed, const BoxPublicKey& ephemeral,
                        const BoxPublicKey& recipient, ByteView aad) {
  BAILEE_TRY(Secret bytes, Secret::Allocate(kKeyBytes));
  agreed.RevealBytes([&](ByteView dh) {
    bytes.RevealMutable([&](std::span<uint8_t> out) {
      HashInto(person::kBox, {dh, ephemeral.view(), recipient.view(), aad}, out);
    });
  });
  return BoxKey::FromSecret(std::move(bytes));
}

}  // namespace

Result<BoxSecret> DeriveBoxSecret(const PurposeKey& key, uint16_t key_version) {
  std::array<uint8_t, 2> version;
  StoreBigEndian(key_version, version.data());
  BAILEE_TRY(Secret bytes, Secret::Allocate(kKeyBytes));
  bytes.RevealMutable(
      [&](std::span<uint8_t> out) { KeyedHashInto(key, person::kBoxSecret, {version}, out); });
  return BoxSecret::FromSecret(std::move(bytes));
}

BoxPublicKey PublicKeyOf(const BoxSecret& secret) {
  BAILEE_CHECK(!secret.empty());
  BoxPublicKey out;
  secret.Reveal([&](ByteView bytes) { crypto_scalarmult_base(out.bytes.data(), bytes.data()); });
  return out;
}

Result<Secret> Agree(const BoxSecret& secret, const BoxPublicKey& other) {
  BAILEE_CHECK(!secret.empty());
  BAILEE_TRY(Secret agreed, Secret::Allocate(crypto_scalarmult_BYTES));
  const int failed = agreed.RevealMutable([&](std::span<uint8_t> out) {
    return secret.Reveal([&](ByteView bytes) {
      return crypto_scalarmult(out.data(), bytes.data(), other.bytes.data());
    });
  });
  // An all-zero result is known to everybody: the box would be sealed for all the world.
  if (failed != 0) {
    return Status(Code::kDamage, "crypto.weak-public-key", "a public key is of low order",
                  "the manifest or the box was not made by bailee; restore it from a backup");
  }
  return agreed;
}

Result<BoxSender> BoxSender::Create(Random& random) {
  BAILEE_TRY(BoxSecret ephemeral, BoxSecret::Generate(random));
  return BoxSender(std::move(ephemeral));
}

BoxSender::BoxSender(BoxSecret ephemeral)
    : ephemeral_(std::move(ephemeral)), ephemeral_public_(PublicKeyOf(ephemeral_)) {}

Status BoxSender::SealAppend(const BoxPublicKey& recipient, ByteView aad, ByteView plaintext,
                             Random& random, Bytes& out) {
  auto found = agreed_.find(recipient);
  if (found == agreed_.end()) {
    BAILEE_TRY(Secret agreed, Agree(ephemeral_, recipient));
    found = agreed_.emplace(recipient, std::move(agreed)).first;
  }
  BAILEE_TRY(const BoxKey key, KeyOfBox(found->second, ephemeral_public_, recipient, aad));
  const ByteView ephemeral = ephemeral_public_.view();
  out.insert(out.end(), ephemeral.begin(), ephemeral.end());
  crypto::SealAppend(key, aad, plaintext, random, out);
  return Status();
}

Result<Bytes> BoxSender::Seal(const BoxPublicKey& recipient, ByteView aad, ByteView plaintext,
                              Random& random) {
  Bytes out;
  BAILEE_RETURN_IF_ERROR(SealAppend(recipient, aad, plaintext, random, out));
  return out;
}

BoxOpener::BoxOpener(BoxSecret secret)
    : secret_(std::move(secret)), public_key_(PublicKeyOf(secret_)) {}

Result<Secret> BoxOpener::Open(ByteView aad, ByteView box) const {
  if (box.size() < kBoxOverhead) {
    return Status(Code::kDamage, "crypto.damaged", "sealed bytes are shorter than any box",
                  "restore them from a backup");
  }
  BoxPublicKey ephemeral;
  std::memcpy(ephemeral.bytes.data(), box.data(), ephemeral.bytes.size());
  BAILEE_TRY(const Secret agreed, Agree(secret_, ephemeral));
  BAILEE_TRY(const BoxKey key, KeyOfBox(agreed, ephemeral, public_key_, aad));
  return crypto::Open(key, aad, box.subspan(ephemeral.bytes.size()));
}

}  // namespace bailee::crypto
