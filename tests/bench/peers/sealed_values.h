// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sodium.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "bench/must.h"
#include "bench/peers/peer.h"

namespace bailee::bench {

// What an application does by itself where its database does not encrypt: one key for all values,
// each bound to its record and person, and a keyed hash to find by.
class SealedValues {
 public:
  std::string Seal(const PeerRecord& record) const {
    std::string plain(1, static_cast<char>(record.address.size()));
    plain += record.address;
    plain += record.value;
    return SealText(record.id, record.subject, plain);
  }

  std::string Open(uint64_t id, uint64_t subject, std::string_view sealed) const {
    const std::string plain = OpenText(id, subject, sealed);
    return plain.substr(1 + static_cast<uint8_t>(plain[0]));
  }

  // Any text, bound to two numbers.
  std::string SealText(uint64_t id, uint64_t second, std::string_view plain) const {
    std::string sealed(kNonceBytes + plain.size() + kTagBytes, '\0');
    auto* nonce = reinterpret_cast<uint8_t*>(sealed.data());
    randombytes_buf(nonce, kNonceBytes);
    const auto bound = Bound(id, second);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        nonce + kNonceBytes, nullptr, reinterpret_cast<const uint8_t*>(plain.data()), plain.size(),
        bound.data(), bound.size(), nullptr, nonce, key_.data());
    return sealed;
  }

  std::string OpenText(uint64_t id, uint64_t second, std::string_view sealed) const {
    Must(sealed.size() >= kNonceBytes + kTagBytes, "a value is too short");
    const auto* nonce = reinterpret_cast<const uint8_t*>(sealed.data());
    std::string plain(sealed.size() - kNonceBytes - kTagBytes, '\0');
    const auto bound = Bound(id, second);
    Must(crypto_aead_xchacha20poly1305_ietf_decrypt(
             reinterpret_cast<uint8_t*>(plain.data()), nullptr, nullptr, nonce + kNonceBytes,
             sealed.size() - kNonceBytes, bound.data(), bound.size(), nonce, key_.data()) == 0,
         "a value does not open");
    return plain;
  }

  std::string TagOf(std::string_view address) const {
    std::string tag(16, '\0');
    crypto_generichash(reinterpret_cast<uint8_t*>(tag.data()), tag.size(),
                       reinterpret_cast<const uint8_t*>(address.data()), address.size(),
                       index_key_.data(), index_key_.size());
    return tag;
  }

 private:
  static constexpr size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
  static constexpr size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

  static std::array<uint8_t, 16> Bound(uint64_t id, uint64_t second) {
    std::array<uint8_t, 16> bound;
    std::memcpy(bound.data(), &id, 8);
    std::memcpy(bound.data() + 8, &second, 8);
    return bound;
  }

  std::array<uint8_t, 32> key_{1, 2, 3};
  std::array<uint8_t, 32> index_key_{4, 5, 6};
};

}  // namespace bailee::bench
