// SPDX-License-Identifier: Apache-2.0
#include "when.h"

#include <gtest/gtest.h>

#include "text.h"

namespace bailee::tool {
namespace {

constexpr Timestamp kNow{1'470'132'672'345};  // 2016-08-02T10:11:12.345Z

std::string When(std::string_view text) {
  const auto when = ParseWhen(text, kNow);
  return when.ok() ? FormatTime(*when) : std::string(when.status().name());
}

TEST(When, IsADayATimeOrHowLongAgo) {
  EXPECT_EQ(When("2016-08-01"), "2016-08-01T00:00:00.000Z");
  EXPECT_EQ(When("2016-08-01T02:00:00+02:00"), "2016-08-01T00:00:00.000Z");
  EXPECT_EQ(When("2h"), "2016-08-02T08:11:12.345Z");
  EXPECT_EQ(When("90m"), "2016-08-02T08:41:12.345Z");
  EXPECT_EQ(When("7d"), "2016-07-26T10:11:12.345Z");
  EXPECT_EQ(When("1w"), When("7d"));
  EXPECT_EQ(When("0s"), FormatTime(kNow));
}

TEST(When, IsNothingElse) {
  for (const char* text : {"", "h", "2", "2x", "-2h", "+2h", " 2h", "2h ", "2.5h", "0x2h", "2hh",
                           "2016-08-32", "2016-8-1", "2016-08-01T", "yesterday", "4294967296s",
                           "4294967295w", "2016-08-01T00:00:00"}) {
    EXPECT_EQ(When(text), "usage.when") << text;
  }
}

TEST(When, RefusesLengthsBeyondAHundredYearsAndTakesThatOne) {
  EXPECT_EQ(When("36525d"), "1916-08-02T10:11:12.345Z");
  EXPECT_EQ(When("36526d"), "usage.when");
}

TEST(When, AnIntervalIsOneSecondToAYear) {
  EXPECT_EQ(ParseInterval("60s")->count(), 60);
  EXPECT_EQ(ParseInterval("1h")->count(), 3600);
  EXPECT_EQ(ParseInterval("366d")->count(), 366 * 86'400);
  for (const char* text : {"0s", "367d", "60", "", "2016-08-01", "-1s"}) {
    EXPECT_EQ(ParseInterval(text).status().name(), "usage.interval") << text;
  }
}

}  // namespace
}  // namespace bailee::tool
