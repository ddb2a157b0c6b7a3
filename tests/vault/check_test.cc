// SPDX-License-Identifier: Apache-2.0
#include <random>

#include "base/codec.h"
#include "keys/subject.h"
#include "support/own_memory.h"
#include "vault/check_world.h"
#include "vault/report_world.h"

// What check says of a vault that is whole, in pieces, and while others write.
namespace bailee {
namespace {

using store::Table;
using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

using CheckWhole = CheckTest;

TEST_F(CheckWhole, AVaultThatWasLivedInHasNothingWrong) {
  const Checked checked = Run({.slices = 1});
  EXPECT_THAT(checked.status(), IsOk()) << ::testing::PrintToString(checked);
  EXPECT_TRUE(checked.findings.empty()) << ::testing::PrintToString(checked);
  for (const CheckedTable& table : checked.report->tables) {
    EXPECT_GT(table.rows, 0u) << table.name;
    EXPECT_EQ(table.rows, table.good) << table.name;
  }
  EXPECT_GT(checked.report->records_read, 4u);
  EXPECT_GT(checked.report->wraps_opened, 20u);
}

TEST_F(CheckWhole, AnyKeyringThatOpensTheVaultWillDo) {
  const Checked checked = Run({.slices = 1}, {});
  EXPECT_THAT(checked.status(), IsOk()) << ::testing::PrintToString(checked);
  EXPECT_EQ(checked.report->wraps_opened, 0u);
  EXPECT_EQ(checked.report->records_read, 0u);
  EXPECT_GT(checked.report->compartments_closed, 0u);
  EXPECT_THAT(StatusOf(Check(path(), sound_->Origin("auditor"), {.clock = &sound_->clock()})),
              ErrorIs(Code::kKey, "key.no-storage"));
}

TEST_F(CheckWhole, IsOneEventThatComesBeforeAnythingIsLookedAt) {
  bool looked = false;
  const Checked stopped = Run({.progress = [&](uint64_t, uint64_t) {
    looked = true;
    return false;
  }});
  EXPECT_TRUE(looked);
  ASSERT_TRUE(stopped.report->decision.has_value());
  const std::string decision = stopped.report->decision->ToText();
  auto trail = AuditTrail::Open(path(), sound_->Origin("auditor"), {.clock = &sound_->clock()});
  ASSERT_THAT(StatusOf(trail), IsOk());
  const auto entry = trail->Find(*stopped.report->decision);
  ASSERT_THAT(StatusOf(entry), IsOk());
  EXPECT_EQ(entry->kind, "check");
  EXPECT_EQ(entry->actor, "checker");
  size_t checks = 0;
  ASSERT_THAT(StatusOf(trail->Entries({.kind = "check"}, 0,
                                      [&](const TrailEntry&) {
                                        ++checks;
                                        return true;
                                      })),
              IsOk());
  EXPECT_EQ(checks, 1u);
}

// What rows say of themselves, without the trail, to which every opening adds.
std::map<std::string, uint64_t> RowsOf(const CheckReport& report) {
  std::map<std::string, uint64_t> rows;
  for (const CheckedTable& table : report.tables) {
    const bool grows = table.name == "meta" || table.name.starts_with("audit");
    if (!grows) rows[table.name] += table.rows;
  }
  return rows;
}

TEST_F(CheckWhole, WhatWasStoppedGoesOnAndLooksAtEveryRowOnce) {
  {
    Vault vault = Open({"billing"});
    Batch batch = vault.CollectBatch();
    for (int i = 0; i < 1'500; ++i) {
      RecordId id;
      StoreBigEndian(uint32_t(i + 1), id.bytes.data());
      batch.Add(Checkout(Who::Ref("many")))
          .Put("payment_card",
               {{"pan", MakeSecret(kOtherCardNumber)}, {"expiry", MakeSecret("12/15")}}, id);
    }
    ASSERT_THAT(StatusOf(batch.Commit()), IsOk());
  }
  const Checked whole = Run({.slices = 4, .slice = 3});
  ASSERT_THAT(whole.status(), IsOk()) << ::testing::PrintToString(whole);
  std::map<std::string, uint64_t> rows;
  uint64_t read = 0;
  std::string from;
  size_t runs = 0;
  size_t trails = 0;
  do {
    const Checked piece =
        Run({.slices = 4, .slice = 3, .from = from, .progress = [&](uint64_t, uint64_t) {
               return false;
             }});
    ASSERT_THAT(piece.status().code(), ::testing::AnyOf(Code::kOk, Code::kPartial))
        << ::testing::PrintToString(piece);
    for (const auto& [name, count] : RowsOf(*piece.report)) rows[name] += count;
    read += piece.report->records_read;
    if (piece.Table("audit_leaf").rows > 0) ++trails;
    from = piece.report->next;
    ASSERT_LT(++runs, 100u);
  } while (!from.empty());
  EXPECT_GT(runs, 15u);
  EXPECT_EQ(rows, RowsOf(*whole.report));
  EXPECT_EQ(read, whole.report->records_read);
  EXPECT_EQ(trails, 1u);
}

TEST_F(CheckWhole, APlaceIsOfOneVaultAndMakesSense) {
  const Checked stopped = Run({.progress = [](uint64_t, uint64_t) { return false; }});
  EXPECT_THAT(stopped.status(), ErrorIs(Code::kPartial, "check.stopped"));
  const std::string place = stopped.report->next;
  std::string of_another = place;
  of_another[0] = of_another[0] == 'a' ? 'b' : 'a';
  for (const std::string& bad :
       {std::string("x"), of_another, place + "0", place.substr(0, place.size() - 1),
        place.substr(0, 33) + "14.0.0.", place.substr(0, 33) + "0.4.4.",
        place.substr(0, 33) + "11.0.0.00", place.substr(0, 33) + "13.0.0.00",
        place.substr(0, 33) + "01.0.0."}) {
    EXPECT_THAT(Run({.from = bad}).status(), ErrorIs(Code::kUsage, "check.from")) << bad;
  }
  EXPECT_THAT(Run({.slices = 4, .slice = 4}).status(), ErrorIs(Code::kUsage, "check.slice"));
  EXPECT_THAT(Run({.slices = 10'001}).status(), ErrorIs(Code::kUsage, "check.slice"));
}

TEST_F(CheckWhole, SlicesTogetherReadEveryRecordOnce) {
  const Checked all = Run({.slices = 1});
  uint64_t read = 0;
  std::set<uint64_t> each;
  for (uint32_t slice = 0; slice < 3; ++slice) {
    const Checked part = Run({.slices = 3, .slice = slice});
    EXPECT_EQ(part.report->slice, slice);
    read += part.report->records_read;
    each.insert(part.report->records_read);
  }
  EXPECT_EQ(read, all.report->records_read);
  std::set<uint32_t> random;
  for (int i = 0; i < 20; ++i) random.insert(Run({.slices = 50}).report->slice);
  EXPECT_GT(random.size(), 5u) << "another one each time";
}

// Fed cells and counters, which the other policy has none of.
TEST(CheckReports, CellsThatCollectingFillsAreLookedAtToo) {
  TempVault world{std::string(kReportPolicy)};
  {
    Vault vault = world.Open({});
    ASSERT_THAT(
        StatusOf(
            vault.Collect({.who = Who::Ref("a"), .notice = "n", .source = "web"})
                .Put("order",
                     Fields({{"number", "1"}, {"country", "DE"}, {"at", "2013-06-01T00:00:00Z"}}))
                .Commit()),
        IsOk());
    ASSERT_THAT(StatusOf(vault.Collect({.who = Who::Nobody(), .notice = "n", .source = "web"})
                             .Put("ping", Fields({{"country", "DE"}}))
                             .Commit()),
                IsOk());
  }
  const CheckOptions options{.clock = &world.clock()};
  Checked checked = RunCheck(world.path(), world.Granted("c", {}), options);
  EXPECT_THAT(checked.status(), IsOk()) << ::testing::PrintToString(checked);
  EXPECT_EQ(checked.Table("reports").rows, 2u);
  {
    const RawRows rows(world.path());
    for (auto [key, value] : rows.All(Table::kReports)) {
      if (key[0] == 3) value.pop_back();
      if (key[0] == 2) value.back() ^= 1;
      rows.Put(Table::kReports, key, value);
    }
  }
  checked = RunCheck(world.path(), world.Granted("c", {}), options);
  EXPECT_EQ(checked.Count("report.damaged"), 2u);
  EXPECT_THAT(checked.status(), ErrorIs(Code::kDamage, "check.damage"));
}

// Rows of which no key and no other row says that they must be as they are.
bool IsUnproven(Table table, ByteView key) {
  return table == Table::kKeywork || table == Table::kDue ||
         (table == Table::kLedger && key[0] == 2) || (table == Table::kReports && key[0] == 3);
}

TEST_F(CheckWhole, NoFlippedBitOfAnyRowGoesUnseen) {
  std::mt19937 random(4711);
  size_t flips = 0;
  for (uint8_t i = 0; i < store::kTableCount; ++i) {
    const auto table = Table{i};
    std::vector<RawRows::Row> rows;
    {
      const RawRows raw(path());
      rows = raw.All(table);
    }
    for (int n = 0; n < 12; ++n) {
      RawRows::Row row = rows[random() % rows.size()];
      if (IsUnproven(table, row.first)) continue;
      // The newest time the vault saw: any will do.
      if (table == Table::kMeta && AsText(row.first) == "clock") continue;
      SCOPED_TRACE(std::string(store::TableName(table)) + " " + std::to_string(n));
      CopyAnew();
      {
        const RawRows raw(path());
        const bool in_key = n % 3 == 0 && table != Table::kMeta;
        if (in_key) raw.Delete(table, row.first);
        Bytes& where = in_key ? row.first : row.second;
        where[random() % where.size()] ^= static_cast<uint8_t>(1u << random() % 8);
        raw.Put(table, row.first, row.second);
      }
      const Checked checked = Run({.slices = 1});
      EXPECT_FALSE(checked.status().ok());
      EXPECT_NE(checked.status().code(), Code::kFailed) << checked.status().name();
      ++flips;
    }
  }
  EXPECT_GT(flips, 100u);
}

TEST_F(CheckWhole, ManyFindingsTakeNoMoreMemoryThanFew) {
  constexpr uint64_t kStrays = 30'000;
  {
    const RawRows rows(path());
    for (uint64_t done = 0; done < kStrays; done += 10'000) {
      ASSERT_THAT(rows.engine().Write([&](store::WriteTransaction& transaction) -> Status {
        for (uint64_t i = done; i < done + 10'000; ++i) {
          Bytes key = {9};
          Writer(key).Put(i);
          if (Status put = transaction.Put(Table::kLookup, key, key); !put.ok()) return put;
        }
        return Status();
      }),
                  IsOk());
    }
  }
  uint64_t found = 0;
  size_t heap_before = 0;
  size_t heap_most = 0;
  CheckOptions options{.clock = &sound_->clock(), .map_bytes = uint64_t{1} << 30};
  options.visit = [&](const CheckFinding&) {
    if (++found == 1'000) heap_before = testing::HeapBytes();
    heap_most = std::max(heap_most, testing::HeapBytes());
  };
  const auto report = Check(path(), sound_->Granted("checker", {}), options);
  ASSERT_THAT(StatusOf(report), IsOk());
  EXPECT_EQ(found, kStrays);
  EXPECT_EQ(report->damages, kStrays);
  EXPECT_LT(heap_most, heap_before + (size_t{256} << 10)) << "30,000 of them have 10 MB";
  EXPECT_THAT(report->ToStatus(), ErrorIs(Code::kDamage, "check.damage"));
}

TEST_F(CheckWhole, AChangedTrailIsNamedByItsOwnFindings) {
  {
    const RawRows rows(path());
    RawRows::Row leaf = rows.All(Table::kAuditLeaf)[10];
    leaf.second.back() ^= 1;
    rows.Put(Table::kAuditLeaf, leaf.first, leaf.second);
  }
  const Checked checked = Run();
  EXPECT_THAT(checked.status(), ErrorIs(Code::kDamage, "check.damage"));
  ASSERT_FALSE(checked.findings.empty());
  for (const CheckFinding& each : checked.findings) {
    EXPECT_TRUE(each.kind.starts_with("trail.")) << each.kind;
    EXPECT_EQ(each.table, "audit_leaf");
  }
  EXPECT_EQ(checked.Table("records").rows, checked.Table("records").good);
}

// An older copy of a person's row, put back when their records went on.
TEST_F(CheckWhole, AnOlderRowOfAPersonPutBackIsSeen) {
  const auto key = keys::SubjectRowKeyOf(life_->ada);
  Bytes older;
  {
    const RawRows rows(path());
    older = rows.Only(Table::kSubjects, key).second;
  }
  {
    Vault vault = Open({"billing"});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1), kOtherCardNumber)), IsOk());
  }
  { RawRows(path()).Put(Table::kSubjects, key, older); }
  const Checked checked = Run();
  EXPECT_EQ(checked.Count("record.old"), 1u) << ::testing::PrintToString(checked);
  EXPECT_THAT(checked.status(), ErrorIs(Code::kDamage, "check.damage"));
}

TEST_F(CheckWhole, WhatHangsOnADamagedRowIsUnsureAndTheRestIsGood) {
  {
    const RawRows rows(path());
    const auto key = keys::SubjectRowKeyOf(life_->ada);
    Bytes row = rows.Only(Table::kSubjects, key).second;
    row.back() ^= 1;
    rows.Put(Table::kSubjects, key, row);
  }
  const Checked checked = Run();
  ASSERT_EQ(checked.findings.size(), 1u) << ::testing::PrintToString(checked);
  EXPECT_EQ(checked.Table("subjects").damaged, 1u);
  const CheckedTable& records = checked.Table("records");
  EXPECT_GT(records.unsure, 3u);
  EXPECT_GT(records.good, 0u);
  EXPECT_EQ(records.rows, records.good + records.unsure);
  EXPECT_EQ(checked.Table("ledger").damaged, 0u);
}

}  // namespace
}  // namespace bailee
