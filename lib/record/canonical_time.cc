// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "base/ascii.h"
#include "record/canonical.h"

namespace bailee::record {
namespace {

// Takes exactly `width` digits off the front of `text`; -1 if they are not there.
int TakeNumber(std::string_view& text, size_t width) {
  if (text.size() < width || !AllOf(text.substr(0, width), IsDigit)) return -1;
  int value = 0;
  for (const char c : text.substr(0, width)) value = value * 10 + DigitValue(c);
  text.remove_prefix(width);
  return value;
}

// Takes one of `characters` off the front of `text`; 0 if none is there.
char TakeOne(std::string_view& text, std::string_view characters) {
  if (text.empty() || characters.find(text[0]) == std::string_view::npos) return 0;
  const char taken = text[0];
  text.remove_prefix(1);
  return taken;
}

bool TakeDay(std::string_view& text, std::chrono::sys_days& day) {
  const int year = TakeNumber(text, 4);
  if (year < 0 || TakeOne(text, "-") == 0) return false;
  const int month = TakeNumber(text, 2);
  if (month < 0 || TakeOne(text, "-") == 0) return false;
  const int day_of_month = TakeNumber(text, 2);
  if (day_of_month < 0) return false;
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day_of_month)));
  if (!date.ok()) return false;
  day = std::chrono::sys_days{date};
  return true;
}

// HH:MM; false unless below 24:00.
bool TakeMinutes(std::string_view& text, std::chrono::minutes& minutes) {
  const int hour = TakeNumber(text, 2);
  if (hour < 0 || hour > 23 || TakeOne(text, ":") == 0) return false;
  const int minute = TakeNumber(text, 2);
  if (minute < 0 || minute > 59) return false;
  minutes = std::chrono::hours(hour) + std::chrono::minutes(minute);
  return true;
}

// [.digits], cut to milliseconds.
bool TakeFraction(std::string_view& text, int& millis) {
  millis = 0;
  if (TakeOne(text, ".") == 0) return true;
  if (text.empty() || !IsDigit(text[0])) return false;
  for (int unit = 100; !text.empty() && IsDigit(text[0]); unit /= 10) {
    millis += DigitValue(text[0]) * unit;
    text.remove_prefix(1);
  }
  return true;
}

bool TakeOffset(std::string_view& text, std::chrono::minutes& offset) {
  offset = std::chrono::minutes(0);
  if (TakeOne(text, "Zz") != 0) return true;
  const char sign = TakeOne(text, "+-");
  if (sign == 0 || !TakeMinutes(text, offset)) return false;
  if (sign == '-') offset = -offset;
  return true;
}

}  // namespace

bool CanonicalTime(std::string_view raw, Form& form) {
  std::chrono::sys_days day;
  std::chrono::minutes clock{};
  std::chrono::minutes offset{};
  int millis = 0;
  // RFC 3339 §5.6 lets the T be lower case, and a space for readability.
  if (!TakeDay(raw, day) || TakeOne(raw, "Tt ") == 0) return false;
  if (!TakeMinutes(raw, clock) || TakeOne(raw, ":") == 0) return false;
  const int second = TakeNumber(raw, 2);
  if (second < 0 || second > 59) return false;
  if (!TakeFraction(raw, millis) || !TakeOffset(raw, offset) || !raw.empty()) return false;

  const auto utc = std::chrono::sys_time<std::chrono::minutes>(day) + clock - offset;
  const auto utc_day = std::chrono::floor<std::chrono::days>(utc);
  const auto minute = static_cast<int>((utc - utc_day).count());
  const std::chrono::year_month_day date(utc_day);
  const int year = static_cast<int>(date.year());
  if (year < 1 || year > 9999) return false;
  form.AddNumber(year, 4).Add('-');
  form.AddNumber(static_cast<int>(static_cast<unsigned>(date.month())), 2).Add('-');
  form.AddNumber(static_cast<int>(static_cast<unsigned>(date.day())), 2).Add('T');
  form.AddNumber(minute / 60, 2).Add(':').AddNumber(minute % 60, 2).Add(':');
  form.AddNumber(second, 2).Add('.').AddNumber(millis, 3).Add('Z');
  return true;
}

}  // namespace bailee::record
