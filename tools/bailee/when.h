// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>

#include "bailee/clock.h"
#include "bailee/result.h"

namespace bailee::tool {

// A moment as people name it: a day "2016-08-02" (its begin in UTC), RFC 3339, or how long before
// `now`: "90s", "15m", "2h", "7d", "4w". Errors: kUsage "usage.when".
Result<Timestamp> ParseWhen(std::string_view text, Timestamp now);

// A length of time as above, at least one second and at most 366 days.
// Errors: kUsage "usage.interval".
Result<std::chrono::seconds> ParseInterval(std::string_view text);

}  // namespace bailee::tool
