// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "policy/support.h"

namespace bailee::policy {
namespace {

// Clean. `@…@` are places that the cases fill in; unfilled ones vanish.
constexpr char kBase[] = R"(name: "@name:lint@" version: @version:1@ effective: "@date:2020-01-01@"
purpose { id: "billing" says: "b" }
purpose { id: "support" says: "s" }
purpose { id: "contact.news" says: "n" }
@purposes:@
source { id: "web" role: OWN }
source { id: "shop" @role:role: PARTNER@ }
notice {
  id: "n" sha256: "@sha:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef@"
  @noticed:purpose: ["billing", "support", "contact"]@
  source: ["web", "@source:shop@"]
}
controller { id: "acme" agreement: "@agreement:x@" allow { purpose: "support" category: "@controlled:c@" } }
recipient { id: "bank" role: ON_OUR_BEHALF @bank:agreement: "a"@ }
recipient { id: "press" role: @press:THIRD_PARTY@ }
category {
  id: "c" says: "c" @about:about: SUBJECT@ @holds:holds: MANY@ sensitive: @sensitive:false@
  field { id: "pan" kind: PAN @pan:view { id: "last4" mask: LAST4 }@ @panlookup:lookup { purpose: "billing" }@ }
  field { id: "at" kind: TIME @at:@ }
  field { id: "secret" kind: PASSWORD @secret:@ }
  @fields:@
  allow { @allowed:purpose: "billing"@ @basis:basis: NECESSARY@ }
  allow { purpose: "@who:support@" basis: NECESSARY field: "@what:pan.last4@" }
  @allows:@
  retain { purpose: "billing" days: @days:10@ @from:from: COLLECTION@ }
  @retain:retain { purpose: "support" days: 10 from: EVENT event: "closed" at_most_days: 20 }@
  disclose { recipient: "@to:bank@" ground: @ground:ON_OUR_BEHALF@ purpose: "@for:billing@" @leaving:field: "pan"@ @until:@ }
}
@categories:@
report { id: "r" category: "c" @count:count: SUBJECTS@ bucket: DAY of: "@of:at@" min_subjects: @floor:5@ @by:@ purpose: "@reported:billing@" recipient: "press" }
test { name: "@test:t@" given { notice: "n" source: "web" } ask { purpose: "billing" category: "c" field: "pan" } @expect:expect: ALLOWED@ }
)";

// Fills the place called `place` and lets every other have what it has by itself.
std::string Filled(std::string_view place, std::string_view filling) {
  std::string out;
  std::string_view rest = kBase;
  for (;;) {
    const size_t open = rest.find('@');
    if (open == std::string_view::npos) return out.append(rest);
    const size_t colon = rest.find(':', open);
    const size_t close = rest.find('@', open + 1);
    out.append(rest.substr(0, open));
    const std::string_view name = rest.substr(open + 1, colon - open - 1);
    out.append(name == place ? filling : rest.substr(colon + 1, close - colon - 1));
    rest.remove_prefix(close + 1);
  }
}

// A rule of lint: what breaks it and what just does not, at one place.
struct Rule {
  const char* name;
  const char* place;
  std::string bad;
  const char* finding;
  std::string good;
};
void PrintTo(const Rule& rule, std::ostream* out) { *out << rule.name; }

std::string Purposes(size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i)
    out += "purpose { id: \"q" + std::to_string(i) + "\" says: \"q\" }\n";
  return out;
}
std::string Signals(size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i)
    out += "signal { id: \"s" + std::to_string(i) + "\" purpose: \"billing\" }\n";
  return out;
}
std::string NoticeNamed(const std::string& id) {
  return "notice { id: \"" + id + "\" purpose: \"billing\" sha256: \"" + std::string(64, 'a') +
         "\" }";
}
std::string Clause(size_t bytes) {
  return "purpose { id: \"x\" says: \"x\" clause: \"" + std::string(bytes, 'C') + "\" }";
}
// A purpose so many levels deep.
std::string Deep(size_t levels) {
  std::string id = "a";
  for (size_t i = 1; i < levels; ++i) id += ".a";
  return "purpose { id: \"" + id + "\" says: \"x\" }";
}
std::string Fields(size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i)
    out += "field { id: \"f" + std::to_string(i) + "\" kind: TEXT }\n";
  return out;
}
std::string Categories(size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) {
    out +=
        "category { id: \"k" + std::to_string(i) +
        "\" says: \"k\" about: SUBJECT holds: ONE field { id: \"f\" kind: TEXT } allow { purpose: "
        "\"billing\" basis: NECESSARY } retain { purpose: \"billing\" days: 1 from: COLLECTION } "
        "}\n";
  }
  return out;
}
std::string Browser(const std::string& field) {
  return "category { id: \"b\" says: \"b\" about: BROWSER holds: ONE field { id: \"f\" " + field +
         " } allow { purpose: \"billing\" basis: NECESSARY } retain { purpose: \"billing\" days: 1 "
         "from: COLLECTION } }";
}
// Purposes q.p0 … below one inner purpose, a category that all of them may use, and a notice.
std::string Crowd(size_t count) {
  std::string out =
      "notice { id: \"crowd\" sha256: \"" + std::string(64, 'a') + "\" purpose: \"q\" }\n";
  for (size_t i = 0; i < count; ++i) {
    out += "purpose { id: \"q.p" + std::to_string(i) + "\" says: \"q\" }\n";
  }
  return out +
         "category { id: \"crowd\" says: \"k\" about: SUBJECT holds: ONE field { id: \"f\" kind: "
         "TEXT "
         "} allow { purpose: \"q\" basis: NECESSARY } retain { purpose: \"q\" days: 1 from: "
         "COLLECTION } }\n";
}
std::string Text(const char* id, const char* kind = "TEXT") {
  return std::string("field { id: \"") + id + "\" kind: " + kind + " }";
}

