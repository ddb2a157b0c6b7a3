// SPDX-License-Identifier: Apache-2.0
#include "support/canary_values.h"

#include <cstdint>

namespace bailee::testing {
namespace {

constexpr size_t kCanaryBytes = 48;
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kAlphanumeric =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

char LuhnDigit(std::string_view digits) {
  int sum = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    const int digit = digits[digits.size() - 1 - i] - '0';
    const int doubled = i % 2 == 0 ? 2 * digit : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return static_cast<char>('0' + (10 - sum % 10) % 10);
}

// ISO 13616: 98 less the number's rest modulo 97, with DE as 1314.
std::string GermanIban(const std::string& account) {
  int rest = 0;
  for (const char c : account + "131400") rest = (rest * 10 + (c - '0')) % 97;
  const int check = 98 - rest;
  return std::string("DE") + static_cast<char>('0' + check / 10) +
         static_cast<char>('0' + check % 10) + account;
}

}  // namespace

std::string CanaryValues::Bytes(size_t count) {
  std::string bytes(count, '\0');
  random_.Fill({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
  return bytes;
}

std::string CanaryValues::From(std::string_view alphabet, size_t count) {
  std::string text = Bytes(count);
  for (char& c : text) c = alphabet[static_cast<uint8_t>(c) % alphabet.size()];
  return text;
}

std::string CanaryValues::Letters(size_t count) { return From(kAlphanumeric, count); }

CanaryValue CanaryValues::Make(Kind kind) {
  const auto whole = [](std::string value) { return CanaryValue{value, {value}}; };
  switch (kind) {
    case Kind::kText:
    case Kind::kUserAgent:
      return whole(Letters(kCanaryBytes));
    case Kind::kBlob:
    case Kind::kPassword:
      return whole(Bytes(kCanaryBytes));
    case Kind::kEmail: {
      const std::string local = Letters(64);
      return {local + "@" + Letters(8) + ".example", {local}};
    }
    case Kind::kUrl: {
      const std::string path = Letters(kCanaryBytes);
      const std::string query = Letters(kCanaryBytes);
      const std::string host = From(kLower, kCanaryBytes);
      return {"https://" + host + ".example/" + path + "?q=" + query, {host, path, query}};
    }
    case Kind::kPan: {
      const std::string digits = "4" + From(kDigits, 17);
      return whole(digits + LuhnDigit(digits));
    }
    case Kind::kIban:
      return whole(GermanIban("1" + From(kDigits, 17)));
    case Kind::kIp: {
      std::string text = "2001:db8";
      for (int i = 0; i < 6; ++i) text += ":" + From("123456789abcdef", 4);
      return whole(text);
    }
    case Kind::kLanguage: {
      const std::string tail = From(kLower, 8) + "-" + From(kLower, 8) + "-" + From(kLower, 8);
      return {"de-x-" + tail, {tail}};
    }
    case Kind::kInteger:
      return whole("1" + From(kDigits, 17));
    case Kind::kPhone:
      return whole("+49" + From("123456789", 12));
    case Kind::kTime:
      return {"2013-05-31T09:30:00Z", {}};
    case Kind::kExpiry:
      return {"12/15", {}};
    case Kind::kCountry:
      return {"DE", {}};
    case Kind::kMoney:
      return {"12.30 EUR", {}};
  }
  return {};
}

}  // namespace bailee::testing
