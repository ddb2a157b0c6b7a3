// SPDX-License-Identifier: Apache-2.0
#include "keys/back_rows.h"

#include "crypto/suite1.h"
#include "support/checked.h"
#include "vault/stories.h"

// What is collected together has its back rows together, and whoever goes leaves no lookup behind.
namespace bailee {
namespace {

using store::Table;
using testing::IsOk;
using testing::StatusOf;

constexpr size_t kEntryBytes = 50;  // FORMAT.md §11.4

constexpr const char* kPolicy = R"(
    name: "lists"  version: 1  effective: "2013-01-01"
    purpose { id: "read"  says: "Read notes" }
    notice { id: "n1"  purpose: "read"  source: "web" }
    source { id: "web"  role: OWN }
    category {
      id: "short"  says: "For ten days"  about: SUBJECT  holds: MANY
      field { id: "address"  kind: EMAIL  required: true  lookup { purpose: "read" } }
      allow { purpose: "read"  basis: NECESSARY }
      retain { purpose: "read"  days: 10  from: COLLECTION }
    }
    category {
      id: "long"  says: "For a thousand days"  about: SUBJECT  holds: MANY
      field { id: "address"  kind: EMAIL  required: true  lookup { purpose: "read" } }
      allow { purpose: "read"  basis: NECESSARY }
      retain { purpose: "read"  days: 1000  from: COLLECTION }
    })";

class BackRows : public ::testing::Test {
 protected:
  struct Counted {
    size_t fields;  // rows that lead from a value to a record
    size_t rows;
    size_t entries;
    bool operator==(const Counted&) const = default;
    friend void PrintTo(const Counted& counted, std::ostream* out) {
      *out << counted.fields << " fields, " << counted.entries << " entries in " << counted.rows;
    }
  };
  static Counted CountIn(const std::string& directory) {
    const RawRows rows(directory);
    Counted counted{rows.All(Table::kLookup, Prefix(keys::kFieldKind)).size(), 0, 0};
    for (const auto& [key, value] : rows.All(Table::kLookup, keys::BackPrefix())) {
      ++counted.rows;
      counted.entries += (value.size() - crypto::kEnvelopeOverhead) / kEntryBytes;
    }
    return counted;
  }
  Counted Count() const { return CountIn(temp.path()); }

  static std::string Address(size_t number) { return "a" + std::to_string(number) + "@example.xy"; }

  // Records of each category, all in one collection.
  void Store(size_t short_ones, size_t long_ones, std::string_view ref = kUser) {
    Vault vault = temp.Open({"read"});
    Collection collection =
        vault.Collect({.who = Who::Ref(ref), .notice = "n1", .source = "web", .on_behalf_of = {}});
    for (size_t i = 0; i < short_ones + long_ones; ++i)
      collection.Put(i < short_ones ? "short" : "long", {{"address", MakeSecret(Address(i))}});
    ASSERT_THAT(StatusOf(collection.Commit()), IsOk());
  }

  static size_t CountFound(Vault& vault, std::string_view category, size_t number) {
    const Secret value = MakeSecret(Address(number));
    const auto found =
        vault.As("read")->Find({.category = category, .field = "address", .value = value});
    EXPECT_THAT(StatusOf(found), IsOk());
    return found.ok() ? found->size() : 0;
  }

  void ExpectNothingWrong() {
    const Checked checked = RunCheck(temp.path(), temp.Granted("checker", {"read", "upkeep"}),
                                     {.clock = &temp.clock(), .slices = 1});
    ASSERT_THAT(StatusOf(checked.report), IsOk());
    EXPECT_EQ(checked.report->damages, 0U) << ::testing::PrintToString(checked);
    for (const CheckFinding& each : checked.findings)
      EXPECT_NE(each.table, "lookup") << ::testing::PrintToString(checked);
  }

