// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/compacted_copy.h"
#include "support/raw_reader.h"
#include "support/raw_rows.h"
#include "vault/next_policy.h"
#include "vault/stories.h"

// What a file says of keys that were taken away. Their bytes may lie in pages that are free, until
// the file is compacted: so these look at a compacted copy. An earlier copy of the file has them.
namespace bailee {
namespace {

using testing::CopyCompacted;
using testing::IsOk;
using testing::StatusOf;

class Withdrawn : public ::testing::Test {
 protected:
  Withdrawn() {
    Vault vault = vault_.Open({"service", "upkeep"});
    EXPECT_THAT(StoreAccount(vault), IsOk());
    EXPECT_THAT(StatusOf(vault.Record(
                    Who::Ref(kUser),
                    {.kind = LedgerKind::kGiven, .purpose = "contact.news", .notice = "news-1"})),
                IsOk());
    EXPECT_THAT(StatusOf(vault.Upkeep()), IsOk());
  }

  void Withdraw() {
    Vault vault = vault_.Open({"service", "upkeep"});
    ASSERT_THAT(StatusOf(vault.Record(Who::Ref(kUser),
                                      {.kind = LedgerKind::kWithdrawn, .purpose = "contact.news"})),
                IsOk());
    ASSERT_THAT(StatusOf(vault.Upkeep()), IsOk());
  }

  // A piece of each row that wraps keys.
  std::vector<std::string> Wraps() const {
    std::vector<std::string> pieces;
    for (const auto& [key, value] : RawRows(vault_.path()).All(store::Table::kSubjects)) {
      const std::string_view text = AsText(value);
      if (key.size() > sizeof(keys::SubjectRowKey))
        pieces.emplace_back(text.substr(text.size() / 2, 24));
    }
    return pieces;
  }

  static size_t CountFound(const std::string& file, const std::vector<std::string>& pieces) {
    return static_cast<size_t>(std::count_if(
        pieces.begin(), pieces.end(),
        [&](const std::string& piece) { return file.find(piece) != std::string::npos; }));
  }

  // How many values of all records a keyring of this purpose opens.
  size_t Opens(const std::string& directory, const std::string& purpose) const {
    const RawRows rows(directory);
    const Keyring keyring = vault_.Granted("thief", {purpose});
    RawReader reader(rows, vault_.id(), keyring.keys(), vault_.path() + "/epoch");
    size_t opened = 0;
    for (const auto& [key, value] : rows.All(store::Table::kRecords))
      opened += reader.Values(key, value).size();
    return opened;
  }

  TempVault vault_{PolicyText("livelook_2013")};
};

TEST_F(Withdrawn, LeavesNothingOfItsKeysInACompactedFile) {
  const std::vector<std::string> wraps = Wraps();
  ASSERT_FALSE(wraps.empty());
  const TempDirectory before;
  CopyCompacted(vault_.path(), before.path());
  EXPECT_EQ(CountFound(ReadFile(before / "data.mdb"), wraps), wraps.size())
      << "this would see them";
  EXPECT_GT(Opens(before.path(), "contact.news"), 0u);

  Withdraw();
  const TempDirectory after;
  CopyCompacted(vault_.path(), after.path());
  EXPECT_EQ(CountFound(ReadFile(after / "data.mdb"), wraps), 0u);
  EXPECT_EQ(Opens(after.path(), "contact.news"), 0u);
  EXPECT_GT(Opens(after.path(), "service"), 0u) << "other purposes still open theirs";
}

}  // namespace
}  // namespace bailee
