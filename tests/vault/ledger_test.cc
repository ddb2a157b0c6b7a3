// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "stories.h"
#include "support/raw_reader.h"

// What people say, and that the keys follow.
namespace bailee {
namespace {

using testing::ErrorIs;
using testing::StatusOf;

constexpr std::string_view kMail = "ada@example.org";
constexpr std::string_view kDomain = "example.org";

Result<Collected> Register(Vault& vault, Who who = Who::Ref(kUser)) {
  return vault.Collect({.who = who, .notice = "signup-1", .source = "web", .on_behalf_of = {}})
      .Put("account", {{"name", MakeSecret("Ada")}, {"email", MakeSecret(kMail)}})
      .Commit();
}

Result<std::string> ReadAccount(Vault& vault, std::string_view purpose, std::string_view field) {
  Result<Session> session = vault.As(purpose);
  if (!session.ok()) return session.status();
  Result<Record> record =
      session->Read({.who = Who::Ref(kUser), .category = "account", .fields = {field}});
  if (!record.ok()) return record.status();
  return TextOf(record->At(field));
}

Result<Recorded> Say(Vault& vault, const LedgerEvent& event) {
  return vault.Record(Who::Ref(kUser), event);
}

constexpr LedgerEvent kConsent{
    .kind = LedgerKind::kGiven, .purpose = "develop", .notice = "develop-1", .method = "web-form"};

LedgerEvent No(LedgerKind kind, std::string_view purpose, std::string_view category = {}) {
  return {.kind = kind, .purpose = purpose, .category = category};
}

LedgerEvent Just(LedgerKind kind) { return {.kind = kind}; }

// How many values a keyring opens in the raw file, whatever anybody decides.
size_t RawValues(const TempVault& temp, const std::vector<std::string>& purposes,
                 std::string_view category = "account") {
  const RawRows rows(temp.path());
  const Keyring keyring = temp.Granted("raw", purposes);
  RawReader reader(rows, temp.id(), keyring.keys());
  size_t values = 0;
  const crypto::NameId id = crypto::NameIdOf(category);
  for (const auto& [key, value] : rows.All(store::Table::kRecords)) {
    if (std::equal(id.bytes.begin(), id.bytes.end(), key.begin() + 16))
      values += reader.Values(key, value).size();
  }
  return values;
}

// The generations of D that records of an account name.
std::vector<uint32_t> Generations(const TempVault& temp) {
  const RawRows rows(temp.path());
  const Bytes row = rows.Only(store::Table::kRecords).second;
  std::vector<uint32_t> generations;
  const auto parsed = record::ParseRecordRow(row);
  for (const record::RowEntry& entry : *parsed) generations.push_back(entry.generation);
  return generations;
}

class LedgerTest : public ::testing::Test {
 protected:
  TempVault temp{PolicyText("livelook_2013")};
};

TEST_F(LedgerTest, ConsentMakesTheWrapAndTheReadWorks) {
  {
    Vault vault = temp.Open({"service", "develop"});
    ASSERT_TRUE(Register(vault).ok());
    EXPECT_EQ(ReadAccount(vault, "develop", "email.domain").status().code(), Code::kNotFound);
  }
  EXPECT_EQ(RawValues(temp, {"develop"}), 0U) << "no key before consent";
  {
    // Service holds D, as it may read the whole account: it makes the wrap at once.
    Vault vault = temp.Open({"service", "develop"});
    const Result<Recorded> given = Say(vault, kConsent);
    ASSERT_TRUE(given.ok()) << given.status().message();
    EXPECT_EQ(given->sequence, 1U);
    EXPECT_EQ(given->wraps_made, 1U);
    EXPECT_FALSE(given->key_work_left);
    EXPECT_EQ(*ReadAccount(vault, "develop", "email.domain"), kDomain);
  }
  EXPECT_EQ(RawValues(temp, {"develop"}), 1U);
}

TEST_F(LedgerTest, ConsentRecordedWithoutKeysWaitsForAHolder) {
  {
    Vault vault = temp.Open({"service"});
    ASSERT_TRUE(Register(vault).ok());
  }
  {
    Vault vault = temp.Open({"develop"});  // a keyring that opens nothing of the account yet
    const Result<Recorded> given = Say(vault, kConsent);
    ASSERT_TRUE(given.ok()) << given.status().message();
    EXPECT_EQ(given->wraps_made, 0U);
    EXPECT_TRUE(given->key_work_left);
    // Develop may not know who exists, so that it is not told of the waiting either.
    EXPECT_EQ(ReadAccount(vault, "develop", "email.domain").status().code(), Code::kNotFound);
    const Result<UpkeepResult> upkeep = vault.Upkeep();
    ASSERT_TRUE(upkeep.ok());
    EXPECT_EQ(upkeep->left, 1U);
  }
  { Vault holder = temp.Open({"service"}); }  // does what waits when it opens
  Vault vault = temp.Open({"develop"});
  EXPECT_EQ(*ReadAccount(vault, "develop", "email.domain"), kDomain);
}

TEST_F(LedgerTest, UpkeepDoesTheKeyWorkOfEverybody) {
  {
    Vault vault = temp.Open({"service"});
    ASSERT_TRUE(Register(vault).ok());
  }
  {
    Vault vault = temp.Open({});
    ASSERT_TRUE(Say(vault, kConsent)->key_work_left);
    const Result<UpkeepResult> nothing = vault.Upkeep();
    ASSERT_TRUE(nothing.ok());
    EXPECT_EQ(nothing->left, 1U);
    EXPECT_EQ(nothing->wraps_made, 0U);
  }
  {
    // Opening does it: upkeep holds every key.
    Vault upkeep = temp.Open({"upkeep"});
    const Result<UpkeepResult> done = upkeep.Upkeep();
    ASSERT_TRUE(done.ok());
    EXPECT_EQ(done->left, 0U);
    EXPECT_EQ(done->subjects, 1U);
  }
  EXPECT_EQ(RawValues(temp, {"develop"}), 1U);
}

TEST_F(LedgerTest, WithdrawingTakesTheKeyAwayAtOnce) {
  {
    Vault vault = temp.Open({"service", "develop"});
    ASSERT_TRUE(Register(vault).ok());
    ASSERT_TRUE(Say(vault, kConsent).ok());
    ASSERT_TRUE(ReadAccount(vault, "develop", "email.domain").ok());
  }
  {
    Vault vault = temp.Open({"develop"});  // without any key to what stays
    const Result<Recorded> withdrawn = Say(vault, No(LedgerKind::kWithdrawn, "develop"));
    ASSERT_TRUE(withdrawn.ok()) << withdrawn.status().message();
    EXPECT_EQ(withdrawn->wraps_removed, 1U);
    EXPECT_TRUE(withdrawn->key_work_left) << "a new D waits";
    EXPECT_EQ(ReadAccount(vault, "develop", "email.domain").status().code(), Code::kNotFound);
  }
  EXPECT_EQ(RawValues(temp, {"develop"}), 0U);
  Vault vault = temp.Open({"service"});
  EXPECT_EQ(*ReadAccount(vault, "service", "email"), kMail) << "what stays stays readable";
}

TEST_F(LedgerTest, AfterWithdrawingTheDataLiesUnderANewKey) {
  {
    Vault vault = temp.Open({"service", "develop"});
    ASSERT_TRUE(Register(vault).ok());
    ASSERT_TRUE(Say(vault, kConsent).ok());
  }
  const std::vector<uint32_t> before = Generations(temp);
  {
    Vault vault = temp.Open({"service"});
    const Result<Recorded> withdrawn = Say(vault, No(LedgerKind::kWithdrawn, "develop"));
    ASSERT_TRUE(withdrawn.ok());
    EXPECT_FALSE(withdrawn->key_work_left);
    EXPECT_EQ(*ReadAccount(vault, "service", "email.domain"), kDomain);
  }
  const std::vector<uint32_t> after = Generations(temp);
  ASSERT_EQ(before.size(), after.size());
  size_t renewed = 0;
  for (size_t i = 0; i < before.size(); ++i) renewed += after[i] > before[i] ? 1 : 0;
  EXPECT_EQ(renewed, 1U) << "the compartment that develop could open, and no other";
  const RawRows rows(temp.path());
  EXPECT_EQ(rows.Count(store::Table::kKeywork), 0U);
}

TEST_F(LedgerTest, GivingAgainAfterWithdrawingWorks) {
  Vault vault = temp.Open({"service", "develop"});
  ASSERT_TRUE(Register(vault).ok());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Say(vault, kConsent).ok());
    EXPECT_EQ(*ReadAccount(vault, "develop", "email.domain"), kDomain);
    ASSERT_TRUE(Say(vault, No(LedgerKind::kWithdrawn, "develop")).ok());
    EXPECT_FALSE(ReadAccount(vault, "develop", "email.domain").ok());
  }
  EXPECT_EQ(*ReadAccount(vault, "service", "email"), kMail);
}

