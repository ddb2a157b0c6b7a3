// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>

#include "crypto/random.h"

namespace bailee::testing {

// The ChaCha20 stream of a seed: the same bytes in every run. Thread-safe.
class TestRandom final : public crypto::Random {
 public:
  explicit TestRandom(uint64_t seed) : seed_(seed) {}
  void Fill(std::span<uint8_t> out) override;

 private:
  std::mutex mutex_;
  const uint64_t seed_;
  uint64_t calls_ = 0;
};

}  // namespace bailee::testing