// A test that is given this.
std::string TestGiven(const std::string& given) {
  return "test { name: \"u\" given { notice: \"n\" source: \"web\" " + given +
         " } ask { purpose: \"billing\" category: \"c\" field: \"pan\" } expect: ALLOWED }";
}
// A report of category c that says this beside what every one does.
std::string ReportThat(const std::string& says) {
  return "report { id: \"s\" category: \"c\" of: \"at\" min_subjects: 5 purpose: \"billing\" "
         "recipient: \"press\" " +
         says + " }";
}

// A category with a blob, and a report of it.
std::string BlobCategory(const std::string& by) {
  return "category { id: \"k\" says: \"k\" about: SUBJECT holds: ONE field { id: \"b\" kind: BLOB "
         "} "
         "field { id: \"at\" kind: TIME } allow { purpose: \"billing\" basis: NECESSARY } retain { "
         "purpose: \"billing\" days: 1 from: COLLECTION } } report { id: \"s\" category: \"k\" of: "
         "\"at\" min_subjects: 5 purpose: \"billing\" recipient: \"press\" count: RECORDS bucket: "
         "MONTH " +
         by + " }";
}

class Lint : public ::testing::TestWithParam<Rule> {};

TEST_P(Lint, FindsWhatBreaksTheRule) {
  const std::string findings = FindingsOf(Filled(GetParam().place, GetParam().bad));
  EXPECT_NE(findings.find(GetParam().finding), std::string::npos) << findings;
}

TEST_P(Lint, LeavesAloneWhatKeepsIt) {
  EXPECT_EQ(FindingsOf(Filled(GetParam().place, GetParam().good)), "");
}

