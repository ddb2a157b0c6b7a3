// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>

#include "bailee/audit_trail.h"
#include "support/compacted_copy.h"
#include "vault/report/report_cells.h"
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

// What the file in a directory has of each transaction, as numbers that a linker can learn from.
using Features = std::map<std::string, std::vector<uint64_t>>;

// Where in the file the handle of a transaction stands: its page, and its place there.
void AddPlaces(const std::string& directory, const Handle& handle, Features& features,
               const std::string& file) {
  constexpr size_t kPage = 4096;
  const size_t at = file.find(AsText(handle.view()));
  ASSERT_NE(at, std::string::npos) << directory;
  features["page"].push_back(at / kPage % 8);
  features["place"].push_back(at % kPage / 512);
}

Features FeaturesIn(const std::string& directory, const std::vector<Handle>& handles) {
  Features features;
  const std::string file = ReadFile(directory + "/data.mdb");
  const RawRows raw(directory);
  for (const Handle& handle : handles) {
    uint64_t bytes = 0;
    uint64_t rows = 0;
    for (const store::Table table : {store::Table::kSubjects, store::Table::kRecords}) {
      for (const RawRows::Row& row : raw.All(table, handle.view())) {
        bytes += row.second.size();
        ++rows;
      }
    }
    features["rows"].push_back(rows);
    features["bytes"].push_back(bytes);
    AddPlaces(directory, handle, features, file);
  }
  // The trail: what one write's event takes.
  std::vector<uint64_t> leaves;
  for (const RawRows::Row& row : raw.All(store::Table::kAuditLeaf)) {
    if (row.second.size() > 1 && row.second[1] == 3) leaves.push_back(row.second.size());
  }
  leaves.resize(handles.size());  // without the close
  features["leaf"] = leaves;
  // And the one row that knows of cells knows of nobody.
  EXPECT_EQ(raw.Count(store::Table::kReports), 1u);
  return features;
}

// Chance, one in four of 500, its deviation of 9.7 four times, and one in a hundred.
constexpr size_t kChance = 125 + 39 + 5;

TEST_F(Linker, DoesNoBetterThanChanceOnTransactions) {
  const std::vector<Made> made = Make();
  std::vector<Handle> handles;
  for (const Made& each : made) handles.push_back(each.handle);
  const TempDirectory compacted;
  testing::CopyCompacted(vault_.path(), compacted.path());
  for (const std::string& directory : {vault_.path(), compacted.path()}) {
    for (const auto& [name, feature] : FeaturesIn(directory, handles)) {
      ASSERT_EQ(feature.size(), made.size()) << name;
      EXPECT_LE(Right(made, feature), kChance) << name << " in " << directory;
    }
  }
  Features known;  // without the file
  for (const Made& each : made) {
    known["handle"].push_back(each.handle.bytes[0] >> 4);
    known["record"].push_back(each.record.bytes[0] >> 4);
    known["order"].push_back(known["order"].size() % 4);
  }
  for (const auto& [name, feature] : known) EXPECT_LE(Right(made, feature), kChance) << name;
}

// The auditor opens every event: all say the same but for whom and when.
TEST_F(Linker, LearnsNothingFromTheOpenedTrail) {
  const std::vector<Made> made = Make();
  auto trail = AuditTrail::Open(vault_.path(), vault_.Origin("auditor"),
                                {.clock = &vault_.clock(), .map_bytes = uint64_t{1} << 30});
  ASSERT_THAT(StatusOf(trail), IsOk());
  std::set<std::string> said;
  size_t events = 0;
  EXPECT_THAT(StatusOf(trail->Entries({.kind = "collect"}, 0,
                                      [&](const TrailEntry& entry) {
                                        std::string words = entry.category;
                                        for (const auto& field : entry.fields) words += " " + field;
                                        for (const auto& [what, text] : entry.details)
                                          words += " " + what + "=" + text;
                                        said.insert(words);
                                        ++events;
                                        return true;
                                      })),
              IsOk());
  EXPECT_EQ(events, made.size());
  EXPECT_EQ(said.size(), 1u) << *said.begin() << "\n" << *said.rbegin();
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
  const TempDirectory compacted;
  testing::CopyCompacted(vault_.path(), compacted.path());
  for (const std::string& directory : {vault_.path(), compacted.path()}) {
    const RawRows raw(directory);
    const Bytes tags = {2};
    EXPECT_TRUE(raw.All(store::Table::kLookup, tags).empty());
    const Bytes refs = {1};
    EXPECT_EQ(raw.All(store::Table::kLookup, refs).size(), 200u);
    std::set<Bytes> handles;
    for (const RawRows::Row& row : raw.All(store::Table::kSubjects))
      handles.emplace(row.first.begin(), row.first.begin() + 16);
    EXPECT_EQ(handles.size(), 200u);
  }
}

}  // namespace
}  // namespace bailee
