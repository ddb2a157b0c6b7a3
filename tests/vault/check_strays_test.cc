// SPDX-License-Identifier: Apache-2.0
#include "bailee/inspect.h"
#include "base/hex.h"
#include "support/campaign.h"
#include "vault/check_world.h"

// Rows that somebody added to a vault, each made from one that is right.
namespace bailee {
namespace {

using store::Table;

using CheckStrays = CheckTest;

constexpr size_t kEachOf = 3;  // which third: BAILEE_SEED says

struct Stray {
  Table table;
  Bytes key;
  Bytes value;
};

Bytes WithLast(Bytes key, uint8_t more) {
  key.back() = static_cast<uint8_t>(key.back() + more);
  return key;
}

// What can be made of a row: another key, one of another length, and so with its value.
std::vector<Stray> StraysOf(Table table, const RawRows::Row& row) {
  const auto& [key, value] = row;
  Bytes longer_key = key;
  longer_key.push_back(0);
  const Bytes shorter_key(key.begin(), key.end() - 1);
  Bytes longer = value;
  longer.push_back(0);
  Bytes shorter = value;
  if (!shorter.empty()) shorter.pop_back();
  Bytes other = value;
  if (!other.empty()) other.front() = static_cast<uint8_t>(other.front() + 1);
  return {{table, longer_key, value},         {table, shorter_key, value},
          {table, WithLast(key, 1), value},   {table, WithLast(key, 2), longer},
          {table, WithLast(key, 3), shorter}, {table, WithLast(key, 4), other},
          {table, WithLast(key, 5), {}}};
}

// One row of each shape: rows of one shape have the same table, length and first byte; those of
// meta the same letters.
std::vector<std::pair<Table, RawRows::Row>> OneOfEachShape(const RawRows& rows) {
  std::map<std::tuple<uint8_t, size_t, uint8_t>, RawRows::Row> shapes;
  for (uint8_t i = 0; i < store::kTableCount; ++i) {
    for (RawRows::Row& row : rows.All(Table{i}))
      shapes.try_emplace({i, row.first.size(), row.first.front()}, std::move(row));
  }
  std::vector<std::pair<Table, RawRows::Row>> found;
  for (auto& [shape, row] : shapes) found.emplace_back(Table{std::get<0>(shape)}, std::move(row));
  return found;
}

// Those that are not there yet.
std::vector<Stray> AllStrays(const RawRows& rows) {
  std::vector<Stray> strays;
  for (const auto& [table, row] : OneOfEachShape(rows)) {
    for (Stray& stray : StraysOf(table, row)) {
      if (!stray.key.empty() && rows.All(table, stray.key).empty())
        strays.push_back(std::move(stray));
    }
  }
  return strays;
}

// Rows that nothing speaks of; one whose shape is right may be there (FORMAT.md §§8, 14.2).
bool MayBeThere(Table table) { return table == Table::kKeywork || table == Table::kDue; }

// Tables in which one finding may stand for several rows.
bool AreToldTogether(Table table) {
  return table == Table::kMeta || table == Table::kSubjects || table == Table::kAuditNode ||
         table == Table::kAuditLeaf;
}

// An instance that has ended may have any name (FORMAT.md §13.3).
bool IsOfAnEnd(const Stray& stray) {
  return stray.table == Table::kMeta && AsText(stray.key).starts_with("trail") &&
         stray.key.size() == 5 + 16 && !stray.value.empty() && stray.value.front() == 2;
}

TEST_F(CheckStrays, OfAnyShapeAreEachSeen) {
  std::map<std::string, uint64_t> planted;
  {
    const RawRows rows(path());
    for (const Stray& stray : AllStrays(rows)) {
      if (AreToldTogether(stray.table)) continue;
      rows.Put(stray.table, stray.key, stray.value);
      if (!MayBeThere(stray.table)) ++planted[std::string(store::TableName(stray.table))];
    }
  }
  const Checked checked = Run({.slices = 1});
  EXPECT_EQ(checked.status().code(), Code::kDamage) << checked.status().name();
  std::map<std::string, uint64_t> seen;
  for (const CheckFinding& each : checked.findings) ++seen[each.table];
  EXPECT_GT(planted.size(), 6u);
  for (const auto& [table, count] : planted) EXPECT_GE(seen[table], count) << table;
}

// Without a key nothing is proven: every row is shown, as far as it can be understood.
TEST_F(CheckStrays, AreShownToWhoeverHasNoKey) {
  std::map<std::string, uint64_t> planted;
  {
    const RawRows rows(path());
    for (const Stray& stray : AllStrays(rows)) {
      const bool of_the_vault = stray.table == Table::kMeta || stray.table == Table::kPolicies;
      if (!of_the_vault) rows.Put(stray.table, stray.key, stray.value);
    }
    for (uint8_t i = 0; i < store::kTableCount; ++i)
      planted[std::string(store::TableName(Table{i}))] = rows.Count(Table{i});
  }
  std::map<std::string, uint64_t> seen;
  std::set<std::string> kinds;
  const auto inspected = Inspect(path(), {.visit = [&](const InspectedRow& row) {
                                   ++seen[row.table];
                                   kinds.insert(row.kind);
                                   return true;
                                 }});
  ASSERT_THAT(testing::StatusOf(inspected), testing::IsOk());
  for (const auto& [table, rows] : planted) EXPECT_EQ(seen[table], rows) << table;
  EXPECT_TRUE(kinds.contains("")) << "not understood";
  EXPECT_GT(kinds.size(), 12u);
}

TEST_F(CheckStrays, WhereOneFindingStandsForManyAreSeenAlone) {
  std::vector<Stray> strays = AllStrays(RawRows(path()));
  std::erase_if(strays,
                [](const Stray& each) { return !AreToldTogether(each.table) || IsOfAnEnd(each); });
  ASSERT_GT(strays.size(), 60u);
  const size_t seed = testing::Seed() % kEachOf;
  for (size_t i = seed; i < strays.size(); i += kEachOf) {
    const Stray& stray = strays[i];
    CopyAnew();
    RawRows(path()).Put(stray.table, stray.key, stray.value);
    const Checked checked = Run({.slices = 1});
    EXPECT_FALSE(checked.status().ok())
        << store::TableName(stray.table) << " " << ToHex(stray.key) << " " << ToHex(stray.value);
    EXPECT_NE(checked.status().code(), Code::kFailed) << checked.status().name();
  }
}

}  // namespace
}  // namespace bailee
