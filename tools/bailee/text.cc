// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>

namespace bailee::tool {
namespace {

namespace chrono = std::chrono;

struct Split64 {
  int64_t days;
  int64_t ms_of_day;
};

Split64 SplitDays(Timestamp time) {
  int64_t days = time.unix_ms / kMillisPerDay;
  int64_t rest = time.unix_ms % kMillisPerDay;
  if (rest < 0) {
    rest += kMillisPerDay;
    --days;
  }
  return {days, rest};
}

// Reads exactly `digits` digits at the front of `text`.
std::optional<int> TakeDigits(std::string_view& text, size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool TakeCivil(std::string_view& text, CivilTime& civil) {
  const auto take = [&](int& into, size_t digits) {
    const auto value = TakeDigits(text, digits);
    if (value.has_value()) into = *value;
    return value.has_value();
  };
  const bool shaped =
      take(civil.year, 4) && TakeChar(text, '-') && take(civil.month, 2) && TakeChar(text, '-') &&
      take(civil.day, 2) && (TakeChar(text, 'T') || TakeChar(text, 't')) && take(civil.hour, 2) &&
      TakeChar(text, ':') && take(civil.minute, 2) && TakeChar(text, ':') && take(civil.second, 2);
  if (!shaped || !TakeChar(text, '.')) return shaped;
  int digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; ++digits) {
    if (digits < 3) civil.millisecond = civil.millisecond * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  for (int i = digits; i < 3; ++i) civil.millisecond *= 10;
  return digits > 0 && digits <= 9;
}

// "Z" or "+hh:mm", in minutes.
std::optional<int> TakeOffset(std::string_view& text) {
  if (TakeChar(text, 'Z') || TakeChar(text, 'z')) return 0;
  const bool negative = !text.empty() && text.front() == '-';
  if (!TakeChar(text, '+') && !TakeChar(text, '-')) return std::nullopt;
  const auto hours = TakeDigits(text, 2);
  if (!hours.has_value() || !TakeChar(text, ':')) return std::nullopt;
  const auto minutes = TakeDigits(text, 2);
  if (!minutes.has_value() || *hours > 23 || *minutes > 59) return std::nullopt;
  const int offset = *hours * 60 + *minutes;
  return negative ? -offset : offset;
}

}  // namespace

std::string FormatDay(Timestamp time) { return FormatTime(time).substr(0, 10); }

std::string FormatTime(Timestamp time) {
  const Split64 split = SplitDays(time);
  if (split.days < -719'528 || split.days > 2'932'896) return std::to_string(time.unix_ms);
  const chrono::year_month_day date{chrono::sys_days{chrono::days{static_cast<int>(split.days)}}};
  const int64_t ms = split.ms_of_day;
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60);
  return text + fmt::format(".{:03}Z", ms % 1000);
}

std::optional<Timestamp> FromCivil(const CivilTime& civil) {
  const chrono::year_month_day date{chrono::year{civil.year},
                                    chrono::month{static_cast<unsigned>(civil.month)},
                                    chrono::day{static_cast<unsigned>(civil.day)}};
  const bool exists = civil.year >= 0 && civil.year <= 9999 && date.ok() && civil.hour >= 0 &&
                      civil.hour < 24 && civil.minute >= 0 && civil.minute < 60 &&
                      civil.second >= 0 && civil.second < 60 && civil.millisecond >= 0 &&
                      civil.millisecond < 1000;
  if (!exists) return std::nullopt;
  const int64_t days = chrono::sys_days{date}.time_since_epoch().count();
  const int64_t seconds = (int64_t{civil.hour} * 60 + civil.minute) * 60 + civil.second;
  return Timestamp{days * kMillisPerDay + seconds * 1000 + civil.millisecond};
}

std::optional<Timestamp> ParseTime(std::string_view text) {
  CivilTime civil;
  if (!TakeCivil(text, civil)) return std::nullopt;
  const auto offset = TakeOffset(text);
  if (!offset.has_value() || !text.empty()) return std::nullopt;
  auto time = FromCivil(civil);
  if (time.has_value()) time->unix_ms -= int64_t{*offset} * 60'000;
  return time;
}

std::string FormatBytes(uint64_t bytes) {
  constexpr std::array units = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  auto value = static_cast<double>(bytes);
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, units[unit]);
}

std::string Join(const std::vector<std::string>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

}  // namespace bailee::tool
