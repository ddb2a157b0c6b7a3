// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "crypto/random.h"

namespace bailee::crypto {

// Fresh ids in ascending runs: rows that are keyed by them come to lie beside each other, so that a
// transaction changes few pages and leaves them full. Whoever sees ids sees which are of one run
// and in what order they were made. Each ends in 8 random bytes. Not thread-safe.
class IdRun {
 public:
  using Id = std::array<uint8_t, 16>;

  // REQUIRES: length > 0; `random` outlives it.
  IdRun(Random& random, uint16_t length) : random_(random), length_(length) {}

  // The next of the run, or the first of another one that begins anywhere.
  Id Next();

 private:
  Random& random_;
  const uint16_t length_;
  std::array<uint8_t, 6> beginning_{};
  uint16_t made_ = 0;
};

}  // namespace bailee::crypto