const Rule kStructure[] = {
    {"PolicyId", "name", "Not An Id", "bad id", "fine-2"},
    {"Version", "version", "0", "version must be at least 1", "4294967295"},
    {"EffectiveIsADate", "date", "2019-02-29", "effective must be a date", "2024-02-29"},
    {"EffectiveMonth", "date", "2019-13-01", "effective must be a date", "2019-12-31"},
    {"PurposeSyntax", "purposes", "purpose { id: \"a..b\" says: \"x\" }", "bad id",
     "purpose { id: \"a.b_2\" says: \"x\" }"},
    {"PurposeLength", "purposes", "purpose { id: \"" + std::string(65, 'a') + "\" says: \"x\" }",
     "longer than 64 bytes", "purpose { id: \"" + std::string(64, 'a') + "\" says: \"x\" }"},
    {"PurposeTwice", "purposes", "purpose { id: \"billing\" says: \"x\" }",
     "two of purpose \"billing\"", "purpose { id: \"billings\" says: \"x\" }"},
    {"PurposeReserved", "purposes", "purpose { id: \"rights\" says: \"x\" }", "is reserved",
     "purpose { id: \"right\" says: \"x\" }"},
    {"PurposeReservedBelow", "purposes", "purpose { id: \"log.errors\" says: \"x\" }",
     "is reserved", "purpose { id: \"errors.log\" says: \"x\" }"},
    {"PolicyIdAfterItsStart", "name", "not an id", "bad id", "not-an-id"},
    {"PurposeStart", "purposes", "purpose { id: \"2x\" says: \"x\" }", "bad id",
     "purpose { id: \"x2\" says: \"x\" }"},
    {"PurposeDash", "purposes", "purpose { id: \"a-b\" says: \"x\" }", "bad id",
     "purpose { id: \"a_b\" says: \"x\" }"},
    {"PurposeWithoutAnId", "purposes", "purpose { says: \"x\" }", "purpose without id", ""},
    {"ClauseLength", "purposes", Clause(257), "clause is longer than 256 bytes", Clause(256)},
    {"PurposeDepth", "purposes", Deep(9), "deeper than 8", Deep(8)},
    {"PurposeDepthOfMany", "purposes", Deep(400), "deeper than 8", Deep(7)},
    {"PurposeSays", "purposes", "purpose { id: \"x\" }", "warning: purpose \"x\" does not say",
     "purpose { id: \"x\" says: \"x\" }"},
    {"InnerPurposeMayKnow", "purposes",
     "purpose { id: \"contact\" says: \"x\" may_know_existence: true }",
     "warning: may_know_existence of \"contact\" does nothing",
     "purpose { id: \"contact.x\" says: \"x\" may_know_existence: true }"},
    // Four are there already: three leaves and the implied `contact`.
    {"PurposesMax", "purposes", Purposes(253), "more than 256 purposes", Purposes(252)},
    {"DeclaredPurposesMax", "purposes", "purpose { id: \"contact\" says: \"c\" }" + Purposes(253),
     "more than 256 purposes", "purpose { id: \"contact\" says: \"c\" }" + Purposes(252)},
    {"SignalsMax", "purposes", Signals(4097), "more than 4,096 notices, sources", Signals(4096)},
    {"CategoriesMax", "categories", Categories(1024), "more than 1,024 categories",
     Categories(1023)},
    // Four are there already, the view counted.
    {"FieldsMax", "fields", Fields(61), "more than 64 fields and views", Fields(60)},
    {"FieldTwice", "fields", Text("pan", "PAN"), "two of field \"pan\"", Text("pan2", "PAN")},
    {"NoticeSyntax", "purposes", NoticeNamed("N"), "bad id \"N\" of notice", NoticeNamed("m-2")},
    {"SourceSyntax", "purposes", "source { id: \"S\" role: OWN }", "bad id \"S\" of source",
     "source { id: \"s-2\" role: OWN }"},
    {"SignalSyntax", "purposes", "signal { id: \"S\" purpose: \"billing\" }",
     "bad id \"S\" of signal", "signal { id: \"s-2\" purpose: \"billing\" }"},
    {"ControllerSyntax", "purposes", "controller { id: \"Z\" agreement: \"a\" }",
     "bad id \"Z\" of controller", "controller { id: \"z-2\" agreement: \"a\" }"},
    {"RecipientSyntax", "purposes", "recipient { id: \"X\" role: AUTHORITY }",
     "bad id \"X\" of recipient", "recipient { id: \"x-2\" role: AUTHORITY }"},
    {"CategorySyntax", "categories", With(Categories(1), "k0", "k-0"), "bad id \"k-0\" of category",
     Categories(1)},
    {"ReportSyntax", "categories",
     With(ReportThat("count: RECORDS bucket: DAY"), "\"s\"", "\"s-2\""), "bad id \"s-2\" of report",
     ReportThat("count: RECORDS bucket: DAY")},
    {"FieldDash", "fields", Text("a-b"), "bad id", Text("a2")},
    {"FieldSyntax", "fields", Text("a.b"), "bad id", Text("a_b")},
    {"NoticeHash", "sha", "ABC", "64 lower-case hex", std::string(64, '0')},
    {"NoticeHashBelowDigits", "sha", std::string(63, '0') + "/", "64 lower-case hex",
     std::string(63, '0') + "0"},
    {"NoticeHashAboveDigits", "sha", std::string(63, '0') + ":", "64 lower-case hex",
     std::string(63, '0') + "9"},
    {"NoticeHashBelowLetters", "sha", std::string(63, '0') + "`", "64 lower-case hex",
     std::string(63, '0') + "a"},
    {"NoticeHashAboveLetters", "sha", std::string(63, '0') + "g", "64 lower-case hex",
     std::string(63, '0') + "f"},
    {"NoticeHashMissing", "sha", "", "warning: notice \"n\" has no sha256", std::string(64, 'f')},
};
INSTANTIATE_TEST_SUITE_P(Structure, Lint, ::testing::ValuesIn(kStructure),
                         [](const auto& rule) { return rule.param.name; });

