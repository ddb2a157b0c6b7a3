// SPDX-License-Identifier: Apache-2.0
#include <numeric>

#include "bailee/policy.h"
#include "clauses/clause_world.h"

// The LiveLOOK policy of 2013, clause by clause: what it allows, what it refuses and why, what is
// recorded of it, and what the keys alone prevent.
namespace bailee {
namespace {

using audit::EventKind;
using testing::ErrorIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::StartsWith;
using testing::StatusOf;
using ::testing::UnorderedElementsAre;

constexpr std::string_view kPan = "4111111111111111";
constexpr std::string_view kIban = "DE89370400440532013000";

class Clauses : public ClauseTest {
 protected:
  Clauses() : ClauseTest("livelook_2013", kJune2013, kAda) {}

  static std::vector<FieldInput> Account() {
    std::vector<FieldInput> fields;
    fields.emplace_back("name", MakeSecret("Ada Lovelace"));
    fields.emplace_back("email", MakeSecret("ada@analytical.example"));
    fields.emplace_back("password", MakeSecret("correct horse battery"));
    return fields;
  }
  static std::vector<FieldInput> Line() {
    std::vector<FieldInput> fields;
    fields.emplace_back("request", MakeSecret("https://livelook.example/help/chat?session=81"));
    fields.emplace_back("ip", MakeSecret("83.149.9.216"));
    fields.emplace_back("agent", MakeSecret("Mozilla/5.0 (X11; Linux)"));
    fields.emplace_back("language", MakeSecret("de-AT,de;q=0.9"));
    fields.emplace_back("at", MakeSecret("2013-06-01T00:00:00Z"));
    fields.emplace_back("cookie", MakeSecret("id=9f2c"));
    return fields;
  }
  static std::vector<FieldInput> Preferences() {
    std::vector<FieldInput> fields;
    fields.emplace_back("language", MakeSecret("de"));
    fields.emplace_back("layout", MakeSecret("2"));
    return fields;
  }
};

TEST_F(Clauses, LL_01_RegisteringTakesNameAddressAndAPasswordThatNobodyReads) {
  const Collected stored = Store(Under("signup-1", "web"), "account", Account());

  EXPECT_EQ(*world_.Read({"service", kAda, "account", "email"}), "ada@analytical.example");
  world_.ExpectAllowed(EventKind::kRead, "service", "email");
  EXPECT_TRUE(*world_.Verify("service", kAda, "correct horse battery"));
  world_.ExpectAllowed(EventKind::kVerifyPassword, "service", "password");
  EXPECT_FALSE(*world_.Verify("service", kAda, "correct horse"));
  world_.ExpectAllowed(EventKind::kVerifyPassword, "service", "password");

  for (const std::string_view purpose : {"service", "security", "rights"}) {
    EXPECT_EQ(WhyNot(world_.Read({purpose, kAda, "account", "password"})),
              Reason::kNotCollectedFor);
    world_.ExpectRefused(EventKind::kRead, purpose, Reason::kNotCollectedFor);
  }
  EXPECT_EQ(WhyNot(world_.Verify("support", kAda, "correct horse battery")),
            Reason::kNotCollectedFor);
  world_.ExpectRefused(EventKind::kVerifyPassword, "support", Reason::kNotCollectedFor);

  // Whatever opens is the verifier and not the password; not even export has a key to that.
  auto raw = world_.Raw(stored.handle, "account");
  EXPECT_EQ(raw["password"].size(), 2u);
  for (const auto& [purpose, value] : raw["password"]) {
    EXPECT_TRUE(purpose == "service" || purpose == "upkeep") << purpose;
    EXPECT_THAT(value, StartsWith("$argon2id$"));
  }
}

TEST_F(Clauses, LL_02_CardsAreKeptEncryptedAndSupportHasFourDigits) {
  std::vector<FieldInput> card;
  card.emplace_back("pan", MakeSecret(kPan));
  card.emplace_back("expiry", MakeSecret("12/15"));
  card.emplace_back("holder", MakeSecret("A LOVELACE"));
  const Collected stored = Store(Under("checkout-1", "web"), "payment_card", std::move(card));
  const RecordId id = stored.records.front();

  EXPECT_EQ(*world_.Read({"billing", kAda, "payment_card", "pan", id}), kPan);
  world_.ExpectAllowed(EventKind::kRead, "billing", "pan");
  EXPECT_EQ(*world_.Read({"support", kAda, "payment_card", "pan.last4", id}), "1111");
  world_.ExpectAllowed(EventKind::kRead, "support", "pan.last4");

  const Result<std::string> whole = world_.Read({"support", kAda, "payment_card", "pan", id});
  EXPECT_EQ(WhyNot(whole), Reason::kNotCollectedFor);
  EXPECT_EQ(whole.status().refusal()->clause, "LL-02");
  EXPECT_THAT(whole.status().refusal()->offer, HasSubstr("pan.last4"));
  world_.ExpectRefused(EventKind::kRead, "support", Reason::kNotCollectedFor);

  EXPECT_THAT(world_.RawReaders(stored.handle, "payment_card", "pan"),
              UnorderedElementsAre("billing", "legal.process", "rights", "upkeep"));
  EXPECT_THAT(world_.RawReaders(stored.handle, "payment_card", "expiry"),
              UnorderedElementsAre("billing", "rights", "upkeep"));
  EXPECT_THAT(world_.RawReaders(stored.handle, "payment_card", "pan.last4"),
              UnorderedElementsAre("billing", "support", "legal.process", "rights", "upkeep"));
}

TEST_F(Clauses, LL_02_OtherAccountsToPayWithAreKeptTheSameWay) {
  std::vector<FieldInput> account;
  account.emplace_back("iban", MakeSecret(kIban));
  const Collected stored = Store(Under("checkout-1", "web"), "bank_account", std::move(account));
  const RecordId id = stored.records.front();
  EXPECT_EQ(*world_.Read({"billing", kAda, "bank_account", "iban", id}), kIban);
  EXPECT_EQ(*world_.Read({"support", kAda, "bank_account", "iban.last4", id}), "3000");
  world_.Events(EventKind::kRead);
  EXPECT_EQ(WhyNot(world_.Read({"support", kAda, "bank_account", "iban", id})),
            Reason::kNotCollectedFor);
  world_.ExpectRefused(EventKind::kRead, "support", Reason::kNotCollectedFor);
  EXPECT_THAT(world_.RawReaders(stored.handle, "bank_account", "iban"),
              UnorderedElementsAre("billing", "legal.process", "rights", "upkeep"));
}

TEST_F(Clauses, LL_02_VerificationCodesHaveNoPlace) {
  std::vector<FieldInput> card;
  card.emplace_back("pan", MakeSecret(kPan));
  card.emplace_back("expiry", MakeSecret("12/15"));
  card.emplace_back("cvv", MakeSecret("737"));
  const std::vector<size_t> before = world_.Rows();
  EXPECT_EQ(WhyNot(world_.Collect(Under("checkout-1", "web"), "payment_card", std::move(card))),
            Reason::kUndeclaredField);
  world_.ExpectRefused(EventKind::kCollect, "", Reason::kUndeclaredField);
  EXPECT_EQ(world_.Rows(), before);

  // And no policy can give them one.
  std::string text = PolicyText("livelook_2013");
  const std::string expiry = "field { id: \"expiry\"";
  text.insert(text.find(expiry), "field { id: \"cvv\"  kind: INTEGER }\n  ");
  const auto document = PolicyDocument::FromText(text, "with-cvv");
  EXPECT_THAT(StatusOf(document), ErrorIs(Code::kPolicyInvalid, "policy.invalid"));
  EXPECT_THAT(std::string(document.status().message()), HasSubstr("PCI DSS 3.3.1"));
}

TEST_F(Clauses, LL_04_PreferencesAreThoseOfABrowserThatAcceptedACookie) {
  const Who browser = Who::Tag("cookie-9f2c");
  const Collected stored =
      Store(Under("visit-1", "web", browser), "browser_preferences", Preferences());
  EXPECT_EQ(*world_.Read({"service", browser, "browser_preferences", "language"}), "de");
  world_.ExpectAllowed(EventKind::kRead, "service", "language");
  EXPECT_EQ(WhyNot(world_.Read({"support", browser, "browser_preferences", "language"})),
            Reason::kNotCollectedFor);
  world_.ExpectRefused(EventKind::kRead, "support", Reason::kNotCollectedFor);
  // They identify preferences, and not who has them.
  EXPECT_EQ(world_.Read({"service", Who::Ref("cookie-9f2c"), "browser_preferences", "language"})
                .status()
                .code(),
            Code::kNotFound);
  EXPECT_THAT(world_.RawReaders(stored.handle, "browser_preferences", "language"),
              UnorderedElementsAre("service", "rights", "upkeep"));
}

TEST_F(Clauses, LL_04_WhoeverRefusesCookiesLeavesNothingAndIsServedAllTheSame) {
  const std::vector<size_t> before = world_.Rows();
  const Result<Collected> none =
      world_.Collect(Under("visit-1", "web", Who::Nobody()), "browser_preferences", Preferences());
  ASSERT_THAT(StatusOf(none), IsOk());
  EXPECT_EQ(none->disregarded, 1u);
  EXPECT_THAT(none->records, IsEmpty());
  EXPECT_THAT(world_.Events(EventKind::kCollect), IsEmpty());
  // A number that is everybody's, and nothing else.
  std::vector<size_t> after = world_.Rows();
  EXPECT_EQ(std::accumulate(after.begin(), after.end(), size_t{0}),
            std::accumulate(before.begin(), before.end(), size_t{0}) + 1);

  std::vector<FieldInput> given;
  given.emplace_back("email", MakeSecret(kAddress));
  Store(Under("signup-1", "web"), "account", std::move(given));
  EXPECT_EQ(*world_.Read({"service", kAda, "account", "email"}), kAddress);
  const Collected line = Store(Under("visit-1", "web", Who::Nobody()), "web_log", Line());
  EXPECT_EQ(*world_.Read({"network", Who::ByHandle(line.handle), "web_log", "request.path",
                          line.records.front()}),
            "/help/chat");
}

TEST_F(Clauses, LL_05_ServersLogRequestsAndOnlySecuritySeesWholeAddresses) {
  const Collected stored = Store(Under("visit-1", "web", Who::Nobody()), "web_log", Line());
  const Who visitor = Who::ByHandle(stored.handle);
  const RecordId id = stored.records.front();

  EXPECT_EQ(*world_.Read({"security", visitor, "web_log", "ip", id}), "83.149.9.216");
  world_.ExpectAllowed(EventKind::kRead, "security", "ip");
  EXPECT_EQ(*world_.Read({"security", visitor, "web_log", "cookie", id}), "id=9f2c");
  EXPECT_EQ(*world_.Read({"network", visitor, "web_log", "ip.net", id}), "83.149.9.0/24");
  EXPECT_EQ(*world_.Read({"network", visitor, "web_log", "request.path", id}), "/help/chat");
  EXPECT_THAT(*world_.Read({"improve.service", visitor, "web_log", "language", id}),
              StartsWith("de-AT"));
  world_.Events(EventKind::kRead);

  for (const std::string_view purpose : {"network", "audit", "improve.service", "service"}) {
    for (const std::string_view field : {"ip", "cookie", "request"}) {
      EXPECT_EQ(WhyNot(world_.Read({purpose, visitor, "web_log", field, id})),
                Reason::kNotCollectedFor);
      world_.ExpectRefused(EventKind::kRead, purpose, Reason::kNotCollectedFor);
    }
  }
  for (const std::string_view field : {"ip", "cookie", "request"}) {
    EXPECT_THAT(world_.RawReaders(stored.handle, "web_log", field),
                UnorderedElementsAre("security", "legal.process", "rights", "upkeep"));
  }
}

TEST_F(Clauses, LL_05_EachVisitorWithoutANameIsAnother) {
  const Collected first = Store(Under("visit-1", "web", Who::Nobody()), "web_log", Line());
  const Collected second = Store(Under("visit-1", "web", Who::Nobody()), "web_log", Line());
  EXPECT_NE(first.handle, second.handle);
  // No list leads to either: not by name, and the log has no lookup.
  EXPECT_EQ(world_.Rows()[static_cast<size_t>(store::Table::kLookup)], 0u);
}

TEST_F(Clauses, LL_05_LinesPastTheirTimeAreNeitherReadNorTaken) {
  const Collected stored = Store(Under("visit-1", "web", Who::Nobody()), "web_log", Line());
  const Who visitor = Who::ByHandle(stored.handle);
  const RecordId id = stored.records.front();
  const ClauseWorld::Question by_law{"legal.process", visitor, "web_log", "ip", id, kCase};
  world_.clock().AdvanceDays(89);
  EXPECT_THAT(StatusOf(world_.Read(by_law)), IsOk());
  EXPECT_THAT(StatusOf(world_.Read({"security", visitor, "web_log", "ip", id})), IsOk());
  world_.clock().AdvanceDays(1);
  world_.Events(EventKind::kRead);
  EXPECT_EQ(WhyNot(world_.Read(by_law)), Reason::kPastRetention);
  world_.ExpectRefused(EventKind::kRead, "legal.process", Reason::kPastRetention);
  // Security may not know who exists: it is told of nothing, and the trail has the reason.
  EXPECT_EQ(world_.Read({"security", visitor, "web_log", "ip", id}).status().code(),
            Code::kNotFound);
  world_.ExpectRefused(EventKind::kRead, "security", Reason::kPastRetention);
  EXPECT_EQ(*world_.Read({"audit", visitor, "web_log", "request.path", id}), "/help/chat");

  CollectRequest late = Under("visit-1", "web", Who::Nobody());
  late.collected_at = Timestamp{kJune2013.unix_ms + kMillisPerDay};  // 89 days ago
  const Collected old = Store(late, "web_log", Line());
  EXPECT_THAT(world_.RawReaders(old.handle, "web_log", "ip"),
              UnorderedElementsAre("security", "legal.process", "rights", "upkeep"));
  // What the network team and the service may use for 30 days only is never keyed for them.
  EXPECT_THAT(world_.RawReaders(old.handle, "web_log", "ip.net"),
              UnorderedElementsAre("security", "legal.process", "rights", "upkeep"));
  EXPECT_FALSE(world_.RawReaders(old.handle, "web_log", "language").contains("service"));

  late.collected_at = kJune2013;  // 90 days ago: nobody may use the cookie any more
  const std::vector<size_t> before = world_.Rows();
  EXPECT_EQ(WhyNot(world_.Collect(late, "web_log", Line())), Reason::kPastRetention);
  world_.ExpectRefused(EventKind::kCollect, "", Reason::kPastRetention);
  EXPECT_EQ(world_.Rows(), before);
}

TEST_F(Clauses, LL_05_OldLinesAreTakenForWhatTheirViewsAreStillOfUse) {
  std::vector<FieldInput> line = Line();
  line.pop_back();  // the cookie has no view
  std::vector<FieldInput> again = Line();
  again.pop_back();
  world_.clock().AdvanceDays(179);
  CollectRequest late = Under("visit-1", "web", Who::Nobody());
  late.collected_at = kJune2013;
  const Collected stored = Store(late, "web_log", std::move(line));
  const Who visitor = Who::ByHandle(stored.handle);
  const RecordId id = stored.records.front();
  EXPECT_EQ(*world_.Read({"audit", visitor, "web_log", "request.path", id}), "/help/chat");

  // Of what only security, the law and the network team might have used nothing is kept.
  const auto raw = world_.Raw(stored.handle, "web_log");
  for (const std::string field : {"request", "request.host", "ip", "ip.net"}) {
    EXPECT_EQ(raw.count(field), 0u) << field;
  }
  EXPECT_THAT(world_.RawReaders(stored.handle, "web_log", "request.path"),
              UnorderedElementsAre("audit", "improve.service", "rights", "upkeep"));
  EXPECT_THAT(world_.RawReaders(stored.handle, "web_log", "ip.region"),
              UnorderedElementsAre("tally", "rights", "upkeep"));

  world_.clock().AdvanceDays(1);
  EXPECT_EQ(WhyNot(world_.Collect(late, "web_log", std::move(again))), Reason::kPastRetention);
}

TEST_F(Clauses, LL_13_SecurityAndWhoeverTheLawObligesReadLogsForThatAlone) {
  const Collected line = Store(Under("visit-1", "web", Who::Nobody()), "web_log", Line());
  const Who visitor = Who::ByHandle(line.handle);
  const RecordId id = line.records.front();
  EXPECT_EQ(*world_.Read({"security", visitor, "web_log", "ip", id}), "83.149.9.216");
  world_.ExpectAllowed(EventKind::kRead, "security", "ip");
  // A law is named each time, by its case.
  EXPECT_EQ(WhyNot(world_.Read({"legal.process", visitor, "web_log", "ip", id})),
            Reason::kCaseMissing);
  world_.ExpectRefused(EventKind::kRead, "legal.process", Reason::kCaseMissing);
  EXPECT_EQ(*world_.Read({"legal.process", visitor, "web_log", "ip", id, kCase}), "83.149.9.216");
  world_.ExpectAllowed(EventKind::kRead, "legal.process", "ip");
  EXPECT_THAT(world_.RawReaders(line.handle, "web_log", "ip"),
              UnorderedElementsAre("security", "legal.process", "rights", "upkeep"));
}

TEST_F(Clauses, LL_06_SupportReadsMessagesAndImprovingOnlyWhatTheyAreAbout) {
  std::string body(size_t{900} << 10, 'x');
  body += " with the whole story of user-4711";
  std::vector<FieldInput> message;
  message.emplace_back("body", MakeSecret(body));
  message.emplace_back("from", MakeSecret("ada@analytical.example"));
  message.emplace_back("topic", MakeSecret("refund"));
  message.emplace_back("language", MakeSecret("en"));
  const Collected stored = Store(Under("inquiry-1", "mail"), "communication", std::move(message));
  const RecordId id = stored.records.front();

  EXPECT_EQ(*world_.Read({"support", kAda, "communication", "body", id}), body);
  world_.ExpectAllowed(EventKind::kRead, "support", "body");
  EXPECT_EQ(*world_.Read({"improve.service", kAda, "communication", "topic", id}), "refund");
  EXPECT_EQ(*world_.Read({"improve.service", kAda, "communication", "language", id}), "en");
  EXPECT_EQ(*world_.Read({"improve.service", kAda, "communication", "body.length", id}), "1048576");
  world_.Events(EventKind::kRead);
  for (const std::string_view field : {"body", "from", "at"}) {
    EXPECT_EQ(WhyNot(world_.Read({"improve.service", kAda, "communication", field, id})),
              Reason::kNotCollectedFor);
    world_.ExpectRefused(EventKind::kRead, "improve.service", Reason::kNotCollectedFor);
  }
  auto raw = world_.Raw(stored.handle, "communication");
  for (const std::string field : {"body", "from"})
    EXPECT_FALSE(raw[field].contains("improve.service"));
  EXPECT_TRUE(raw["body.length"].contains("improve.service"));
}

TEST_F(Clauses, LL_07_WhatAPartnerSendsServesTheServiceAndNothingElse) {
  std::vector<FieldInput> given;
  given.emplace_back("email", MakeSecret("ada@analytical.example"));
  const Collected stored = Store(Under("partner-1", "partner-site"), "account", std::move(given));

  EXPECT_EQ(*world_.Read({"service", kAda, "account", "email"}), "ada@analytical.example");
  world_.ExpectAllowed(EventKind::kRead, "service", "email");
  EXPECT_EQ(WhyNot(world_.Read({"support", kAda, "account", "email"})), Reason::kNotCollectedFor);
  world_.ExpectRefused(EventKind::kRead, "support", Reason::kNotCollectedFor);
  EXPECT_EQ(world_.Read({"security", kAda, "account", "email"}).status().code(), Code::kNotFound);
  world_.ExpectRefused(EventKind::kRead, "security", Reason::kNotCollectedFor);
  EXPECT_THAT(world_.RawReaders(stored.handle, "account", "email"),
              UnorderedElementsAre("service", "rights", "upkeep"));
  EXPECT_THAT(world_.RawReaders(stored.handle, "account", "email.domain"),
              UnorderedElementsAre("service", "rights", "upkeep"));
}

TEST_F(Clauses, LL_07_SourcesAndNoticesThatAreNotDeclaredTogetherAreRefused) {
  const auto collect = [&](std::string_view notice, std::string_view source) {
    return WhyNot(world_.Collect(Under(notice, source), "account", Account()));
  };
  const std::vector<size_t> before = world_.Rows();
  EXPECT_EQ(collect("partner-1", "some-site"), Reason::kUnknownSource);
  world_.ExpectRefused(EventKind::kCollect, "", Reason::kUnknownSource);
  EXPECT_EQ(collect("signup-1", "partner-site"), Reason::kNotCollectedFor);
  world_.ExpectRefused(EventKind::kCollect, "", Reason::kNotCollectedFor);
  EXPECT_EQ(collect("partner-1", "web"), Reason::kNotCollectedFor);
  world_.ExpectRefused(EventKind::kCollect, "", Reason::kNotCollectedFor);
  EXPECT_EQ(world_.Rows(), before);
}

TEST_F(Clauses, LL_08_ThePurposesAreThoseOfTheTextAndEachCitesIt) {
  EXPECT_THAT(world_.Leaves(),
              UnorderedElementsAre("service", "billing", "support", "improve.service",
                                   "improve.combined", "audit", "research", "network", "develop",
                                   "contact.news", "contact.policy", "share.partner", "security",
                                   "legal.process", "legal.terms", "legal.harm"));
  const auto document = PolicyDocument::FromText(PolicyText("livelook_2013"), "livelook");
  ASSERT_THAT(StatusOf(document), IsOk());
  for (const auto& purpose : document->Describe().purposes) {
    if (!purpose.leaf) continue;
    EXPECT_THAT(purpose.clause, StartsWith("LL-")) << purpose.id;
  }
}

TEST_F(Clauses, LL_08_EachPurposeReadsWhatItIsForAndNoMore) {
  Store(Under("signup-1", "web"), "account", Account());
  EXPECT_EQ(*world_.Read({"improve.service", kAda, "account", "email.domain"}),
            "analytical.example");
  world_.ExpectAllowed(EventKind::kRead, "improve.service", "email.domain");
  EXPECT_EQ(WhyNot(world_.Read({"improve.service", kAda, "account", "email"})),
            Reason::kNotCollectedFor);
  world_.ExpectRefused(EventKind::kRead, "improve.service", Reason::kNotCollectedFor);

  const Collected line = Store(Under("visit-1", "web", Who::Nobody()), "web_log", Line());
  const Who visitor = Who::ByHandle(line.handle);
  const RecordId id = line.records.front();
  const struct {
    std::string_view purpose, reads, value, refused;
  } uses[] = {{"network", "ip.net", "83.149.9.0/24", "ip"},
              {"audit", "request.path", "/help/chat", "agent"},
              {"improve.service", "at.day", "2013-06-01", "at"}};
  for (const auto& use : uses) {
    EXPECT_EQ(*world_.Read({use.purpose, visitor, "web_log", use.reads, id}), use.value);
    world_.ExpectAllowed(EventKind::kRead, use.purpose, use.reads);
    EXPECT_EQ(WhyNot(world_.Read({use.purpose, visitor, "web_log", use.refused, id})),
              Reason::kNotCollectedFor);
    world_.ExpectRefused(EventKind::kRead, use.purpose, Reason::kNotCollectedFor);
    EXPECT_FALSE(
        world_.RawReaders(line.handle, "web_log", use.refused).contains(std::string(use.purpose)));
  }
}

TEST_F(Clauses, LL_08_AnyOtherPurposeIsUnknown) {
  EXPECT_EQ(WhyNot(world_.TryAs("marketing")), Reason::kUnknownPurpose);
  world_.ExpectRefused(EventKind::kAs, "", Reason::kUnknownPurpose);
  // Nor can one act for all that lies below a purpose at once.
  for (const std::string_view inner : {"improve", "contact", "legal"}) {
    EXPECT_EQ(WhyNot(world_.TryAs(inner)), Reason::kUnknownPurpose);
    world_.ExpectRefused(EventKind::kAs, "", Reason::kUnknownPurpose);
  }
  // A purpose that exists, without its key.
  EXPECT_EQ(WhyNot(world_.TryAs("billing")), Reason::kPurposeKeyMissing);
  world_.ExpectRefused(EventKind::kAs, "billing", Reason::kPurposeKeyMissing);
}

TEST_F(Clauses, LL_08_ResearchSeesReportsOnly) {
  const Collected stored = Store(Under("visit-1", "web", Who::Nobody()), "web_log", Line());
  const Who visitor = Who::ByHandle(stored.handle);
  EXPECT_EQ(
      WhyNot(world_.Read({"research", visitor, "web_log", "ip.region", stored.records.front()})),
      Reason::kIndividualReadOfReportData);
  world_.ExpectRefused(EventKind::kRead, "research", Reason::kIndividualReadOfReportData);
  for (auto& [field, readers] : world_.Raw(stored.handle, "web_log"))
    EXPECT_FALSE(readers.contains("research")) << field;
}

}  // namespace
}  // namespace bailee
