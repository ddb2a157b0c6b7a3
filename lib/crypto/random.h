// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bailee::crypto {

// Where keys, salts and ids come from. Implementations are thread-safe.
class Random {
 public:
  virtual ~Random() = default;

  // Fills `out` with bytes nobody can predict. Cannot fail: a system that has no randomness to give
  // stops the program.
  virtual void Fill(std::span<uint8_t> out) = 0;
};

// The kernel's generator; lives for the whole program. Small requests are served from a block each
// thread keeps in guarded memory, wiped as it is used, thrown away after fork and when it is older
// than a second, so that a resumed copy of a sleeping virtual machine does not repeat it.
Random& SystemRandom();

// N random bytes that are not secret: salts, ids.
template <size_t N>
std::array<uint8_t, N> RandomArray(Random& random) {
  std::array<uint8_t, N> out;
  random.Fill(out);
  return out;
}

}  // namespace bailee::crypto
