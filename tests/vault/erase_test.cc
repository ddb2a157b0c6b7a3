// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "bailee/audit_trail.h"
#include "base/codec.h"
#include "support/child_process.h"
#include "support/event_recorder.h"
#include "support/raw_reader.h"
#include "support/raw_rows.h"
#include "vault/export_world.h"
#include "vault/stories.h"

// Erasing people: what is gone from the vault, and from every copy of it.
namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

constexpr const char* kEve = "user-9";
constexpr const char* kNumberOfEve = "378282246310005";

class Erasing : public ExportTest {
 protected:
  Erasing() {
    Fill();
    Vault vault = temp.Open({"billing", "service"});
    EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(7), kNumberOfEve, Who::Ref(kEve))), IsOk());
  }

  Result<Erased> Erase(const Who& who = kAda, const EraseOptions& options = {}) {
    Vault vault = temp.Open({"rights", "upkeep"});
    return vault.Erase(who, options);
  }

  Shredded Upkeep() {
    Vault vault = temp.Open({"upkeep"});
    const auto done = vault.Upkeep();
    EXPECT_THAT(StatusOf(done), IsOk());
    return done->shredded;
  }

  Handle HandleOf(std::string_view pan) {
    Vault vault = temp.Open({"billing"});
    const auto found = FindCard(vault, pan);
    return found.ok() && found->size() == 1 ? found->front().handle : Handle{};
  }

  // A copy of the database as it is, and of the file of epochs if asked for.
  void Copy(const std::string& to, bool epoch = false) const {
    std::filesystem::copy_file(temp.path() + "/data.mdb", to + "/data.mdb");
    if (epoch) std::filesystem::copy_file(temp.path() + "/epoch", to + "/epoch");
  }

  // How many values an attacker opens who has these rows, every keyring and a file of epochs.
  size_t Opens(const std::string& directory, const std::string& epoch) const {
    const RawRows rows(directory);
    size_t opened = 0;
    for (const char* purpose : {"billing", "service", "support", "rights", "upkeep"}) {
      const Keyring keyring = temp.Granted("thief", {purpose});
      RawReader reader(rows, temp.id(), keyring.keys(), epoch);
      for (const auto& [key, value] : rows.All(store::Table::kRecords))
        opened += reader.Values(key, value).size();
    }
    return opened;
  }

  // The rows of any table whose key or value has the handle in it.
  size_t RowsOf(const Handle& handle) const {
    const RawRows rows(temp.path());
    const std::string needle(AsText(handle.view()));
    size_t found = 0;
    for (uint8_t table = 0; table < store::kTableCount; ++table) {
      for (const auto& [key, value] : rows.All(store::Table{table})) {
        found += AsText(key).find(needle) != std::string::npos ||
                 AsText(value).find(needle) != std::string::npos;
      }
    }
    return found;
  }
};

TEST_F(Erasing, LeavesNobodyToReadFindOrName) {
  const Handle ada = HandleOf(kCardNumber);
  ASSERT_NE(ada, Handle{});
  const auto erased = Erase();
  ASSERT_THAT(StatusOf(erased), IsOk());
  EXPECT_EQ(erased->subjects, 1u);
  EXPECT_EQ(erased->records, 3u);
  EXPECT_EQ(erased->shredded.grade, ErasureGrade::kShredded);
  EXPECT_EQ(erased->shredded.epoch, 2u);
  {
    Vault vault = temp.Open({"billing", "service"});
    EXPECT_THAT(StatusOf(ReadCard(vault, "billing", IdOf(1), "pan")),
                ErrorIs(Code::kNotFound, "vault.not-found"));
    EXPECT_THAT(StatusOf(ReadCard(vault, "billing", IdOf(1), "pan", Who::ByHandle(ada))),
                ErrorIs(Code::kNotFound, "vault.not-found"));
    EXPECT_TRUE(FindCard(vault)->empty());
    EXPECT_EQ(*ReadCard(vault, "billing", IdOf(7), "pan", Who::Ref(kEve)), kNumberOfEve);
    EXPECT_EQ(FindCard(vault, kNumberOfEve)->size(), 1u);
    EXPECT_EQ(vault.Info()->subjects, 1u);
  }
  EXPECT_EQ(RowsOf(ada), 0u);
  EXPECT_NE(HandleOf(kNumberOfEve), Handle{});
}

