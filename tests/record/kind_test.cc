// SPDX-License-Identifier: Apache-2.0
#include "record/kind.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "record/iso_codes.h"
#include "shown.h"

namespace bailee::record {
namespace {

using std::string_literals::operator""s;

std::string Canonical(Kind kind, std::string_view raw) {
  return Shown(Normalise(kind, raw, KindBytesMax(kind)));
}

struct Accepted {
  Kind kind;
  std::string raw;
  std::string canonical;
};

const std::vector<Accepted>& AcceptedValues() {
  static const std::vector<Accepted> values = {
      {Kind::kText, "Ada Lovelace", "Ada Lovelace"},
      {Kind::kText, " kept \t\r\n", " kept \t\r\n"},
      {Kind::kText, "\xC3\x85ngstr\xC3\xB6m", "\xC3\x85ngstr\xC3\xB6m"},
      {Kind::kText, "\xC2\xA0", "\xC2\xA0"},    // U+00A0 is the first after the C1 controls
      {Kind::kText, "A\xCC\x8A", "A\xCC\x8A"},  // not composed
      {Kind::kText, "\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
      {Kind::kEmail, "ada@example.org", "ada@example.org"},
      {Kind::kEmail, " Ada.L+x@EXAMPLE.Org\t", "Ada.L+x@example.org"},
      {Kind::kEmail, "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"},
      {Kind::kEmail, "!#$%&'*+-/=?^_`{|}~@a.b", "!#$%&'*+-/=?^_`{|}~@a.b"},
      {Kind::kEmail, std::string(64, 'a') + "@b.cc", std::string(64, 'a') + "@b.cc"},
      {Kind::kPhone, "+49 30 1234-567", "+49301234567"},
      {Kind::kPhone, "+1 (212) 555.0100", "+12125550100"},
      {Kind::kPhone, "+6834000", "+6834000"},
      {Kind::kPhone, "+123456789012345", "+123456789012345"},
      {Kind::kPan, "4111 1111 1111 1111", "4111111111111111"},
      {Kind::kPan, "3782-822463-10005", "378282246310005"},
      {Kind::kPan, "000000000000", "000000000000"},
      {Kind::kPan, "0000000000000000018", "0000000000000000018"},
      {Kind::kExpiry, "03/27", "2027-03"},
      {Kind::kExpiry, "12 / 2030", "2030-12"},
      {Kind::kExpiry, "2099-01", "2099-01"},
      {Kind::kIban, "de89 3704 0044 0532 0130 00", "DE89370400440532013000"},
      {Kind::kIban, "GB82WEST12345698765432", "GB82WEST12345698765432"},
      {Kind::kIban, "NO9386011117947", "NO9386011117947"},
      {Kind::kPassword, " p\0q "s, " p\0q "s},
      {Kind::kPassword, "\xFF", "\xFF"},
      {Kind::kIp, "203.0.113.7", "203.0.113.7"},
      {Kind::kIp, "2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {Kind::kIp, "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {Kind::kIp, "::", "::"},
      {Kind::kIp, "::ffff:192.0.2.1", "192.0.2.1"},
      {Kind::kIp, "::FFFF:c000:201", "192.0.2.1"},
      {Kind::kTime, "2013-05-24T09:30:00Z", "2013-05-24T09:30:00.000Z"},
      {Kind::kTime, "2013-05-24t09:30:00.1239z", "2013-05-24T09:30:00.123Z"},
      {Kind::kTime, "2013-01-01 00:30:00+01:00", "2012-12-31T23:30:00.000Z"},
      {Kind::kTime, "2012-02-29T23:59:59-00:01", "2012-03-01T00:00:59.000Z"},
      {Kind::kTime, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"},
      {Kind::kTime, "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
      {Kind::kUrl, "HTTPS://WWW.Example.ORG:8443/A?Q=%2F#F",
       "https://www.example.org:8443/A?Q=%2F#F"},
      {Kind::kUrl, "http://[2001:DB8::1]/", "http://[2001:db8::1]/"},
      {Kind::kUrl, "http://a", "http://a"},
      {Kind::kUrl, "http://A?b", "http://a?b"},
      {Kind::kUrl, "/Path?x={|}[]^`", "/Path?x={|}[]^`"},
      {Kind::kUrl, "//wp-login.php", "//wp-login.php"},
      {Kind::kUserAgent, "Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)"},
      {Kind::kLanguage, "DE-at", "de-AT"},
      {Kind::kLanguage, "de-DE,de;q=0.9, en;q=0.8", "de-DE"},
      {Kind::kLanguage, "en;q=0.5", "en"},
      {Kind::kLanguage, "*", "und"},
      {Kind::kLanguage, "ZH-yue-hANT-hk", "zh-yue-Hant-HK"},
      {Kind::kLanguage, "sl-ROZAJ-biske-1994", "sl-rozaj-biske-1994"},
      {Kind::kLanguage, "es-419", "es-419"},
      {Kind::kLanguage, "en-US-u-CA-Gregory-x-AB-ABCD", "en-US-u-ca-gregory-x-ab-abcd"},
      {Kind::kLanguage, "X-Whatever", "x-whatever"},
      {Kind::kCountry, "de", "DE"},
      {Kind::kCountry, "ZW", "ZW"},
      {Kind::kMoney, "12.34 EUR", "12.34 EUR"},
      {Kind::kMoney, "+0012.3  usd", "12.30 USD"},
      {Kind::kMoney, "-0.00 EUR", "0.00 EUR"},
      {Kind::kMoney, "-500 JPY", "-500 JPY"},
      {Kind::kMoney, "1.234 KWD", "1.234 KWD"},
      {Kind::kMoney, "999999999999999.99 CHF", "999999999999999.99 CHF"},
      {Kind::kInteger, "+007", "7"},
      {Kind::kInteger, "-0", "0"},
      {Kind::kInteger, "9223372036854775807", "9223372036854775807"},
      {Kind::kInteger, "-9223372036854775808", "-9223372036854775808"},
      {Kind::kBlob, "\0\xFF\x80"s, "\0\xFF\x80"s},
  };
  return values;
}

struct Rejected {
  Kind kind;
  std::string raw;
};

const std::vector<Rejected>& RejectedValues() {
  static const std::vector<Rejected> values = {
      {Kind::kText, "a\0b"s},
      {Kind::kText, "\x1B[31m"},
      {Kind::kText, "\x7F"},
      {Kind::kText, "\xC2\x80"},      // U+0080, first C1 control
      {Kind::kText, "\xC2\x9F"},      // U+009F, last C1 control
      {Kind::kText, "\xC0\xAF"},      // overlong
      {Kind::kText, "\xED\xA0\x80"},  // surrogate
      {Kind::kText, "\xF4\x90\x80\x80"},
      {Kind::kText, "cut \xE2\x82"},
      {Kind::kEmail, "ada"},
      {Kind::kEmail, "@example.org"},
      {Kind::kEmail, "ada@"},
      {Kind::kEmail, "ada@localhost"},
      {Kind::kEmail, "ada@example.org."},
      {Kind::kEmail, "ada@.example.org"},
      {Kind::kEmail, "ada@exa_mple.org"},
      {Kind::kEmail, "ada@-example.org"},
      {Kind::kEmail, "ada@example-.org"},
      {Kind::kEmail, "ada@192.0.2.1"},
      {Kind::kEmail, "ada@[192.0.2.1]"},
      {Kind::kEmail, "a@b@example.org"},
      {Kind::kEmail, ".ada@example.org"},
      {Kind::kEmail, "ada.@example.org"},
      {Kind::kEmail, "a..a@example.org"},
      {Kind::kEmail, "\"a b\"@example.org"},
      {Kind::kEmail, "a b@example.org"},
      {Kind::kEmail, "Ada <ada@example.org>"},
      {Kind::kEmail,
       "ada@b\xC3\xBC"
       "cher.example"},  // IDN in U-labels
      {Kind::kEmail, "\xC3\xA4@example.org"},
      {Kind::kEmail, "ada@example.org\0"s},
      {Kind::kEmail, std::string(65, 'a') + "@b.cc"},
      {Kind::kEmail, "a@" + std::string(64, 'b') + ".cc"},
      {Kind::kPhone, "030 1234567"},
      {Kind::kPhone, "0049301234567"},
      {Kind::kPhone, "+049301234567"},
      {Kind::kPhone, "+44 (0)20 7946 0000"},
      {Kind::kPhone, "+123456"},
      {Kind::kPhone, "+1234567890123456"},
      {Kind::kPhone, "+1 800 FLOWERS"},
      {Kind::kPhone, "++4930123456"},
      {Kind::kPhone, "+"},
      {Kind::kPan, "4111111111111112"},  // Luhn
      {Kind::kPan, "1411111111111111"},  // two digits swapped
      {Kind::kPan, "00000000000"},
      {Kind::kPan, "00000000000000000000"},
      {Kind::kPan, "4111  1111 1111 1111"},
      {Kind::kPan, "-4111111111111111"},
      {Kind::kPan, "4111111111111111-"},
      {Kind::kPan, "4111111111111111\0"s},
      {Kind::kPan,
       "\xEF\xBC\x94"
       "111111111111111"},  // full-width four
      {Kind::kExpiry, "13/27"},
      {Kind::kExpiry, "00/27"},
      {Kind::kExpiry, "3/27"},
      {Kind::kExpiry, "03-27"},
      {Kind::kExpiry, "03/1999"},
      {Kind::kExpiry, "03/2100"},
      {Kind::kExpiry, "2100-01"},
      {Kind::kExpiry, "2027/03"},
      {Kind::kExpiry, "0 3/27"},
      {Kind::kExpiry, "2027 - 03"},
      {Kind::kExpiry, "03/2 7"},
      {Kind::kIban, "DE88370400440532013000"},
      {Kind::kIban, "DE8937040044053201300"},
      {Kind::kIban, "8937040044053201300000"},
      {Kind::kIban, "GB82-WEST-1234-5698-7654-32"},
      {Kind::kIban, "NO938601111794"},
      {Kind::kIban, "GB82WEST12345698765432" + std::string(13, '0')},
      {Kind::kIp, "203.0.113"},
      {Kind::kIp, "203.0.113.07"},
      {Kind::kIp, "203.0.113.256"},
      {Kind::kIp, "203.0.113.7/24"},
      {Kind::kIp, "203.0.113.7:80"},
      {Kind::kIp, "203.0.113.7\0"s},
      {Kind::kIp, "fe80::1%eth0"},
      {Kind::kIp, "[::1]"},
      {Kind::kIp, ":::"},
      {Kind::kIp, "1:2:3:4:5:6:7:8:9"},
      {Kind::kIp, "unknown"},
      {Kind::kIp, std::string(46, '1')},
      {Kind::kTime, "2013-05-24"},
      {Kind::kTime, "2013-05-24T09:30:00"},
      {Kind::kTime, "2013-05-24T09:30Z"},
      {Kind::kTime, "2013-02-29T00:00:00Z"},
      {Kind::kTime, "2013-13-01T00:00:00Z"},
      {Kind::kTime, "2013-05-24T24:00:00Z"},
      {Kind::kTime, "2013-05-24T09:60:00Z"},
      {Kind::kTime, "2012-06-30T23:59:60Z"},
      {Kind::kTime, "2013-05-24T09:30:00.Z"},
      {Kind::kTime, "2013-05-24T09:30:00,5Z"},
      {Kind::kTime, "2013-05-24T09:30:00+0100"},
      {Kind::kTime, "2013-05-24T09:30:00+24:00"},
      {Kind::kTime, "2013-05-24T09:30:00ZZ"},
      {Kind::kTime, "0000-12-31T00:00:00Z"},
      {Kind::kTime, "0001-01-01T00:00:00+00:01"},
      {Kind::kTime, "9999-12-31T23:59:59-00:01"},
      {Kind::kTime, "24/May/2013:09:30:00 +0000"},
      {Kind::kUrl, "ftp://example.org/"},
      {Kind::kUrl, "javascript:alert(1)"},
      {Kind::kUrl, "example.org/"},
      {Kind::kUrl, "http:///x"},
      {Kind::kUrl, "http://user:secret@example.org/"},
      {Kind::kUrl, "http://example.org:/"},
      {Kind::kUrl, "http://example.org:65536/"},
      {Kind::kUrl, "http://example.org:8x/"},
      {Kind::kUrl, "http://a..b/"},
      {Kind::kUrl, "http://[::1/"},
      {Kind::kUrl, "http://[1.2.3.4]/"},
      {Kind::kUrl, "http://[::1]x/"},
      {Kind::kUrl,
       "http://b\xC3\xBC"
       "cher.example/"},
      {Kind::kUrl, "http://" + std::string(254, 'a') + "/"},
      {Kind::kUrl, "/a b"},
      {Kind::kUrl, "/a\nb"},
      {Kind::kUrl, "/\xC3\xBC"},
      {Kind::kUrl, "/%2"},
      {Kind::kUrl, "/%2G"},
      {Kind::kUrl, "/<script>"},
      {Kind::kUrl, "/a#b#c"},
      {Kind::kUrl, "/a\0"s},
      {Kind::kUserAgent, "Mozilla\r\nX-Injected: 1"},
      {Kind::kUserAgent, "\xFF"},
      {Kind::kUserAgent, "a\0"s},
      {Kind::kLanguage, "d"},
      {Kind::kLanguage, "english"},
      {Kind::kLanguage, "de_DE"},
      {Kind::kLanguage, "de-"},
      {Kind::kLanguage, "-de"},
      {Kind::kLanguage, "de--DE"},
      {Kind::kLanguage, ",de"},
      {Kind::kLanguage, "de-abcdefghi"},
      {Kind::kLanguage, "de-1901-1901"},
      {Kind::kLanguage, "en-a-bbb-A-ccc"},
      {Kind::kLanguage, "en-a"},
      {Kind::kLanguage, "x"},
      {Kind::kLanguage, "de-\xC3\xA4"},
      {Kind::kLanguage, "en-x" +
                            [] {
                              std::string tag;
                              for (int i = 0; i < 31; ++i) tag += "-a";
                              return tag;
                            }()},
      {Kind::kCountry, "D"},
      {Kind::kCountry, "DEU"},
      {Kind::kCountry, "EU"},
      {Kind::kCountry, "XX"},
      {Kind::kCountry, "D "},
      {Kind::kCountry, "E A"},
      {Kind::kMoney, "12.34"},
      {Kind::kMoney, "EUR 12.34"},
      {Kind::kMoney, "12.34EUR"},
      {Kind::kMoney, "12,34 EUR"},
      {Kind::kMoney, "12. EUR"},
      {Kind::kMoney, ".5 EUR"},
      {Kind::kMoney, "12.345 EUR"},
      {Kind::kMoney, "500.0 JPY"},
      {Kind::kMoney, "500. JPY"},
      {Kind::kMoney, "1000000000000000 EUR"},
      {Kind::kMoney, "1 XXX"},
      {Kind::kMoney, "1 XAU"},
      {Kind::kMoney, "1 ABC"},
      {Kind::kMoney, "--1 EUR"},
      {Kind::kInteger, "9223372036854775808"},
      {Kind::kInteger, "-9223372036854775809"},
      {Kind::kInteger, "10000000000000000000"},
      {Kind::kInteger, "1.0"},
      {Kind::kInteger, "0x10"},
      {Kind::kInteger, "-"},
      {Kind::kInteger, "1 2"},
      {Kind::kInteger, "+-1"},
  };
  return values;
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
