// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "base/ascii.h"
#include "record/canonical.h"
#include "record/iso_codes.h"

namespace bailee::record {
namespace {

// ISO/IEC 7812-1 annex B.
bool PassesLuhn(std::string_view digits) {
  int sum = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    const int digit = DigitValue(digits[digits.size() - 1 - i]);
    sum += i % 2 == 0 ? digit : digit * 2 / 10 + digit * 2 % 10;
  }
  return sum % 10 == 0;
}

// ISO 13616-1 with ISO/IEC 7064 MOD 97-10: the first four characters moved to the end, A counts 10.
bool PassesMod97(std::string_view iban) {
  unsigned remainder = 0;
  for (size_t i = 0; i < iban.size(); ++i) {
    const char c = iban[(i + 4) % iban.size()];
    remainder = IsDigit(c) ? remainder * 10 + static_cast<unsigned>(c - '0')
                           : remainder * 100 + static_cast<unsigned>(c - 'A' + 10);
    remainder %= 97;
  }
  return remainder == 1;
}

// Takes an optional sign off the front of `text`; whether it was a minus.
bool TakeSign(std::string_view& text) {
  if (text.empty() || (text[0] != '-' && text[0] != '+')) return false;
  const bool minus = text[0] == '-';
  text.remove_prefix(1);
  return minus;
}

// Without zeros in front, down to one digit.
std::string_view WithoutZeros(std::string_view digits) {
  while (digits.size() > 1 && digits[0] == '0') digits.remove_prefix(1);
  return digits;
}

}  // namespace

bool CanonicalPhone(std::string_view raw, Form& form) {
  // A trunk prefix in the middle of an international number would make it another's number.
  if (raw[0] != '+' || raw.find("(0)") != std::string_view::npos) return false;
  form.Add('+');
  for (const char c : raw.substr(1)) {
    if (IsDigit(c)) {
      form.Add(c);
    } else if (std::string_view(" -./()").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return form.size() >= 1 + 7 && form.size() <= 1 + 15 && form.text()[1] != '0';
}

bool CanonicalPan(std::string_view raw, Form& form) {
  bool after_digit = false;
  for (const char c : raw) {
    if (IsDigit(c)) {
      form.Add(c);
    } else if (!after_digit || (c != ' ' && c != '-')) {
      return false;
    }
    after_digit = IsDigit(c);
  }
  return after_digit && form.size() >= 12 && form.size() <= 19 && PassesLuhn(form.text());
}

bool CanonicalExpiry(std::string_view raw, Form& form) {
  Form compact;
  for (const char c : raw) {
    if (!IsBlank(c)) compact.Add(c);
  }
  const std::string_view text = compact.text();
  const bool year_first = text.size() == 7 && text[4] == '-';
  const bool month_first = (text.size() == 5 || text.size() == 7) && text[2] == '/';
  // Blanks belong around a slash and nowhere else.
  if (compact.overflow() || (!year_first && !month_first)) return false;
  if (raw.size() != text.size()) {
    const size_t slash = raw.find('/');
    if (!month_first || Trim(raw.substr(0, slash)).size() != 2 ||
        Trim(raw.substr(slash + 1)).size() != text.size() - 3) {
      return false;
    }
  }
  const std::string_view month = year_first ? text.substr(5) : text.substr(0, 2);
  const std::string_view year = year_first ? text.substr(0, 4) : text.substr(3);
  if (!AllOf(month, IsDigit) || !AllOf(year, IsDigit) || month < "01" || month > "12") return false;
  if (year.size() == 4 && !year.starts_with("20")) return false;
  form.Add("20").Add(year.substr(year.size() - 2)).Add('-').Add(month);
  return true;
}

bool CanonicalIban(std::string_view raw, Form& form) {
  for (const char c : raw) {
    if (c == ' ') continue;
    if (!IsAlnum(c)) return false;
    form.Add(ToUpper(c));
  }
  const std::string_view iban = form.text();
  if (iban.size() < 15 || iban.size() > 34) return false;
  const std::string_view check = iban.substr(2, 2);
  return AllOf(iban.substr(0, 2), IsAlpha) && AllOf(check, IsDigit) && check >= "02" &&
         check <= "98" && PassesMod97(iban);
}

bool CanonicalInteger(std::string_view raw, Form& form) {
  const bool minus = TakeSign(raw);
  if (raw.empty() || !AllOf(raw, IsDigit)) return false;
  raw = WithoutZeros(raw);
  const std::string_view bound = minus ? "9223372036854775808" : "9223372036854775807";
  if (raw.size() > bound.size() || (raw.size() == bound.size() && raw > bound)) return false;
  if (minus && raw != "0") form.Add('-');
  form.Add(raw);
  return true;
}

bool CanonicalMoney(std::string_view raw, Form& form) {
  const bool minus = TakeSign(raw);
  const std::string_view amount = TakeUntil(raw, ' ');
  const std::string_view code = Trim(raw);
  if (code.size() != 3) return false;
  const char upper[3] = {ToUpper(code[0]), ToUpper(code[1]), ToUpper(code[2])};
  const std::string_view currency(upper, 3);
  const std::optional<size_t> minor_digits = MinorDigits(currency);
  if (!minor_digits) return false;

  std::string_view decimals = amount;
  std::string_view whole = TakeUntil(decimals, '.');
  const bool has_point = whole.size() != amount.size();
  if (whole.empty() || !AllOf(whole, IsDigit) || !AllOf(decimals, IsDigit)) return false;
  whole = WithoutZeros(whole);
  if (whole.size() > 15 || decimals.size() > *minor_digits || (has_point && decimals.empty())) {
    return false;
  }
  const bool zero = whole == "0" && AllOf(decimals, [](char c) { return c == '0'; });
  if (minus && !zero) form.Add('-');
  form.Add(whole);
  if (*minor_digits > 0) form.Add('.').Add(decimals);
  for (size_t i = decimals.size(); i < *minor_digits; ++i) form.Add('0');
  form.Add(' ').Add(currency);
  return true;
}

}  // namespace bailee::record
