// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <map>
#include <random>

#include "vault/report_cells.h"
#include "vault/report_world.h"

// Whether anything says which cell of a report a transaction was added to, for somebody who has
// every keyring, the trail and the file.
namespace bailee {
namespace {

using testing::IsOk;
using testing::StatusOf;

constexpr int kTransactions = 1000;
constexpr std::string_view kAt = "2013-06-01T00:00:00Z";
const std::vector<std::string> kCountries = {"DE", "FR", "IT", "ES"};

class Linker : public ReportWorld {
 protected:
  struct Made {
    RecordId record;
    Handle handle;
    size_t cell;
  };
  // One after the other, by one process, into cells that nobody can foresee.
  std::vector<Made> Make() {
    std::mt19937 cells(7);
    std::vector<Made> made;
    Vault vault = vault_.Open({});  // with its own trail
    for (int i = 0; i < kTransactions; i += 50) {
      Batch batch = vault.CollectBatch();
      std::vector<size_t> chosen;
      for (int j = 0; j < 50; ++j) {
        chosen.push_back(cells() % kCountries.size());
        const std::string ref = "user-" + std::to_string(i + j);
        batch.Add(Under(Who::Ref(ref)))
            .Put("order", Fields({{"number", ref},
                                  {"country", kCountries[chosen.back()]},
                                  {"at", "2013-05-31T10:00:00Z"}}));
      }
      const auto done = batch.Commit();
      for (size_t j = 0; j < chosen.size(); ++j) {
        made.push_back({(*done)[j]->records.front(), (*done)[j]->handle, chosen[j]});
      }
    }
    return made;
  }

  // How many of the second half are told right by what the first half teaches of one feature.
  static size_t Right(const std::vector<Made>& made, const std::vector<uint64_t>& feature) {
    std::map<uint64_t, std::array<int, 4>> taught;
    for (size_t i = 0; i < made.size() / 2; ++i) ++taught[feature[i]][made[i].cell];
    size_t right = 0;
    for (size_t i = made.size() / 2; i < made.size(); ++i) {
      const auto& counts = taught[feature[i]];
      const auto best = std::max_element(counts.begin(), counts.end()) - counts.begin();
      if (static_cast<size_t>(best) == made[i].cell) ++right;
    }
    return right;
  }
};

// Chance, one in four of 500, its deviation of 9.7 four times, and one in a hundred.
constexpr size_t kChance = 125 + 39 + 5;

TEST_F(Linker, DoesNoBetterThanChanceOnTransactions) {
  const std::vector<Made> made = Make();
  const RawRows raw(vault_.path());
  // Everything that the file has of one transaction: the rows that begin with its subject's handle.
  std::map<std::string, std::vector<uint64_t>> features;
  for (const Made& each : made) {
    uint64_t bytes = 0;
    uint64_t rows = 0;
    for (const store::Table table : {store::Table::kSubjects, store::Table::kRecords}) {
      for (const RawRows::Row& row : raw.All(table, each.handle.view())) {
        bytes += row.second.size();
        ++rows;
      }
    }
    features["rows"].push_back(rows);
    features["bytes"].push_back(bytes);
    features["handle"].push_back(each.handle.bytes[0] >> 4);
    features["record"].push_back(each.record.bytes[0] >> 4);
    features["order"].push_back(features["order"].size() % 4);
  }
  // The trail: what one write's event takes.
  std::vector<uint64_t> leaves;
  for (const RawRows::Row& row : raw.All(store::Table::kAuditLeaf)) {
    if (row.second.size() > 1 && row.second[1] == 3) leaves.push_back(row.second.size());
  }
  leaves.pop_back();  // the close
  ASSERT_EQ(leaves.size(), static_cast<size_t>(kTransactions));
  features["event"] = leaves;
  for (const auto& [name, feature] : features) EXPECT_LE(Right(made, feature), kChance) << name;

  // And the one row that knows of cells knows of nobody.
  ASSERT_EQ(raw.Count(store::Table::kReports), 1u);
}

// Were the country stored, the same linker would see it.
TEST_F(Linker, WouldSeeWhatLeaks) {
  const std::vector<Made> made = Make();
  std::vector<uint64_t> leak;
  for (const Made& each : made) leak.push_back(each.cell);
  EXPECT_GT(Right(made, leak), 490u);
}

TEST_F(Linker, FindsNoValueOfTheFeedInAnyRecordWithEveryKeyring) {
  const std::vector<Made> made = Make();
  Vault vault = Open({"service", "research", "trends", "rights", "upkeep", "tally"});
  Session rights = *vault.As("rights");
  for (size_t i = 0; i < made.size(); i += 20) {
    const auto read = rights.Read({.who = Who::ByHandle(made[i].handle),
                                   .category = "order",
                                   .record = made[i].record,
                                   .fields = {"number", "country", "at.day"}});
    ASSERT_THAT(StatusOf(read), IsOk());
    EXPECT_TRUE(read->Has("number"));
    EXPECT_FALSE(read->Has("country") || read->Has("at.day"));
  }
}

// LO-04: what a tag left has nothing in common with what a person of the same name left.
TEST_F(Linker, TellsNoTagFromAnyOther) {
  {
    Vault vault = Open({});
    for (const bool person : {false, true}) {
      Batch batch = vault.CollectBatch();
      for (int i = 0; i < 200; ++i) {
        const std::string name = "name-" + std::to_string(i);
        if (person) {
          batch.Add(Under(Who::Ref(name))).Put("visit", Fields({{"country", "DE"}}));
        } else {
          batch.Add(Under(Who::Tag(name))).Put("ping", Fields({{"country", "DE"}, {"at", kAt}}));
        }
      }
      Expect(batch);
    }
  }
  // Of the tags there is not even a row: every subject and every ref is a person's.
  const RawRows raw(vault_.path());
  const Bytes tags = {2};
  EXPECT_TRUE(raw.All(store::Table::kLookup, tags).empty());
  const Bytes refs = {1};
  EXPECT_EQ(raw.All(store::Table::kLookup, refs).size(), 200u);
}

}  // namespace
}  // namespace bailee
