// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>

#include "policy/tables.h"

namespace bailee::policy {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

int64_t SaturatingAdd(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? kMax : kMin;
}

int64_t SaturatingMultiply(int64_t a, int64_t positive) {
  int64_t product = 0;
  if (!__builtin_mul_overflow(a, positive, &product)) return product;
  return a > 0 ? kMax : kMin;
}

Timestamp AfterDays(Timestamp from, int32_t days) {
  return {SaturatingAdd(from.unix_ms, int64_t{days} * kMillisPerDay)};
}

}  // namespace

Timestamp RetentionEnd(const Retention& retention, Timestamp collected_at,
                       std::optional<Timestamp> event_at) {
  if (retention.from == RetainFrom::kCollection) return AfterDays(collected_at, retention.days);
  const Timestamp latest = AfterDays(collected_at, retention.at_most_days);
  const Timestamp event = event_at.value_or(Timestamp{kMax});  // never, if it did not happen
  return std::min(latest, AfterDays(event, retention.days));
}

Timestamp WrapEnd(const Retention& retention, const Bucket& bucket,
                  std::optional<Timestamp> event_at) {
  const Timestamp last{SaturatingAdd(bucket.before.unix_ms, -1)};
  const bool counts = event_at.value_or(Timestamp{kMin}) >= bucket.before;
  return RetentionEnd(retention, last, counts ? event_at : std::nullopt);
}

Bucket Policy::BucketOf(CategoryIndex category, Timestamp collected_at) const {
  const int64_t width = this->category(category).bucket_width_ms;
  int64_t number = collected_at.unix_ms / width;
  if (collected_at.unix_ms % width < 0) --number;  // towards the past, also before 1970
  return BucketAt(category, number);
}

Bucket Policy::BucketAt(CategoryIndex category, int64_t number) const {
  const int64_t width = this->category(category).bucket_width_ms;
  const int64_t from = SaturatingMultiply(number, width);
  return {number, {from}, {SaturatingAdd(from, width)}};
}

std::optional<int64_t> ParseDate(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto number = [&](size_t at, size_t digits) {
    unsigned value = 0;
    const char* const end = text.data() + at + digits;
    const auto read = std::from_chars(text.data() + at, end, value);
    return read.ec == std::errc() && read.ptr == end ? std::optional(value) : std::nullopt;
  };
  const std::optional<unsigned> year = number(0, 4);
  const std::optional<unsigned> month = number(5, 2);
  const std::optional<unsigned> day = number(8, 2);
  if (!year || !month || !day || *year < 1970) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  const std::chrono::sys_days days{date};
  return days.time_since_epoch().count();
}

}  // namespace bailee::policy