TEST_F(LedgerTest, ObjectingAndDecliningSayTheirReasons) {
  Vault vault = temp.Open({"service", "support"});
  ASSERT_TRUE(Register(vault).ok());
  ASSERT_TRUE(Say(vault, No(LedgerKind::kObjected, "support")).ok());
  EXPECT_TRUE(ReadAccount(vault, "support", "email").ok())
      << "what is necessary cannot be opted out of";
  ASSERT_TRUE(Say(vault, No(LedgerKind::kDeclined, "support", "account")).ok());
  EXPECT_EQ(ReadAccount(vault, "support", "email").status().refusal()->reasons,
            std::vector<Reason>{Reason::kDeclined});
  EXPECT_TRUE(ReadAccount(vault, "service", "email").ok());
}

TEST_F(LedgerTest, ARestrictedPersonIsReadByRightsAlone) {
  {
    Vault vault = temp.Open({"service", "rights"});
    ASSERT_TRUE(Register(vault).ok());
    ASSERT_TRUE(Say(vault, Just(LedgerKind::kRestricted)).ok());
    EXPECT_EQ(ReadAccount(vault, "service", "email").status().refusal()->reasons,
              std::vector<Reason>{Reason::kRestricted});
    EXPECT_EQ(*ReadAccount(vault, "rights", "email"), kMail);
  }
  EXPECT_EQ(RawValues(temp, {"service", "support", "security", "develop"}), 0U);
  Vault vault = temp.Open({"service", "rights"});
  ASSERT_TRUE(Say(vault, Just(LedgerKind::kUnrestricted)).ok());
  EXPECT_EQ(*ReadAccount(vault, "service", "email"), kMail);
}

