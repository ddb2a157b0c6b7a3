// SPDX-License-Identifier: Apache-2.0
#include "log_time.h"

#include <array>
#include <charconv>

#include "text.h"

namespace bailee::tool {
namespace {

// A time as it is gathered from the parts of a text.
struct Gathered {
  CivilTime civil;
  int offset_minutes = 0;
  std::optional<int64_t> seconds;  // %s says it all
};

bool TakeNumber(std::string_view& text, size_t digits_min, size_t digits_max, int& into) {
  size_t count = 0;
  int value = 0;
  while (count < digits_max && count < text.size() && text[count] >= '0' && text[count] <= '9') {
    value = value * 10 + (text[count] - '0');
    ++count;
  }
  if (count < digits_min) return false;
  text.remove_prefix(count);
  into = value;
  return true;
}

bool TakeLiteral(std::string_view& text, std::string_view literal) {
  if (text.substr(0, literal.size()) != literal) return false;
  text.remove_prefix(literal.size());
  return true;
}

bool TakeMonth(std::string_view& text, int& month) {
  constexpr std::array<std::string_view, 12> names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (size_t i = 0; i < names.size(); ++i) {
    if (!TakeLiteral(text, names[i])) continue;
    month = static_cast<int>(i) + 1;
    return true;
  }
  return false;
}

bool TakeOffset(std::string_view& text, int& minutes) {
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return false;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  int hours = 0;
  int rest = 0;
  if (!TakeNumber(text, 2, 2, hours)) return false;
  (void)TakeLiteral(text, ":");
  if (!TakeNumber(text, 2, 2, rest) || hours > 23 || rest > 59) return false;
  minutes = sign * (hours * 60 + rest);
  return true;
}

std::optional<int64_t> WholeNumber(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool TakeSeconds(std::string_view& text, Gathered& time) {
  size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  time.seconds = WholeNumber(text.substr(0, count));
  text.remove_prefix(count);
  return time.seconds.has_value();
}

bool TakeConversion(char conversion, std::string_view& text, Gathered& time) {
  CivilTime& civil = time.civil;
  switch (conversion) {
    case 'Y':
      return TakeNumber(text, 4, 4, civil.year);
    case 'y': {
      if (!TakeNumber(text, 2, 2, civil.year)) return false;
      civil.year += civil.year < 69 ? 2000 : 1900;  // as POSIX strptime
      return true;
    }
    case 'm':
      return TakeNumber(text, 2, 2, civil.month);
    case 'b':
      return TakeMonth(text, civil.month);
    case 'e':
      (void)TakeLiteral(text, " ");
      return TakeNumber(text, 1, 2, civil.day);
    case 'd':
      return TakeNumber(text, 2, 2, civil.day);
    case 'H':
      return TakeNumber(text, 2, 2, civil.hour);
    case 'M':
      return TakeNumber(text, 2, 2, civil.minute);
    case 'S':
      return TakeNumber(text, 2, 2, civil.second);
    case 'z':
      return TakeOffset(text, time.offset_minutes);
    case 's':
      return TakeSeconds(text, time);
    case 'F':
      return TakeConversion('Y', text, time) && TakeLiteral(text, "-") &&
             TakeConversion('m', text, time) && TakeLiteral(text, "-") &&
             TakeConversion('d', text, time);
    case 'T':
      return TakeConversion('H', text, time) && TakeLiteral(text, ":") &&
             TakeConversion('M', text, time) && TakeLiteral(text, ":") &&
             TakeConversion('S', text, time);
    default:
      return conversion == '%' && TakeLiteral(text, "%");
  }
}

std::optional<Timestamp> Finish(const Gathered& time) {
  constexpr int64_t kSecondsMax = 253'402'300'799;  // the end of the year 9999
  if (time.seconds.has_value()) {
    if (*time.seconds < 0 || *time.seconds > kSecondsMax) return std::nullopt;
    return Timestamp{*time.seconds * 1000};
  }
  auto stamp = FromCivil(time.civil);
  if (stamp.has_value()) stamp->unix_ms -= int64_t{time.offset_minutes} * 60'000;
  return stamp;
}

std::string_view WithoutPhase(std::string_view format) {
  if (!TakeLiteral(format, "begin:")) (void)TakeLiteral(format, "end:");
  return format;
}

std::optional<Timestamp> FromUnits(std::string_view text, int64_t units_per_second) {
  const auto count = WholeNumber(text);
  if (!count.has_value() || *count < 0) return std::nullopt;
  Gathered time;
  time.seconds = *count / units_per_second;
  auto stamp = Finish(time);
  if (stamp.has_value()) {
    stamp->unix_ms += (*count % units_per_second) * 1000 / units_per_second;
  }
  return stamp;
}

}  // namespace

std::optional<Timestamp> ParseApacheTime(std::string_view text) {
  return ParseTimeFormat("%d/%b/%Y:%T %z", text);
}

bool IsTimeFormat(std::string_view format) {
  constexpr std::string_view known = "YymbedHMSzsFT%";
  format = WithoutPhase(format);
  if (format.empty()) return false;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    if (++i == format.size() || known.find(format[i]) == std::string_view::npos) return false;
  }
  return true;
}

std::optional<Timestamp> ParseTimeFormat(std::string_view format, std::string_view text) {
  format = WithoutPhase(format);
  if (format == "sec") return FromUnits(text, 1);
  if (format == "msec") return FromUnits(text, 1000);
  if (format == "usec") return FromUnits(text, 1'000'000);
  Gathered time;
  for (size_t i = 0; i < format.size(); ++i) {
    const bool taken = format[i] == '%' ? TakeConversion(format[++i], text, time)
                                        : TakeLiteral(text, format.substr(i, 1));
    if (!taken) return std::nullopt;
  }
  return text.empty() ? Finish(time) : std::nullopt;
}

}  // namespace bailee::tool
