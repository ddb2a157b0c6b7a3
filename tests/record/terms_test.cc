// SPDX-License-Identifier: Apache-2.0
#include "record/terms.h"

#include <gtest/gtest.h>

#include <string>

#include "bailee/limits.h"

namespace bailee::record {
namespace {

const VaultId kVault = {{1, 2, 3}};

Terms SampleTerms() {
  return {.policy_version = 3,
          .expiry_bucket = 0x0102030405060708,
          .notice = "checkout-7",
          .source = "web",
          .controller = ""};
}

// Parses under the id that fits, so that only the grammar can refuse.
Result<Terms> ParseRightlyNamed(ByteView value) {
  return ParseTerms(kVault, crypto::TermsIdOf(kVault, value), value);
}

Code TermsCodeOf(const Result<Terms>& terms) {
  EXPECT_TRUE(terms.ok() || terms.status().name() == "record.terms");
  return terms.status().code();
}

TEST(Terms, AreReadBackAsTheyWereWritten) {
  Terms terms = SampleTerms();
  for (const char* controller : {"", "acme"}) {
    terms.controller = controller;
    const Bytes value = EncodeTerms(terms);
    const Result<Terms> parsed = ParseRightlyNamed(value);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(*parsed, terms);
  }
}

TEST(Terms, HaveTheBytesOfTheFormat) {
  const Bytes expected = {1,   0,   0,   0,   3,   1,   2,   3,   4,   5, 6,   7,   8,   10, 'c',
                          'h', 'e', 'c', 'k', 'o', 'u', 't', '-', '7', 3, 'w', 'e', 'b', 0};
  EXPECT_EQ(EncodeTerms(SampleTerms()), expected);
}

TEST(Terms, AreRefusedUnderAnotherIdOrVault) {
  const Bytes value = EncodeTerms(SampleTerms());
  TermsId id = crypto::TermsIdOf(kVault, value);
  EXPECT_EQ(TermsCodeOf(ParseTerms(VaultId{{9}}, id, value)), Code::kDamage);
  id.bytes[15] ^= 1;
  EXPECT_EQ(TermsCodeOf(ParseTerms(kVault, id, value)), Code::kDamage);
}

TEST(Terms, AreRefusedAfterEveryBitFlip) {
  const Bytes value = EncodeTerms(SampleTerms());
  const TermsId id = crypto::TermsIdOf(kVault, value);
  ASSERT_TRUE(ParseTerms(kVault, id, value).ok());
  for (size_t bit = 0; bit < value.size() * 8; ++bit) {
    Bytes flipped = value;
    flipped[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    EXPECT_EQ(TermsCodeOf(ParseTerms(kVault, id, flipped)), Code::kDamage) << bit;
  }
}

TEST(Terms, AreRejectedOrChangedByEveryBitFlipUnderAnIdThatFits) {
  const Bytes value = EncodeTerms(SampleTerms());
  for (size_t bit = 0; bit < value.size() * 8; ++bit) {
    Bytes flipped = value;
    flipped[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    const Result<Terms> terms = ParseRightlyNamed(flipped);
    EXPECT_FALSE(terms.ok() && *terms == SampleTerms()) << bit;
  }
}

TEST(Terms, RejectEveryTruncation) {
  const Bytes value = EncodeTerms(SampleTerms());
  for (size_t size = 0; size < value.size(); ++size) {
    EXPECT_EQ(TermsCodeOf(ParseRightlyNamed(ByteView(value).first(size))), Code::kDamage) << size;
  }
}

TEST(Terms, RejectATrailingByte) {
  Bytes value = EncodeTerms(SampleTerms());
  value.push_back(0);
  EXPECT_EQ(TermsCodeOf(ParseRightlyNamed(value)), Code::kDamage);
}

TEST(Terms, RejectAnUnknownVersion) {
  Bytes value = EncodeTerms(SampleTerms());
  value[0] = 2;
  EXPECT_EQ(TermsCodeOf(ParseRightlyNamed(value)), Code::kDamage);
}

TEST(Terms, TakeNamesAtTheLimitAndRejectOneByteMore) {
  const std::string longest(limits::kNameBytesMax, 'n');
  Terms terms = SampleTerms();
  terms.controller = longest;
  Bytes value = EncodeTerms(terms);
  EXPECT_EQ(TermsCodeOf(ParseRightlyNamed(value)), Code::kOk);
  value[value.size() - longest.size() - 1] = limits::kNameBytesMax + 1;
  value.push_back('n');
  EXPECT_EQ(TermsCodeOf(ParseRightlyNamed(value)), Code::kDamage);
}

TEST(Terms, RejectAnEmptyNoticeOrSource) {
  const Bytes no_notice = {1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 'w', 0};
  const Bytes no_source = {1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 1, 'n', 0, 0};
  const Bytes both = {1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 1, 'n', 1, 'w', 0};
  EXPECT_EQ(TermsCodeOf(ParseRightlyNamed(no_notice)), Code::kDamage);
  EXPECT_EQ(TermsCodeOf(ParseRightlyNamed(no_source)), Code::kDamage);
  EXPECT_EQ(TermsCodeOf(ParseRightlyNamed(both)), Code::kOk);
}

TEST(Terms, RejectTextThatIsNotUtf8) {
  const Bytes value = {1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0xFF, 1, 'w', 0};
  EXPECT_EQ(TermsCodeOf(ParseRightlyNamed(value)), Code::kDamage);
}

}  // namespace
}  // namespace bailee::record