TEST_F(LedgerTest, ARetentionCountsFromTheNamedEvent) {
  Vault vault = temp.Open({"service"});
  ASSERT_TRUE(Register(vault).ok());
  temp.clock().AdvanceDays(100);
  ASSERT_TRUE(ReadAccount(vault, "service", "email").ok());
  ASSERT_TRUE(Say(vault, {.kind = LedgerKind::kNamedEvent, .name = "account_closed"}).ok());
  temp.clock().AdvanceDays(29);
  EXPECT_TRUE(ReadAccount(vault, "service", "email").ok());
  temp.clock().AdvanceDays(1);
  EXPECT_EQ(ReadAccount(vault, "service", "email").status().refusal()->reasons,
            std::vector<Reason>{Reason::kPastRetention});
}

TEST_F(LedgerTest, AHoldIsNamedAndReleasedByItsCase) {
  Vault vault = temp.Open({"service"});
  ASSERT_TRUE(Register(vault).ok());
  const LedgerEvent hold{
      .kind = LedgerKind::kHold, .category = "account", .reference = "2013-CV-17"};
  ASSERT_TRUE(Say(vault, hold).ok());
  temp.clock().AdvanceDays(3650);
  const auto read = ReadAccount(vault, "service", "email");
  ASSERT_NE(read.status().refusal(), nullptr);
  EXPECT_EQ(read.status().refusal()->reasons,
            (std::vector<Reason>{Reason::kPastRetention, Reason::kHeld}));
  LedgerEvent release = hold;
  release.kind = LedgerKind::kRelease;
  release.reference = "2013-CV-18";
  EXPECT_THAT(StatusOf(Say(vault, release)), ErrorIs(Code::kNotFound, "ledger.no-such-hold"));
  release.reference = hold.reference;
  EXPECT_TRUE(Say(vault, release).ok());
  EXPECT_EQ(ReadAccount(vault, "service", "email").status().refusal()->reasons,
            std::vector<Reason>{Reason::kPastRetention});
}

