// SPDX-License-Identifier: Apache-2.0
#include "when.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include "text.h"

namespace bailee::tool {
namespace {

constexpr int64_t kSecondsPerDay = 86'400;
// Enough for any trail, and far from what a Timestamp could not hold.
constexpr int64_t kSecondsMax = 36'525 * kSecondsPerDay;

std::optional<int64_t> SecondsOf(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3600;
    case 'd':
      return kSecondsPerDay;
    case 'w':
      return 7 * kSecondsPerDay;
    default:
      return std::nullopt;
  }
}

// "2h" in seconds. Nothing if it is not that, or beyond all use.
std::optional<int64_t> ParseLength(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const auto unit = SecondsOf(text.back());
  uint32_t count = 0;
  const char* end = text.data() + text.size() - 1;
  const auto [stopped, error] = std::from_chars(text.data(), end, count);
  if (!unit.has_value() || error != std::errc() || stopped != end) return std::nullopt;
  const int64_t seconds = *unit * int64_t{count};
  return seconds <= kSecondsMax ? std::optional(seconds) : std::nullopt;
}

}  // namespace

Result<Timestamp> ParseWhen(std::string_view text, Timestamp now) {
  if (const auto length = ParseLength(text)) return Timestamp{now.unix_ms - *length * 1000};
  if (const auto time = ParseTime(text)) return *time;
  if (const auto day = ParseTime(std::string(text) + "T00:00:00Z")) return *day;
  return Status(Code::kUsage, "usage.when", "that is no moment",
                "give a day (2016-08-02), a time (2016-08-02T10:00:00Z), or how long ago (2h, 7d)");
}

Result<std::chrono::seconds> ParseInterval(std::string_view text) {
  const auto length = ParseLength(text);
  if (length.has_value() && *length > 0 && *length <= 366 * kSecondsPerDay) {
    return std::chrono::seconds(*length);
  }
  return Status(Code::kUsage, "usage.interval", "that is no interval",
                "give a length of time, for instance 60s, 5m or 1h");
}

}  // namespace bailee::tool
