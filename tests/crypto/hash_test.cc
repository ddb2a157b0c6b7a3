// SPDX-License-Identifier: Apache-2.0
#include "crypto/hash.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/test_random.h"
#include "support/vectors.h"

namespace bailee::crypto {
namespace {

using testing::Hex;

Personal PersonalOf(const std::string& text) {
  Personal personal;
  std::copy(text.begin(), text.end(), personal.bytes.begin());
  return personal;
}

TEST(Hash, IsAsTheVectorsSayHoweverTheDataIsCut) {
  for (const auto& v : testing::Vectors("hash")) {
    const Bytes data = Hex(v["data"]);
    const Bytes key = Hex(v["key"]);
    const Personal personal = PersonalOf(v["person"]);
    for (const size_t cut : {size_t{0}, data.size() / 3, data.size()}) {
      const ByteView front = ByteView(data).first(cut);
      const ByteView back = ByteView(data).subspan(cut);
      Bytes whole(Hex(v["digest"]).size());
      Bytes parts = whole;
      if (key.empty()) {
        HashInto(personal, {data}, whole);
        HashInto(personal, {front, back}, parts);
      } else {
        const IndexKey index_key = *IndexKey::FromBytes(key);
        KeyedHashInto(index_key, personal, {data}, whole);
        KeyedHashInto(index_key, personal, {front, back}, parts);
      }
      EXPECT_EQ(ToHex(whole), v["digest"].get<std::string>());
      EXPECT_EQ(ToHex(parts), v["digest"].get<std::string>());
    }
  }
}

TEST(Hash, DiffersByPersonalisationKeyAndSize) {
  const Bytes data = {1, 2, 3};
  EXPECT_NE(Hash<16>(person::kRef, {data}), Hash<16>(person::kTag, {data}));
  testing::TestRandom random(3);
  const RefKey one = *RefKey::Generate(random);
  const RefKey two = *RefKey::Generate(random);
  EXPECT_NE(KeyedHash<16>(one, person::kRef, {data}), KeyedHash<16>(two, person::kRef, {data}));
  EXPECT_NE(KeyedHash<16>(one, person::kRef, {data}), Hash<16>(person::kRef, {data}));
  const auto longer = Hash<32>(person::kRef, {data});
  const auto shorter = Hash<16>(person::kRef, {data});
  EXPECT_FALSE(std::equal(shorter.begin(), shorter.end(), longer.begin()));
}

TEST(ConstantTimeEqual, ComparesLengthAndEveryBit) {
  const Bytes a = {1, 2, 3, 4};
  EXPECT_TRUE(ConstantTimeEqual(a, Bytes{1, 2, 3, 4}));
  EXPECT_TRUE(ConstantTimeEqual({}, {}));
  EXPECT_FALSE(ConstantTimeEqual(a, Bytes{1, 2, 3}));
  EXPECT_FALSE(ConstantTimeEqual(a, {}));
  for (const size_t size : {4U, 31U, 32U, 33U}) {
    const Bytes bytes(size, 7);
    EXPECT_TRUE(ConstantTimeEqual(bytes, Bytes(bytes)));
    for (size_t bit = 0; bit < 8 * size; ++bit) {
      Bytes other = bytes;
      other[bit / 8] = static_cast<uint8_t>(other[bit / 8] ^ (1U << (bit % 8)));
      EXPECT_FALSE(ConstantTimeEqual(bytes, other));
    }
  }
}

TEST(Wipe, ZeroesEveryByte) {
  Bytes bytes(100, 0xAB);
  Wipe(bytes);
  EXPECT_EQ(bytes, Bytes(100));
  Wipe({});
}

}  // namespace
}  // namespace bailee::crypto
