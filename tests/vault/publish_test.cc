// SPDX-License-Identifier: Apache-2.0
#include "bailee/publish.h"

#include <atomic>
#include <thread>

#include "policy/policy.h"
#include "support/child_process.h"
#include "support/event_recorder.h"
#include "vault/inner.h"
#include "vault/next_policy.h"
#include "vault/publish/publish.h"

// A new version of the policy in a vault that holds data: what it changes at once, what it never
// reaches, and the keys that come with it.
namespace bailee {
namespace {

using testing::Channel;
using testing::ChildProcess;
using ::testing::ElementsAre;
using testing::ErrorIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusOf;

class Publishing : public ::testing::Test {
 protected:
  Publishing() { vault_.clock().Set(kJune2013); }

  // In July, what was announced in June.
  Result<Published> Publish(Vault& vault, const std::string& text, bool announced = true) {
    vault_.clock().Set(kJuly2013);
    PublishRequest request{.policy_text = text};
    if (announced) {
      request.notice = "change-2";
      request.announced_at = kAnnounced;
    }
    request.keep = [this](const std::vector<KeyringFile>& files) { return vault_.Keep(files); };
    return vault.Publish(authority_, request);
  }

  TempVault vault_{PolicyText("livelook_2013")};
  const Keyring authority_ = vault_.Origin("authority");
};

TEST_F(Publishing, NarrowingHoldsAtOnceInAnOpenSession) {
  Vault vault = vault_.Open({"support"});
  ASSERT_THAT(StoreAccount(vault), IsOk());
  Session session = *vault.As("support");
  EXPECT_EQ(*ReadAccount(session, "email"), "ada@analytical.example");

  const auto published = Publish(vault, Next(kNarrower), false);
  ASSERT_THAT(StatusOf(published), IsOk());
  EXPECT_EQ(published->version, 2u);
  EXPECT_EQ(published->manifest, 2u);
  EXPECT_EQ(published->subjects_affected, 1u);
  EXPECT_FALSE(published->diff.Has(PolicyChange::Effect::kWider));
  EXPECT_TRUE(published->diff.Has(PolicyChange::Effect::kNarrower));
  EXPECT_THAT(published->keyrings, IsEmpty());

  const auto refused = ReadAccount(session, "email");
  ASSERT_NE(refused.status().refusal(), nullptr);
  EXPECT_EQ(refused.status().refusal()->reasons.front(), Reason::kNotCollectedFor);
  EXPECT_EQ(*ReadAccount(session, "name"), "Ada");
  EXPECT_EQ(vault.Info()->policy_version, 2u);
}

TEST_F(Publishing, NarrowingHoldsAtOnceInAnotherProcess) {
  ChildProcess reader([&](const Channel& channel) {
    Vault vault = vault_.Open({"support"});
    if (!StoreAccount(vault).ok()) return 1;
    Session session = *vault.As("support");
    if (!ReadAccount(session, "email").ok()) return 2;
    channel.Send('r');
    if (channel.Receive() != 'p') return 3;
    vault_.clock().Set(kJuly2013);  // this process has a clock of its own
    const auto refused = ReadAccount(session, "email");
    if (refused.ok() || refused.status().refusal() == nullptr) return 4;
    return ReadAccount(session, "name").ok() ? 0 : 5;
  });
  ASSERT_EQ(reader.channel().Receive(), 'r');
  {
    Vault vault = vault_.Open({});
    ASSERT_THAT(StatusOf(Publish(vault, Next(kNarrower), false)), IsOk());
  }
  reader.channel().Send('p');
  EXPECT_EQ(reader.Join(), 0);
}

TEST_F(Publishing, WideningReachesWhatIsCollectedAfterItAndNothingThatIsHeld) {
  Vault vault = vault_.Open({"support"});
  ASSERT_THAT(StoreAccount(vault), IsOk());
  ASSERT_THAT(StatusOf(Publish(vault, Next(kWider))), IsOk());

  const auto held = ReadAccount(vault, "support", "email.domain");
  ASSERT_NE(held.status().refusal(), nullptr);
  const Refusal refusal = *held.status().refusal();
  EXPECT_THAT(refusal.reasons, ElementsAre(Reason::kNotCollectedFor, Reason::kConsentMissing));
  EXPECT_THAT(refusal.offer, HasSubstr("signup-1")) << "a notice that lists it";
  EXPECT_EQ(*ReadAccount(vault, "support", "email"), "ada@analytical.example");

  const Who other = Who::Ref("user-2");
  ASSERT_THAT(StoreAccount(vault, other), IsOk());
  EXPECT_EQ(*ReadAccount(vault, "support", "email.domain", other), "analytical.example");
}

TEST_F(Publishing, EarlierConsentDoesNotReachWhatAVersionAdds) {
  Vault vault = vault_.Open({"support", "upkeep"});
  ASSERT_THAT(StoreAccount(vault), IsOk());
  const LedgerEvent yes{.kind = LedgerKind::kGiven, .purpose = "support", .notice = "signup-1"};
  ASSERT_THAT(StatusOf(vault.Record(Who::Ref(kUser), yes)), IsOk());
  ASSERT_THAT(StatusOf(Publish(vault, Next(kWider))), IsOk());
  ASSERT_THAT(StatusOf(vault.Upkeep()), IsOk());

  const auto held = ReadAccount(vault, "support", "email.domain");
  ASSERT_NE(held.status().refusal(), nullptr);
  EXPECT_THAT(held.status().refusal()->reasons,
              ElementsAre(Reason::kNotCollectedFor, Reason::kConsentMissing));
  EXPECT_EQ(*ReadAccount(vault, "support", "email"), "ada@analytical.example")
      << "what it was given for stays open";
  ASSERT_THAT(StatusOf(vault.Record(Who::Ref(kUser), yes)), IsOk());
  EXPECT_EQ(*ReadAccount(vault, "support", "email.domain"), "analytical.example");
}

TEST_F(Publishing, ANewLeafBringsAKeyringAndReachesNothingHeld) {
  {
    Vault vault = vault_.Open({});
    ASSERT_THAT(StoreAccount(vault), IsOk());
    const auto published = Publish(vault, Next(kNewLeaf, "contact.sms"));
    ASSERT_THAT(StatusOf(published), IsOk());
    EXPECT_THAT(published->keyrings, ElementsAre("contact.sms"));
    EXPECT_EQ(vault.As("contact.sms").status().refusal()->reasons.front(),
              Reason::kPurposeKeyMissing);
  }
  const Keyring::Description made = vault_.Origin("contact.sms").Describe();
  EXPECT_THAT(made.purposes, ElementsAre("contact.sms"));
  EXPECT_EQ(made.manifest_min, 2u);
  EXPECT_TRUE(made.storage);
  Vault vault = vault_.Open({"contact.sms"});
  EXPECT_THAT(StatusOf(ReadAccount(vault, "contact.sms", "email")),
              ErrorIs(Code::kNotFound, "vault.not-found"));
  EXPECT_THAT(StoreAccount(vault, Who::Ref("user-2")), IsOk());
}

TEST_F(Publishing, ANewIndexOfAnOlderPurposeIsGrantedWithIt) {
  {
    Vault vault = vault_.Open({});
    const auto published = Publish(vault, Next(kNewIndex, "security"));
    ASSERT_THAT(StatusOf(published), IsOk());
    EXPECT_THAT(published->keyrings, ElementsAre("security-v2"));
  }
  const Keyring::Description made = vault_.Origin("security-v2").Describe();
  EXPECT_THAT(made.purposes, IsEmpty());
  EXPECT_THAT(made.indexes, ElementsAre("account.email/security"));
  Vault vault = vault_.Open({"security"});
  ASSERT_THAT(StoreAccount(vault), IsOk());
  Session session = *vault.As("security");
  const Secret address = MakeSecret("ada@analytical.example");
  EXPECT_EQ(session.Find({.category = "account", .field = "email", .value = address})->size(), 1u);
}

TEST_F(Publishing, AKeyringFromBeforeANewIndexLeavesItToOthers) {
  const Keyring old = vault_.Granted("old", {"security"});
  {
    Vault vault = vault_.Open({});
    ASSERT_THAT(StatusOf(Publish(vault, Next(kNewIndex, "security"))), IsOk());
  }
  const Secret address = MakeSecret("ada@analytical.example");
  {
    // A copy, since the vault takes it.
    Vault vault = *vault_.TryOpen(vault_.Granted("older", {}));
    ASSERT_THAT(StoreAccount(vault), IsOk());
    EXPECT_EQ(vault.Info()->lookups_pending, 3u);
  }
  Vault vault = vault_.Open({"security"});
  Session session = *vault.As("security");
  EXPECT_EQ(session.Find({.category = "account", .field = "email", .value = address})->size(), 1u);
}

TEST_F(Publishing, ADryRunSaysEverythingAndChangesNothing) {
  Vault vault = vault_.Open({});
  ASSERT_THAT(StoreAccount(vault), IsOk());
  vault_.clock().Set(kJuly2013);
  const auto planned = vault.Publish(authority_, {.policy_text = Next(kNewLeaf, "contact.sms"),
                                                  .notice = "change-2",
                                                  .announced_at = kAnnounced,
                                                  .dry_run = true,
                                                  .keep = [](const std::vector<KeyringFile>&) {
                                                    return Status(Code::kFailed, "test.called",
                                                                  "a dry run keeps nothing");
                                                  }});
  ASSERT_THAT(StatusOf(planned), IsOk());
  EXPECT_EQ(planned->version, 2u);
  EXPECT_EQ(planned->subjects_affected, 1u);
  EXPECT_THAT(planned->keyrings, ElementsAre("contact.sms"));
  EXPECT_THAT(planned->diff.WidenedPurposes(), ElementsAre("contact.sms"));
  EXPECT_EQ(vault.Info()->policy_version, 1u);
  EXPECT_EQ(vault.Info()->manifest, 1u);
  EXPECT_EQ(vault.PolicyHistory()->size(), 1u);
}

TEST_F(Publishing, IsRecordedInTheTransactionThatMakesItAndSoIsARefusal) {
  auto events = std::make_shared<EventRecorder>();
  Vault vault = vault_.Open({}, {.events = events});
  (void)events->Take();
  EXPECT_FALSE(Publish(vault, Next(kWider), false).ok());
  auto seen = events->Take();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].kind, audit::EventKind::kPublish);
  EXPECT_EQ(seen[0].outcome, audit::Outcome::kFailed);
  EXPECT_FALSE(seen[0].write);
  EXPECT_TRUE(Publish(vault, Next(kWider)).ok());
  seen = events->Take();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].kind, audit::EventKind::kPublish);
  EXPECT_EQ(seen[0].outcome, audit::Outcome::kAllowed);
  EXPECT_TRUE(seen[0].write);
}

