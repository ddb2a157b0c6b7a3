// SPDX-License-Identifier: Apache-2.0
#include "log_format.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>
#include <random>

#include "log_time.h"
#include "text.h"

namespace bailee::tool {
namespace {

constexpr std::string_view kLine =
    R"(192.0.2.7 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif?x=1 HTTP/1.0" 200 2326 )"
    R"x("http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)")x";

LogFormat Compiled(std::string_view format) {
  auto compiled = LogFormat::Compile(format);
  EXPECT_TRUE(compiled.ok()) << compiled.status().message();
  return *std::move(compiled);
}

// The value of the directive named `name`, or "(none)", or "(no match)".
std::string ValueOf(std::string_view format, std::string_view text, std::string_view name) {
  const LogFormat compiled = Compiled(format);
  std::string scratch;
  LogLine line;
  if (!compiled.Parse(text, scratch, line)) return "(no match)";
  for (size_t i = 0; i < compiled.directives().size(); ++i) {
    if (compiled.directives()[i].name != name) continue;
    return line.values[i].has_value() ? std::string(*line.values[i]) : "(none)";
  }
  return "(no directive)";
}

bool Matches(std::string_view format, std::string_view text) {
  std::string scratch;
  LogLine line;
  return Compiled(format).Parse(text, scratch, line);
}

TEST(LogFormat, ReadsEveryFieldOfACombinedLine) {
  EXPECT_EQ(ValueOf("combined", kLine, "%h"), "192.0.2.7");
  EXPECT_EQ(ValueOf("combined", kLine, "%l"), "(none)");
  EXPECT_EQ(ValueOf("combined", kLine, "%u"), "frank");
  EXPECT_EQ(ValueOf("combined", kLine, "%r"), "GET /a.gif?x=1 HTTP/1.0");
  EXPECT_EQ(ValueOf("combined", kLine, "%>s"), "200");
  EXPECT_EQ(ValueOf("combined", kLine, "%b"), "2326");
  EXPECT_EQ(ValueOf("combined", kLine, "%{Referer}i"), "http://www.example.com/start.html");
  EXPECT_EQ(ValueOf("combined", kLine, "%{User-Agent}i"), "Mozilla/4.08 [en] (Win98; I ;Nav)");
}

TEST(LogFormat, ReadsTheTimeWithItsOffset) {
  std::string scratch;
  LogLine line;
  ASSERT_TRUE(Compiled("combined").Parse(kLine, scratch, line));
  ASSERT_TRUE(line.time.has_value());
  EXPECT_EQ(FormatTime(*line.time), "2000-10-10T20:55:36.000Z");
}

TEST(LogFormat, TakesTheStringAsTheConfigurationWritesIt) {
  EXPECT_EQ(ValueOf(R"(%h \"%r\")", R"(::1 "GET / HTTP/1.1")", "%r"), "GET / HTTP/1.1");
}

TEST(LogFormat, UndoesTheServersEscapes) {
  EXPECT_EQ(ValueOf(R"("%{User-Agent}i")", R"("a \"b\" \\ \x41\t\n")", "%{User-Agent}i"),
            "a \"b\" \\ A\t\n");
}

TEST(LogFormat, LeavesAnUnknownOrCutEscapeAsItIs) {
  EXPECT_EQ(ValueOf("%r|%h", R"(\q\x4|h)", "%r"), R"(\q\x4)");
  std::string out;
  AppendUnescaped("\\", out);
  EXPECT_EQ(out, "\\");
}

