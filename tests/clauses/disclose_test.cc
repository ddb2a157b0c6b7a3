// SPDX-License-Identifier: Apache-2.0
#include "bailee/disclose.h"

#include "bailee/ledger.h"
#include "clauses/clause_world.h"

// The clauses by which something leaves.
namespace bailee {
namespace {

using audit::EventKind;
using testing::IsOk;
using testing::StatusOf;

class Leaving : public ::testing::Test {
 protected:
  void SetUp() override {
    std::vector<FieldInput> fields;
    fields.emplace_back("name", MakeSecret("Ada Lovelace"));
    fields.emplace_back("email", MakeSecret(kAddress));
    const auto stored =
        world_.Collect({.who = kAda, .notice = "signup-1", .source = "web", .on_behalf_of = {}},
                       "account", std::move(fields));
    ASSERT_THAT(StatusOf(stored), IsOk());
    handle_ = stored->handle;
    world_.Events(EventKind::kCollect);
  }

  struct Way {
    std::string_view purpose;
    std::string_view recipient;
    std::string_view ground;
    std::string_view case_reference = {};
  };
  // The address, by a process that holds that purpose alone.
  Result<std::string> Give(const Way& way, std::string_view field = "email") {
    return world_.With({std::string(way.purpose)}, [&](Vault& vault) -> Result<std::string> {
      Result<Session> session = vault.As(way.purpose);
      if (!session.ok()) return session.status();
      const Result<Disclosure> given = session->Disclose({.who = kAda,
                                                          .category = "account",
                                                          .fields = {field},
                                                          .recipient = way.recipient,
                                                          .ground = way.ground,
                                                          .case_reference = way.case_reference});
      if (!given.ok()) return given.status();
      return TextOf(given->records.front().At(field));
    });
  }
  std::vector<DisclosureInfo> Accounted() {
    return world_.With({"rights"}, [&](Vault& vault) {
      auto list = vault.As("rights")->Disclosures(kAda);
      EXPECT_THAT(StatusOf(list), IsOk());
      return list.ok() ? *std::move(list) : std::vector<DisclosureInfo>();
    });
  }
  Status Say(const LedgerEvent& event, const std::vector<std::string>& purposes = {}) {
    return world_.With(purposes, [&](Vault& vault) { return vault.Record(kAda, event).status(); });
  }
  // Brings the keys into line with what was said, as a process that holds `service` does when it
  // opens the vault.
  void DoKeyWork() {
    world_.With({"service", "share.partner"}, [](Vault& vault) {
      EXPECT_THAT(StatusOf(vault.Upkeep()), IsOk());
      return 0;
    });
  }
  // The one event since the last look.
  EventRecorder::Seen Event() {
    const auto seen = world_.Events(EventKind::kDisclose);
    EXPECT_EQ(seen.size(), 1U);
    return seen.empty() ? EventRecorder::Seen{} : seen.front();
  }