TEST_F(Publishing, WhatCannotBeRecordedIsNotPublished) {
  auto events = std::make_shared<EventRecorder>();
  Vault vault = vault_.Open({}, {.events = events});
  events->Fail(true);
  EXPECT_EQ(StatusOf(Publish(vault, Next(kWider))).code(), Code::kAuditDown);
  events->Fail(false);
  EXPECT_EQ(vault.Info()->policy_version, 1u);
  EXPECT_THAT(StatusOf(Publish(vault, Next(kWider))), IsOk());
}

TEST_F(Publishing, NothingIsPublishedIfTheNewKeyringsCannotBeKept) {
  Vault vault = vault_.Open({});
  vault_.clock().Set(kJuly2013);
  const std::string text = Next(kNewLeaf, "contact.sms");
  PublishRequest request{.policy_text = text, .notice = "change-2", .announced_at = kAnnounced};
  EXPECT_THAT(StatusOf(vault.Publish(authority_, request)),
              ErrorIs(Code::kUsage, "publish.keep-missing"));
  request.keep = [](const std::vector<KeyringFile>&) {
    return Status(Code::kFull, "test.full", "no room for keyrings");
  };
  EXPECT_THAT(StatusOf(vault.Publish(authority_, request)), ErrorIs(Code::kFull, "test.full"));
  EXPECT_EQ(vault.Info()->manifest, 1u);
  EXPECT_THAT(StatusOf(Publish(vault, text)), IsOk());
}