TEST_F(Erasing, WhoeverComesBackIsSomebodyNew) {
  const Handle before = HandleOf(kCardNumber);
  ASSERT_THAT(StatusOf(Erase()), IsOk());
  Vault vault = temp.Open({"billing"});
  const auto again = StoreCard(vault, IdOf(1));
  ASSERT_THAT(StatusOf(again), IsOk());
  EXPECT_NE(again->handle, before);
  EXPECT_EQ(*ReadCard(vault, "billing", IdOf(1), "pan"), kCardNumber);
}

// The attack: an earlier copy of the database, every keyring there is, and today's files.
TEST_F(Erasing, AnEarlierCopyOpensNothingOnceShredded) {
  const TempDirectory earlier;
  Copy(earlier.path(), true);
  EXPECT_GT(Opens(earlier.path(), earlier / "epoch"), 10u) << "this would see them";
  const auto erased = Erase();
  ASSERT_THAT(StatusOf(erased), IsOk());
  EXPECT_EQ(Opens(earlier.path(), temp.path() + "/epoch"), 0u);
  EXPECT_GT(Opens(temp.path(), temp.path() + "/epoch"), 0u) << "those who stay are readable";
}

TEST_F(Erasing, IsInaccessibleUntilItIsShredded) {
  const TempDirectory earlier;
  Copy(earlier.path());
  const auto erased = Erase(kAda, {.defer = true});
  ASSERT_THAT(StatusOf(erased), IsOk());
  EXPECT_EQ(erased->shredded.grade, ErasureGrade::kInaccessible);
  EXPECT_GT(Opens(earlier.path(), temp.path() + "/epoch"), 0u) << "and this is said";
  const Shredded shredded = Upkeep();
  EXPECT_EQ(shredded.grade, ErasureGrade::kShredded);
  EXPECT_GT(shredded.shards, 0u);
  EXPECT_EQ(Opens(earlier.path(), temp.path() + "/epoch"), 0u);
  EXPECT_EQ(Upkeep().epoch, shredded.epoch) << "nothing is owed any more";
}

TEST_F(Erasing, IsForRightsAlone) {
  Vault vault = temp.Open({"service", "upkeep"}, {.events = events});
  const auto refused = vault.Erase(kAda);
  ASSERT_NE(refused.status().refusal(), nullptr);
  EXPECT_THAT(refused.status().refusal()->reasons,
              ::testing::ElementsAre(Reason::kPurposeKeyMissing));
  EXPECT_EQ(events->Take().back().kind, audit::EventKind::kErase);
  EXPECT_EQ(vault.Info()->subjects, 2u);
}

TEST_F(Erasing, WaitsWhileSomethingIsHeldForACase) {
  Say({.kind = LedgerKind::kHold, .reference = "CASE-7"});
  const auto refused = Erase();
  ASSERT_NE(refused.status().refusal(), nullptr);
  EXPECT_THAT(refused.status().refusal()->reasons, ::testing::ElementsAre(Reason::kHeld));
  Say({.kind = LedgerKind::kRelease, .reference = "CASE-7"});
  EXPECT_EQ(Erase()->subjects, 1u);
}

TEST_F(Erasing, SomebodyHeldStopsACallWithThoseBeforeThemErasedAndNobodyElse) {
  Say({.kind = LedgerKind::kHold, .reference = "CASE-7"});
  const Who third = Who::Ref("user-third");
  {
    Vault vault = temp.Open({});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(9), kCardNumber, third)), IsOk());
  }
  (void)events->Take();
  Vault vault = temp.Open({"rights", "billing"}, {.events = events});
  const std::vector<Who> three = {Who::Ref(kEve), kAda, third};
  const auto refused = vault.Erase(three, {.defer = true});
  ASSERT_NE(refused.status().refusal(), nullptr);
  EXPECT_THAT(refused.status().refusal()->reasons, ::testing::ElementsAre(Reason::kHeld));
  EXPECT_EQ(vault.Info()->subjects, 2u);
  EXPECT_EQ(*ReadCard(vault, "billing", IdOf(9), "pan", third), kCardNumber);
  size_t erased = 0;
  size_t told = 0;
  for (const auto& event : events->Take()) {
    if (event.kind != audit::EventKind::kErase) continue;
    (event.outcome == audit::Outcome::kAllowed ? erased : told) += 1;
  }
  EXPECT_EQ(erased, 1u);
  EXPECT_EQ(told, 1u);
}

