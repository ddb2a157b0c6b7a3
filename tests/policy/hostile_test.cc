// SPDX-License-Identifier: Apache-2.0
#include "policy/support.h"

// Whatever bytes come in, an answer comes out: loading either fails with a list of findings or
// gives a policy that comes back from its binary.
namespace bailee::policy {
namespace {

constexpr const char* kTexts[] = {"proto/policies/livelook_2013.textproto",
                                  "proto/policies/liveops_2016.textproto"};

void Try(std::string_view text) {
  const Result<PolicyPtr> policy = Policy::FromText(text, "p");
  if (!policy.ok()) {
    EXPECT_EQ(policy.status().code(), Code::kPolicyInvalid);
    EXPECT_FALSE(policy.status().message().empty());
    return;
  }
  EXPECT_TRUE(Policy::FromBinary((*policy)->ToBinary()).ok());
}

bool TryBinary(ByteView bytes) {
  const Result<PolicyPtr> policy = Policy::FromBinary(bytes);
  if (!policy.ok()) {
    EXPECT_EQ(policy.status().code(), Code::kPolicyInvalid);
    return false;
  }
  EXPECT_EQ((*policy)->ToBinary(), Bytes(bytes.begin(), bytes.end()));
  return true;
}

constexpr char kOneCategory[] =
    "category { id: \"c\" says: \"c\" about: SUBJECT holds: ONE field { id: \"f\" kind: TEXT } ";

TEST(Hostile, PurposesThatAreThereManyTimesAreNotCompiled) {
  std::string text = "name: \"p\" version: 1 effective: \"2020-01-01\" ";
  for (int i = 0; i < 255; ++i) text += "purpose { id: \"a\" } ";
  text += "purpose { id: \"b.c\" } " + std::string(kOneCategory);
  const std::string rest = "retain { purpose: \"a\" days: 1 from: COLLECTION } }";
  EXPECT_NE(FindingsOf(text + rest).find("two of purpose \"a\""), std::string::npos);
  EXPECT_NE(FindingsOf(text + "}").find("two of purpose \"a\""), std::string::npos);
}

TEST(Hostile, RulesThatAreThereManyTimesTakeNoMoreThanTheirText) {
  std::string text = "name: \"p\" version: 1 effective: \"2020-01-01\" ";
  for (int i = 0; i < 250; ++i) text += "purpose { id: \"a.p" + std::to_string(i) + "\" } ";
  text += kOneCategory;
  for (int i = 0; i < 3'000; ++i) text += "retain { purpose: \"a\" } allow { } ";
  EXPECT_NE(FindingsOf(text + "}").find("allow without purpose"), std::string::npos);
}

// Every place of the file would take minutes; a prime step visits all kinds of them.
TEST(Hostile, TruncatedTextsAreAnswered) {
  for (const char* path : kTexts) {
    const std::string text = ReadText(path);
    for (size_t size = 0; size < text.size(); size += 31)
      Try(std::string_view(text).substr(0, size));
  }
}

TEST(Hostile, TextsWithAFlippedBitAreAnswered) {
  for (const char* path : kTexts) {
    std::string text = ReadText(path);
    for (size_t bit = 0; bit < text.size() * 8; bit += 211) {
      text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
      Try(text);
      text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
    }
  }
}

TEST(Hostile, EveryTruncationOfABinaryIsAnswered) {
  const Bytes bytes = Loaded(ReadText(kTexts[1]))->ToBinary();
  for (size_t size = 0; size < bytes.size(); ++size) TryBinary(ByteView(bytes).first(size));
}

TEST(Hostile, BinariesWithAFlippedBitAreAnswered) {
  Bytes bytes = Loaded(ReadText(kTexts[1]))->ToBinary();
  for (size_t bit = 0; bit < bytes.size() * 8; bit += 7) {
    bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ (1 << (bit % 8)));
    TryBinary(bytes);
    bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ (1 << (bit % 8)));
  }
  EXPECT_TRUE(TryBinary(bytes));
}

TEST(Hostile, ABinaryWithOneByteTooManyIsRefused) {
  const Bytes bytes = Loaded(ReadText(kTexts[1]))->ToBinary();
  for (int byte = 0; byte < 256; ++byte) {
    Bytes longer = bytes;
    longer.push_back(static_cast<uint8_t>(byte));
    EXPECT_FALSE(TryBinary(longer)) << byte;
  }
}

}  // namespace
}  // namespace bailee::policy
