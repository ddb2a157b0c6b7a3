// SPDX-License-Identifier: Apache-2.0
#include "crypto/aead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace bailee::crypto {
namespace {

constexpr std::array<uint8_t, 32> kKey = {1, 2, 3};
constexpr AeadNonce kNonce = {4, 5};
const Bytes kPlain = {'c', 'a', 'r', 'd'};
const Bytes kAad = {'v'};

Bytes Sealed() {
  Bytes sealed(kPlain.size() + kAeadTagBytes);
  AeadSeal(kKey, kNonce, kAad, kPlain, sealed);
  return sealed;
}

TEST(Aead, OpensWhatItSealed) {
  Bytes out(kPlain.size());
  EXPECT_TRUE(AeadOpen(kKey, kNonce, kAad, Sealed(), out));
  EXPECT_EQ(out, kPlain);
}

TEST(Aead, LeavesNothingOfWhatItDoesNotOpen) {
  Bytes sealed = Sealed();
  sealed.back() ^= 1;
  Bytes out(kPlain.size(), 0xAA);
  EXPECT_FALSE(AeadOpen(kKey, kNonce, kAad, sealed, out));
  EXPECT_EQ(out, Bytes(kPlain.size()));
}

TEST(Aead, RefusesWhatIsShorterThanATagAndLeavesNothing) {
  for (size_t size = 0; size < kAeadTagBytes; ++size) {
    Bytes out(kPlain.size(), 0xAA);
    EXPECT_FALSE(AeadOpen(kKey, kNonce, kAad, ByteView(Sealed()).first(size), out)) << size;
    EXPECT_EQ(out, Bytes(kPlain.size())) << size;
  }
}

}  // namespace
}  // namespace bailee::crypto
