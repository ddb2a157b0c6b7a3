// SPDX-License-Identifier: Apache-2.0
#include "clauses/clause_world.h"

// The clauses that hang on what a person said, or on whose behalf something is held.
namespace bailee {
namespace {

using audit::EventKind;
using ::testing::Contains;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;
using testing::StatusOf;
using ::testing::UnorderedElementsAre;

const Who kBrowser = Who::Tag("cookie-9f2c");

LedgerEvent Said(LedgerKind kind, std::string_view purpose, std::string_view notice = {}) {
  return {.kind = kind, .purpose = purpose, .notice = notice};
}

class LiveLook : public ClauseTest {
 protected:
  LiveLook() : ClauseTest("livelook_2013", kJune2013, kAda) {}

  static std::vector<FieldInput> Message() {
    std::vector<FieldInput> fields;
    fields.emplace_back("body", MakeSecret("my screen stays dark"));
    return fields;
  }
  static std::vector<FieldInput> Account() {
    std::vector<FieldInput> fields;
    fields.emplace_back("name", MakeSecret("Ada Lovelace"));
    fields.emplace_back("email", MakeSecret("ada@analytical.example"));
    return fields;
  }
  static std::vector<FieldInput> Bank(bool with_country) {
    std::vector<FieldInput> fields;
    fields.emplace_back("iban", MakeSecret("DE89370400440532013000"));
    if (with_country) fields.emplace_back("country", MakeSecret("GB"));
    return fields;
  }
  // A session's answer and what is recorded of it, without what names the one who asked.
  struct Told {
    Code code = Code::kOk;
    std::string name;
    std::string message;
    std::string hint;
    std::vector<Reason> recorded;
    bool operator==(const Told&) const = default;
  };
  Told Ask(const ClauseWorld::Question& question) {
    world_.Events(EventKind::kRead);
    const Status status = world_.Read(question).status();
    const auto events = world_.Events(EventKind::kRead);
    EXPECT_EQ(events.size(), 1U);
    return {status.code(),
            std::string(status.name()),
            std::string(status.message()),
            std::string(status.hint()),
            {}};
  }
};

TEST_F(LiveLook, LL_09_WhatIsHeldForAnotherIsUsedAsItInstructs) {
  CollectRequest request = Under("inquiry-1", "mail");
  request.on_behalf_of = "technology-partner";
  const Collected theirs = Store(request, "communication", Message());
  const RecordId id = theirs.records.front();

  ClauseWorld::Question ask{"support", kAda, "communication", "body", id};
  EXPECT_EQ(WhyNot(world_.Read(ask)), Reason::kOutsideInstructions) << "ours only";
  world_.ExpectRefused(EventKind::kRead, "support", Reason::kOutsideInstructions);
  ask.on_behalf_of = "technology-partner";
  EXPECT_EQ(*world_.Read(ask), "my screen stays dark");
  world_.ExpectAllowed(EventKind::kRead, "support", "body");

  // Its instructions name support alone: no other purpose has a key.
  ask.purpose = "legal.process";
  ask.case_reference = kCase;
  EXPECT_EQ(WhyNot(world_.Read(ask)), Reason::kOutsideInstructions);
  world_.ExpectRefused(EventKind::kRead, "legal.process", Reason::kOutsideInstructions);
  EXPECT_THAT(world_.RawReaders(theirs.handle, "communication", "body"),
              UnorderedElementsAre("support", "rights", "upkeep"));

  // Nothing of another category is held for it at all.
  CollectRequest bank = Under("checkout-1", "web");
  bank.on_behalf_of = "technology-partner";
  EXPECT_EQ(WhyNot(world_.Collect(bank, "bank_account", Bank(false))),
            Reason::kOutsideInstructions);
}

TEST_F(LiveLook, LL_10_SensitiveDataServesNoFurtherPurposeBeforeConsent) {
  // What nobody needs is not even collected before consent.
  EXPECT_EQ(WhyNot(world_.Collect(Under("checkout-2", "web"), "bank_account", Bank(true))),
            Reason::kConsentMissing);
  world_.ExpectRefused(EventKind::kCollect, "", Reason::kConsentMissing);

  const Collected stored = Store(Under("checkout-2", "web"), "bank_account", Bank(false));
  const RecordId id = stored.records.front();
  const ClauseWorld::Question ask{"develop", kAda, "bank_account", "iban.last4", id};
  EXPECT_FALSE(world_.Read(ask).ok());
  world_.ExpectRefused(EventKind::kRead, "develop", Reason::kConsentMissing);
  EXPECT_THAT(world_.RawReaders(stored.handle, "bank_account", "iban.last4"),
              Not(Contains("develop")));

  ASSERT_THAT(StatusOf(world_.Say(kAda, Said(LedgerKind::kGiven, "develop", "checkout-2"))),
              IsOk());
  world_.Upkeep();
  EXPECT_EQ(*world_.Read(ask), "3000");
  world_.ExpectAllowed(EventKind::kRead, "develop", "iban.last4");
  const Collected more = Store(Under("checkout-2", "web"), "bank_account", Bank(true));
  EXPECT_EQ(*world_.Read({"develop", kAda, "bank_account", "country", more.records.front()}), "GB");
  world_.ExpectAllowed(EventKind::kRead, "develop", "country");
  EXPECT_THAT(world_.RawReaders(more.handle, "bank_account", "iban"), Not(Contains("develop")));

  ASSERT_THAT(StatusOf(world_.Say(kAda, Said(LedgerKind::kWithdrawn, "develop"))), IsOk());
  EXPECT_FALSE(world_.Read(ask).ok());
  world_.ExpectRefused(EventKind::kRead, "develop", Reason::kConsentWithdrawn);
  EXPECT_THAT(world_.RawReaders(stored.handle, "bank_account", "iban.last4"),
              Not(Contains("develop")));
}

TEST_F(LiveLook, LL_11_DevelopingSomethingElseWaitsForConsent) {
  const Collected stored = Store(Under("signup-1", "web"), "account", Account());
  const ClauseWorld::Question ask{"develop", kAda, "account", "email.domain"};
  EXPECT_FALSE(world_.Read(ask).ok());
  world_.ExpectRefused(EventKind::kRead, "develop", Reason::kNotCollectedFor);
  EXPECT_THAT(world_.RawReaders(stored.handle, "account", "email.domain"),
              Not(Contains("develop")));

  ASSERT_THAT(StatusOf(world_.Say(kAda, Said(LedgerKind::kGiven, "develop", "checkout-2"))),
              IsOk());
  world_.Upkeep();
  EXPECT_EQ(*world_.Read(ask), "analytical.example");
  world_.ExpectAllowed(EventKind::kRead, "develop", "email.domain");
}

TEST_F(LiveLook, LL_12_OneMayDeclineAndOnlyThoseWhoMayKnowAreTold) {
  const Collected stored = Store(Under("signup-1", "web"), "account", Account());
  ASSERT_THAT(
      StatusOf(world_.Say(
          kAda, {.kind = LedgerKind::kDeclined, .purpose = "service", .category = "account"})),
      IsOk());
  ASSERT_THAT(
      StatusOf(world_.Say(
          kAda, {.kind = LedgerKind::kDeclined, .purpose = "security", .category = "account"})),
      IsOk());

  // Service may know, and then does not serve.
  EXPECT_EQ(WhyNot(world_.Read({"service", kAda, "account", "email"})), Reason::kDeclined);
  world_.ExpectRefused(EventKind::kRead, "service", Reason::kDeclined);
  EXPECT_THAT(world_.RawReaders(stored.handle, "account", "name"), Not(Contains("service")));
  // What was not declined goes on.
  EXPECT_EQ(*world_.Read({"support", kAda, "account", "email"}), "ada@analytical.example");

  // Security may not: that somebody declined, is unknown, or gave nothing looks alike.
  const Told declined = Ask({"security", kAda, "account", "email"});
  const Told unknown = Ask({"security", Who::Ref("nobody-known"), "account", "email"});
  Store(Under("inquiry-1", "mail", Who::Ref("user-2")), "communication", Message());
  const Told absent = Ask({"security", Who::Ref("user-2"), "account", "email"});
  EXPECT_EQ(declined.code, Code::kNotFound);
  EXPECT_EQ(declined, unknown);
  EXPECT_EQ(declined, absent);

  // Who declined before giving anything is not collected from for that.
  const Who shy = Who::Ref("user-3");
  ASSERT_THAT(StatusOf(world_.Say(shy, Said(LedgerKind::kDeclined, "support"))), IsOk());
  CollectRequest inquiry = Under("inquiry-1", "mail", shy);
  EXPECT_THAT(StatusOf(world_.Collect(inquiry, "communication", Message())), IsOk())
      << "legal.process still needs it";
  EXPECT_EQ(WhyNot(world_.Read({"support", shy, "communication", "body", RecordId{}})),
            Reason::kDeclined);
}

class LiveOps : public ClauseTest {
 protected:
  LiveOps() : ClauseTest("liveops_2016", kJuly2016, kBrowser) {}