const Rule kNames[] = {
    {"AllowPurpose", "who", "suport", "unknown purpose \"suport\" (did you mean \"support\"?)",
     "support"},
    {"AllowField", "what", "pan.last", "unknown field \"pan.last\" (did you mean \"pan.last4\"?)",
     "pan.last4"},
    {"AllowSource", "allows",
     "allow { purpose: \"support\" basis: OPT_IN field: \"at\" source: \"shoop\" }",
     "unknown source \"shoop\"",
     "allow { purpose: \"support\" basis: OPT_IN field: \"at\" source: \"shop\" }"},
    {"LookupPurpose", "panlookup", "lookup { purpose: \"biling\" }", "unknown purpose \"biling\"",
     "lookup { purpose: \"billing\" }"},
    {"DiscloseField", "leaving", "field: \"pam\"", "unknown field \"pam\"", "field: \"at\""},
    {"SignalPurpose", "purposes", "signal { id: \"gpc\" purpose: \"contakt\" }",
     "unknown purpose \"contakt\"", "signal { id: \"gpc\" purpose: \"contact\" }"},
    {"ControllerPurpose", "purposes",
     "controller { id: \"z\" agreement: \"a\" allow { purpose: \"suport\" category: \"c\" } }",
     "unknown purpose \"suport\"",
     "controller { id: \"z\" agreement: \"a\" allow { purpose: \"support\" category: \"c\" } }"},
    {"ReportCategory", "categories",
     "report { id: \"s\" category: \"d\" of: \"at\" min_subjects: 5 purpose: \"billing\" "
     "recipient: \"press\" count: RECORDS bucket: WEEK }",
     "unknown category \"d\"", ReportThat("count: RECORDS bucket: WEEK")},
    {"ReportBy", "by", "by: \"pan.last5\"", "unknown field \"pan.last5\"", "by: \"pan.last4\""},
    {"ReportOf", "of", "att", "unknown field \"att\"", "at"},
    {"NoticeSource", "source", "shoop", "unknown source \"shoop\" (did you mean \"shop\"?)",
     "shop"},
    {"NoticePurposes", "noticed", "", "lists no purpose", "purpose: [\"billing\", \"support\"]"},
    {"SourceRole", "role", "", "has no role", "role: CUSTOMER"},
    {"IndependentSource", "role", "role: INDEPENDENT", "nothing is taken from it", "role: VENDOR"},
    {"ControllerCategory", "controlled", "d", "unknown category \"d\"", "c"},
    {"ControllerAgreement", "agreement", "", "warning: controller \"acme\" names no agreement",
     "y"},
    {"DiscloseRecipient", "to", "bnk", "unknown recipient \"bnk\" (did you mean \"bank\"?)",
     "bank"},
    {"AllowWithoutAField", "what", "", "no field is named", "pan.last4"},
    {"AllowWithoutAPurpose", "who", "", "no purpose is named", "support"},
    {"NoticeWithoutASource", "source", "", "no source is named", "shop"},
    {"ControllerWithoutACategory", "controlled", "", "no category is named", "c"},
    {"ControllerWithoutAPurpose", "purposes",
     "controller { id: \"z\" agreement: \"a\" allow { category: \"c\" } }", "allow without purpose",
     "controller { id: \"z\" agreement: \"a\" allow { purpose: \"support\" category: \"c\" } }"},
    {"ControllerField", "purposes",
     "controller { id: \"z\" agreement: \"a\" allow { purpose: \"support\" category: \"c\" field: "
     "\"pan.last\" } }",
     "unknown field \"pan.last\"",
     "controller { id: \"z\" agreement: \"a\" allow { purpose: \"support\" category: \"c\" field: "
     "\"pan.last4\" } }"},
    {"DiscloseWithoutARecipient", "to", "", "no recipient is named", "bank"},
    {"DiscloseWithoutAPurpose", "for", "", "no purpose is named", "billing"},
    {"DiscloseNotice", "until", "notice: \"m\"", "unknown notice \"m\"", ""},
    {"SignalWithoutAPurpose", "purposes", "signal { id: \"gpc\" }",
     "signal \"gpc\" names no purpose", "signal { id: \"gpc\" purpose: \"contact\" }"},
    {"CombinesOfAnInnerPurpose", "purposes",
     "purpose { id: \"contact\" says: \"x\" combines: true }",
     "warning: combines of \"contact\" says nothing",
     "purpose { id: \"contact.x\" says: \"x\" combines: true }"},
    {"TestOfANoticeThatIsNone", "categories", TestGiven("shown { notice: \"\" days_ago: 1 }"),
     "no notice is named", TestGiven("shown { notice: \"n\" days_ago: 1 }")},
    {"TestConsent", "categories", TestGiven("consented: \"suport\""), "unknown purpose \"suport\"",
     TestGiven("consented: \"support\"")},
    {"TestController", "categories", TestGiven("controller: \"acm\""), "unknown controller \"acm\"",
     TestGiven("")},
    {"LookupLeaf", "panlookup", "lookup { purpose: \"contact\" }", "is not a leaf", ""},
    {"DiscloseLeaf", "for", "contact", "is not a leaf", "billing"},
    {"ReportLeaf", "reported", "contact", "is not a leaf", "billing"},
    {"AllowInnerPurposeMeansItsLeaves", "allows",
     "allow { purpose: \"contact\" basis: OPT_IN field: \"at\" }",
     "no retain for purpose \"contact.news\"",
     "allow { purpose: \"contact\" basis: OPT_IN field: \"at\" } retain { purpose: "
     "\"contact.news\" "
     "days: 3 from: COLLECTION }"},
};
INSTANTIATE_TEST_SUITE_P(Names, Lint, ::testing::ValuesIn(kNames),
                         [](const auto& rule) { return rule.param.name; });

