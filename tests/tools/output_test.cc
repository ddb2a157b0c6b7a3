// SPDX-License-Identifier: Apache-2.0
#include "output.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdio>

#include "safe_text.h"
#include "usage.h"

namespace bailee::tool {
namespace {

using testing::HasSubstr;
using testing::Not;

// Collects both streams of an Output.
class Streams {
 public:
  Streams() : out_(std::tmpfile()), err_(std::tmpfile()), output(out_, err_) {}
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;
  ~Streams() {
    std::fclose(out_);
    std::fclose(err_);
  }
  std::string out() { return Content(out_); }
  std::string err() { return Content(err_); }

 private:
  static std::string Content(std::FILE* file) {
    std::fflush(file);
    std::rewind(file);
    std::string text;
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
    return text;
  }
  std::FILE* out_;
  std::FILE* err_;

 public:
  Output output;
};

OutputOptions In(Format format) {
  OutputOptions options;
  options.format = format;
  return options;
}

TEST(Output, PlainIsTabSeparatedWithoutAHeader) {
  Streams streams;
  streams.output.Configure(In(Format::kPlain));
  EXPECT_TRUE(streams.output.Answer("x", {}, {{"a", "b"}, {{"1", "2"}, {"3", "4"}}}).ok());
  EXPECT_EQ(streams.out(), "1\t2\n3\t4\n");
}

TEST(Output, TableIsAlignedByCharactersNotBytes) {
  Streams streams;
  streams.output.Configure(In(Format::kTable));
  EXPECT_TRUE(streams.output.Answer("x", {}, {{"a", "b"}, {{"\xc3\xa4\xc3\xb6", "2"}}}).ok());
  EXPECT_EQ(streams.out(), "a   b\n\xc3\xa4\xc3\xb6  2\n");
}

TEST(Output, ACellCannotBreakALineOrDriveATerminal) {
  EXPECT_EQ(SafeCell("a\tb\nc\x1b[2J\x7f"), "a\\tb\\nc\\x1b[2J\\x7f");
  EXPECT_EQ(SafeCell("\u009b31m"), "\\xc2\\x9b31m");  // CSI, as one character
  EXPECT_EQ(SafeCell("\x9b"
                     "31m"),
            "\\x9b31m");  // and as one byte
  EXPECT_EQ(SafeCell("a\u202ecba\u2069"), "a\\xe2\\x80\\xaecba\\xe2\\x81\\xa9");
  EXPECT_EQ(SafeCell("a\u2028b"), "a\\xe2\\x80\\xa8b");
}

TEST(Output, ACellShowsWhatIsTextAndEscapesBytesThatAreNone) {
  EXPECT_EQ(SafeCell("Zoë €5 \U0001F600\u00a0"), "Zoë €5 \U0001F600\u00a0");
  for (const std::string bad : {"\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                "\xe2\x82", "\xff", "\x80"}) {
    std::string escaped;
    for (const char c : bad) escaped += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    EXPECT_EQ(SafeCell(bad), escaped);
    EXPECT_EQ(SafeCell(bad + "z"), escaped + "z");
  }
}

TEST(Output, AFailureCannotBreakALineOrDriveATerminal) {
  Streams streams;
  streams.output.Failure({Code::kNotFound, "io.not-found", "log a\x1b[2J\nb: none", "name c\u009b"},
                         8);
  EXPECT_EQ(streams.err(),
            "bailee: error: log a\\x1b[2J\\nb: none\nbailee: hint: name c\\xc2\\x9b\n");
}

TEST(Output, JsonIsOneDocumentWithItsSchema) {
  Streams streams;
  streams.output.Configure(In(Format::kJson));
  EXPECT_TRUE(streams.output.Answer("status", {{"n", 1}}, {}).ok());
  EXPECT_EQ(streams.out(), "{\"schema\":\"bailee.status/1\",\"n\":1}\n");
}

TEST(Output, JsonReplacesBytesThatAreNotUtf8) {
  EXPECT_EQ(ToLine({{"a", "\xff"}}), "{\"a\":\"\xef\xbf\xbd\"}");
}

TEST(Output, AFieldIsPrintedWithoutANewline) {
  Streams streams;
  OutputOptions options = In(Format::kPlain);
  options.field = "n";
  streams.output.Configure(options);
  EXPECT_TRUE(streams.output.Answer("status", {{"n", "v"}}, {}).ok());
  EXPECT_EQ(streams.out(), "v");
}

TEST(Output, AnUnknownFieldIsAUsageErrorThatNamesTheKnown) {
  Streams streams;
  OutputOptions options = In(Format::kPlain);
  options.field = "m";
  streams.output.Configure(options);
  const Status status = streams.output.Answer("status", {{"n", "v"}}, {});
  EXPECT_EQ(status.code(), Code::kUsage);
  EXPECT_THAT(std::string(status.hint()), HasSubstr("n"));
  EXPECT_EQ(streams.out(), "");
}

TEST(Output, QuietSaysNothing) {
  Streams streams;
  OutputOptions options = In(Format::kPlain);
  options.quiet = true;
  streams.output.Configure(options);
  EXPECT_TRUE(streams.output.Answer("x", {{"n", 1}}, {{}, {{"1"}}}).ok());
  streams.output.Note("note");
  streams.output.Failure({Code::kFailed, "a.b", "message"}, 1);
  EXPECT_EQ(streams.out() + streams.err(), "");
}

TEST(Output, AFailureIsErrorAndHint) {
  Streams streams;
  streams.output.Configure(In(Format::kPlain));
  streams.output.Failure({Code::kKey, "key.wrong", "the key does not fit", "use another"}, 12);
  EXPECT_EQ(streams.err(), "bailee: error: the key does not fit\nbailee: hint: use another\n");
  EXPECT_EQ(streams.out(), "");
}

TEST(Output, AFailureUnderJsonIsOneLineWithEveryMember) {
  Streams streams;
  streams.output.Configure(In(Format::kJson));
  Refusal refusal;
  refusal.reasons = {Reason::kNotCollectedFor, Reason::kPastRetention};
  refusal.clause = "LL-02";
  streams.output.Failure(Status::Refused(refusal), 3);
  const Json line = Json::parse(streams.err());
  EXPECT_EQ(line["type"], "error");
  EXPECT_EQ(line["exit"], 3);
  EXPECT_EQ(line["name"], "refused.not-collected-for");
  EXPECT_EQ(line["reasons"], Json({"not-collected-for", "past-retention"}));
  EXPECT_EQ(line["clause"], "LL-02");
  EXPECT_FALSE(line["hint"].get<std::string>().empty());
}

TEST(Output, EveryCodeHasAHint) {
  for (int code = 1; code <= 19; ++code) {
    if (static_cast<Code>(code) == Code::kRefused) continue;
    EXPECT_FALSE(HintFor({static_cast<Code>(code), "a.b", "message"}).empty()) << code;
  }
}

TEST(Output, ARefusalAlreadyAnsweredIsNotRepeatedToPeople) {
  Streams streams;
  streams.output.Configure(In(Format::kPlain));
  EXPECT_TRUE(streams.output.Answer("can-i", {}, {{}, {{"no"}}}).ok());
  Refusal refusal;
  refusal.reasons = {Reason::kNotCollectedFor};
  streams.output.Failure(Status::Refused(refusal), 3);
  EXPECT_EQ(streams.err(), "");
}

TEST(Output, ColourIsForStatusWordsAlone) {
  Streams streams;
  OutputOptions options = In(Format::kTable);
  options.color_out = true;
  streams.output.Configure(options);
  EXPECT_TRUE(streams.output.Answer("x", {}, {{}, {{"ok", "okay"}}}).ok());
  EXPECT_EQ(streams.out(), "\x1b[32mok\x1b[0m  okay\n");
}

TEST(Usage, SuggestsTheNearestWordAndNothingFar) {
  EXPECT_EQ(NearestWord("statsu", {"status", "dump"}), "status");
  EXPECT_EQ(NearestWord("zzzzzz", {"status", "dump"}), "");
}

}  // namespace
}  // namespace bailee::tool