  ClauseWorld world_{"livelook_2013", kJune2013};
  Handle handle_;
};

TEST_F(Leaving, LL_13_NothingLeavesButOnAGroundWhoseConditionsHold) {
  // (c): for a law, with a case, and accounted for.
  EXPECT_EQ(*Give({"legal.process", "authority", "LAW", kCase}), kAddress);
  EventRecorder::Seen seen = Event();
  EXPECT_TRUE(seen.write) << "in the transaction that accounts for it";
  EXPECT_EQ(seen.outcome, audit::Outcome::kAllowed);
  EXPECT_EQ(seen.recipient, "authority");
  EXPECT_EQ(seen.ground, "LAW");
  EXPECT_EQ(seen.case_reference, kCase);
  ASSERT_EQ(Accounted().size(), 1U);
  const DisclosureInfo row = Accounted().front();
  EXPECT_EQ(row.sequence, 1U);
  EXPECT_EQ(row.recipient, "authority");
  EXPECT_EQ(row.fields, std::vector<std::string>{"email"});

  world_.Events(EventKind::kDisclose);
  for (const Way& way : {Way{"legal.process", "authority", "LAW"},
                         Way{"legal.terms", "authority", "TERMS_OF_SERVICE"},
                         Way{"legal.harm", "authority", "IMMINENT_HARM"},
                         Way{"security", "authority", "FRAUD_OR_SECURITY", "2013 CV 17"}}) {
    EXPECT_EQ(WhyNot(Give(way)), Reason::kCaseMissing) << way.ground;
    world_.ExpectRefused(EventKind::kDisclose, way.purpose, Reason::kCaseMissing);
  }
  EXPECT_EQ(WhyNot(Give({"legal.process", "authority", "IMMINENT_HARM", kCase})),
            Reason::kGroundNotMet);
  EXPECT_EQ(WhyNot(Give({"legal.process", "acquirer", "LAW", kCase})), Reason::kRecipientNotListed);
  EXPECT_EQ(WhyNot(Give({"legal.process", "somebody", "LAW", kCase})), Reason::kUnknownRecipient);
  // Reading is not giving away.
  EXPECT_TRUE(world_.Read({"service", kAda, "account", "email"}).ok());
  EXPECT_EQ(WhyNot(Give({"support", "authority", "LAW", kCase})), Reason::kRecipientNotListed);
  EXPECT_EQ(Accounted().size(), 1U) << "what was refused has no row";
}

TEST_F(Leaving, LL_13_AProcessorGetsWhatItsAgreementIsFor) {
  std::vector<FieldInput> card;
  card.emplace_back("pan", MakeSecret("4111111111111111"));
  card.emplace_back("expiry", MakeSecret("12/15"));
  const auto stored =
      world_.Collect({.who = kAda, .notice = "checkout-1", .source = "web", .on_behalf_of = {}},
                     "payment_card", std::move(card));
  ASSERT_THAT(StatusOf(stored), IsOk());
  const auto charge = [&](std::string_view ground) {
    return world_.With({"billing"}, [&](Vault& vault) {
      return StatusOf(vault.As("billing")->Disclose({.who = kAda,
                                                     .category = "payment_card",
                                                     .records = {stored->records.front()},
                                                     .fields = {"pan", "expiry"},
                                                     .recipient = "acquirer",
                                                     .ground = ground}));
    });
  };
  EXPECT_THAT(charge("ON_OUR_BEHALF"), IsOk());
  EXPECT_EQ(WhyNot(charge("CONSENT")), Reason::kGroundNotMet);
  EXPECT_EQ(Accounted().front().recipient, "acquirer");
  // The law may ask for the number, and not for when it expires.
  const auto oblige = [&](std::string_view field) {
    return world_.With({"legal.process"}, [&](Vault& vault) {
      return StatusOf(vault.As("legal.process")
                          ->Disclose({.who = kAda,
                                      .category = "payment_card",
                                      .records = {stored->records.front()},
                                      .fields = {field},
                                      .recipient = "authority",
                                      .ground = "LAW",
                                      .case_reference = kCase}));
    });
  };
  EXPECT_THAT(oblige("pan"), IsOk());
  EXPECT_EQ(WhyNot(oblige("expiry")), Reason::kNotCollectedFor);
}

TEST_F(Leaving, LL_13_WithConsentAndNoLongerThanIt) {
  const Way way{"share.partner", "partner", "CONSENT"};
  EXPECT_EQ(Give(way).status().code(), Code::kNotFound) << "it may not know who there is";
  // No key, whatever anybody decides.
  EXPECT_FALSE(world_.RawReaders(handle_, "account", "email").contains("share.partner"));

  ASSERT_THAT(Say({.kind = LedgerKind::kGiven, .purpose = "share.partner", .notice = "share-1"}),
              IsOk());
  DoKeyWork();
  world_.Events(EventKind::kDisclose);
  EXPECT_EQ(*Give(way), kAddress);
  EXPECT_EQ(Event().recipient, "partner");
  EXPECT_TRUE(world_.RawReaders(handle_, "account", "email").contains("share.partner"));

  ASSERT_THAT(Say({.kind = LedgerKind::kWithdrawn, .purpose = "share.partner"}), IsOk());
  EXPECT_EQ(Give(way).status().code(), Code::kNotFound);
  EXPECT_THAT(Event().reasons, ::testing::Contains(Reason::kConsentWithdrawn))
      << "the trail says why";
  EXPECT_FALSE(world_.RawReaders(handle_, "account", "email").contains("share.partner"));
  EXPECT_EQ(Accounted().size(), 1U) << "what left stays accounted for";
}

TEST_F(Leaving, LL_13_RestrictedDataLeavesOnNoGround) {
  ASSERT_THAT(Say({.kind = LedgerKind::kRestricted}), IsOk());
  EXPECT_EQ(WhyNot(Give({"legal.process", "authority", "LAW", kCase})), Reason::kRestricted);
  world_.ExpectRefused(EventKind::kDisclose, "legal.process", Reason::kRestricted);
}

TEST_F(Leaving, LL_14_NothingPassesToASuccessorBeforeThePersonWasToldAndTheWaitIsOver) {
  const Way way{"service", "successor", "SUCCESSION"};
  EXPECT_EQ(WhyNot(Give(way)), Reason::kNoticeMissing);
  world_.ExpectRefused(EventKind::kDisclose, "service", Reason::kNoticeMissing);

  // Another notice is not this one.
  ASSERT_THAT(Say({.kind = LedgerKind::kNoticeShown, .notice = "signup-1"}), IsOk());
  EXPECT_EQ(WhyNot(Give(way)), Reason::kNoticeMissing);
  ASSERT_THAT(Say({.kind = LedgerKind::kNoticeShown, .notice = "succession-1"}), IsOk());
  EXPECT_EQ(WhyNot(Give(way)), Reason::kNoticeMissing);
  world_.clock().AdvanceDays(29);
  EXPECT_EQ(WhyNot(Give(way)), Reason::kNoticeMissing);
  world_.clock().AdvanceDays(1);
  world_.Events(EventKind::kDisclose);
  EXPECT_EQ(*Give(way), kAddress);
  EXPECT_EQ(Event().ground, "SUCCESSION");
  EXPECT_EQ(Accounted().size(), 1U);
  world_.clock().AdvanceDays(335);
  EXPECT_EQ(WhyNot(Give(way)), Reason::kNoticeMissing) << "a year after the notice it is too late";
}

}  // namespace
}  // namespace bailee
