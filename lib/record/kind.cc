// SPDX-License-Identifier: Apache-2.0
#include "record/kind.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/try.h"
#include "base/utf8.h"
#include "record/canonical.h"

namespace bailee::record {
namespace {

using Canonicalise = bool (*)(std::string_view raw, Form& form);

// How one kind is read and what to say when it cannot be.
struct Rule {
  Kind kind;
  Canonicalise canonicalise;  // null: kept as given, or changed in place
  const char* expected;
  const char* hint;
};

constexpr std::array<Rule, kKinds.size()> kRules = {{
    {Kind::kText, nullptr, "a TEXT is UTF-8 without control characters",
     "convert it to UTF-8, and keep bytes of any other sort in a BLOB"},
    {Kind::kEmail, CanonicalEmail, "an EMAIL is local@domain, at most 254 ASCII characters",
     "write an internationalised domain in its xn-- form"},
    {Kind::kPhone, CanonicalPhone, "a PHONE is + and 7 to 15 digits, country code first",
     "write it in international form, without (0)"},
    {Kind::kPan, CanonicalPan, "a PAN is 12 to 19 digits with a valid check digit",
     "check the number, and give it without letters"},
    {Kind::kExpiry, CanonicalExpiry, "an EXPIRY is MM/YY, MM/YYYY or YYYY-MM",
     "write it like 12/15"},
    {Kind::kIban, CanonicalIban, "an IBAN is 15 to 34 letters and digits with valid check digits",
     "check the number, as it is printed on a statement"},
    {Kind::kPassword, nullptr, "a PASSWORD is 1 to 1024 bytes", "choose one within that length"},
    {Kind::kIp, CanonicalIp, "an IP is one IPv4 or IPv6 address",
     "leave out zone, port and prefix"},
    {Kind::kTime, CanonicalTime, "a TIME is an RFC 3339 date and time with its offset",
     "write it like 2024-01-31T09:30:00Z"},
    {Kind::kUrl, nullptr, "a URL is an http or https URL, or a path from / on, of ASCII",
     "percent-encode other characters, and leave out any user name"},
    {Kind::kUserAgent, nullptr, "a USER_AGENT is UTF-8 without control characters",
     "pass the header as UTF-8"},
    {Kind::kLanguage, CanonicalLanguage, "a LANGUAGE is a BCP 47 tag or an Accept-Language header",
     "write it like de-AT"},
    {Kind::kCountry, CanonicalCountry, "a COUNTRY is an assigned ISO 3166-1 alpha-2 code",
     "write it like DE"},
    {Kind::kMoney, CanonicalMoney,
     "a MONEY is an amount and an ISO 4217 code, with no more decimals than the currency has",
     "write it like 12.30 EUR"},
    {Kind::kInteger, CanonicalInteger, "an INTEGER is a decimal number within 64 bits",
     "write it like 42"},
    {Kind::kBlob, nullptr, "a BLOB is any bytes", "keep it within its limit"},
}};

const Rule& RuleOf(Kind kind) { return kRules[static_cast<size_t>(kind) - 1]; }

bool IsKind(Kind kind) { return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end(); }

Status Malformed(Kind kind) {
  const Rule& rule = RuleOf(kind);
  return Status(Code::kInvalidValue, "value.malformed", rule.expected, rule.hint);
}

Status TooLong(Kind kind) {
  return Status(Code::kInvalidValue, "value.too-long",
                "the " + std::string(KindWord(kind)) + " value is longer than its field allows",
                "shorten it, or raise max_bytes of the field in a new policy version");
}

Status Empty(Kind kind) {
  return Status(Code::kInvalidValue, "value.empty",
                "the " + std::string(KindWord(kind)) + " value is empty",
                "leave the field out instead");
}

// U+0000 to U+001F, U+007F, and in UTF-8 C2 80 to C2 9F: U+0080 to U+009F, which terminals obey.
bool HasControls(std::string_view utf8, std::string_view allowed) {
  const char* at = utf8.data();
  const char* const end = at + utf8.size();
  while (true) {
    // Bytes from 0x20 to 0x7E and of characters beyond ASCII; 0xC2 may begin a C1 control.
    at = std::find_if(at, end, [](char c) { return c >= 0 ? c < 0x20 || c == 0x7F : c == '\xC2'; });
    if (at == end) return false;
    const bool c1 = *at == '\xC2';
    if (c1 ? static_cast<uint8_t>(at[1]) < 0xA0 : allowed.find(*at) == std::string_view::npos)
      return true;
    ++at;
  }
}

bool IsWellFormed(Kind kind, std::string_view text) {
  switch (kind) {
    case Kind::kText:
      return IsUtf8(text) && !HasControls(text, "\t\n\r");
    case Kind::kUserAgent:
      return IsUtf8(text) && !HasControls(text, "\t");
    case Kind::kUrl:
      return SplitUrl(text).has_value();
    default:
      return true;
  }
}

Result<Secret> Lowered(std::string_view text, size_t prefix_bytes) {
  BAILEE_TRY(Secret lowered, Secret::From(text));
  lowered.RevealMutable([prefix_bytes](std::span<uint8_t> bytes) {
    for (uint8_t& byte : bytes.first(prefix_bytes)) {
      byte = static_cast<uint8_t>(ToLower(static_cast<char>(byte)));
    }
  });
  return lowered;
}

// Kinds whose canonical form has the size of what was given; they may be long, so they are copied
// once, into the result.
Result<Secret> NormaliseInPlace(Kind kind, std::string_view text, size_t max_bytes) {
  if (!IsWellFormed(kind, text)) return Malformed(kind);
  if (text.size() > max_bytes) return TooLong(kind);
  if (kind == Kind::kUrl) return Lowered(text, SplitUrl(text)->origin.size());
  return Secret::From(text);
}

bool KeepsBlanks(Kind kind) {
  return kind == Kind::kText || kind == Kind::kPassword || kind == Kind::kBlob;
}

}  // namespace

Result<Secret> Normalise(Kind kind, std::string_view raw, size_t max_bytes) {
  if (!IsKind(kind)) {
    return Status(Code::kUsage, "value.kind", "there is no such kind of value");
  }
  if (raw.size() > KindBytesMax(kind)) return TooLong(kind);
  const std::string_view text = KeepsBlanks(kind) ? raw : Trim(raw);
  if (text.empty()) return Empty(kind);
  const size_t bound = std::min(max_bytes, KindBytesMax(kind));
  const Canonicalise canonicalise = RuleOf(kind).canonicalise;
  if (canonicalise == nullptr) return NormaliseInPlace(kind, text, bound);

  Form form;
  if (!canonicalise(text, form) || form.overflow()) return Malformed(kind);
  if (form.size() > bound) return TooLong(kind);
  return Secret::From(form.text());
}

Result<Secret> IndexForm(Kind kind, std::string_view canonical) {
  if (!IsKind(kind) || !HasIndexForm(kind)) {
    return Status(Code::kUsage, "value.no-index",
                  "subjects cannot be found by a value of kind " + std::string(KindWord(kind)));
  }
  return Lowered(canonical, kind == Kind::kEmail ? canonical.size() : 0);
}

}  // namespace bailee::record
