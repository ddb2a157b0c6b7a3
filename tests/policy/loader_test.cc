// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "bailee/limits.h"
#include "policy/findings.h"
#include "policy/support.h"

namespace bailee::policy {
namespace {

constexpr char kSmall[] = R"(name: "small" version: 1 effective: "2020-02-29"
purpose { id: "billing" says: "b" }
purpose { id: "support" says: "s" }
source { id: "web" role: OWN }
notice { id: "n" purpose: "billing" purpose: "support" }
category {
  id: "card" says: "c" about: SUBJECT holds: MANY
  field { id: "pan" kind: PAN view { id: "last4" mask: LAST4 } }
  allow { purpose: "billing" basis: NECESSARY }
  allow { purpose: "support" basis: NECESSARY field: "pan.last4" }
  retain { purpose: "billing" days: 10 from: COLLECTION }
  retain { purpose: "support" days: 10 from: COLLECTION }
}
)";

TEST(Loader, TakesASmallPolicy) {
  const PolicyPtr policy = Loaded(kSmall);
  ASSERT_NE(policy, nullptr);
  EXPECT_EQ(policy->name(), "small");
  EXPECT_EQ(policy->version(), 1u);
  EXPECT_EQ(policy->effective().unix_ms, 1'582'934'400'000);  // 2020-02-29T00:00:00Z
}

TEST(Loader, FailsWithPolicyInvalidAndAHint) {
  const Status status = Policy::FromText("name: 7", "file.textproto").status();
  EXPECT_EQ(status.code(), Code::kPolicyInvalid);
  EXPECT_EQ(status.name(), "policy.invalid");
  EXPECT_NE(status.hint(), "");
  EXPECT_TRUE(status.message().starts_with("file.textproto:1:7: error: ")) << status.message();
}

TEST(Loader, NamesThePlaceOfAnUnknownName) {
  const std::string text =
      With(kSmall, "allow { purpose: \"support\"", "allow { purpose: \"suport\"");
  EXPECT_NE(FindingsOf(text).find(
                "p:10:11: error: unknown purpose \"suport\" (did you mean \"support\"?)\n"),
            std::string::npos)
      << FindingsOf(text);
}

TEST(Loader, NamesThePlaceOfAnUnknownFieldOfACategory) {
  const std::string text = With(kSmall, "field: \"pan.last4\"", "field: \"pan.last5\"");
  EXPECT_NE(FindingsOf(text).find(
                "p:10:47: error: unknown field \"pan.last5\" (did you mean \"pan.last4\"?)\n"),
            std::string::npos)
      << FindingsOf(text);
}

TEST(Loader, SuggestsWordsOfTheLanguage) {
  const std::string text = With(kSmall, "holds: MANY", "hold: MANY");
  EXPECT_EQ(FindingsOf(text),
            "p:7:39: error: unknown field \"hold\" in category (did you mean \"holds\"?)\n");
}

TEST(Loader, SuggestsEnumValues) {
  const std::string text = With(kSmall, "mask: LAST4", "mask: LAST5");
  const std::string findings = FindingsOf(text);
  EXPECT_NE(findings.find("error: unknown value \"LAST5\" of mask (did you mean \"LAST4\"?)"),
            std::string::npos)
      << findings;
  EXPECT_TRUE(findings.starts_with("p:8:")) << findings;
}

TEST(Loader, SuggestsWordsOfEachMessage) {
  EXPECT_EQ(FindingsOf("nam: \"x\""),
            "p:1:1: error: unknown field \"nam\" in policy (did you mean \"name\"?)\n");
  const std::string text = With(kSmall, "basis: NECESSARY", "bass: NECESSARY");
  EXPECT_NE(FindingsOf(text).find("unknown field \"bass\" in allow (did you mean \"basis\"?)"),
            std::string::npos);
  EXPECT_NE(FindingsOf("test { ask { action: RED } }")
                .find("unknown value \"RED\" of action (did you mean \"READ\"?)"),
            std::string::npos);
}

TEST(Loader, SuggestsNoWordThatSaysNothingAndNoneOfAnotherField) {
  EXPECT_EQ(FindingsOf("source { role: ROLE_UNSPECIFIE }"),
            "p:1:32: error: unknown value \"ROLE_UNSPECIFIE\" of role\n");
  EXPECT_EQ(FindingsOf("source { role: OPT_INN }"),
            "p:1:24: error: unknown value \"OPT_INN\" of role\n");
}

TEST(Loader, ListsEveryUnknownWordAtOnce) {
  std::string text = With(kSmall, "holds: MANY", "hold: MANY");
  text = With(text, "days: 10 from: COLLECTION }\n}", "dais: 10 from: COLLECTION }\n}");
  const std::string findings = FindingsOf(text);
  EXPECT_NE(findings.find("\"hold\""), std::string::npos) << findings;
  EXPECT_NE(
      findings.find("p:12:31: error: unknown field \"dais\" in retain (did you mean \"days\"?)"),
      std::string::npos)
      << findings;
}

TEST(Loader, TakesBracketedLists) {
  const std::string text = With(kSmall, "purpose: \"billing\" purpose: \"support\" }",
                                "purpose: [\"billing\", \"support\"] }");
  EXPECT_EQ(Loaded(text)->notices()[0].purposes.count(), 2u);
}

TEST(Loader, RefusesUnknownEnumNumbers) {
  const std::string text = With(kSmall, "kind: PAN", "kind: 99");
  EXPECT_NE(FindingsOf(text).find("error: unknown value 99 of kind"), std::string::npos);
}

TEST(Loader, RefusesTextThatIsNotUtf8) {
  EXPECT_NE(FindingsOf("name: \"\xff\"").find("not UTF-8"), std::string::npos);
  EXPECT_NE(FindingsOf(With(kSmall, "says: \"c\"", "says: \"\\377\"")).find("not UTF-8"),
            std::string::npos);
  EXPECT_NE(FindingsOf(With(kSmall, "says: \"c\"", "says: \"a\\nb\"")).find("control"),
            std::string::npos);
}

TEST(Loader, TakesNoTextThatHoldsControlCharacters) {
  EXPECT_EQ(FindingsOf(With(kSmall, "source { id: \"web\"", "source { id: \"we\\nb\"")),
            "p:4:10: error: text holds control characters or is not UTF-8\n");
  EXPECT_EQ(FindingsOf(With(kSmall, "purpose: \"support\" }", "purpose: \"sup\\001port\" }")),
            "p:5:37: error: text holds control characters or is not UTF-8\n");
}

TEST(Loader, NamesPlacesOfTheFirstLine) {
  EXPECT_EQ(FindingsOf(With(kSmall, "version: 1", "version: 0")),
            "p:1:15: error: version must be at least 1\n"
            "p:5:1: warning: notice \"n\" has no sha256 of the text shown\n");
}

// The parser reads bytes, and shows the first of a letter that has more.
TEST(Loader, SpeaksUtf8OfALetterThatIsNone) {
  EXPECT_NE(FindingsOf("version: 1 \u00D6: 2").find("got: \\xc3"), std::string::npos);
}

TEST(Loader, RewordsWhatTheParserSays) {
  EXPECT_EQ(FindingsOf("version: x"), "p:1:10: error: expected integer, got: x\n");
  EXPECT_EQ(FindingsOf("version: \x7f"), "p:1:10: error: expected integer, got:  \n");
  EXPECT_EQ(FindingsOf("version: \x01"),
            "p:1:10: error: invalid control characters encountered in text\n"
            "p:1:11: error: expected integer, got: \n");
  EXPECT_EQ(FindingsOf("version: 99999999999999999999"),
            "p:1:10: error: integer out of range (99999999999999999999)\n");
}

// The parser counts a tab as up to eight columns.
TEST(Loader, NamesTheColumnOfAnUnknownField) {
  EXPECT_EQ(FindingsOf("version: 1 nam"),
            "p:1:12: error: unknown field \"nam\" in policy (did you mean \"name\"?)\n"
            "p:1:15: error: expected \"{\", found \"\"\n");
  EXPECT_EQ(FindingsOf("\t\t\tnam: 1"),
            "p:1:28: error: unknown field \"nam\" in policy (did you mean \"name\"?)\n");
  EXPECT_EQ(FindingsOf("version: 1\nnam: 1"),
            "p:2:1: error: unknown field \"nam\" in policy (did you mean \"name\"?)\n");
}

TEST(Loader, TakesAPolicyAtTheSizeLimitAndNoLarger) {
  std::string text = kSmall;
  text += "#" + std::string(limits::kPolicyFileBytesMax - text.size() - 1, 'x');
  EXPECT_TRUE(Policy::FromText(text, "p").ok());
  EXPECT_NE(FindingsOf(text + "x").find("larger than 1 MiB"), std::string::npos);
}

TEST(Loader, RefusesDeepNestingWithoutFollowingIt) {
  for (const char* open : {"zz{", "zz:[", "zz<", "category{", "[a.b]{"}) {
    std::string text;
    while (text.size() < limits::kPolicyFileBytesMax / 2) text += open;
    EXPECT_NE(FindingsOf(text).find("nests too deeply"), std::string::npos) << open;
  }
}

bool TooDeep(const std::string& text) {
  return FindingsOf(text).find("nests too deeply") != std::string::npos;
}
std::string Open(size_t times) {
  std::string text;
  for (size_t i = 0; i < times; ++i) text += "zz { ";
  return text;
}

TEST(Loader, NestsSixteenTimesAndNoMore) {
  EXPECT_FALSE(TooDeep(Open(16)));
  EXPECT_TRUE(TooDeep(Open(17)));
  EXPECT_TRUE(TooDeep("{" + Open(16)));
  EXPECT_FALSE(TooDeep("zz { } " + Open(16)));
  EXPECT_FALSE(TooDeep("zz < > zz: [ ] " + Open(16)));
}

TEST(Loader, CountsBracketsBehindTheEndOfATextOrAComment) {
  EXPECT_TRUE(TooDeep("# comment\n" + Open(17)));
  EXPECT_FALSE(TooDeep("# comment " + Open(17)));
  EXPECT_TRUE(TooDeep("zz: \"text\" " + Open(17)));
  EXPECT_TRUE(TooDeep("zz: \"text\n" + Open(17)));  // a text ends with its line
  EXPECT_TRUE(TooDeep("zz: \"text\\\n" + Open(17)));
  EXPECT_FALSE(TooDeep("zz: \"te\\\"xt " + Open(17)));
  EXPECT_FALSE(TooDeep("zz: 'te\"xt " + Open(17)));
  EXPECT_TRUE(TooDeep("zz: 'te\"xt' " + Open(17)));
  EXPECT_FALSE(TooDeep("zz: \"text\\"));
}

TEST(Loader, DoesNotCountBracketsInTextsAndComments) {
  const std::string text = With(
      kSmall, "says: \"c\"", "says: \"{{{{{{{{{{{{{{{{{{{{{{{{\\\"{{\" # {{{{{{{{{{{{{{{{{{{{\n");
  EXPECT_TRUE(Policy::FromText(text, "p").ok()) << FindingsOf(text);
}

TEST(Loader, KeepsWarningsOfAValidPolicy) {
  std::vector<Finding> findings;
  ASSERT_TRUE(Policy::FromText(kSmall, "p", &findings).ok());
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(FormatFinding(findings[0], "p"),
            "p:5:1: warning: notice \"n\" has no sha256 of the text shown");
}

TEST(Loader, ListsWhatIsAtOnePlaceAsItWasFound) {
  Findings findings;
  findings.Error({2, 1}, "third");
  findings.Error({1, 2}, "second");
  findings.Warning({1, 1}, "first");
  findings.Error({2, 1}, "fourth");
  std::string list;
  for (const Finding& each : findings.Take()) list += FormatFinding(each, "p") + "\n";
  EXPECT_EQ(list,
            "p:1:1: warning: first\np:1:2: error: second\np:2:1: error: third\n"
            "p:2:1: error: fourth\n");
}

TEST(Loader, NamesNoPlaceOfWhatHasNone) {
  EXPECT_EQ(FormatFinding({Severity::kError, 0, 0, "wrong"}, "p"), "p: error: wrong");
}

TEST(Loader, BoundsTheListOfFindings) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "zz: 1\n";
  std::vector<Finding> findings;
  EXPECT_FALSE(Policy::FromText(text, "p", &findings).ok());
  EXPECT_EQ(findings.size(), 1000u);
}