  TempVault temp{kPolicy};
};

TEST_F(BackRows, AreSharedByWhatIsCollectedTogether) {
  constexpr size_t kMost = keys::kBackEntriesMax;
  Store(0, 1);
  EXPECT_EQ(Count(), (Counted{1, 1, 1}));
  Store(0, kMost, "user-2");
  EXPECT_EQ(Count(), (Counted{1 + kMost, 2, 1 + kMost}));
  Store(0, kMost + 1, "user-3");
  EXPECT_EQ(Count(), (Counted{2 + 2 * kMost, 4, 2 + 2 * kMost}));
  ExpectNothingWrong();
}

TEST_F(BackRows, LeaveNoLookupOfWhoeverIsErased) {
  Store(3, 40);
  Store(0, 2, "user-2");
  ASSERT_EQ(Count().fields, 45U);
  {
    Vault vault = temp.Open({"rights", "upkeep"});
    ASSERT_THAT(StatusOf(vault.Erase(Who::Ref(kUser))), IsOk());
  }
  EXPECT_EQ(Count(), (Counted{2, 1, 2}));
  ExpectNothingWrong();
}

// Written over in the very collection that it came with, when no back row says yet what is listed.
TEST_F(BackRows, OfARecordThatIsPutTwiceNameItOnce) {
  {
    Vault vault = temp.Open({"read"});
    // So that many have the value in common, and whether it is listed is looked for backwards.
    for (size_t i = 0; i < 40; ++i) {
      const std::string ref = "other-" + std::to_string(i);
      ASSERT_THAT(
          StatusOf(
              vault
                  .Collect(
                      {.who = Who::Ref(ref), .notice = "n1", .source = "web", .on_behalf_of = {}})
                  .Put("long", {{"address", MakeSecret(Address(1))}})
                  .Commit()),
          IsOk());
    }
    Collection collection = vault.Collect(
        {.who = Who::Ref(kUser), .notice = "n1", .source = "web", .on_behalf_of = {}});
    for (const size_t number : {1U, 2U, 1U, 2U})
      collection.Put("long", {{"address", MakeSecret(Address(number))}}, IdOf(1));
    ASSERT_THAT(StatusOf(collection.Commit()), IsOk());
    EXPECT_EQ(CountFound(vault, "long", 2), 1U);
  }
  const Counted counted = Count();
  EXPECT_EQ(counted.fields, 42U);
  EXPECT_EQ(counted.entries, 42U);
  ExpectNothingWrong();
}

TEST_F(BackRows, ComeBackFromABackupAsTheyWere) {
  Store(3, 20);
  const Counted before = Count();
  const std::string data = temp.directory() / "data";
  const std::string keys = temp.directory() / "keys";
  const std::string restored = temp.directory() / "restored";
  {
    Vault vault = temp.Open({"read"});
    ASSERT_THAT(StatusOf(vault.BackUpData({.file = data, .base = {}, .progress = {}})), IsOk());
    ASSERT_THAT(StatusOf(vault.BackUpKeys({.file = keys, .base = {}, .progress = {}})), IsOk());
  }
  const Keyring backup = temp.Origin("backup");
  const Keyring authority = temp.Origin("authority");
  const Keyring storage = temp.Origin("upkeep");
  ASSERT_THAT(
      StatusOf(RestoreVault({.directory = restored,
                             .files = {data, keys},
                             .clock = &temp.clock(),
                             .map_bytes = uint64_t{1} << 30,
                             .epoch_path = {},
                             .progress = {}},
                            {.backup = backup, .authority = authority, .storage = storage})),
      IsOk());
  EXPECT_EQ(CountIn(restored), before);
  auto vault = Vault::Open(restored, temp.Granted("tester", {"read"}),
                           {.clock = &temp.clock(), .map_bytes = uint64_t{1} << 30});
  ASSERT_THAT(StatusOf(vault), IsOk());
  for (size_t i = 0; i < 23; ++i)
    EXPECT_EQ(CountFound(*vault, i < 3 ? "short" : "long", i), 1U) << i;
}

}  // namespace
}  // namespace bailee