// Between keeping the keyrings and the commit: what was kept opens nothing, and is replaced.
TEST_F(Publishing, AProcessThatDiesAfterKeepingTheKeyringsLeavesTheOldVersion) {
  const std::string text = Next(kNewLeaf, "contact.sms");
  vault_.clock().Set(kJuly2013);
  ChildProcess publisher([&](const Channel&) {
    Vault vault = vault_.Open({});
    const Keyring authority = vault_.Origin("authority");  // secrets do not outlive a fork
    (void)vault.Publish(authority,
                        {.policy_text = text,
                         .notice = "change-2",
                         .announced_at = kAnnounced,
                         .keep = [](const std::vector<KeyringFile>&) -> Status { ::_exit(7); }});
    return 1;
  });
  ASSERT_EQ(publisher.Join(), 7);
  {
    Vault vault = vault_.Open({});
    EXPECT_EQ(vault.Info()->policy_version, 1u);
    EXPECT_THAT(StatusOf(Publish(vault, text)), IsOk());
    EXPECT_THAT(StatusOf(Publish(vault, text)), ErrorIs(Code::kConflict, "publish.in-force"));
  }
  Vault vault = vault_.Open({"contact.sms"});
  EXPECT_THAT(StatusOf(vault.As("contact.sms")), IsOk());
}

TEST_F(Publishing, OfTwoAtOnceOneIsPublished) {
  Vault vault = vault_.Open({});
  vault_.clock().Set(kJuly2013);
  const std::string texts[] = {Next(kWider), Next(kNarrower)};
  Status outcomes[2];
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      outcomes[i] =
          vault
              .Publish(authority_,
                       {.policy_text = texts[i], .notice = "change-2", .announced_at = kAnnounced})
              .status();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_NE(outcomes[0].ok(), outcomes[1].ok());
  EXPECT_THAT(outcomes[outcomes[0].ok() ? 1 : 0],
              ErrorIs(Code::kConflict, "publish.version-taken"));
  EXPECT_EQ(vault.Info()->manifest, 2u);
}