  static std::vector<FieldInput> Visit(bool with_page) {
    std::vector<FieldInput> fields;
    if (with_page) fields.emplace_back("page", MakeSecret("https://liveops.example/careers?x=1"));
    fields.emplace_back("language", MakeSecret("en-GB"));
    return fields;
  }
};

TEST_F(LiveOps, LO_10_WhoOptsOutOfInterestsStillGetsGenericAdvertisements) {
  const Collected stored = Store(Under("ads-1", "ad-partner"), "advertising", Visit(true));
  const RecordId id = stored.records.front();
  const ClauseWorld::Question interest{"advertising.interest", kBrowser, "advertising", "page.path",
                                       id};
  EXPECT_EQ(*world_.Read(interest), "/careers");
  world_.ExpectAllowed(EventKind::kRead, "advertising.interest", "page.path");

  // The browser says it by itself, along with its next visit.
  CollectRequest next = Under("ads-1", "ad-partner");
  next.signals = {"gpc"};
  EXPECT_EQ(WhyNot(world_.Collect(next, "advertising", Visit(true))), Reason::kObjected)
      << "what only interests would use is not collected";
  ASSERT_THAT(StatusOf(world_.Collect(next, "advertising", Visit(false))), IsOk());
  world_.Events(EventKind::kCollect);
  EXPECT_FALSE(world_.Read(interest).ok());
  world_.ExpectRefused(EventKind::kRead, "advertising.interest", Reason::kObjected);
  EXPECT_THAT(world_.RawReaders(stored.handle, "advertising", "page.path"),
              Not(Contains("advertising.interest")));

  EXPECT_EQ(*world_.Read({"advertising.generic", kBrowser, "advertising", "language", id}),
            "en-GB");
  world_.ExpectAllowed(EventKind::kRead, "advertising.generic", "language");
  EXPECT_FALSE(world_.Read({"advertising.generic", kBrowser, "advertising", "page.path", id}).ok());
}

}  // namespace
}  // namespace bailee