const Rule kFields[] = {
    {"About", "about", "", "whom it is about", "about: SUBJECT"},
    {"Holds", "holds", "", "how many it holds", "holds: ONE"},
    {"Kind", "fields", "field { id: \"f\" }", "has no kind", Text("f")},
    {"MaxBytes", "fields", "field { id: \"f\" kind: TEXT max_bytes: 65537 }", "over the limit",
     "field { id: \"f\" kind: TEXT max_bytes: 65536 }"},
    {"MaxBytesOfABlob", "fields", "field { id: \"f\" kind: BLOB max_bytes: 1048577 }",
     "over the limit", "field { id: \"f\" kind: BLOB max_bytes: 1048576 }"},
    {"Cvv", "fields", Text("cvv"), "PCI DSS 3.3.1", Text("cover")},
    {"CardCvc2", "fields", Text("card_cvc2"), "PCI DSS 3.3.1", Text("card_code")},
    {"Track", "fields", Text("track_2"), "PCI DSS 3.3.1", Text("track")},
    {"PinBlock", "fields", Text("pin_block"), "PCI DSS 3.3.1", Text("pinned_block")},
    {"Pin", "fields", Text("pin"), "PCI DSS 3.3.1", Text("spin")},
    {"Cid", "fields", Text("cid", "INTEGER"), "PCI DSS 3.3.1", Text("acid", "INTEGER")},
    {"CardSecretInAView", "pan",
     "view { id: \"cvv\" mask: LAST4 } view { id: \"last4\" mask: LAST4 }", "PCI DSS 3.3.1",
     "view { id: \"last4\" mask: LAST4 }"},
    {"TagOfASubject", "about", "about: SUBJECT needs_tag: true", "which only a BROWSER has",
     "about: SUBJECT"},
    {"LookupOfABlob", "fields", "field { id: \"f\" kind: BLOB lookup { purpose: \"billing\" } }",
     "nobody is found by a BLOB", "field { id: \"f\" kind: BLOB }"},
    {"TwoTruncations", "pan",
     "view { id: \"last4\" mask: LAST4 } view { id: \"b\" mask: BIN_LAST4 }",
     "two truncations of one PAN", "view { id: \"last4\" mask: BIN_LAST4 }"},
    {"ViewOfTheKind", "pan", "view { id: \"last4\" coarsen: REGION }", "cannot be computed",
     "view { id: \"last4\" mask: LAST4 }"},
    {"ViewHasOneTransform", "pan", "view { id: \"last4\" mask: LAST4 coarsen: DAY }",
     "exactly one of mask and coarsen", "view { id: \"last4\" mask: LAST4 }"},
    {"ViewHasATransform", "at", "view { id: \"day\" }", "exactly one of mask and coarsen",
     "view { id: \"day\" coarsen: DAY }"},
    {"PasswordView", "secret", "view { id: \"n\" coarsen: LENGTH }", "has no views", ""},
    {"PasswordLookup", "secret", "lookup { purpose: \"billing\" }", "has no lookups",
     "required: true"},
    {"LookupLowEntropy", "fields",
     "field { id: \"f\" kind: EXPIRY lookup { purpose: \"billing\" } }", "so few values",
     "field { id: \"f\" kind: IBAN lookup { purpose: \"billing\" } }"},
    {"LookupPurpose", "panlookup", "lookup { purpose: \"support\" }", "may not read \"pan\"",
     "lookup { purpose: \"billing\" }"},
    {"BrowserText", "categories", Browser("kind: TEXT"), "can identify a person",
     Browser("kind: LANGUAGE")},
    {"BrowserEmail", "categories", Browser("kind: EMAIL"), "can identify a person",
     Browser("kind: COUNTRY")},
    {"BrowserUrl", "categories", Browser("kind: URL"), "needs a host or path view",
     Browser("kind: URL view { id: \"host\" coarsen: HOST }")},
    {"BrowserUrlPath", "categories", Browser("kind: URL"), "needs a host or path view",
     Browser("kind: URL view { id: \"path\" coarsen: PATH }")},
    {"BrowserUrlDomain", "categories", Browser("kind: URL"), "needs a host or path view",
     Browser("kind: URL view { id: \"domain\" coarsen: DOMAIN }")},
};
INSTANTIATE_TEST_SUITE_P(Fields, Lint, ::testing::ValuesIn(kFields),
                         [](const auto& rule) { return rule.param.name; });