// A reader's snapshot may be from before a version that another thread has seen already.
TEST_F(Publishing, ReadersNeverTakeAnOlderSnapshotForARollback) {
  Vault vault = vault_.Open({"support"});
  ASSERT_THAT(StoreAccount(vault), IsOk());
  vault_.clock().Set(kJuly2013);
  std::atomic<bool> done = false;
  std::atomic<size_t> wrong = 0;
  std::atomic<size_t> reads = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      Session session = *vault.As("support");
      while (!done) {
        ++reads;
        if (!ReadAccount(session, "name").ok()) ++wrong;
      }
    });
  }
  const std::string base = Next({});
  for (int version = 2; version < 32; ++version) {
    const std::string text =
        Edited(base, {{"version: 2\n", "version: " + std::to_string(version) + "\n"}});
    ASSERT_THAT(StatusOf(vault.Publish(authority_, {.policy_text = text})), IsOk());
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(reads, 30u);
  EXPECT_EQ(vault.PolicyHistory()->size(), 31u);
}

TEST_F(Publishing, KnowsWhichVersionWasInForceWhen) {
  Vault vault = vault_.Open({});
  ASSERT_THAT(StatusOf(Publish(vault, Next(kWider))), IsOk());
  const auto history = vault.PolicyHistory();
  ASSERT_EQ(history->size(), 2u);
  EXPECT_EQ((*history)[0].version, 1u);
  EXPECT_EQ((*history)[0].since, kJune2013);
  EXPECT_EQ((*history)[0].notice, "");
  EXPECT_FALSE((*history)[0].announced_at.has_value());
  EXPECT_EQ((*history)[1].version, 2u);
  EXPECT_EQ((*history)[1].since, kJuly2013);
  EXPECT_EQ((*history)[1].notice, "change-2");
  EXPECT_EQ((*history)[1].announced_at, kAnnounced);

  const auto version_at = [&](Timestamp at) -> uint32_t {
    const auto bytes = vault.PolicyAsOf(at);
    if (!bytes.ok()) return 0;
    return (*policy::Policy::FromBinary(*bytes))->version();
  };
  EXPECT_EQ(version_at({kJune2013.unix_ms - 1}), 0u);
  EXPECT_THAT(StatusOf(vault.PolicyAsOf({kJune2013.unix_ms - 1})),
              ErrorIs(Code::kNotFound, "policy.none-then"));
  EXPECT_EQ(version_at(kJune2013), 1u);
  EXPECT_EQ(version_at({kJuly2013.unix_ms - 1}), 1u);
  EXPECT_EQ(version_at(kJuly2013), 2u);
  EXPECT_EQ(version_at({kJuly2013.unix_ms + int64_t{1000} * kMillisPerDay}), 2u);
}

TEST_F(Publishing, AnOlderStatementThatIsPutBackIsNoticedByWhoSawTheNewerOne) {
  const InnerVault vault(vault_, {"support"});
  const ByteView key = AsBytes(std::string_view("manifest"));
  const auto snapshot = *vault.impl().engine().Read();
  const ByteView row = **snapshot->Get(store::Table::kMeta, key);
  const Bytes old(row.begin(), row.end());
  vault_.clock().Set(kJuly2013);
  const std::string text = Next(kNarrower);
  ASSERT_THAT(StatusOf(vault::Publish(vault.impl(), authority_.keys(), {.policy_text = text})),
              IsOk());
  Session session = vault.As("support");
  EXPECT_EQ(StatusOf(ReadAccount(session, "email")).code(), Code::kRefused);
  vault.Put(store::Table::kMeta, key, old);
  EXPECT_THAT(StatusOf(ReadAccount(session, "email")),
              ErrorIs(Code::kDamage, "manifest.rolled-back"));
}

TEST_F(Publishing, AStatementOfAnybodyElseIsNot) {
  const InnerVault vault(vault_, {"support"});
  vault_.clock().Set(kJuly2013);
  const std::string text = Next(kNarrower);
  ASSERT_THAT(StatusOf(vault::Publish(vault.impl(), authority_.keys(), {.policy_text = text})),
              IsOk());
  const ByteView key = AsBytes(std::string_view("manifest"));
  Bytes row = [&] {
    const auto snapshot = *vault.impl().engine().Read();
    const ByteView bytes = **snapshot->Get(store::Table::kMeta, key);
    return Bytes(bytes.begin(), bytes.end());
  }();
  Session session = vault.As("support");
  for (size_t at = 0; at < row.size(); at += 37) {
    row[at] ^= 1;
    vault.Put(store::Table::kMeta, key, row);
    EXPECT_THAT(StatusOf(ReadAccount(session, "name")), ErrorIs(Code::kDamage, "manifest.damaged"));
    row[at] ^= 1;
  }
}

}  // namespace
}  // namespace bailee