TEST_F(LedgerTest, RightsSeesEveryEntryInOrder) {
  Vault vault = temp.Open({"service", "rights"});
  const std::vector<LedgerEvent> events = {kConsent,
                                           No(LedgerKind::kWithdrawn, "develop"),
                                           {.kind = LedgerKind::kNoticeShown, .notice = "news-1"},
                                           {.kind = LedgerKind::kAgreed, .policy_version = 1}};
  const Result<Recorded> recorded = vault.Record(Who::Ref(kUser), events);
  ASSERT_TRUE(recorded.ok()) << recorded.status().message();
  EXPECT_EQ(recorded->sequence, 4U);
  const Result<LedgerView> view = vault.Ledger(Who::Ref(kUser));
  ASSERT_TRUE(view.ok()) << view.status().message();
  ASSERT_EQ(view->entries.size(), 4U);
  EXPECT_EQ(view->entries[0].kind, LedgerKind::kGiven);
  EXPECT_EQ(view->entries[0].notice, "develop-1");
  EXPECT_EQ(view->entries[0].method, "web-form");
  EXPECT_EQ(view->entries[0].policy_version, 1U);
  EXPECT_EQ(view->entries[3].sequence, 4U);
  EXPECT_EQ(view->handle, recorded->handle);
}

TEST_F(LedgerTest, NobodyElseSeesALedger) {
  Vault vault = temp.Open({"service", "upkeep", "support"});
  ASSERT_TRUE(Say(vault, kConsent).ok());
  const Result<LedgerView> view = vault.Ledger(Who::Ref(kUser));
  ASSERT_NE(view.status().refusal(), nullptr);
  EXPECT_EQ(view.status().refusal()->reasons, std::vector<Reason>{Reason::kPurposeKeyMissing});
}

TEST_F(LedgerTest, AllOfSeveralOrNone) {
  Vault vault = temp.Open({"rights"});
  const std::vector<LedgerEvent> events = {kConsent, No(LedgerKind::kWithdrawn, "marketing")};
  EXPECT_EQ(vault.Record(Who::Ref(kUser), events).status().refusal()->reasons,
            std::vector<Reason>{Reason::kUnknownPurpose});
  EXPECT_EQ(vault.Ledger(Who::Ref(kUser)).status().code(), Code::kNotFound);
}

TEST_F(LedgerTest, RefusesWhatThePolicyDoesNotKnow) {
  Vault vault = temp.Open({});
  const auto reason = [&](const LedgerEvent& event) {
    const Status status = Say(vault, event).status();
    return status.refusal() == nullptr ? Reason{} : status.refusal()->reasons.front();
  };
  EXPECT_EQ(reason(No(LedgerKind::kObjected, "marketing")), Reason::kUnknownPurpose);
  EXPECT_EQ(reason(No(LedgerKind::kObjected, "")), Reason::kUnknownPurpose);
  EXPECT_EQ(reason({.kind = LedgerKind::kGiven, .purpose = "contact", .notice = "news-1"}),
            Reason::kUnknownPurpose);
  EXPECT_EQ(reason({.kind = LedgerKind::kGiven, .purpose = "develop", .notice = "news-2"}),
            Reason::kUnknownNotice);
  EXPECT_EQ(reason({.kind = LedgerKind::kNoticeShown, .notice = "news-2"}), Reason::kUnknownNotice);
  EXPECT_EQ(reason(No(LedgerKind::kDeclined, "support", "accounts")), Reason::kUnknownCategory);
}

TEST_F(LedgerTest, RefusesBadInput) {
  Vault vault = temp.Open({});
  const auto name = [&](const LedgerEvent& event) {
    return std::string(Say(vault, event).status().name());
  };
  EXPECT_EQ(name({.kind = LedgerKind::kGiven, .purpose = "develop", .notice = "news-1"}),
            "ledger.notice");
  EXPECT_EQ(name({.kind = LedgerKind::kHold, .reference = "case 17"}), "ledger.reference");
  EXPECT_EQ(name(Just(LedgerKind::kHold)), "ledger.reference");
  EXPECT_EQ(name({.kind = LedgerKind::kNamedEvent, .name = "acount_closed"}),
            "ledger.unknown-event");
  EXPECT_EQ(name({.kind = LedgerKind::kSignal, .name = "dnt"}), "ledger.unknown-signal");
  EXPECT_EQ(name({.kind = LedgerKind::kAgreed, .policy_version = 2}), "ledger.unknown-version");
  EXPECT_EQ(name({.kind = LedgerKind::kRestricted, .method = "web form"}), "ledger.method");
  EXPECT_EQ(name({.kind = LedgerKind::kRestricted, .purpose = "service"}), "ledger.unused");
  EXPECT_EQ(name(Just(LedgerKind::kRectified)), "ledger.kind");
  EXPECT_EQ(name(Just(static_cast<LedgerKind>(0))), "ledger.kind");
  EXPECT_EQ(name(Just(static_cast<LedgerKind>(200))), "ledger.kind");
  const Timestamp later{temp.clock().Now().unix_ms + 1};
  EXPECT_EQ(name({.kind = LedgerKind::kRestricted, .at = later}), "ledger.future");
  EXPECT_THAT(StatusOf(vault.Record(Who::Nobody(), Just(LedgerKind::kRestricted))),
              ErrorIs(Code::kUsage, "ledger.nobody"));
  EXPECT_EQ(vault.Record(Who::ByHandle({}), Just(LedgerKind::kRestricted)).status().code(),
            Code::kNotFound);
  EXPECT_EQ(Say(vault, Just(LedgerKind::kUnrestricted)).status().code(), Code::kNotFound);
  EXPECT_EQ(vault.Subjects({}, 10)->size(), 0U) << "a refused call leaves nobody behind";
}

