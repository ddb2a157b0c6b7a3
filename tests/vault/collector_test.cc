// SPDX-License-Identifier: Apache-2.0
#include "bailee/reason.h"
#include "support/raw_reader.h"
#include "vault/stories.h"

// Processes that write what they cannot read, and holders that read it and tidy up.
namespace bailee {
namespace {

using store::Table;
using ::testing::ElementsAre;
using testing::IsOk;
using testing::StatusOf;

class Collector : public ::testing::Test {
 protected:
  // Each in a process life of its own, so that each makes a generation.
  void StoreAs(const std::vector<std::string>& purposes, RecordId id,
               std::string_view pan = kCardNumber) {
    Vault vault = vault_.Open(purposes);
    ASSERT_THAT(StatusOf(StoreCard(vault, id, pan)), IsOk());
  }
  Result<std::string> Read(RecordId id, std::string_view purpose = "billing",
                           std::string_view field = "pan") {
    Vault vault = vault_.Open({std::string(purpose)});
    return ReadCard(vault, purpose, id, field);
  }
  size_t Travelling() {
    const RawRows rows(vault_.path());
    size_t count = 0;
    for (const RawRows::Row& row : rows.All(Table::kRecords)) {
      const auto parsed = record::ParseRecordRow(row.second);
      for (const record::RowEntry& entry : *parsed) count += entry.travelling.empty() ? 0 : 1;
    }
    return count;
  }
  // Generations that records name, over all compartments.
  std::set<uint32_t> Generations() {
    const RawRows rows(vault_.path());
    std::set<uint32_t> found;
    for (const RawRows::Row& row : rows.All(Table::kRecords)) {
      const auto parsed = record::ParseRecordRow(row.second);
      for (const record::RowEntry& entry : *parsed) found.insert(entry.generation);
    }
    return found;
  }

