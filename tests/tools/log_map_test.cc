// SPDX-License-Identifier: Apache-2.0
#include "log_map.h"

#include <gmock/gmock.h>

namespace bailee::tool {
namespace {

PolicyDescription::Category WebLog() {
  PolicyDescription::Category category;
  category.id = "web_log";
  for (const char* name : {"ip", "at", "request", "agent", "language", "cookie", "status"}) {
    PolicyDescription::Field field;
    field.name = name;
    category.fields.push_back(field);
  }
  PolicyDescription::Field view;
  view.name = "ip.region";
  view.view_of = "ip";
  category.fields.push_back(view);
  return category;
}

// "field=value" of each field that a line fills.
std::vector<std::string> Filled(std::string_view format_text, std::string_view text,
                                const std::vector<std::string>& overrides = {},
                                int64_t shift_ms = 0) {
  const auto format = LogFormat::Compile(format_text);
  const auto map = LogMap::Make(*format, WebLog(), overrides, "");
  if (!map.ok()) return {std::string(map.status().name())};
  std::string scratch;
  LogLine line;
  if (!format->Parse(text, scratch, line)) return {"(no match)"};
  const auto fields = map->Fields(line, shift_ms);
  if (!fields.ok()) return {std::string(fields.status().name())};
  std::vector<std::string> filled;
  for (const FieldInput& each : *fields) {
    each.value.Reveal([&](std::string_view value) {
      filled.push_back(std::string(each.name) + "=" + std::string(value));
    });
  }
  return filled;
}

TEST(LogMap, FillsFieldsByTheirUsualNames) {
  EXPECT_THAT(
      Filled(R"(%h %t "%r" %>s "%{user-agent}i" "%{Accept-Language}i" "%{Cookie}i")",
             R"(::1 [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 "Firefox" "de" "a=b")"),
      testing::UnorderedElementsAre("ip=::1", "at=2015-05-17T10:05:03.000Z",
                                    "request=GET / HTTP/1.1", "status=200", "agent=Firefox",
                                    "language=de", "cookie=a=b"));
}

TEST(LogMap, LeavesOutWhatTheLineDoesNotHave) {
  EXPECT_THAT(Filled("%h %>s", "- 200"), testing::ElementsAre("status=200"));
}

TEST(LogMap, MovesTimes) {
  EXPECT_THAT(Filled("%t", "[17/May/2015:10:05:03 +0000]", {}, 1000),
              testing::ElementsAre("at=2015-05-17T10:05:04.000Z"));
}

TEST(LogMap, AnOverrideReplacesTheUsualName) {
  EXPECT_THAT(Filled("%h %{X-Real-IP}i", "a b", {"%{X-Real-IP}i=ip", "%h="}),
              testing::ElementsAre("ip=b"));
  EXPECT_THAT(Filled("%h \"%r\"", "a \"GET /x HTTP/1.1\"", {"%r:path=request"}),
              testing::UnorderedElementsAre("ip=a", "request=/x"));
}

TEST(LogMap, ANamedUserRefusesTheLineUnlessMapped) {
  EXPECT_THAT(Filled("%h %u", "a frank"), testing::ElementsAre("log.named-user"));
  EXPECT_THAT(Filled("%h %u", "a -"), testing::ElementsAre("ip=a"));
  EXPECT_THAT(Filled("%h %u", "a frank", {"%u="}), testing::ElementsAre("ip=a"));
  EXPECT_THAT(Filled("%h %u", "a frank", {"%u=agent"}),
              testing::UnorderedElementsAre("ip=a", "agent=frank"));
}

TEST(LogMap, RefusesMapsThatDoNotFit) {
  for (const char* bad : {"%h", "%D=ip", "%h=nothing", "%h=ip.region", "=ip"}) {
    EXPECT_THAT(Filled("%h", "a", {bad}), testing::ElementsAre("log.map")) << bad;
  }
  EXPECT_THAT(Filled("%D", "5"), testing::ElementsAre("log.map"));
}

TEST(LogMap, TakesTheTagFromTheCookieHeaderOrTheCookieAlone) {
  for (const std::string_view format_text : {R"("%{Cookie}i" %h)", "%{visitor}C %h"}) {
    const auto format = LogFormat::Compile(format_text);
    const auto map = LogMap::Make(*format, WebLog(), {}, "visitor");
    ASSERT_TRUE(map.ok());
    std::string scratch;
    LogLine line;
    const bool header = format_text.front() == '"';
    ASSERT_TRUE(format->Parse(header ? R"("a=1; visitor=t7" x)" : "t7 x", scratch, line));
    EXPECT_EQ(map->TagOf(line), "t7");
    ASSERT_TRUE(format->Parse(header ? R"("-" x)" : "- x", scratch, line));
    EXPECT_EQ(map->TagOf(line), "");
  }
}

TEST(LogMap, FindsACookieByItsWholeName) {
  EXPECT_EQ(CookieValue("xvisitor=1; visitor=2", "visitor"), "2");
  EXPECT_EQ(CookieValue("visitor", "visitor"), "");
  EXPECT_EQ(CookieValue(";;=;visitor=a=b", "visitor"), "a=b");
  EXPECT_EQ(CookieValue("", "visitor"), "");
}

TEST(LogMap, TakesARequestLineApart) {
  EXPECT_EQ(RequestPath("GET /a b HTTP/1.1"), "/a b");
  EXPECT_EQ(RequestPath("GET /a"), "/a");
  EXPECT_EQ(RequestPath("garbage"), "");
  EXPECT_EQ(RequestMethod("GET /a HTTP/1.1"), "GET");
  EXPECT_EQ(RequestMethod("garbage"), "");
}

}  // namespace
}  // namespace bailee::tool