TEST_F(LedgerTest, WhatIsCollectedIsInLineAlready) {
  Vault vault = temp.Open({"upkeep", "service", "billing"});
  ASSERT_TRUE(Register(vault).ok());
  ASSERT_TRUE(StoreCard(vault, IdOf(1)).ok());
  ASSERT_TRUE(Say(vault, kConsent).ok());
  ASSERT_TRUE(Register(vault, Who::Ref("another")).ok());
  const Result<UpkeepResult> upkeep = vault.Upkeep();
  ASSERT_TRUE(upkeep.ok()) << upkeep.status().message();
  EXPECT_EQ(upkeep->subjects, 2U);
  EXPECT_EQ(upkeep->wraps_made, 0U);
  EXPECT_EQ(upkeep->wraps_removed, 0U);
  EXPECT_EQ(upkeep->renewed, 0U);
}

TEST_F(LedgerTest, UpkeepTakesAwayTheKeysOfWhatHasExpired) {
  {
    Vault vault = temp.Open({"billing", "support"});
    ASSERT_TRUE(StoreCard(vault, IdOf(1)).ok());
  }
  ASSERT_EQ(RawValues(temp, {"support"}, "payment_card"), 1U);
  temp.clock().AdvanceDays(90 + 90 / 8 + 1);  // the retention, and its expiry bucket
  {
    Vault vault = temp.Open({"upkeep"});
    const Result<UpkeepResult> upkeep = vault.Upkeep();
    ASSERT_TRUE(upkeep.ok()) << upkeep.status().message();
    EXPECT_EQ(upkeep->wraps_removed, 1U);
    EXPECT_EQ(upkeep->renewed, 1U);
  }
  EXPECT_EQ(RawValues(temp, {"support"}, "payment_card"), 0U);
  Vault vault = temp.Open({"billing"});
  EXPECT_EQ(*ReadCard(vault, "billing", IdOf(1), "pan"), kCardNumber);
}

// Each commit of a collector is a generation of its own, and from the fifth on wraps travel.
TEST_F(LedgerTest, WrapsThatTravelAreTakenAwayToo) {
  {
    Vault collector = temp.Open({});
    for (uint8_t i = 1; i <= 7; ++i) ASSERT_TRUE(StoreCard(collector, IdOf(i)).ok());
  }
  ASSERT_EQ(RawValues(temp, {"support"}, "payment_card"), 7U);
  {
    Vault collector = temp.Open({});
    const Result<Recorded> declined = Say(collector, No(LedgerKind::kDeclined, "support"));
    ASSERT_TRUE(declined.ok()) << declined.status().message();
    EXPECT_EQ(declined->wraps_removed, 7U);
  }
  ASSERT_EQ(RawValues(temp, {"support"}, "payment_card"), 0U);
  {
    Vault upkeep = temp.Open({"upkeep"});
    ASSERT_EQ(upkeep.Upkeep()->left, 0U);
  }
  ASSERT_EQ(RawValues(temp, {"support"}, "payment_card"), 0U);
  Vault vault = temp.Open({"billing"});
  for (uint8_t i = 1; i <= 7; ++i)
    EXPECT_EQ(*ReadCard(vault, "billing", IdOf(i), "pan"), kCardNumber);
  EXPECT_EQ(FindCard(vault)->size(), 7U) << "pending lookups survive";
}