TEST_F(Erasing, ThatWaitsIsRememberedAndUpkeepSaysOfWhom) {
  Say({.kind = LedgerKind::kHold, .reference = "CASE-7"});
  for (int asked = 0; asked < 2; ++asked)
    EXPECT_EQ(Erase(kAda, {.case_reference = "DSR-1"}).status().code(), Code::kRefused);
  const auto waiting = [&] {
    Vault vault = temp.Open({"upkeep"});
    const auto done = vault.Upkeep();
    EXPECT_THAT(StatusOf(done), IsOk());
    return std::pair(done->erasures_held, done->erasures_due);
  };
  LedgerView ledger;
  {
    Vault vault = temp.Open({"rights", "billing"});
    ledger = *vault.Ledger(kAda);
    EXPECT_TRUE(ledger.erasure_waits);
    const auto asked = std::count_if(ledger.entries.begin(), ledger.entries.end(), [](auto& each) {
      return each.kind == LedgerKind::kErasureAsked && each.reference == "DSR-1";
    });
    EXPECT_EQ(asked, 1) << "once, however often it was asked for";
    // What must be preserved is used for nothing.
    const auto read = ReadCard(vault, "billing", IdOf(1), "pan", kAda);
    ASSERT_NE(read.status().refusal(), nullptr) << read.status().name();
    EXPECT_THAT(read.status().refusal()->reasons, ::testing::Contains(Reason::kHeld));
  }
  EXPECT_EQ(waiting(), std::pair(std::vector<Handle>{ledger.handle}, std::vector<Handle>{}));
  {
    Vault vault = temp.Open({});
    const auto released = vault.Record(kAda, {.kind = LedgerKind::kRelease, .reference = "CASE-7"});
    ASSERT_THAT(StatusOf(released), IsOk());
    EXPECT_TRUE(released->erasure_due);
  }
  EXPECT_EQ(waiting(), std::pair(std::vector<Handle>{}, std::vector<Handle>{ledger.handle}));
  EXPECT_EQ(Erase()->subjects, 1u);
  EXPECT_EQ(waiting(), std::pair(std::vector<Handle>{}, std::vector<Handle>{}));
  Vault vault = temp.Open({});
  EXPECT_EQ(StatusOf(vault.Record(kAda, {.kind = LedgerKind::kErasureAsked})).name(),
            "ledger.kind");
}

TEST_F(Erasing, SomebodyUnknownIsNotAnError) {
  const auto erased = Erase(Who::Ref("nobody"));
  ASSERT_THAT(StatusOf(erased), IsOk());
  EXPECT_EQ(erased->subjects, 0u);
  EXPECT_EQ(erased->unknown, 1u);
}

TEST_F(Erasing, KeepsATagOfTheAddressThatNobodyWritesTo) {
  const auto erased = Erase();
  ASSERT_THAT(StatusOf(erased), IsOk());
  EXPECT_EQ(erased->suppressed, 1u);
  Vault vault = temp.Open({"contact.news"});
  const auto may = vault.MayContact("contact.news", MakeSecret("ADA@analytical.example"));
  ASSERT_NE(may.status().refusal(), nullptr);
  EXPECT_THAT(may.status().refusal()->reasons, ::testing::Contains(Reason::kContactSuppressed));
}

// Damage must not keep anybody from being erased.
TEST_F(Erasing, SomebodyWhoseRowIsDamagedGoesAsWell) {
  const Handle ada = HandleOf(kCardNumber);
  {
    const RawRows rows(temp.path());
    const auto key = keys::SubjectRowKeyOf(ada);
    Bytes row = rows.Only(store::Table::kSubjects, key).second;
    row.back() ^= 1;
    rows.Put(store::Table::kSubjects, key, row);
  }
  const auto erased = Erase();
  ASSERT_THAT(StatusOf(erased), IsOk());
  EXPECT_EQ(erased->subjects, 1u);
  EXPECT_EQ(erased->shredded.grade, ErasureGrade::kShredded);
  Vault vault = temp.Open({"billing"});
  EXPECT_THAT(StatusOf(ReadCard(vault, "billing", IdOf(1), "pan")),
              ErrorIs(Code::kNotFound, "vault.not-found"));
  EXPECT_TRUE(FindCard(vault)->empty());
  EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk()) << "and may come back";
  EXPECT_EQ(vault.Info()->records, 2u);
}