const Rule kUse[] = {
    {"UnusedField", "allowed", "purpose: \"billing\" field: [\"pan\", \"at\"]",
     "no purpose may use field \"secret\"",
     "purpose: \"billing\" field: [\"pan\", \"at\", \"secret\"]"},
    {"AllowNeedsBasis", "basis", "", "allow without basis", "basis: OPT_IN"},
    {"AllowNeedsPurpose", "allowed", "", "allow without purpose", "purpose: \"billing\""},
    {"AllowNeedsRetain", "retain", "", "no retain for purpose \"support\"",
     "retain { purpose: \"support\" days: 1 from: COLLECTION }"},
    {"RetainTwice", "retain",
     "retain { purpose: [\"billing\", \"support\"] days: 1 from: COLLECTION }", "a second retain",
     "retain { purpose: [\"support\"] days: 1 from: COLLECTION }"},
    {"RetainForNobody", "allows", "retain { purpose: \"contact\" days: 1 from: COLLECTION }",
     "retain for a purpose that may not use", ""},
    {"RetainDays", "days", "0", "days must be 1 to 36525", "1"},
    {"RetainDaysMax", "days", "36526", "days must be 1 to 36525", "36525"},
    {"RetainFrom", "from", "", "from when it counts", "from: COLLECTION"},
    {"RetainEvent", "retain", "retain { purpose: \"support\" days: 1 from: EVENT at_most_days: 1 }",
     "names no event",
     "retain { purpose: \"support\" days: 1 from: EVENT event: \"e\" at_most_days: 1 }"},
    {"RetainAtMost", "retain",
     "retain { purpose: \"support\" days: 2 from: EVENT event: \"e\" at_most_days: 1 }",
     "needs at_most_days",
     "retain { purpose: \"support\" days: 2 from: EVENT event: \"e\" at_most_days: 2 }"},
    {"RetainEventOnly", "from", "from: COLLECTION event: \"e\"", "are for retain from EVENT",
     "from: COLLECTION"},
    {"SensitiveOptOut", "sensitive",
     "true allow { purpose: \"contact\" basis: OPT_OUT field: \"at\" } retain { purpose: "
     "\"contact\" days: 1 from: COLLECTION }",
     "must be OPT_IN",
     "true allow { purpose: \"contact\" basis: OPT_IN field: \"at\" } retain { purpose: "
     "\"contact\" days: 1 from: COLLECTION }"},
    {"TwoBases", "allows", "allow { purpose: \"support\" basis: OPT_IN field: \"pan.last4\" }",
     "on another basis", "allow { purpose: \"support\" basis: OPT_IN field: \"at\" }"},
    {"TwoBasesOfOneSource", "allows",
     "allow { purpose: \"support\" basis: OPT_IN field: \"at\" source: \"web\" } allow { purpose: "
     "\"support\" basis: CASE field: \"at\" source: \"web\" }",
     "on another basis",
     "allow { purpose: \"support\" basis: OPT_IN field: \"at\" source: \"web\" } allow { purpose: "
     "\"support\" basis: CASE field: \"at\" source: \"shop\" }"},
    {"TwoBasesOfEverySourceAndOne", "allows",
     "allow { purpose: \"support\" basis: OPT_IN field: \"at\" } allow { purpose: \"support\" "
     "basis: "
     "CASE field: \"at\" source: \"web\" }",
     "on another basis",
     "allow { purpose: \"support\" basis: OPT_IN field: \"at\" } allow { purpose: \"support\" "
     "basis: "
     "OPT_IN field: \"at\" source: \"web\" }"},
    {"TwoBasesOfTheFirstField", "allows",
     "allow { purpose: \"billing\" basis: OPT_IN field: \"pan\" }", "gives field \"pan\"",
     "allow { purpose: \"billing\" basis: NECESSARY field: \"pan\" }"},
    {"NoBasisIsAnother", "basis", "} allow { purpose: \"billing\" basis: NECESSARY",
     "on another basis", "basis: NECESSARY } allow { purpose: \"billing\" basis: NECESSARY"},
    {"RetainAtMostDays", "retain",
     "retain { purpose: \"support\" days: 2 from: EVENT event: \"e\" at_most_days: 36526 }",
     "at most 36525",
     "retain { purpose: \"support\" days: 2 from: EVENT event: \"e\" at_most_days: 36525 }"},
    {"NoNoticeOfTheFirstPurpose", "noticed", "purpose: [\"support\", \"contact\"]",
     "warning: no notice lists purpose \"billing\"", "purpose: [\"support\", \"billing\"]"},
    {"CompartmentPurposes", "purposes", Crowd(65), "more than 64 purposes", Crowd(64)},
    {"NoNotice", "noticed", "purpose: \"billing\"", "warning: no notice lists purpose \"support\"",
     "purpose: [\"billing\", \"support\"]"},
};
INSTANTIATE_TEST_SUITE_P(Use, Lint, ::testing::ValuesIn(kUse),
                         [](const auto& rule) { return rule.param.name; });

