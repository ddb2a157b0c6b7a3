// SPDX-License-Identifier: Apache-2.0
#include "bailee/disclose.h"
#include "bailee/ledger.h"
#include "clauses/clause_world.h"

// No e-mail without permission.
namespace bailee {
namespace {

using audit::EventKind;
using testing::IsOk;
using testing::StatusOf;

constexpr std::string_view kNews = "contact.news";

class Contact : public ::testing::Test {
 protected:
  void SetUp() override {
    std::vector<FieldInput> fields;
    fields.emplace_back("email", MakeSecret(kAddress));
    const auto stored =
        world_.Collect({.who = kAda, .notice = "signup-1", .source = "web", .on_behalf_of = {}},
                       "account", std::move(fields));
    ASSERT_THAT(StatusOf(stored), IsOk());
  }
  // By a process that may read nothing.
  Status May(const Who& who, std::string_view address = kAddress) {
    return world_.With({}, [&](Vault& vault) {
      return vault.MayContact(kNews, who, MakeSecret(address)).status();
    });
  }
  Status MayBare(std::string_view address, const std::vector<std::string>& purposes) {
    return world_.With(purposes, [&](Vault& vault) {
      return vault.MayContact(kNews, MakeSecret(address)).status();
    });
  }
  Status Say(const LedgerEvent& event) {
    return world_.With({}, [&](Vault& vault) { return vault.Record(kAda, event).status(); });
  }
  Status Suppress(std::string_view address) {
    return world_.With({}, [&](Vault& vault) {
      const Secret secret = MakeSecret(address);
      return vault.Suppress({&secret, 1}).status();
    });
  }
  static LedgerEvent Permission() {
    return {.kind = LedgerKind::kGiven, .purpose = kNews, .notice = "news-1"};
  }

  ClauseWorld world_{"livelook_2013", kJune2013};
};

TEST_F(Contact, LL_17_NobodyIsWrittenToWithoutAPermissionEvent) {
  EXPECT_EQ(WhyNot(May(kAda)), Reason::kConsentMissing);
  world_.ExpectRefused(EventKind::kMayContact, kNews, Reason::kConsentMissing);
  EXPECT_EQ(WhyNot(May(Who::Ref("nobody"))), Reason::kConsentMissing);
  EXPECT_EQ(WhyNot(MayBare("grace@cobol.example", {})), Reason::kConsentMissing);

  ASSERT_THAT(Say(Permission()), IsOk());
  world_.Events(EventKind::kMayContact);
  EXPECT_THAT(May(kAda), IsOk());
  const auto seen = world_.Events(EventKind::kMayContact);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen.front().outcome, audit::Outcome::kAllowed);
  EXPECT_EQ(seen.front().purpose, kNews);

  ASSERT_THAT(Say({.kind = LedgerKind::kWithdrawn, .purpose = "contact"}), IsOk());
  EXPECT_EQ(WhyNot(May(kAda)), Reason::kConsentMissing) << "as if nobody had ever said anything";
}

TEST_F(Contact, LL_17_ABareAddressAnswersAsWhoeverItBelongsToWhereThatCanBeFound) {
  ASSERT_THAT(Say(Permission()), IsOk());
  EXPECT_THAT(MayBare("Ada@Analytical.EXAMPLE", {"support"}), IsOk()) << "support may look it up";
  EXPECT_EQ(WhyNot(MayBare(kAddress, {})), Reason::kConsentMissing) << "whoever cannot, may not";
  EXPECT_EQ(WhyNot(MayBare("other@analytical.example", {"support"})), Reason::kConsentMissing);
}

TEST_F(Contact, LL_17_WhoeverIsOnTheListIsNotWrittenToWhateverTheySaid) {
  ASSERT_THAT(Say(Permission()), IsOk());
  ASSERT_THAT(Suppress("ADA@analytical.example"), IsOk());
  EXPECT_EQ(WhyNot(May(kAda)), Reason::kContactSuppressed);
  EXPECT_EQ(WhyNot(MayBare(kAddress, {"support"})), Reason::kContactSuppressed);
  EXPECT_THAT(May(kAda, "ada@new.example"), IsOk()) << "the list is of addresses, not of people";
  EXPECT_EQ(WhyNot(MayBare("grace@cobol.example", {})), Reason::kConsentMissing);
  ASSERT_THAT(Suppress("grace@cobol.example"), IsOk());
  EXPECT_EQ(WhyNot(MayBare("grace@cobol.example", {})), Reason::kContactSuppressed);
}

TEST_F(Contact, LL_17_AddressesAreNotGivenAway) {
  const auto give = [&](std::string_view field) {
    return world_.With({"share.partner"}, [&](Vault& vault) {
      return StatusOf(vault.As("share.partner")
                          ->Disclose({.who = kAda,
                                      .category = "account",
                                      .fields = {field},
                                      .recipient = "partner",
                                      .ground = "CONSENT"}));
    });
  };
  EXPECT_EQ(give("email").code(), Code::kNotFound);
  const auto seen = world_.Events(EventKind::kDisclose);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen.front().outcome, audit::Outcome::kRefused);
  EXPECT_THAT(seen.front().reasons, ::testing::Contains(Reason::kConsentMissing));
}

}  // namespace
}  // namespace bailee
