// SPDX-License-Identifier: Apache-2.0
#include "bailee/disclose.h"
#include "bailee/ledger.h"
#include "stories.h"
#include "support/event_recorder.h"

// The list of addresses that are not written to.
namespace bailee {
namespace {

using audit::EventKind;
using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

constexpr std::string_view kNews = "contact.news";

std::vector<Secret> Secrets(std::initializer_list<std::string_view> texts) {
  std::vector<Secret> secrets;
  for (const std::string_view text : texts) secrets.push_back(MakeSecret(text));
  return secrets;
}

Reason WhyNot(const Status& status) {
  return status.refusal() == nullptr ? Reason::kUnknownPurpose : status.refusal()->reasons.front();
}

class SuppressionTest : public ::testing::Test {
 protected:
  Reason Asked(Vault& vault, std::string_view address) {
    return WhyNot(vault.MayContact(kNews, MakeSecret(address)).status());
  }
  std::shared_ptr<EventRecorder> events = std::make_shared<EventRecorder>();
  TempVault temp{PolicyText("livelook_2013")};
};

TEST_F(SuppressionTest, AnAddressIsListedInWhateverCase) {
  Vault vault = temp.Open({});
  const auto done = vault.Suppress(Secrets({"Ada@Example.org", "ada@example.ORG", "nonsense", ""}));
  ASSERT_THAT(StatusOf(done), IsOk());
  EXPECT_EQ(done->changed, 1U);
  EXPECT_EQ(done->unchanged, 1U);
  EXPECT_EQ(done->invalid, (std::vector<size_t>{2, 3}));
  EXPECT_EQ(Asked(vault, " ADA@example.org "), Reason::kContactSuppressed);
  EXPECT_EQ(Asked(vault, "ada@example.com"), Reason::kConsentMissing);
}

TEST_F(SuppressionTest, TheListHoldsNoAddress) {
  {
    Vault vault = temp.Open({});
    ASSERT_TRUE(vault.Suppress(Secrets({"ada@example.org"})).ok());
  }
  const RawRows rows(temp.path());
  const auto [key, value] = rows.Only(store::Table::kLedger, Prefix(0x02));
  EXPECT_EQ(key.size(), 17U);
  EXPECT_EQ(value, Bytes{1});
}

TEST_F(SuppressionTest, OnlyWhoeverAnswersPeopleTakesAnAddressOff) {
  {
    Vault vault = temp.Open({"support"}, {.events = events});
    ASSERT_TRUE(vault.Suppress(Secrets({"ada@example.org"})).ok());
    events->Take();
    EXPECT_EQ(WhyNot(vault.Unsuppress(Secrets({"ada@example.org"})).status()),
              Reason::kPurposeKeyMissing);
    const auto seen = events->Take();
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen.front().kind, EventKind::kSuppress);
    EXPECT_EQ(seen.front().outcome, audit::Outcome::kRefused);
    EXPECT_EQ(Asked(vault, "ada@example.org"), Reason::kContactSuppressed);
  }
  Vault vault = temp.Open({"rights"});
  EXPECT_EQ(vault.Unsuppress(Secrets({"ada@example.org", "bob@example.org"}))->changed, 1U);
  EXPECT_EQ(Asked(vault, "ada@example.org"), Reason::kConsentMissing);
}

TEST_F(SuppressionTest, TagsComeBackAsTheyWent) {
  std::vector<SuppressionTag> tags;
  {
    Vault vault = temp.Open({"rights"});
    for (int i = 0; i < 25; ++i) {
      const std::string address = "user" + std::to_string(i) + "@example.org";
      ASSERT_TRUE(vault.Suppress(Secrets({address})).ok());
    }
    std::optional<SuppressionTag> after;
    for (;;) {
      const auto some = vault.Suppressions(after, 10);
      ASSERT_THAT(StatusOf(some), IsOk());
      if (some->empty()) break;
      EXPECT_LE(some->size(), 10U);
      tags.insert(tags.end(), some->begin(), some->end());
      after = tags.back();
    }
    EXPECT_EQ(tags.size(), 25U);
    ASSERT_EQ(vault.Unsuppress(Secrets({"user7@example.org"}))->changed, 1U);
    EXPECT_EQ(vault.SuppressTags(tags)->changed, 1U);
    EXPECT_EQ(Asked(vault, "user7@example.org"), Reason::kContactSuppressed);
  }
}

TEST_F(SuppressionTest, ACallHasALimit) {
  Vault vault = temp.Open({});
  std::vector<SuppressionTag> tags(10'001);
  EXPECT_THAT(StatusOf(vault.SuppressTags(tags)),
              ErrorIs(Code::kInvalidValue, "suppress.too-many"));
  for (size_t i = 0; i < tags.size(); ++i) {
    tags[i].bytes[0] = static_cast<uint8_t>(i);
    tags[i].bytes[1] = static_cast<uint8_t>(i >> 8);
  }
  tags.pop_back();
  EXPECT_EQ(vault.SuppressTags(tags)->changed, 10'000U);
}

TEST_F(SuppressionTest, QuestionsThatMakeNoSenseAreNoPermission) {
  Vault vault = temp.Open({}, {.events = events});
  const Secret address = MakeSecret("ada@example.org");
  EXPECT_EQ(WhyNot(vault.MayContact("nope", address).status()), Reason::kUnknownPurpose);
  EXPECT_EQ(WhyNot(vault.MayContact("contact", address).status()), Reason::kUnknownPurpose);
  EXPECT_EQ(WhyNot(vault.MayContact("service", address).status()), Reason::kNotCollectedFor);
  events->Take();
  EXPECT_EQ(vault.MayContact(kNews, MakeSecret("no address")).status().code(), Code::kInvalidValue);
  const auto seen = events->Take();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen.front().outcome, audit::Outcome::kFailed);
  events->Fail(true);
  EXPECT_EQ(vault.MayContact(kNews, address).status().code(), Code::kAuditDown);
}

TEST_F(SuppressionTest, AllWhoShareAnAddressMustPermitIt) {
  Vault vault = temp.Open({"support"});
  const Secret address = MakeSecret("family@example.org");
  const LedgerEvent yes{.kind = LedgerKind::kGiven, .purpose = kNews, .notice = "news-1"};
  for (const std::string_view who : {"ada", "bob"}) {
    ASSERT_TRUE(
        vault
            .Collect(
                {.who = Who::Ref(who), .notice = "signup-1", .source = "web", .on_behalf_of = {}})
            .Put("account", {{"email", MakeSecret("family@example.org")}})
            .Commit()
            .ok());
  }
  ASSERT_TRUE(vault.Record(Who::Ref("ada"), yes).ok());
  EXPECT_EQ(WhyNot(vault.MayContact(kNews, address).status()), Reason::kConsentMissing);
  EXPECT_THAT(StatusOf(vault.MayContact(kNews, Who::Ref("ada"), address)), IsOk());
  ASSERT_TRUE(vault.Record(Who::Ref("bob"), yes).ok());
  EXPECT_THAT(StatusOf(vault.MayContact(kNews, address)), IsOk());
}

}  // namespace
}  // namespace bailee
