// SPDX-License-Identifier: Apache-2.0
#include "support/test_random.h"

#include <sodium.h>

#include <array>
#include <cstring>

namespace bailee::testing {

void TestRandom::Fill(std::span<uint8_t> out) {
  const std::lock_guard lock(mutex_);
  std::array<uint8_t, crypto_stream_chacha20_ietf_KEYBYTES> key{};
  std::memcpy(key.data(), &seed_, sizeof seed_);
  std::array<uint8_t, crypto_stream_chacha20_ietf_NONCEBYTES> nonce{};
  std::memcpy(nonce.data(), &calls_, sizeof calls_);
  ++calls_;
  if (!out.empty()) crypto_stream_chacha20_ietf(out.data(), out.size(), nonce.data(), key.data());
}

}  // namespace bailee::testing
