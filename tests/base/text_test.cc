// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>

#include "bailee/ids.h"
#include "base/hex.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "support/error_is.h"

namespace bailee {
namespace {

TEST(Hex, RoundTripsEveryByte) {
  Bytes all(256);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint8_t>(i);
  const std::string hex = ToHex(all);
  EXPECT_EQ(hex.substr(0, 6), "000102");
  EXPECT_EQ(hex.substr(510), "ff");
  Bytes back(256);
  EXPECT_TRUE(FromHex(hex, back));
  EXPECT_EQ(back, all);
}

TEST(Hex, RefusesOtherLengthsCasesAndCharacters) {
  std::array<uint8_t, 2> out{};
  for (const char* bad : {"", "0", "012", "01234", "012G", "ABCD", " 123", "12 3", "0x12"}) {
    EXPECT_FALSE(FromHex(bad, out)) << bad;
  }
  EXPECT_TRUE(FromHex("abcd", out));
}

TEST(Id, ParsesOnlyItsOwnText) {
  const std::string text = "000102030405060708090a0b0c0d0e0f";
  const Result<Handle> handle = Handle::FromHex(text);
  ASSERT_TRUE(handle.ok());
  EXPECT_EQ(handle->ToHex(), text);
  for (const std::string& bad : {text.substr(1), text + "0", "X" + text.substr(1), std::string()}) {
    EXPECT_THAT(Handle::FromHex(bad).status(),
                testing::ErrorIs(Code::kInvalidValue, "id.malformed"));
  }
}

TEST(Utf8, AcceptsTheFirstAndLastCharacterOfEachLength) {
  using namespace std::string_view_literals;
  for (const auto text :
       {""sv, "\0"sv, "\x7F"sv, "\xC2\x80"sv, "\xDF\xBF"sv, "\xE0\xA0\x80"sv, "\xED\x9F\xBF"sv,
        "\xEE\x80\x80"sv, "\xEF\xBF\xBF"sv, "\xF0\x90\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv}) {
    EXPECT_TRUE(IsUtf8(text));
  }
}

TEST(Utf8, RefusesOverlongSurrogateTooLargeTruncatedAndStray) {
  using namespace std::string_view_literals;
  for (const auto text :
       {"\x80"sv, "\xBF"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xE0\x9F\xBF"sv, "\xED\xA0\x80"sv,
        "\xED\xBF\xBF"sv, "\xF0\x8F\xBF\xBF"sv, "\xF4\x90\x80\x80"sv, "\xF8\x88\x80\x80\x80"sv,
        "\xFE"sv, "\xFF"sv, "\xC2"sv, "\xE2\x82"sv, "\xF0\x9F\x98"sv, "\xC2 "sv, "a\xE2\x82z"sv}) {
    EXPECT_FALSE(IsUtf8(text));
  }
}

TEST(Suggest, OffersTheNearestWordAndNothingFarAway) {
  constexpr std::array<std::string_view, 3> kWords = {"billing", "support", "contact.news"};
  EXPECT_EQ(Nearest("biling", kWords), "billing");
  EXPECT_EQ(Nearest("suport", kWords), "support");
  EXPECT_EQ(Nearest("xyz", kWords), "");
  EXPECT_EQ(Nearest("billing", {}), "");
  EXPECT_EQ(Nearest(std::string(65, 'b'), kWords), "");
  EXPECT_EQ(DidYouMean("biling", kWords), " (did you mean \"billing\"?)");
  EXPECT_EQ(DidYouMean("xyz", kWords), "");
}

TEST(DecisionId, TextRoundTripsAndNothingElseIsOne) {
  for (const bool write : {false, true}) {
    for (const uint64_t number : {uint64_t{0}, uint64_t{17}, UINT64_MAX}) {
      const DecisionId id{{{0x0f, 0x3a}}, write, number};
      const Result<DecisionId> back = DecisionId::FromText(id.ToText());
      ASSERT_TRUE(back.ok());
      EXPECT_EQ(*back, id);
    }
  }
  const std::string hex(32, '0');
  EXPECT_TRUE(DecisionId::FromText(hex + ".w0").ok());
  for (const std::string& bad :
       {std::string(), hex, hex + ".", hex + ".r", hex + ".x1", hex + ".r01", hex + ".r-1",
        hex + ".r1 ", hex + "r1", hex.substr(1) + ".r1", hex + ".r18446744073709551616",
        std::string(32, 'A') + ".r1"}) {
    EXPECT_FALSE(DecisionId::FromText(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace bailee
