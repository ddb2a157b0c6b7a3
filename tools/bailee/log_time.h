// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bailee/clock.h"

namespace bailee::tool {

// Apache's own %t without its brackets: "17/May/2015:10:05:03 +0000". Month names are English,
// whatever the locale. Nothing if it is not that.
std::optional<Timestamp> ParseApacheTime(std::string_view text);

// Whether `format` of a %{format}t can be read back: "sec", "msec", "usec", or strftime with
// %Y %m %d %e %b %y %H %M %S %z %T %F %s %%, perhaps after "begin:" or "end:".
bool IsTimeFormat(std::string_view format);

// A time written with such a format, UTC if it has no %z. Nothing if it is not that.
// REQUIRES: IsTimeFormat(format).
std::optional<Timestamp> ParseTimeFormat(std::string_view format, std::string_view text);

}  // namespace bailee::tool