TEST(Binary, IsNoLargerThanAText) {
  const auto said = [](size_t size) {
    return std::string(Policy::FromBinary(Bytes(size, 0)).status().message());
  };
  EXPECT_EQ(said(limits::kPolicyFileBytesMax).find("larger than 1 MiB"), std::string::npos);
  EXPECT_NE(said(limits::kPolicyFileBytesMax + 1).find("larger than 1 MiB"), std::string::npos);
}

TEST(Binary, RefusesUnknownFields) {
  Bytes bytes = Loaded(kSmall)->ToBinary();
  bytes.insert(bytes.end(), {0xF8, 0x07, 0x01});  // field 127, a number
  std::vector<Finding> findings;
  EXPECT_EQ(Policy::FromBinary(bytes, &findings).status().code(), Code::kPolicyInvalid);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].message.find("does not know"), std::string::npos);
}

TEST(Binary, RefusesASecondEncodingOfTheSamePolicy) {
  Bytes bytes = Loaded(kSmall)->ToBinary();
  bytes.insert(bytes.end(), {0x10, 0x01});  // version: 1 once more
  EXPECT_FALSE(Policy::FromBinary(bytes).ok());
}

TEST(Binary, IsLintedToo) {
  const std::string text =
      With(kSmall, "days: 10 from: COLLECTION }\n}", "days: 11 from: COLLECTION }\n}");
  Bytes bytes = Loaded(text)->ToBinary();
  const auto eleven = std::find(bytes.rbegin(), bytes.rend(), 11);
  ASSERT_NE(eleven, bytes.rend());
  Bytes broken = bytes;
  broken[static_cast<size_t>(bytes.rend() - eleven) - 2] =
      0x18;  // the tag of days becomes that of from
  EXPECT_FALSE(Policy::FromBinary(broken).ok());
}

TEST(Binary, KnowsWordsAndClausesButNoLines) {
  const PolicyPtr policy = Loaded(kSmall);
  const Result<PolicyPtr> again = Policy::FromBinary(policy->ToBinary());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(policy->categories()[0].allows[1].line, 10);
  EXPECT_EQ((*again)->categories()[0].allows[1].line, 0);
  EXPECT_EQ((*again)->categories()[0].allows[1].words, "card allows support: pan.last4");
}

}  // namespace
}  // namespace bailee::policy