const Rule kOutside[] = {
    {"Agreement", "bank", "", "names no agreement", "agreement: \"b\""},
    {"DiscloseTwice", "allows",
     "disclose { recipient: \"bank\" ground: ON_OUR_BEHALF purpose: \"billing\" field: \"pan\" }",
     "a second disclose of \"pan\"",
     "disclose { recipient: \"bank\" ground: ON_OUR_BEHALF purpose: \"billing\" field: \"at\" }"},
    {"DiscloseFields", "leaving", "", "names no field", "field: \"pan.last4\""},
    {"DiscloseReadable", "for", "support", "may not read it", "billing"},
    {"DisclosePassword", "leaving", "field: \"secret\"", "is never disclosed", "field: \"at\""},
    {"DiscloseGround", "ground", "LAW", "go together", "ON_OUR_BEHALF"},
    {"DiscloseUntil", "until", "wait_days: 3", "are for ground SUCCESSION", ""},
    {"RecipientKey", "press", "THIRD_PARTY public_key: \"ABCD\"",
     "public_key must be 64 lower-case hex digits",
     "THIRD_PARTY public_key: "
     "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\""},
    {"RecipientKeyDigits", "press", "THIRD_PARTY public_key: \"" + std::string(63, '0') + "G\"",
     "public_key must be 64 lower-case hex digits",
     "THIRD_PARTY public_key: \"" + std::string(64, '0') + "\""},
    {"RecipientRole", "purposes", "recipient { id: \"x\" }", "recipient \"x\" has no role",
     "recipient { id: \"x\" role: AUTHORITY }"},
    {"DiscloseWithoutAGround", "ground", "GROUND_UNSPECIFIED", "disclose without ground",
     "ON_OUR_BEHALF"},
    {"DiscloseShown", "until", "notice: \"n\"", "are for ground SUCCESSION", ""},
    {"DiscloseUntilDays", "until", "until_days: 3", "are for ground SUCCESSION", ""},
    {"ReportBucket", "categories", ReportThat("count: RECORDS"), "report \"s\" has no bucket",
     ReportThat("count: RECORDS bucket: WEEK")},
    {"ReportWithoutATime", "of", "", "does not say which TIME field it is by", "at"},
    {"ReportOfSubjectsAtCollection", "count", "count: SUBJECTS feed: AT_COLLECTION",
     "it counts RECORDS", "count: RECORDS feed: AT_COLLECTION"},
    {"ReportByABlob", "categories", BlobCategory("by: \"b\""), "cannot be by a field of kind BLOB",
     BlobCategory("by: \"at\"")},
    {"ReportCount", "count", "", "what it counts", "count: RECORDS"},
    {"ReportFloor", "floor", "1", "min_subjects of at least 2", "2"},
    {"ReportTime", "of", "pan", "is not a TIME field", "at"},
    {"ReportBy", "by", "by: \"secret\"", "cannot be by a field of kind PASSWORD",
     "by: \"pan.last4\""},
    {"TestName", "test", "", "test without name", "x"},
    {"TestExpect", "expect", "", "what it expects", "expect: REFUSED"},
    {"TestReason", "expect", "expect: REFUSED because: \"past-retentio\"",
     "unknown reason \"past-retentio\" (did you mean \"past-retention\"?)",
     "expect: REFUSED because: \"past-retention\""},
    {"TestLastReason", "expect", "expect: REFUSED because: \"subject-erase\"",
     "did you mean \"subject-erased\"?", "expect: REFUSED because: \"subject-erased\""},
    {"TestBecause", "expect", "expect: ALLOWED because: \"held\"", "because is for what is REFUSED",
     "expect: REFUSED because: \"held\""},
};
INSTANTIATE_TEST_SUITE_P(Outside, Lint, ::testing::ValuesIn(kOutside),
                         [](const auto& rule) { return rule.param.name; });

size_t CountOf(std::string_view text, std::string_view what) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(what, at)) != std::string_view::npos; ++at) ++count;
  return count;
}

TEST(LintBase, IsClean) { EXPECT_EQ(FindingsOf(Filled("", "")), ""); }

TEST(LintBase, GivesLineAndColumnOfWhatItFinds) {
  EXPECT_EQ(FindingsOf(Filled("days", "0")), "p:25:31: error: days must be 1 to 36525\n");
}