TEST(LogFormat, AnEscapedQuoteDoesNotEndAValue) {
  EXPECT_EQ(ValueOf(R"("%r" %>s)", R"("GET /\" 200 HTTP" 404)", "%>s"), "404");
}

TEST(LogFormat, ReadsLanguageAndCookie) {
  const std::string format = R"(%h %t "%{Accept-Language}i" "%{Cookie}i" %{sid}C %D %v)";
  const std::string line = R"(h [17/May/2015:10:05:03 +0000] "de-CH, de;q=0.9" "sid=a; b=c" a 5 v)";
  EXPECT_EQ(ValueOf(format, line, "%{Accept-Language}i"), "de-CH, de;q=0.9");
  EXPECT_EQ(ValueOf(format, line, "%{Cookie}i"), "sid=a; b=c");
  EXPECT_EQ(ValueOf(format, line, "%{sid}C"), "a");
  EXPECT_EQ(ValueOf(format, line, "%v"), "v");
}

TEST(LogFormat, ReadsOtherTimeFormats) {
  const auto time_of = [](std::string_view format, std::string_view text) {
    std::string scratch;
    LogLine line;
    if (!Compiled(format).Parse(text, scratch, line) || !line.time.has_value()) {
      return std::string("none");
    }
    return FormatTime(*line.time);
  };
  EXPECT_EQ(time_of("%{%Y-%m-%dT%H:%M:%S%z}t", "2015-05-17T10:05:03+0200"),
            "2015-05-17T08:05:03.000Z");
  EXPECT_EQ(time_of("%{begin:%F %T}t|%h", "2015-05-17 10:05:03|x"), "2015-05-17T10:05:03.000Z");
  EXPECT_EQ(time_of("%{sec}t", "1431857103"), "2015-05-17T10:05:03.000Z");
  EXPECT_EQ(time_of("%{msec}t", "1431857103250"), "2015-05-17T10:05:03.250Z");
  EXPECT_EQ(time_of("%{usec}t", "1431857103250999"), "2015-05-17T10:05:03.250Z");
}

TEST(LogFormat, KeepsTheModifierAndDropsTheCondition) {
  const LogFormat format = Compiled("%!200,304{Referer}i %>s %<s");
  EXPECT_EQ(format.directives()[0].name, "%{Referer}i");
  EXPECT_EQ(format.directives()[1].name, "%>s");
  EXPECT_EQ(format.directives()[2].name, "%<s");
}

TEST(LogFormat, AcceptsAPercentSign) {
  EXPECT_EQ(ValueOf("%h 100%% %>s", "a 100% 200", "%>s"), "200");
}

TEST(LogFormat, RefusesWhatItDoesNotKnow) {
  for (const std::string_view bad : {"", "abc", "%", "%y", "%{x", "%{x}y", "%{}i", "%h%l", "%i",
                                     "%{%Q}t", "%{%}t", "%{nonsense%}t", "%h %"}) {
    const auto compiled = LogFormat::Compile(bad);
    ASSERT_FALSE(compiled.ok()) << bad;
    EXPECT_EQ(compiled.status().code(), Code::kUsage);
    EXPECT_EQ(compiled.status().name(), "log.format");
  }
}

TEST(LogFormat, RefusesALineOfAnotherFormat) {
  EXPECT_FALSE(Matches("combined", ""));
  EXPECT_FALSE(Matches("combined", "garbage"));
  EXPECT_FALSE(Matches("combined", std::string(kLine) + " "));
  EXPECT_FALSE(Matches("combined", std::string(kLine).substr(1, 40)));
}

TEST(LogFormat, RefusesATimeThatDoesNotExist) {
  for (const std::string_view time :
       {"31/Apr/2015:10:05:03 +0000", "17/May/2015:24:05:03 +0000", "17/May/2015:10:05:60 +0000",
        "17/may/2015:10:05:03 +0000", "17/May/2015:10:05:03 +2400", "17/May/2015:10:05:03",
        "7/May/2015:10:05:03 +0000", "17/May/2015:10:05:03 +0000 "}) {
    EXPECT_FALSE(Matches("%h %t", "h [" + std::string(time) + "]")) << time;
  }
}

TEST(LogFormat, EveryTruncationIsRefused) {
  for (size_t size = 0; size < kLine.size(); ++size) {
    EXPECT_FALSE(Matches("combined", kLine.substr(0, size))) << size;
  }
}

TEST(LogFormat, EveryBitFlipIsReadOrRefused) {
  const LogFormat format = Compiled("combined");
  std::string scratch;
  LogLine line;
  for (size_t bit = 0; bit < kLine.size() * 8; ++bit) {
    std::string flipped(kLine);
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    if (!format.Parse(flipped, scratch, line)) continue;
    for (const auto& value : line.values) {
      EXPECT_LE(value.value_or("").size(), flipped.size());
    }
  }
}

TEST(LogFormat, AnyBytesAreReadOrRefused) {
  const LogFormat format = Compiled("combined");
  std::mt19937 random(7);
  std::string scratch;
  LogLine line;
  constexpr std::string_view alphabet("\"\\ []-x%:/+0123456789{}it\n\0A\xff", 29);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 120, '\0');
    for (char& c : text) c = alphabet[random() % alphabet.size()];
    (void)format.Parse(text, scratch, line);
    std::string compiled_text = text;
    if (auto compiled = LogFormat::Compile(text); compiled.ok()) {
      (void)compiled->Parse(compiled_text, scratch, line);
    }
  }
}

TEST(LogFormat, ReadsEveryLineOfARealLog) {
  const std::string path = std::string(BAILEE_SOURCE_DIR) + "/../shared/data/access.log";
  std::ifstream file(path);
  if (!file) {
    std::fprintf(stderr, "no real log here (shared/data/access.log): nothing was checked\n");
    GTEST_SKIP() << "no real log";
  }
  const LogFormat format = Compiled("combined");
  std::string scratch;
  LogLine parsed;
  size_t lines = 0;
  size_t refused = 0;
  for (std::string text; std::getline(file, text); ++lines) {
    if (!format.Parse(text, scratch, parsed) || !parsed.time.has_value()) ++refused;
  }
  EXPECT_EQ(lines, 10'000U);
  // One line of it breaks off inside the user agent.
  EXPECT_LE(refused, 1U);
}

TEST(LogTime, ReadsOnlyTheFormatsItSaysItReads) {
  EXPECT_TRUE(IsTimeFormat("%Y-%m-%d"));
  EXPECT_FALSE(IsTimeFormat("%A"));
  EXPECT_FALSE(IsTimeFormat(""));
  EXPECT_FALSE(ParseTimeFormat("sec", "-1").has_value());
  EXPECT_FALSE(ParseTimeFormat("sec", "99999999999999999999").has_value());
}

TEST(Text, TimesGoThereAndBack) {
  for (const std::string_view text : {"1970-01-01T00:00:00.000Z", "2016-02-29T23:59:59.999Z",
                                      "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.000Z"}) {
    const auto time = ParseTime(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(FormatTime(*time), text);
  }
  EXPECT_EQ(FormatTime(*ParseTime("2016-08-02T10:11:12.5+02:00")), "2016-08-02T08:11:12.500Z");
}

TEST(Text, RefusesWhatIsNoTime) {
  for (const std::string_view text :
       {"", "2016-08-02", "2016-08-02T10:11:12", "2016-08-02 10:11:12Z", "2016-13-02T10:11:12Z",
        "2016-02-30T10:11:12Z", "2016-08-02T10:11:12.Z", "2016-08-02T10:11:12Zx",
        "2016-08-02T10:11:12+2", "2016-08-02T10:11:12.1234567890Z"}) {
    EXPECT_FALSE(ParseTime(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace bailee::tool