// A person with more than one write takes.
TEST_F(Erasing, SomebodyWithThousandsOfRecordsGoesInSeveralWrites) {
  constexpr size_t kRecords = 4'200;
  {
    Vault vault = temp.Open({"billing"});
    Batch batch = vault.CollectBatch();
    for (size_t i = 0; i < kRecords; ++i) {
      RecordId id;
      StoreBigEndian(uint64_t{i + 1}, id.bytes.data());
      batch.Add(Checkout(Who::Ref("user-many")))
          .Put("payment_card",
               {{"pan", MakeSecret(kOtherCardNumber)}, {"expiry", MakeSecret("12/15")}}, id);
    }
    ASSERT_THAT(StatusOf(batch.Commit()), IsOk());
  }
  const auto erased = Erase(Who::Ref("user-many"));
  ASSERT_THAT(StatusOf(erased), IsOk());
  EXPECT_EQ(erased->subjects, 1u);
  EXPECT_EQ(erased->records, kRecords);
  EXPECT_EQ(erased->shredded.grade, ErasureGrade::kShredded);
  Vault vault = temp.Open({"billing"});
  EXPECT_EQ(vault.Info()->records, 4u) << "those of the others";
  EXPECT_TRUE(FindCard(vault, kOtherCardNumber)->empty());
  EXPECT_TRUE(vault.Info()->shredded);
}

TEST_F(Erasing, WhoeverLooksAtTheTrailHoldsNoKeysAndIsNotWaitedFor) {
  testing::ChildProcess auditor([&](const testing::Channel& channel) {
    auto trail = AuditTrail::Open(temp.path(), temp.Origin("auditor"));
    channel.Send(trail.ok() ? 'o' : 'x');
    return channel.Receive() == 'e' ? 0 : 1;
  });
  ASSERT_EQ(auditor.channel().Receive(), 'o');
  const auto erased = Erase();
  ASSERT_THAT(StatusOf(erased), IsOk());
  EXPECT_EQ(erased->shredded.grade, ErasureGrade::kShredded);
  auditor.channel().Send('e');
  EXPECT_EQ(auditor.Join(), 0);
}

// What the accounting says outlives them, for rights.
TEST_F(Erasing, KeepsTheAccountingForRightsAlone) {
  const Handle ada = HandleOf(kCardNumber);
  {
    Vault vault = temp.Open({"billing"});
    ASSERT_THAT(DiscloseCard(vault, IdOf(1)), IsOk());
  }
  const auto erased = Erase();
  ASSERT_THAT(StatusOf(erased), IsOk());
  EXPECT_EQ(erased->kept, 1u);
  Vault vault = temp.Open({"rights"});
  Result<Session> rights = vault.As("rights");
  const auto kept = rights->Disclosures(Who::ByHandle(ada));
  ASSERT_THAT(StatusOf(kept), IsOk());
  ASSERT_EQ(kept->size(), 1u);
  EXPECT_EQ(kept->front().recipient, "acquirer");
  EXPECT_THAT(StatusOf(rights->Disclosures(kAda)), ErrorIs(Code::kNotFound, "vault.not-found"));
  EXPECT_THAT(StatusOf(rights->Disclosures(Who::ByHandle(Handle{{1}}))),
              ErrorIs(Code::kNotFound, "vault.not-found"));
}

TEST_F(Erasing, OneCallErasesManyUnderOneEpoch) {
  const std::vector<Who> both = {kAda, Who::Ref(kEve)};
  Vault vault = temp.Open({"rights"});
  const auto erased = vault.Erase(both);
  ASSERT_THAT(StatusOf(erased), IsOk());
  EXPECT_EQ(erased->subjects, 2u);
  EXPECT_EQ(erased->decisions.size(), 2u);
  EXPECT_EQ(erased->shredded.epoch, 2u);
  EXPECT_EQ(vault.Info()->subjects, 0u);
  EXPECT_EQ(vault.Info()->records, 0u);
}

// A withdrawal takes the key away from earlier copies too, for everybody else nothing changes.
TEST_F(Erasing, WhatWasWithdrawnOpensInNoCopyOnceUpkeepRan) {
  Say({.kind = LedgerKind::kGiven, .purpose = "contact.news", .notice = "news-1"});
  Upkeep();
  const TempDirectory earlier;
  Copy(earlier.path(), true);
  EXPECT_GT(Opens(earlier.path(), earlier / "epoch"), 0u);
  Say({.kind = LedgerKind::kWithdrawn, .purpose = "contact.news"});
  EXPECT_EQ(Upkeep().grade, ErasureGrade::kShredded);
  EXPECT_EQ(Opens(earlier.path(), temp.path() + "/epoch"), 0u);
  Vault vault = temp.Open({"billing"});
  EXPECT_EQ(*ReadCard(vault, "billing", IdOf(1), "pan"), kCardNumber);
  EXPECT_EQ(FindCard(vault)->size(), 1u) << "lookups moved with their shard";
}

}  // namespace
}  // namespace bailee
