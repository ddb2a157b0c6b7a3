// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>

#include "bailee/export.h"

namespace bailee {

// A moment: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
struct Timestamp {
  int64_t unix_ms = 0;
  auto operator<=>(const Timestamp&) const = default;  // NOLINT(modernize-use-nullptr)
};

inline constexpr int64_t kMillisPerDay = 86'400'000;

// Where the library learns the time. Implementations must be thread-safe.
class BAILEE_EXPORT Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp Now() const = 0;

  // The system's real-time clock; lives for the whole program.
  static const Clock& System();
};

}  // namespace bailee
