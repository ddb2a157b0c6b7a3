// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/clock.h"

namespace bailee::tool {

// "2016-08-02T10:11:12.345Z"; years outside 0000 to 9999 as the number of milliseconds.
std::string FormatTime(Timestamp time);

// The same without what is always zero: "2016-08-02".
std::string FormatDay(Timestamp time);

// Milliseconds since the epoch of a civil date and time in UTC. Any month and day are accepted as
// long as the date exists: nothing for 31 April or hour 24.
struct CivilTime {
  int year = 1970;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int millisecond = 0;
};
std::optional<Timestamp> FromCivil(const CivilTime& civil);

// RFC 3339, with Z or an offset and up to nine digits of a second. Nothing if it is not that.
std::optional<Timestamp> ParseTime(std::string_view text);

// "412 MiB"
std::string FormatBytes(uint64_t bytes);

// "a, b, c"
std::string Join(const std::vector<std::string>& words, std::string_view separator = ", ");

// Splits at every `separator`; an empty text has one empty part.
std::vector<std::string> Split(std::string_view text, char separator);

}  // namespace bailee::tool
