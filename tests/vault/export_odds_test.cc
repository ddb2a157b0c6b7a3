// SPDX-License-Identifier: Apache-2.0
#include "export_world.h"

// Exports where something is in the way: keys, the trail, damage, other writers.
namespace bailee {
namespace {

using audit::Outcome;
using store::Table;
using testing::ErrorIs;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusOf;
using ::testing::UnorderedElementsAre;

class ExportAgainstOdds : public ExportTest {};

TEST_F(ExportAgainstOdds, IsForRightsAlone) {
  Fill();
  Vault vault = temp.Open({"billing", "support", "upkeep"}, {.events = events});
  events->Take();
  KeptExport kept;
  const Status refused = StatusOf(vault.Export(kAda, {}, kept));
  ASSERT_NE(refused.refusal(), nullptr);
  EXPECT_EQ(refused.refusal()->reasons, std::vector<Reason>{Reason::kPurposeKeyMissing});
  EXPECT_TRUE(kept.empty());
  const auto seen = Exports();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen.front().outcome, Outcome::kRefused);
  EXPECT_EQ(seen.front().handle, Handle{});
}

TEST_F(ExportAgainstOdds, GivesNothingThatCannotBeRecorded) {
  Fill();
  Vault vault = temp.Open({"rights"}, {.events = events});
  KeptExport kept;
  events->Fail(true);
  EXPECT_THAT(StatusOf(vault.Export(kAda, {}, kept)), ErrorIs(Code::kAuditDown, "audit.down"));
  EXPECT_TRUE(kept.empty());
  // It goes down after the beginning, or after the accounting: no record comes.
  events->Fail(false);
  events->AfterNextAppend([&] { events->Fail(true); });
  EXPECT_THAT(StatusOf(vault.Export(kAda, {}, kept)), ErrorIs(Code::kAuditDown, "audit.down"));
  EXPECT_TRUE(kept.empty());
  events->Fail(false);
  events->AfterNextAppend([&] { events->AfterNextAppend([&] { events->Fail(true); }); });
  EXPECT_THAT(StatusOf(vault.Export(kAda, {}, kept)), ErrorIs(Code::kAuditDown, "audit.down"));
  EXPECT_EQ(kept.subjects, 1);
  EXPECT_THAT(kept.records, IsEmpty());
}

TEST_F(ExportAgainstOdds, RecordsWhatIsGivenBeforeItIsGiven) {
  Fill();
  KeptExport kept;
  ASSERT_THAT(StatusOf(Run(kept)), IsOk());
  const auto seen = Exports();
  ASSERT_EQ(seen.size(), 2U) << "the whole, then its one chunk";
  EXPECT_EQ(seen[0].purpose, "rights");
  EXPECT_EQ(seen[0].handle, kept.handle);
  EXPECT_THAT(seen[0].records, IsEmpty());
  EXPECT_THAT(seen[1].records, UnorderedElementsAre(RecordId{}, IdOf(1)));
}

TEST_F(ExportAgainstOdds, NamesADamagedRecordAndGivesTheRest) {
  Fill();
  {
    const RawRows rows(temp.path());
    for (const auto& [key, value] : rows.All(Table::kRecords)) {
      if (key.back() != 1) continue;  // the card
      Bytes flipped = value;
      flipped.back() ^= 1;
      rows.Put(Table::kRecords, key, flipped);
    }
  }
  KeptExport kept;
  const Result<SubjectExportSummary> done = Run(kept);
  ASSERT_THAT(StatusOf(done), IsOk());
  EXPECT_EQ(done->damaged, 1U);
  EXPECT_EQ(kept.Of("payment_card").damage.code(), Code::kDamage);
  EXPECT_EQ(kept.Of("payment_card").id, IdOf(1));
  EXPECT_THAT(kept.Of("payment_card").values, IsEmpty());
  EXPECT_EQ(kept.Of("account").values.at("name"), "Ada Lovelace");
}

TEST_F(ExportAgainstOdds, EveryDamagedBitOfARecordIsNamedOrChangesNothing) {
  Fill();
  const RawRows::Row card = [&] {
    const RawRows rows(temp.path());
    for (auto& row : rows.All(Table::kRecords)) {
      if (row.first.back() == 1) return row;
    }
    return RawRows::Row();
  }();
  size_t tried = 0;
  Bytes flipped = card.second;
  for (size_t at = 0; at < flipped.size(); at += 37, ++tried) {
    flipped[at] ^= 0x10;
    {
      const RawRows rows(temp.path());
      rows.Put(Table::kRecords, card.first, flipped);
    }
    KeptExport kept;
    const Result<SubjectExportSummary> done = Run(kept);
    ASSERT_THAT(StatusOf(done), IsOk()) << at;
    EXPECT_EQ(done->damaged, 1U) << at;
    EXPECT_EQ(kept.Of("account").values.at("name"), "Ada Lovelace") << at;
    flipped[at] ^= 0x10;
  }
  EXPECT_GT(tried, 5U);
}

TEST_F(ExportAgainstOdds, NamesADamagedLedgerAndGivesTheRest) {
  Fill();
  Say({.kind = LedgerKind::kObjected, .purpose = "improve.combined"});
  {
    const RawRows rows(temp.path());
    const RawRows::Row entry = rows.Only(Table::kLedger);
    rows.Delete(Table::kLedger, entry.first);
  }
  KeptExport kept;
  ASSERT_THAT(StatusOf(Run(kept)), IsOk());
  EXPECT_EQ(kept.ledger_damage.code(), Code::kDamage);
  EXPECT_EQ(kept.records.size(), 2U);
}

TEST_F(ExportAgainstOdds, GivesWhatIsThereWhenSomebodyWritesMeanwhile) {
  Fill();
  Vault vault = temp.Open({"rights"}, {.events = events});
  events->AfterNextAppend([&] { ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(9))), IsOk()); });
  KeptExport kept;
  ASSERT_THAT(StatusOf(vault.Export(kAda, {}, kept)), IsOk());
  EXPECT_EQ(kept.subjects, 1);
  EXPECT_EQ(kept.records.size(), 3U);
}

}  // namespace
}  // namespace bailee
