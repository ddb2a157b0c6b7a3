// SPDX-License-Identifier: Apache-2.0
#include "crypto/padding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/error_is.h"
#include "support/vectors.h"

namespace bailee::crypto {
namespace {

using testing::ErrorIs;
using testing::StatusOf;

Bytes PaddedBytes(size_t data_bytes) {
  const Result<Secret> padded = Padded(Bytes(data_bytes, 0x77));
  return padded->RevealBytes([](ByteView bytes) { return Bytes(bytes.begin(), bytes.end()); });
}

TEST(Padding, SizesAreAsTheVectorsSay) {
  for (const auto& v : testing::Vectors("padding")) {
    EXPECT_EQ(PaddedSize(v["data_bytes"]), v["padded_bytes"].get<size_t>()) << v["data_bytes"];
  }
}

TEST(Padding, EverySizeItGivesIsABucketAndNoOtherIs) {
  std::set<size_t> buckets;
  for (size_t size = 0; size < 70'000; ++size) {
    const size_t padded = PaddedSize(size);
    EXPECT_GT(padded, size);
    buckets.insert(padded);
  }
  for (size_t size = 0; size < 70'000; ++size) {
    EXPECT_EQ(IsBucket(size), buckets.contains(size)) << size;
  }
}

TEST(Padding, CostsLessThanAnEighthAboveTheSmallest) {
  for (size_t size = 256; size < 70'000; ++size) {
    EXPECT_LE(PaddedSize(size) - (size + 1), (size + 1) / 8) << size;
  }
}

TEST(Padding, ComesOffAgain) {
  for (size_t size = 0; size < 2'000; ++size) {
    const Bytes padded = PaddedBytes(size);
    const Result<size_t> back = UnpaddedSize(padded);
    ASSERT_TRUE(back.ok()) << size;
    EXPECT_EQ(*back, size);
    EXPECT_TRUE(std::all_of(padded.begin(), padded.begin() + static_cast<long>(size),
                            [](uint8_t byte) { return byte == 0x77; }));
  }
}

TEST(Padding, LeavesNothingOfWhatWasInTheBuffer) {
  Bytes buffer(PaddedSize(40), 0xAA);
  Pad(buffer, 40);
  const Result<size_t> size = UnpaddedSize(buffer);
  ASSERT_TRUE(size.ok());
  EXPECT_EQ(*size, 40U);
  EXPECT_TRUE(std::all_of(buffer.begin() + 41, buffer.end(), [](uint8_t b) { return b == 0; }));
}

TEST(Padding, ComesOffDataThatLooksLikePadding) {
  for (const uint8_t byte : {uint8_t{0x00}, uint8_t{0x80}}) {
    const Result<Secret> padded = Padded(Bytes(40, byte));
    EXPECT_EQ(*padded->RevealBytes([](ByteView b) { return UnpaddedSize(b); }), 40U);
  }
}

TEST(Padding, RejectsEveryLengthThatIsNoBucket) {
  for (size_t size = 0; size < 2'000; ++size) {
    Bytes bytes(size, 0);
    if (size > 0) bytes.back() = 0x80;
    if (IsBucket(size)) {
      EXPECT_EQ(*UnpaddedSize(bytes), size - 1);
    } else {
      EXPECT_THAT(StatusOf(UnpaddedSize(bytes)), ErrorIs(Code::kDamage, "crypto.bad-padding"));
    }
  }
}

TEST(Padding, RejectsEveryOtherLastByte) {
  for (unsigned byte = 1; byte < 256; ++byte) {
    Bytes bytes(64, 0x80);
    bytes[50] = static_cast<uint8_t>(byte);
    std::fill(bytes.begin() + 51, bytes.end(), uint8_t{0});
    EXPECT_EQ(UnpaddedSize(bytes).ok(), byte == 0x80) << byte;
  }
}

TEST(Padding, RejectsPaddingWithoutAMarkerOrLongerThanABucketNeeds) {
  EXPECT_THAT(StatusOf(UnpaddedSize(Bytes(64, 0))), ErrorIs(Code::kDamage, "crypto.bad-padding"));
  Bytes bytes(64, 0);
  bytes[32] = 0x80;
  EXPECT_EQ(*UnpaddedSize(bytes), 32U);
  bytes[32] = 0;
  bytes[31] = 0x80;
  EXPECT_THAT(StatusOf(UnpaddedSize(bytes)), ErrorIs(Code::kDamage, "crypto.bad-padding"));
}

TEST(Padding, RejectsEveryTruncationAndATrailingZero) {
  const Bytes padded = PaddedBytes(300);
  for (size_t size = 0; size < padded.size(); ++size) {
    EXPECT_FALSE(UnpaddedSize(ByteView(padded).first(size)).ok()) << size;
  }
  Bytes longer = padded;
  longer.push_back(0);
  EXPECT_FALSE(UnpaddedSize(longer).ok());
}

}  // namespace
}  // namespace bailee::crypto
