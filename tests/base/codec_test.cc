// SPDX-License-Identifier: Apache-2.0
#include "base/codec.h"

#include <gmock/gmock.h>

namespace bailee {
namespace {

using ::testing::ElementsAre;

TEST(Codec, IntegersAreBigEndianAndFixedWidth) {
  Bytes out;
  Writer(out).Put(uint8_t{1}).Put(uint16_t{0x0203}).Put(uint32_t{0x04050607}).Put(int64_t{-2});
  EXPECT_THAT(out, ElementsAre(1, 2, 3, 4, 5, 6, 7, 255, 255, 255, 255, 255, 255, 255, 254));
}

TEST(Codec, ReadsBackWhatWasWritten) {
  Bytes out;
  Writer(out)
      .Put(uint64_t{0x0102030405060708})
      .Put(int64_t{-5})
      .PutPrefixed<uint8_t>(AsBytes("ab"))
      .PutPrefixed<uint32_t>(AsBytes(""))
      .Put(AsBytes("xyz"));
  Reader in(out);
  EXPECT_EQ(in.Get<uint64_t>(), 0x0102030405060708U);
  EXPECT_EQ(in.Get<int64_t>(), -5);
  EXPECT_EQ(AsText(in.GetPrefixed<uint8_t>()), "ab");
  EXPECT_EQ(AsText(in.GetPrefixed<uint32_t>()), "");
  EXPECT_FALSE(in.complete());
  EXPECT_THAT(in.GetArray<3>(), ElementsAre('x', 'y', 'z'));
  EXPECT_TRUE(in.complete());
}

TEST(Codec, EveryTruncationFailsAndStaysFailed) {
  Bytes whole;
  Writer(whole).Put(uint32_t{7}).PutPrefixed<uint8_t>(AsBytes("abc")).Put(uint8_t{9});
  for (size_t size = 0; size < whole.size(); ++size) {
    Reader in(ByteView(whole).first(size));
    in.Get<uint32_t>();
    in.GetPrefixed<uint8_t>();
    in.Get<uint8_t>();
    EXPECT_TRUE(in.failed()) << size;
    EXPECT_FALSE(in.complete()) << size;
    EXPECT_EQ(in.Get<uint8_t>(), 0) << size;
    EXPECT_TRUE(in.GetBytes(0).empty());
  }
}

TEST(Codec, OneByteTooManyIsNotComplete) {
  const Bytes bytes = {1, 2, 3};
  Reader in(bytes);
  EXPECT_EQ(in.Get<uint16_t>(), 0x0102);
  EXPECT_FALSE(in.failed());
  EXPECT_FALSE(in.complete());
}

TEST(Codec, APrefixLargerThanTheRestFails) {
  const Bytes bytes = {255, 255, 255, 255, 0};
  Reader in(bytes);
  EXPECT_TRUE(in.GetPrefixed<uint32_t>().empty());
  EXPECT_TRUE(in.failed());
}

}  // namespace
}  // namespace bailee
