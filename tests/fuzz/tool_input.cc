// SPDX-License-Identifier: Apache-2.0
// What people give the tool: lines of logs, JSON, times, command lines.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "app.h"
#include "base/utf8.h"
#include "collect_line.h"
#include "csv.h"
#include "fuzz/target.h"
#include "log_format.h"
#include "log_map.h"
#include "log_time.h"
#include "pins.h"
#include "retention_plan.h"
#include "safe_text.h"
#include "support/canary.h"
#include "text.h"
#include "when.h"

namespace bailee::fuzz {
namespace {

PolicyDescription::Category SomeLog() {
  PolicyDescription::Category category;
  category.id = "web_log";
  for (const char* name : {"ip", "at", "request", "url", "agent", "language", "cookie", "status"}) {
    PolicyDescription::Field field;
    field.name = name;
    category.fields.push_back(field);
  }
  return category;
}

// Up to the first line feed, which is taken away.
std::string_view TakeText(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

// --- Logs: a format, an override and lines

void RunLogFormat(ByteView input) {
  std::string_view rest = AsText(input);
  const auto format = tool::LogFormat::Compile(TakeText(rest));
  if (!format.ok()) return CheckFailure(format.status(), {Code::kUsage});
  const std::string mapping(TakeText(rest));
  const auto map = tool::LogMap::Make(
      *format, SomeLog(),
      mapping.empty() ? std::vector<std::string>{} : std::vector<std::string>{mapping}, "tag");
  if (!map.ok()) FUZZ_CHECK(map.status().code() == Code::kUsage);
  while (!rest.empty()) {
    std::string scratch;
    tool::LogLine line;
    if (!format->Parse(TakeText(rest), scratch, line)) continue;
    FUZZ_CHECK(line.values.size() == format->directives().size());
    if (!map.ok()) continue;
    const auto fields = map->Fields(line, 1000);
    if (!fields.ok()) CheckFailure(fields.status(), {Code::kInvalidValue});
    (void)map->TagOf(line);
  }
}

std::vector<Bytes> LogFormatSeeds() {
  return {ToBytes("combined\n\n192.0.2.7 - - [10/Oct/2000:13:55:36 -0700] \"GET /a?x=1 HTTP/1.0\" "
                  "200 2326 \"http://a/\" \"Mozilla/4.08 \\\"x\\\" \\x41\""),
          ToBytes("%h %{%Y-%m-%dT%H:%M:%S%z}t \\\"%{Cookie}i\\\" %>s\n%h=ip\n::1 "
                  "2015-05-17T10:05:03+0200 \"a=b; tag=c\" 200\n- - \"-\" -")};
}

const Registered registered_log_format({"log_format", RunLogFormat, LogFormatSeeds});

// --- One line of `bailee collect`

void RunCollectLine(ByteView input) {
  auto line = tool::CollectLine::Parse(AsText(input));
  if (!line.ok()) return CheckFailure(line.status(), {Code::kInvalidValue});
  const CollectRequest request = line->Request();
  FUZZ_CHECK(!request.notice.empty() && !request.source.empty() && !line->records().empty());
  for (const auto& record : line->records()) {
    FUZZ_CHECK(!record.category.empty() && !record.fields.empty());
  }
}

std::vector<Bytes> CollectLineSeeds() {
  return {
      ToBytes(
          R"({"ref":"user-4711","notice":"n","source":"web","collected_at":"2013-05-24T10:11:12Z",)"
          R"("on_behalf_of":"acme","records":[{"category":"c","record":"000102030405060708090a0b0c0d0e0f",)"
          R"("fields":{"pan":"4111\u0031","b":{"hex":"00ff"}}}]})"),
      ToBytes(
          R"({"tag":"t","notice":"n","source":"s","records":[{"category":"c","fields":{"a":""}}]})")};
}

const Registered registered_collect_line({"collect_line", RunCollectLine, CollectLineSeeds});

// --- Plans of retention

void RunRetentionPlan(ByteView input) {
  const auto plan = tool::ParsePlan(AsText(input));
  if (!plan.ok()) return CheckFailure(plan.status(), {Code::kInvalidValue});
  const std::string again = tool::ToLine(tool::PlanJson(*plan));
  const auto reread = tool::ParsePlan(again);
  FUZZ_CHECK(reread.ok() || again.find("\"as_of\":\"2") == std::string::npos);
  if (reread.ok()) FUZZ_CHECK(tool::ToLine(tool::PlanJson(*reread)) == again);
}

std::vector<Bytes> RetentionPlanSeeds() {
  RetentionPlan plan;
  plan.policy_version = 3;
  plan.as_of = {1'370'044'800'000};
  plan.categories.push_back({"payment_card", 7, 5, 1});
  return {ToBytes(tool::ToLine(tool::PlanJson(plan)))};
}

const Registered registered_retention_plan({"retention_plan", RunRetentionPlan,
                                            RetentionPlanSeeds});

// --- Times and other small texts

void CheckTime(std::string_view text) {
  if (const auto time = tool::ParseTime(text)) {
    // What is shown of a time is that time again, but for years that RFC 3339 does not have.
    const auto again = tool::ParseTime(tool::FormatTime(*time));
    FUZZ_CHECK(!again || *again == *time);
    FUZZ_CHECK(!tool::FormatDay(*time).empty());
  }
  for (const int64_t now : {int64_t{0}, int64_t{1'370'044'800'000}, int64_t{253'402'300'799'999}}) {
    const auto when = tool::ParseWhen(text, {now});
    if (!when.ok()) CheckFailure(when.status(), {Code::kUsage});
  }
  const auto interval = tool::ParseInterval(text);
  if (!interval.ok()) return CheckFailure(interval.status(), {Code::kUsage});
  FUZZ_CHECK(interval->count() >= 1 && interval->count() <= 366 * 86'400);
}

void RunToolTexts(ByteView input) {
  std::string_view rest = AsText(input);
  const std::string_view text = TakeText(rest);
  CheckTime(text);
  (void)tool::ParseApacheTime(text);
  if (tool::IsTimeFormat(text)) (void)tool::ParseTimeFormat(text, rest);
  const auto kept = tool::ParseKept(AsText(input));
  if (!kept.ok()) {
    CheckFailure(kept.status(), {Code::kInvalidValue});
  } else {
    (void)tool::PinText(kept->origin, {kept->size, kept->root});
  }
  const std::string csv = tool::CsvLine({std::string(text), std::string(rest)});
  FUZZ_CHECK(csv.ends_with("\r\n"));
  FUZZ_CHECK(std::count(csv.begin(), csv.end(), '"') % 2 == 0);
  FUZZ_CHECK(tool::CookieValue(text, "tag").size() <= text.size());
  (void)tool::RequestPath(text);
  (void)tool::RequestMethod(text);
}

std::vector<Bytes> ToolTextsSeeds() {
  return {ToBytes("2016-08-02T10:11:12.345+02:00"),
          ToBytes("2016-08-02"),
          ToBytes("15m"),
          ToBytes("17/May/2015:10:05:03 +0000"),
          ToBytes("%Y-%m-%d %H:%M:%S\n2015-05-17 10:05:03"),
          ToBytes("begin:msec\n1370044800000"),
          ToBytes("a=b; tag=\"c\""),
          ToBytes("origin\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"),
          ToBytes("GET /a?b HTTP/1.1")};
}

const Registered registered_tool_texts({"tool_texts", RunToolTexts, ToolTextsSeeds});

// --- Command lines: one argument a line, in a directory of their own

void EnterEmptyDirectory() {
  static const bool entered = [] {
    const std::string directory = std::filesystem::temp_directory_path().string() +
                                  "/bailee_fuzz_tool_" + std::to_string(getpid());
    std::filesystem::create_directories(directory);
    for (const char* name : {"HOME", "XDG_STATE_HOME"}) setenv(name, directory.c_str(), 1);
    for (const char* name : {"BAILEE_VAULT", "BAILEE_KEYRING"}) unsetenv(name);
    FUZZ_CHECK(chdir(directory.c_str()) == 0);
    FUZZ_CHECK(std::freopen("/dev/null", "r", stdin) != nullptr);
    static std::string left;
    left = directory;
    std::atexit([] {
      std::error_code ignored;
      std::filesystem::remove_all(left, ignored);
    });
    return true;
  }();
  FUZZ_CHECK(entered);
}

// Nothing that reaches out of the directory, runs programs or reads descriptors of ours.
bool StaysInside(const std::string& argument) {
  return argument.find('/') == std::string::npos && argument.find("..") == std::string::npos &&
         argument.find("cmd:") == std::string::npos && argument.find("fd:") == std::string::npos &&
         argument.find('\0') == std::string::npos;
}

void CheckJsonLines(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = TakeText(text);
    FUZZ_CHECK(nlohmann::json::accept(line.begin(), line.end()));
  }
}

void RunArguments(ByteView input) {
  if (input.size() > 512) return;
  EnterEmptyDirectory();
  std::string_view rest = AsText(input);
  std::vector<std::string> arguments;
  while (!rest.empty()) arguments.emplace_back(TakeText(rest));
  if (!std::all_of(arguments.begin(), arguments.end(), StaysInside)) return;
  char* said[2] = {};
  size_t sizes[2] = {};
  std::FILE* const out = open_memstream(&said[0], &sizes[0]);
  std::FILE* const err = open_memstream(&said[1], &sizes[1]);
  const int exit = tool::RunTool(arguments, out, err);
  std::fclose(out);
  std::fclose(err);
  FUZZ_CHECK((exit >= 0 && exit <= 19) || exit == 130);
  const std::string texts[2] = {{said[0], sizes[0]}, {said[1], sizes[1]}};
  std::free(said[0]);
  std::free(said[1]);
  FUZZ_CHECK(exit == 0 || !texts[0].empty() || !texts[1].empty() ||
             std::find_if(arguments.begin(), arguments.end(), [](const std::string& each) {
               return each.starts_with("-");
             }) != arguments.end());
  if (std::find(arguments.begin(), arguments.end(), "--json") == arguments.end()) return;
  if (std::find(arguments.begin(), arguments.end(), "--") != arguments.end()) return;
  // A text asked for by itself, and generated files, are as they are.
  const bool field = std::any_of(arguments.begin(), arguments.end(), [](const std::string& each) {
    return each.starts_with("--field") || each.starts_with("--format");
  });
  if (field) return;
  CheckJsonLines(texts[1]);
  if (exit == 2) CheckJsonLines(texts[0]);
}

std::vector<Bytes> ArgumentsSeeds() {
  std::vector<Bytes> seeds;
  for (const char* line :
       {"--help", "help\ncollect", "policy\ncheck\nfile", "--json\nstatus\n--vault\nv",
        "collect\n--vault\nv\n--keyring\nk\n--json", "import\n--log-format\ncombined",
        "audit\nlog\n--since\n7d", "record\nshow\n000102030405060708090a0b0c0d0e0f\n--reveal",
        "key\nrotate\npurpose\nbilling\n--leaked", "keyring\ngrant\nweb\n--purpose\nbilling",
        "retention\nplan", "report\nrun\nr\n--json", "--format\njson\nreview", "doctor\n-v",
        "completion\nbash", "subject\nerase\n--confirm=x"}) {
    seeds.push_back(ToBytes(std::string_view(line)));
  }
  return seeds;
}

const Registered registered_arguments({"arguments", RunArguments, ArgumentsSeeds});

// --- No error says anything of what it is about: a byte of the input stands for something that
// must not be said

constexpr uint8_t kMark = 0x01;
constexpr std::string_view kHidden = "zQ7vXk2mWp9sLt4yRb8nHc3dJf6gVa5e";

void CheckSilent(const Status& status) {
  static const testing::CanarySearch* const search = [] {
    auto* made = new testing::CanarySearch();
    made->Plant("hidden", kHidden);
    return made;
  }();
  if (status.ok()) return;
  CheckFailure(status);
  FUZZ_CHECK(search->Find(status.message()).empty() && search->Find(status.hint()).empty());
}

void RunErrorText(ByteView input) {
  std::string text;
  for (const uint8_t byte : input) {
    if (byte == kMark) {
      text += kHidden;
    } else {
      text += static_cast<char>(byte);
    }
  }
  CheckSilent(tool::CollectLine::Parse(text).status());
  CheckSilent(tool::ParseFields(tool::ParseInput(text)).status());
  static const auto format = Must(tool::LogFormat::Compile("combined"));
  static const auto map = Must(tool::LogMap::Make(format, SomeLog(), {}, ""));
  std::string scratch;
  tool::LogLine line;
  if (format.Parse(text, scratch, line)) CheckSilent(map.Fields(line, 0).status());
  const std::string safe = tool::SafeCell(text);
  FUZZ_CHECK(IsUtf8(safe));
  FUZZ_CHECK(std::none_of(safe.begin(), safe.end(),
                          [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; }));
}

std::vector<Bytes> ErrorTextSeeds() {
  return {
      ToBytes(
          "{\"ref\":\"\x01\",\"notice\":\"n\",\"source\":\"s\",\"records\":[{\"category\":\"c\","
          "\"fields\":{\"a\":\"\x01\"}}]}"),
      ToBytes("{\"\x01\":{\"hex\":\"\x01\"}}"),
      ToBytes("\x01 - \x01 [10/Oct/2000:13:55:36 -0700] \"\x01\" 200 1 \"-\" \"\x01\"")};
}

const Registered registered_error_text({"error_text", RunErrorText, ErrorTextSeeds});

}  // namespace
}  // namespace bailee::fuzz
