// SPDX-License-Identifier: Apache-2.0
#include "crypto/checksum.h"

#include <gtest/gtest.h>

#include <numeric>

namespace bailee::crypto {
namespace {

// Appendix A of the paper on SipHash: key 00 to 0f, data 00 to 0e; and the first of its vectors.
TEST(Checksum, IsSipHash24) {
  ChecksumKey key{};
  std::iota(key.begin(), key.end(), uint8_t{0});
  Bytes data(15);
  std::iota(data.begin(), data.end(), uint8_t{0});
  EXPECT_EQ(Checksum(key, data), 0xa129ca6149be45e5U);
  EXPECT_EQ(Checksum(key, {}), 0x726fdb47dd0e0e31U);
}

}  // namespace
}  // namespace bailee::crypto
