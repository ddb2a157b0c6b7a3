// SPDX-License-Identifier: Apache-2.0
#include "record/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "bailee/limits.h"
#include "base/codec.h"
#include "crypto/padding.h"

namespace bailee::record {
namespace {

using Values = std::vector<std::pair<FieldNumber, std::string>>;

Result<Secret> Encode(const Values& values) {
  std::vector<FieldValue> borrowed;
  for (const auto& [field, value] : values) {
    borrowed.push_back({.field = field, .bytes = AsBytes(value)});
  }
  return EncodeFields(borrowed);
}

Bytes Revealed(const Result<Secret>& secret) {
  return secret->RevealBytes([](ByteView bytes) { return Bytes(bytes.begin(), bytes.end()); });
}

Bytes Padded(const Bytes& data) {
  Bytes padded = data;
  padded.resize(crypto::PaddedSize(data.size()));
  crypto::Pad(padded, data.size());
  return padded;
}

Values Decoded(ByteView opened) {
  Values values;
  const Result<Fields> fields = Fields::Decode(opened);
  if (!fields) return {{0xFFFF, std::string(fields.status().name())}};
  for (const Fields::Item item : *fields) {
    values.emplace_back(item.field, AsText(item.value));
  }
  return values;
}

const Values kDamaged = {{0xFFFF, "record.fields"}};

// Items as §10 writes them, right or wrong.
Bytes Items(uint16_t count, const Values& values) {
  Bytes data;
  Writer writer(data);
  writer.Put(count);
  for (const auto& [field, value] : values) {
    writer.Put(field).PutPrefixed<uint32_t>(AsBytes(value));
  }
  return data;
}

TEST(EncodeFields, WritesTheBytesOfTheFormat) {
  const Bytes bytes = Revealed(Encode({{1, "ab"}, {7, ""}}));
  const Bytes expected = {0,    2, 0, 1, 0, 0, 0, 2, 'a', 'b', 0, 7, 0, 0, 0, 0,
                          0x80, 0, 0, 0, 0, 0, 0, 0, 0,   0,   0, 0, 0, 0, 0, 0};
  EXPECT_EQ(bytes, expected);
}

TEST(EncodeFields, TakesValuesFromSecrets) {
  const Result<Secret> secret = Secret::From(std::string_view("4111"));
  ASSERT_TRUE(secret.ok());
  const FieldValue values[] = {{.field = 3, .secret = &*secret},
                               {.field = 4, .bytes = AsBytes("x")}};
  EXPECT_EQ(Decoded(Revealed(EncodeFields(values))), (Values{{3, "4111"}, {4, "x"}}));
}

TEST(EncodeFields, IsReadBackByDecode) {
  for (const Values& values :
       {Values{}, Values{{0, "x"}}, Values{{0, ""}, {63, std::string(70'000, 'y')}}}) {
    EXPECT_EQ(Decoded(Revealed(Encode(values))), values);
  }
}

TEST(EncodeFields, HoldsARecordAtItsLimitAndRefusesOneByteMore) {
  const std::string half(limits::kRecordBytesMax / 2, 'x');
  EXPECT_EQ(Decoded(Revealed(Encode({{0, half}, {1, half}}))).size(), 2u);
  const Status status = Encode({{0, half}, {1, half}, {2, "x"}}).status();
  EXPECT_EQ(status.code(), Code::kInvalidValue);
  EXPECT_EQ(status.name(), "record.too-large");
}

TEST(EncodeFields, HoldsAllFieldsOfACategory) {
  Values values;
  for (size_t i = 0; i < limits::kFieldsPerCategoryMax; ++i) {
    values.emplace_back(static_cast<FieldNumber>(i), std::to_string(i));
  }
  EXPECT_EQ(Decoded(Revealed(Encode(values))), values);
}

TEST(EncodeFieldsDeathTest, StopsAtFieldsOutOfOrder) {
  EXPECT_DEATH((void)Encode({{2, "a"}, {1, "b"}}), "broken invariant");
  EXPECT_DEATH((void)Encode({{1, "a"}, {1, "b"}}), "broken invariant");
  EXPECT_DEATH((void)Encode({{64, "a"}}), "broken invariant");
}

TEST(Fields, RejectEveryTruncation) {
  const Bytes whole = Revealed(Encode({{1, "ab"}, {7, std::string(300, 'z')}}));
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(Decoded(ByteView(whole).first(size)), kDamaged) << size;
  }
}

TEST(Fields, RejectEveryTruncationWithinItsPadding) {
  const Bytes whole = Items(2, {{1, "ab"}, {7, "zzz"}});
  EXPECT_EQ(Decoded(Padded(whole)).size(), 2u);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(Decoded(Padded(Bytes(whole.begin(), whole.begin() + static_cast<long>(size)))),
              kDamaged)
        << size;
  }
}

TEST(Fields, RejectATrailingByte) {
  Bytes data = Items(2, {{1, "ab"}, {7, "zzz"}});
  data.push_back(0);
  EXPECT_EQ(Decoded(Padded(data)), kDamaged);
  Bytes padded = Revealed(Encode({{1, "ab"}}));
  padded.push_back(0);
  EXPECT_EQ(Decoded(padded), kDamaged);
}

TEST(Fields, RejectPaddingThatIsNoBucket) {
  Bytes padded = Revealed(Encode({{1, "ab"}}));
  padded.resize(padded.size() + 16);
  EXPECT_EQ(Decoded(padded), kDamaged);
}

TEST(Fields, RejectFieldsThatAreNotAscending) {
  EXPECT_EQ(Decoded(Padded(Items(2, {{7, "a"}, {1, "b"}}))), kDamaged);
  EXPECT_EQ(Decoded(Padded(Items(2, {{7, "a"}, {7, "b"}}))), kDamaged);
}

TEST(Fields, RejectACountThatIsNotTheirs) {
  EXPECT_EQ(Decoded(Padded(Items(1, {{1, "a"}, {2, "b"}}))), kDamaged);
  EXPECT_EQ(Decoded(Padded(Items(3, {{1, "a"}, {2, "b"}}))), kDamaged);
  EXPECT_EQ(Decoded(Padded(Items(0xFFFF, {}))), kDamaged);
}

TEST(Fields, RejectAFieldBeyondTheLimitOfACategory) {
  EXPECT_EQ(Decoded(Padded(Items(1, {{63, "a"}}))).size(), 1u);
  EXPECT_EQ(Decoded(Padded(Items(1, {{64, "a"}}))), kDamaged);
}

TEST(Fields, RejectALengthBeyondTheirEnd) {
  Bytes data = Items(1, {{1, "ab"}});
  StoreBigEndian(uint32_t{0xFFFFFFFF}, data.data() + 4);
  EXPECT_EQ(Decoded(Padded(data)), kDamaged);
}

TEST(Fields, RejectValuesBeyondTheLimitOfARecord) {
  const std::string largest(limits::kRecordBytesMax, 'x');
  EXPECT_EQ(Decoded(Padded(Items(1, {{1, largest}}))).size(), 1u);
  EXPECT_EQ(Decoded(Padded(Items(1, {{1, largest + "x"}}))), kDamaged);
}

TEST(Fields, AreRejectedOrChangedByEveryBitFlip) {
  const Values values = {{1, "ab"}, {7, "zzz"}, {9, ""}};
  const Bytes whole = Revealed(Encode(values));
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes flipped = whole;
    flipped[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    EXPECT_NE(Decoded(flipped), values) << bit;
  }
}

TEST(FindField, GivesTheValueOrNothing) {
  const Bytes whole = Revealed(Encode({{1, "ab"}, {7, ""}}));
  const auto found = FindField(whole, 1);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ(AsText(**found), "ab");
  EXPECT_TRUE(FindField(whole, 7)->has_value());
  EXPECT_FALSE(FindField(whole, 2)->has_value());
  EXPECT_FALSE(FindField(whole, 9)->has_value());
}

TEST(FindField, RejectsDamageBehindTheFieldItSeeks) {
  EXPECT_EQ(FindField(Padded(Items(3, {{1, "a"}, {2, "b"}})), 1).status().code(), Code::kDamage);
}

}  // namespace
}  // namespace bailee::record