  TempVault vault_{PolicyText("livelook_2013")};
};

TEST_F(Collector, CannotReadBackWhatItStored) {
  Vault vault = vault_.Open({});
  ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
  const Result<Session> session = vault.As("billing");
  ASSERT_EQ(session.status().code(), Code::kRefused);
  EXPECT_THAT(session.status().refusal()->reasons, ElementsAre(Reason::kPurposeKeyMissing));
}

TEST_F(Collector, HoldsNoKeyThatOpensAnything) {
  StoreAs({}, IdOf(1));
  const RawRows rows(vault_.path());
  const RawRows::Row row = rows.Only(Table::kRecords);
  const Keyring none = vault_.Granted("web", {});
  EXPECT_TRUE(RawReader(rows, vault_.id(), none.keys()).Opens(row.first, row.second).empty());
  const Keyring billing = vault_.Granted("shop", {"billing"});
  EXPECT_EQ(RawReader(rows, vault_.id(), billing.keys()).Opens(row.first, row.second).size(),
            record::ParseRecordRow(row.second)->size());
}

TEST_F(Collector, LeavesEntriesThatBillingFindsBy) {
  StoreAs({}, IdOf(1));
  EXPECT_EQ(RawRows(vault_.path()).All(Table::kLookup, Prefix(0x04)).size(), 1u);
  Vault billing = vault_.Open({"billing"});
  EXPECT_EQ(billing.Info()->lookups_pending, 0u);
  const auto found = FindCard(billing, "4111-1111-1111-1111");
  ASSERT_THAT(StatusOf(found), IsOk());
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().record, IdOf(1));
  EXPECT_TRUE(FindCard(billing, kOtherCardNumber)->empty());
}

TEST_F(Collector, AfterFourGenerationsSendsWrapsWithTheRecord) {
  for (uint8_t i = 1; i <= 4; ++i) StoreAs({}, IdOf(i));
  EXPECT_EQ(Travelling(), 0u);
  for (uint8_t i = 5; i <= 7; ++i) StoreAs({}, IdOf(i));
  EXPECT_GT(Travelling(), 0u);
  for (uint8_t i = 1; i <= 7; ++i) {
    EXPECT_EQ(*Read(IdOf(i)), kCardNumber) << int{i};
    EXPECT_EQ(*Read(IdOf(i), "support", "pan.last4"), "1111") << int{i};
    EXPECT_EQ(Read(IdOf(i), "support", "pan").status().code(), Code::kRefused);
  }
}

TEST_F(Collector, TravellingWrapsOpenForTheSamePurposesAndNoOther) {
  for (uint8_t i = 1; i <= 5; ++i) StoreAs({}, IdOf(i));
  const RawRows rows(vault_.path());
  for (const std::string purpose : {"billing", "support", "legal.process", "service", "security"}) {
    const Keyring keyring = vault_.Granted("x", {purpose});
    RawReader reader(rows, vault_.id(), keyring.keys());
    std::set<std::set<uint16_t>> answers;
    for (const RawRows::Row& row : rows.All(Table::kRecords))
      answers.insert(reader.Opens(row.first, row.second));
    EXPECT_EQ(answers.size(), 1u) << purpose;
  }
}

TEST_F(Collector, AHolderThatWritesFoldsWhatCollectorsLeft) {
  for (uint8_t i = 1; i <= 7; ++i) StoreAs({}, IdOf(i));
  ASSERT_GT(Travelling(), 0u);
  StoreAs({"billing"}, IdOf(8), kOtherCardNumber);
  EXPECT_EQ(Travelling(), 0u);
  EXPECT_EQ(Generations().size(), 1u);
  for (uint8_t i = 1; i <= 7; ++i) {
    EXPECT_EQ(*Read(IdOf(i)), kCardNumber) << int{i};
    EXPECT_EQ(*Read(IdOf(i), "support", "pan.last4"), "1111") << int{i};
    EXPECT_EQ(Read(IdOf(i), "support", "pan").status().code(), Code::kRefused);
  }
  EXPECT_EQ(*Read(IdOf(8)), kOtherCardNumber);
  // And there is room for collectors again.
  for (uint8_t i = 9; i <= 12; ++i) StoreAs({}, IdOf(i));
  EXPECT_EQ(Travelling(), 0u);
  for (uint8_t i = 1; i <= 12; ++i) EXPECT_THAT(StatusOf(Read(IdOf(i))), IsOk()) << int{i};
}

TEST_F(Collector, FoldingGivesNobodyMoreAndNobodyLess) {
  for (uint8_t i = 1; i <= 6; ++i) StoreAs({}, IdOf(i));
  const std::vector<std::string> purposes = {"billing", "support", "legal.process",
                                             "service", "rights",  "upkeep"};
  const auto opened = [&] {
    const RawRows rows(vault_.path());
    std::vector<std::set<uint16_t>> found;
    for (const std::string& purpose : purposes) {
      const Keyring keyring = vault_.Granted("x", {purpose});
      RawReader reader(rows, vault_.id(), keyring.keys());
      for (uint8_t i = 1; i <= 6; ++i) {
        for (const RawRows::Row& row : rows.All(Table::kRecords)) {
          if (row.first.back() == i) found.push_back(reader.Opens(row.first, row.second));
        }
      }
    }
    return found;
  };
  const auto before = opened();
  StoreAs({"billing"}, IdOf(7));
  EXPECT_EQ(opened(), before);
}

// A holder of less than every compartment folds what it can.
TEST_F(Collector, SupportFoldsOnlyItsOwnCompartment) {
  for (uint8_t i = 1; i <= 6; ++i) StoreAs({}, IdOf(i));
  EXPECT_EQ(Travelling(), 2u * 3);
  StoreAs({"support"}, IdOf(7));
  EXPECT_EQ(Travelling(), 3u * 2) << "the two compartments that support does not read";
  for (uint8_t i = 1; i <= 7; ++i) {
    EXPECT_EQ(*Read(IdOf(i)), kCardNumber) << int{i};
    EXPECT_EQ(*Read(IdOf(i), "support", "pan.last4"), "1111") << int{i};
  }
}

TEST_F(Collector, AnOpenHolderReadsAfterNumbersWereGivenAgain) {
  TempVault& vault = vault_;
  StoreAs({"billing"}, IdOf(1));
  StoreAs({}, IdOf(2));
  StoreAs({"billing"}, IdOf(3));           // folds, and drops generation 2
  StoreAs({}, IdOf(4), kOtherCardNumber);  // makes another generation 2
  Vault billing = vault.Open({"billing"});
  EXPECT_EQ(*ReadCard(billing, "billing", IdOf(2), "pan"), kCardNumber);
  EXPECT_EQ(*ReadCard(billing, "billing", IdOf(4), "pan"), kOtherCardNumber);
}

TEST_F(Collector, ARowFromBeforeFoldingPutBackGivesNoOtherValue) {
  for (uint8_t i = 1; i <= 2; ++i) StoreAs({}, IdOf(i));
  const RawRows::Row old = RawRows(vault_.path()).All(Table::kRecords).front();
  StoreAs({"billing"}, IdOf(3));
  RawRows(vault_.path()).Put(Table::kRecords, old.first, old.second);
  const Result<std::string> got = Read(IdOf(1));
  EXPECT_TRUE(!got.ok() && IsTyped(got.status())) << got.status().name();
}

TEST_F(Collector, ADamagedNeighbourDoesNotStopAHolder) {
  for (uint8_t i = 1; i <= 3; ++i) StoreAs({}, IdOf(i));
  {
    const RawRows rows(vault_.path());
    RawRows::Row row = rows.All(Table::kRecords).front();
    row.second.back() ^= 1;
    row.second[100] ^= 1;
    rows.Put(Table::kRecords, row.first, row.second);
  }
  StoreAs({"billing"}, IdOf(4));
  for (uint8_t i = 2; i <= 4; ++i) EXPECT_EQ(*Read(IdOf(i)), kCardNumber) << int{i};
  EXPECT_EQ(Read(IdOf(1)).status().code(), Code::kDamage);
}

TEST_F(Collector, FoldsAtMostSomeRecordsInOneTransaction) {
  constexpr size_t kRecords = 300;  // more than one transaction seals again
  {
    Vault vault = vault_.Open({});
    Batch batch = vault.CollectBatch();
    for (size_t i = 0; i < kRecords; ++i) {
      RecordId id = IdOf(1);
      id.bytes[0] = static_cast<uint8_t>(i >> 8);
      id.bytes[1] = static_cast<uint8_t>(i);
      batch.Add(Checkout())
          .Put("payment_card", {{"pan", MakeSecret(kCardNumber)}, {"expiry", MakeSecret("12/15")}},
               id);
    }
    ASSERT_THAT(StatusOf(batch.Commit()), IsOk());
  }
  StoreAs({"billing"}, IdOf(9));
  EXPECT_EQ(Generations().size(), 2u);
  StoreAs({"billing"}, IdOf(10));
  EXPECT_EQ(Generations().size(), 1u);
  Vault billing = vault_.Open({"billing"});
  Result<Session> session = billing.As("billing");
  const auto all =
      session->ReadAll({.who = Who::Ref(kUser), .category = "payment_card", .fields = {"pan"}});
  ASSERT_THAT(StatusOf(all), IsOk());
  EXPECT_EQ(all->size(), kRecords + 2);
}

TEST_F(Collector, StoringTwiceIsUnchangedForAHolder) {
  StoreAs({"billing"}, IdOf(1));
  Vault billing = vault_.Open({"billing"});
  const Result<Collected> again = StoreCard(billing, IdOf(1));
  ASSERT_THAT(StatusOf(again), IsOk());
  EXPECT_EQ(again->unchanged, 1u);
  EXPECT_EQ(again->replaced, 0u);
  EXPECT_EQ(FindCard(billing)->size(), 1u);
  EXPECT_EQ(billing.Info()->records, 1u);
}

TEST_F(Collector, StoringTwiceReplacesForACollectorAndIsFoundOnce) {
  StoreAs({}, IdOf(1));
  {
    Vault vault = vault_.Open({});
    const Result<Collected> again = StoreCard(vault, IdOf(1));
    ASSERT_THAT(StatusOf(again), IsOk());
    EXPECT_EQ(again->replaced, 1u);
    EXPECT_EQ(again->unchanged, 0u);
  }
  Vault billing = vault_.Open({"billing"});
  EXPECT_EQ(*ReadCard(billing, "billing", IdOf(1), "pan"), kCardNumber);
  EXPECT_EQ(FindCard(billing)->size(), 1u);
  EXPECT_EQ(billing.Info()->records, 1u);
  EXPECT_EQ(billing.Info()->subjects, 1u);
}

TEST_F(Collector, StoringTwiceLeavesOneLookupRow) {
  StoreAs({}, IdOf(1));
  StoreAs({}, IdOf(1));
  StoreAs({"billing"}, IdOf(1));
  StoreAs({"billing"}, IdOf(1));
  const RawRows rows(vault_.path());
  EXPECT_EQ(rows.All(Table::kLookup, Prefix(0x03)).size(), 1u);
  EXPECT_EQ(rows.All(Table::kLookup, Prefix(0x04)).size(), 0u);
  EXPECT_EQ(rows.All(Table::kLookup, Prefix(0x01)).size(), 1u);
}

TEST_F(Collector, AnOverwrittenNumberIsNoLongerFound) {
  StoreAs({}, IdOf(1), kCardNumber);
  StoreAs({}, IdOf(1), kOtherCardNumber);
  Vault billing = vault_.Open({"billing"});
  EXPECT_TRUE(FindCard(billing, kCardNumber)->empty());
  EXPECT_EQ(FindCard(billing, kOtherCardNumber)->size(), 1u);
}

}  // namespace
}  // namespace bailee