TEST_F(LedgerTest, KeyWorkOfManyRecordsTakesSeveralTransactions) {
  constexpr size_t kCards = 600;
  {
    Vault vault = temp.Open({"billing", "support"});
    Batch batch = vault.CollectBatch();
    for (size_t i = 0; i < kCards; ++i) {
      batch.Add(Checkout())
          .Put("payment_card", {{"pan", MakeSecret(kCardNumber)}, {"expiry", MakeSecret("12/15")}});
    }
    ASSERT_TRUE(batch.Commit().ok());
  }
  {
    Vault vault = temp.Open({"billing"});
    ASSERT_TRUE(Say(vault, No(LedgerKind::kDeclined, "support")).ok());
  }
  EXPECT_EQ(RawValues(temp, {"support"}, "payment_card"), 0U);
  {
    Vault vault = temp.Open({"upkeep"});
    const Result<UpkeepResult> upkeep = vault.Upkeep();
    ASSERT_TRUE(upkeep.ok()) << upkeep.status().message();
    EXPECT_EQ(upkeep->left, 0U);
  }
  {
    const RawRows rows(temp.path());
    EXPECT_EQ(rows.Count(store::Table::kKeywork), 0U);
  }
  Vault vault = temp.Open({"billing"});
  Result<Session> billing = vault.As("billing");
  const auto cards =
      billing->ReadAll({.who = Who::Ref(kUser), .category = "payment_card", .fields = {"pan"}});
  ASSERT_TRUE(cards.ok());
  EXPECT_EQ(cards->size(), kCards);
}

TEST_F(LedgerTest, ALedgerThatWasChangedIsDamage) {
  {
    Vault vault = temp.Open({"service"});
    ASSERT_TRUE(Say(vault, kConsent).ok());
    ASSERT_TRUE(Say(vault, No(LedgerKind::kWithdrawn, "develop")).ok());
    ASSERT_TRUE(vault.Record(Who::Ref("other"), kConsent).ok());
  }
  std::vector<RawRows::Row> all;
  {
    const RawRows rows(temp.path());
    all = rows.All(store::Table::kLedger);
  }
  ASSERT_EQ(all.size(), 3U);
  const auto ledger_after = [&](const std::function<void(const RawRows&)>& change) {
    {
      const RawRows rows(temp.path());
      change(rows);
    }
    Status first;
    {
      Vault vault = temp.Open({"rights"});
      const Status one = vault.Ledger(Who::Ref(kUser)).status();
      const Status two = vault.Ledger(Who::Ref("other")).status();
      first = one.ok() ? two : one;
    }
    const RawRows rows(temp.path());
    for (const auto& row : rows.All(store::Table::kLedger))
      rows.Delete(store::Table::kLedger, row.first);
    for (const auto& [key, value] : all) rows.Put(store::Table::kLedger, key, value);
    return first;
  };
  const auto damaged = ErrorIs(Code::kDamage, "ledger.damaged");
  for (const auto& row : all) {
    EXPECT_THAT(
        ledger_after([&](const RawRows& rows) { rows.Delete(store::Table::kLedger, row.first); }),
        damaged);
  }
  EXPECT_THAT(ledger_after([&](const RawRows& rows) {
                rows.Put(store::Table::kLedger, all[0].first, all[1].second);
              }),
              damaged);
  EXPECT_THAT(ledger_after([&](const RawRows& rows) {
                Bytes key = all[0].first;
                key.back() = 9;
                rows.Put(store::Table::kLedger, key, all[0].second);
              }),
              damaged);
  ForEachBitFlip(all[0].second, 4, 16, [&](const Bytes& flipped, size_t bit) {
    EXPECT_THAT(ledger_after([&](const RawRows& rows) {
                  rows.Put(store::Table::kLedger, all[0].first, flipped);
                }),
                damaged)
        << bit;
  });
  EXPECT_TRUE(ledger_after([](const RawRows&) {}).ok());
}

TEST_F(LedgerTest, EveryEntryIsInTheTrail) {
  Vault vault = temp.Open({"service"});
  const Result<Recorded> given = Say(vault, kConsent);
  ASSERT_TRUE(given.ok());
  EXPECT_TRUE(given->decision.write);
  const Status refused = Say(vault, No(LedgerKind::kObjected, "marketing")).status();
  ASSERT_NE(refused.refusal(), nullptr);
  EXPECT_FALSE(refused.refusal()->decision.empty());
}

}  // namespace
}  // namespace bailee
