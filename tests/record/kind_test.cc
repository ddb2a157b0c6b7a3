// SPDX-License-Identifier: Apache-2.0
#include "record/kind.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "kind_values.h"
#include "record/iso_codes.h"
#include "shown.h"

namespace bailee::record {
namespace {

std::string Canonical(Kind kind, std::string_view raw) {
  return Shown(Normalise(kind, raw, KindBytesMax(kind)));
}

TEST(Normalise, GivesTheCanonicalFormOfWhatAKindAccepts) {
  for (const Accepted& value : AcceptedValues()) {
    EXPECT_EQ(Canonical(value.kind, value.raw), value.canonical) << KindWord(value.kind);
  }
}

TEST(Normalise, RefusesWhatIsNotOfTheKind) {
  for (const Rejected& value : RejectedValues()) {
    const Result<Secret> result = Normalise(value.kind, value.raw, KindBytesMax(value.kind));
    ASSERT_FALSE(result.ok()) << KindWord(value.kind) << " " << value.raw;
    EXPECT_EQ(result.status().code(), Code::kInvalidValue) << KindWord(value.kind);
    EXPECT_EQ(result.status().name(), "value.malformed") << KindWord(value.kind) << value.raw;
  }
}

TEST(Normalise, NeverRepeatsTheValueInAMessage) {
  for (const Rejected& value : RejectedValues()) {
    if (value.raw.size() < 4) continue;
    const Status status = Normalise(value.kind, value.raw, KindBytesMax(value.kind)).status();
    const std::string said = std::string(status.message()) + std::string(status.hint());
    EXPECT_EQ(said.find(value.raw), std::string::npos) << KindWord(value.kind);
  }
}

TEST(Normalise, RefusesAnEmptyValueOfEveryKind) {
  for (const Kind kind : kKinds) EXPECT_EQ(Canonical(kind, ""), "<value.empty>") << KindWord(kind);
}

TEST(Normalise, TakesBlanksAloneForAnEmptyValueWhereItDropsThem) {
  for (const Kind kind : kKinds) {
    const bool kept = kind == Kind::kText || kind == Kind::kPassword || kind == Kind::kBlob;
    EXPECT_EQ(Canonical(kind, " \t "), kept ? " \t " : "<value.empty>") << KindWord(kind);
  }
}

TEST(Normalise, AcceptsAValueAtTheLimitOfItsKindAndRefusesOneByteMore) {
  for (const Kind kind :
       {Kind::kText, Kind::kPassword, Kind::kUrl, Kind::kUserAgent, Kind::kBlob}) {
    const size_t max = KindBytesMax(kind);
    const std::string longest = "/" + std::string(max - 1, 'a');
    EXPECT_EQ(Canonical(kind, longest), longest) << KindWord(kind);
    EXPECT_EQ(Canonical(kind, longest + "a"), "<value.too-long>") << KindWord(kind);
  }
}

TEST(Normalise, HasTheLimitsOfTheVault) {
  EXPECT_EQ(KindBytesMax(Kind::kText), limits::kFieldBytesMax);
  EXPECT_EQ(KindBytesMax(Kind::kBlob), limits::kBlobBytesMax);
  EXPECT_EQ(KindBytesMax(Kind::kPassword), 1024u);
}

TEST(Normalise, BoundsTheCanonicalFormByTheLimitOfTheField) {
  for (const Accepted& value : AcceptedValues()) {
    const size_t size = value.canonical.size();
    EXPECT_EQ(Shown(Normalise(value.kind, value.raw, size)), value.canonical);
    EXPECT_EQ(Shown(Normalise(value.kind, value.raw, size - 1)), "<value.too-long>")
        << KindWord(value.kind) << " " << value.raw;
  }
}

TEST(Normalise, AcceptsAnAddressOf254BytesAndRefuses255) {
  const std::string domain =
      std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(61, 'd');  // 189
  EXPECT_EQ(Canonical(Kind::kEmail, std::string(64, 'a') + "@" + domain).size(), 254u);
  EXPECT_EQ(Canonical(Kind::kEmail, std::string(64, 'a') + "@" + domain + "d"),
            "<value.malformed>");
}

TEST(Normalise, AcceptsAHostOf253BytesAndRefuses254) {
  const std::string labels = "http://" + std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                             std::string(63, 'c') + ".";
  const std::string longest = labels + std::string(61, 'd') + "/";
  EXPECT_EQ(Canonical(Kind::kUrl, longest), longest);
  EXPECT_EQ(Canonical(Kind::kUrl, labels + std::string(62, 'd') + "/"), "<value.malformed>");
}

TEST(Normalise, AcceptsALanguageOf64BytesAndRefuses65) {
  std::string tag = "de-x";
  for (int i = 0; i < 6; ++i) tag += "-abcdefgh";
  EXPECT_EQ(Canonical(Kind::kLanguage, tag + "-abcde"), tag + "-abcde");
  EXPECT_EQ(Canonical(Kind::kLanguage, tag + "-abcdef"), "<value.malformed>");
}

TEST(Normalise, AcceptsALanguageOfAsManyPartsAsFit) {
  std::string tag = "x";
  for (int i = 0; i < 31; ++i) tag += "-a";
  EXPECT_EQ(Canonical(Kind::kLanguage, tag), tag);
}

TEST(Normalise, RefusesAPanWithAnyOneDigitChanged) {
  const std::string pan = "4111111111111111";
  for (size_t at = 0; at < pan.size(); ++at) {
    for (char digit = '0'; digit <= '9'; ++digit) {
      if (digit == pan[at]) continue;
      std::string changed = pan;
      changed[at] = digit;
      EXPECT_EQ(Canonical(Kind::kPan, changed), "<value.malformed>") << at;
    }
  }
}

TEST(Normalise, RefusesAnIbanWithAnyOneCharacterChanged) {
  const std::string iban = "GB82WEST12345698765432";
  for (size_t at = 0; at < iban.size(); ++at) {
    std::string changed = iban;
    changed[at] = changed[at] == '9' ? '8' : static_cast<char>(changed[at] + 1);
    EXPECT_EQ(Canonical(Kind::kIban, changed), "<value.malformed>") << at;
  }
}

TEST(Normalise, RefusesATimeWithoutAnyOneOfItsCharacters) {
  for (const std::string time : {"2013-05-24T09:30:00.5Z", "2013-05-24T09:30:00+01:00"}) {
    ASSERT_FALSE(Canonical(Kind::kTime, time).starts_with("<value."));
    for (size_t at = 0; at < time.size(); ++at) {
      std::string shorter = time;
      EXPECT_EQ(Canonical(Kind::kTime, shorter.erase(at, 1)), "<value.malformed>") << at;
    }
  }
}

TEST(Normalise, RefusesAKindThatDoesNotExist) {
  for (const int number : {0, 17, 255}) {
    const Status status = Normalise(static_cast<Kind>(number), "x", 1).status();
    EXPECT_EQ(status.code(), Code::kUsage);
    EXPECT_EQ(IndexForm(static_cast<Kind>(number), "x").status().code(), Code::kUsage);
  }
}

// Values near the accepted ones: each is cut, doubled, or has characters changed.
std::string Mutated(std::string value, std::mt19937& random) {
  static constexpr std::string_view kAlphabet = "0123456789aAzZ+-./:;,@%#?[]() \t_xX*\x7F\xC3\xA4";
  const auto below = [&random](size_t bound) { return random() % bound; };
  for (size_t change = below(4); change > 0 && !value.empty(); --change) {
    const size_t at = below(value.size());
    const char c = kAlphabet[below(kAlphabet.size())];
    switch (below(4)) {
      case 0:
        value[at] = c;
        break;
      case 1:
        value.insert(at, 1, c);
        break;
      case 2:
        value.erase(at, 1);
        break;
      default:
        value.insert(at, value.substr(at, below(6)));
    }
  }
  return value;
}

TEST(Normalise, IsIdempotentOnGeneratedValues) {
  std::mt19937 random(1);
  size_t accepted = 0;
  for (int round = 0; round < 400; ++round) {
    for (const Accepted& value : AcceptedValues()) {
      const std::string raw = Mutated(value.raw, random);
      const std::string once = Canonical(value.kind, raw);
      if (once.starts_with("<value.") || once.empty()) continue;
      ++accepted;
      ASSERT_EQ(Canonical(value.kind, once), once) << KindWord(value.kind) << " of " << raw;
    }
  }
  EXPECT_GT(accepted, 5000u);  // the property was tried on values, not on refusals
}

TEST(Normalise, NeverCrashesOnRandomBytes) {
  std::mt19937 random(2);
  for (int round = 0; round < 5'000; ++round) {
    std::string raw(random() % 40, '\0');
    for (char& c : raw) c = static_cast<char>(random());
    for (const Kind kind : kKinds) {
      const Result<Secret> result = Normalise(kind, raw, KindBytesMax(kind));
      ASSERT_TRUE(result.ok() || result.status().code() == Code::kInvalidValue);
    }
  }
}

TEST(IndexForm, LowersTheWholeOfAnEmailAddress) {
  EXPECT_EQ(Shown(IndexForm(Kind::kEmail, "Ada.L@example.org")), "ada.l@example.org");
}

TEST(IndexForm, IsTheCanonicalFormOfOtherKinds) {
  for (const Accepted& value : AcceptedValues()) {
    if (value.kind == Kind::kEmail || !HasIndexForm(value.kind)) continue;
    EXPECT_EQ(Shown(IndexForm(value.kind, value.canonical)), value.canonical);
  }
}

TEST(IndexForm, IsIdempotent) {
  for (const Accepted& value : AcceptedValues()) {
    if (!HasIndexForm(value.kind)) continue;
    const std::string once = Shown(IndexForm(value.kind, value.canonical));
    EXPECT_EQ(Shown(IndexForm(value.kind, once)), once);
  }
}

TEST(IndexForm, IsRefusedForPasswordsAndBlobs) {
  EXPECT_EQ(Shown(IndexForm(Kind::kPassword, "x")), "<value.no-index>");
  EXPECT_EQ(Shown(IndexForm(Kind::kBlob, "x")), "<value.no-index>");
}

TEST(IsoCodes, KnowThe249AssignedCountries) {
  size_t countries = 0;
  std::string code(2, 'A');
  for (code[0] = 'A'; code[0] <= 'Z'; ++code[0]) {
    for (code[1] = 'A'; code[1] <= 'Z'; ++code[1]) countries += IsCountry(code) ? 1 : 0;
  }
  EXPECT_EQ(countries, 249u);
}

TEST(IsoCodes, KnowTheDecimalsOfCurrencies) {
  for (const char* code : {"EUR", "USD", "AED", "ZWG", "XCG"}) EXPECT_EQ(MinorDigits(code), 2u);
  for (const char* code : {"JPY", "BIF", "XPF", "ISK"}) EXPECT_EQ(MinorDigits(code), 0u);
  for (const char* code : {"BHD", "TND"}) EXPECT_EQ(MinorDigits(code), 3u);
  for (const char* code : {"CLF", "UYW"}) EXPECT_EQ(MinorDigits(code), 4u);
  for (const char* code : {"XXX", "XTS", "XAU", "XDR", "DEM", "eur"}) {
    EXPECT_FALSE(MinorDigits(code).has_value()) << code;
  }
}

TEST(IsoCodes, MatchOnlyWholeCodes) {
  EXPECT_FALSE(IsCountry("D "));
  EXPECT_FALSE(IsCountry(" D"));
  EXPECT_FALSE(IsCountry(""));
  EXPECT_FALSE(MinorDigits("UR ").has_value());
  EXPECT_FALSE(MinorDigits("").has_value());
}

}  // namespace
}  // namespace bailee::record