TEST(LintBase, OfTwoBasesTellsEachRuleOnce) {
  const std::string findings =
      FindingsOf(Filled("allows", "allow { purpose: \"billing\" basis: OPT_IN }"));
  EXPECT_EQ(CountOf(findings, "on another basis"), 1u) << findings;
}

TEST(LintBase, WhatIsNotKeptIsAtTheLastRuleThatUsesIt) {
  const std::string kept = "retain { purpose: \"billing\" days: 10 from: COLLECTION }";
  EXPECT_EQ(FindingsOf(With(Filled("", ""), kept, "")),
            "p:22:3: error: category \"c\" has no retain for purpose \"billing\"\n");
  EXPECT_EQ(FindingsOf(Filled("retain", "")),
            "p:23:3: error: category \"c\" has no retain for purpose \"support\"\n");
}

TEST(LintBase, WhatAReportWithoutATimeIsForStillNeedsARetention) {
  const std::string text =
      Filled("", "") +
      "report { id: \"s\" category: \"c\" count: RECORDS bucket: DAY min_subjects: 5 "
      "purpose: \"contact.news\" recipient: \"press\" }";
  EXPECT_EQ(FindingsOf(text),
            "p:16:1: error: category \"c\" has no retain for purpose \"contact.news\"\n"
            "p:32:1: error: report \"s\" does not say which TIME field it is by\n");
}

TEST(LintBase, WhatIsNotUsedIsWhereItIsDeclared) {
  EXPECT_EQ(FindingsOf(Filled("allowed", R"(purpose: "billing" field: "pan")")),
            "p:20:3: error: no purpose may use field \"secret\" of category \"c\"\n");
  const std::string text = Filled("allowed", R"(purpose: "billing" field: ["pan", "secret"])");
  EXPECT_EQ(FindingsOf(With(text, R"(field: "pan.last4" })", R"(field: "pan" })")),
            "p:18:31: error: no purpose may use field \"pan.last4\" of category \"c\"\n");
}

// Looking for what was meant costs time, and a hostile text may be wrong a thousand times.
TEST(LintBase, GuessesAHundredTimesAndNamesTheRest) {
  std::string many;
  for (int i = 0; i < 150; ++i) many += (i == 0 ? "\"suport\"" : ", \"suport\"");
  const std::string findings = FindingsOf(Filled("noticed", "purpose: [" + many + "]"));
  EXPECT_EQ(CountOf(findings, "unknown purpose \"suport\""), 150u);
  EXPECT_EQ(CountOf(findings, "did you mean"), 100u);
}

TEST(LintBase, NamesAThousandReasonsThatAreNoneAndNoMore) {
  std::string many;
  for (int i = 0; i < 1'500; ++i) many += (i == 0 ? "\"hold\"" : ", \"hold\"");
  const std::string findings =
      FindingsOf(Filled("expect", "expect: REFUSED because: [" + many + "]"));
  EXPECT_EQ(CountOf(findings, "unknown reason \"hold\""), 1'000u);
}

TEST(LintBase, GuessesNoReasonOfAWordThatIsNearNone) {
  const std::string findings = FindingsOf(Filled("expect", "expect: REFUSED because: \"x\""));
  EXPECT_NE(findings.find("unknown reason \"x\"\n"), std::string::npos) << findings;
}

TEST(LintBase, APublicRecipientGetsReportsOnly) {
  const std::string text = Filled("press", "PUBLIC");
  EXPECT_EQ(FindingsOf(text), "");
  EXPECT_NE(FindingsOf(With(With(text, "disclose { recipient: \"bank\"",
                                 "disclose { recipient: \"press\""),
                            "ground: ON_OUR_BEHALF", "ground: CONSENT"))
                .find("PUBLIC recipient gets reports only"),
            std::string::npos);
}

// A category with an address and a text, and what of it goes to a third party for a purpose that no
// notice lists.
std::string GivenAway(const std::string& field) {
  return Filled("categories",
                "purpose { id: \"quiet\" says: \"q\" } category { id: \"k\" says: \"k\" about: "
                "SUBJECT holds: ONE field { id: \"mail\" kind: EMAIL } field { id: \"text\" kind: "
                "TEXT } allow { purpose: \"quiet\" basis: NECESSARY } retain { purpose: \"quiet\" "
                "days: 1 from: COLLECTION } disclose { recipient: \"press\" ground: "
                "FRAUD_OR_SECURITY purpose: \"quiet\" field: \"" +
                    field + "\" } }");
}

TEST(LintBase, AnAddressGoesToAThirdPartyWithConsentAlone) {
  const char* const finding = "needs the subject's own consent";
  EXPECT_NE(FindingsOf(GivenAway("mail")).find(finding), std::string::npos);
  EXPECT_EQ(FindingsOf(GivenAway("text")).find(finding), std::string::npos);
}

}  // namespace
}  // namespace bailee::policy
