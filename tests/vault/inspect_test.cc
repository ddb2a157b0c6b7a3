// SPDX-License-Identifier: Apache-2.0
#include "bailee/inspect.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "bailee/vault.h"

namespace bailee {
namespace {

// A new vault of the acme policy in a directory that goes with it.
class InspectTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "inspectXXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    std::ifstream file(BAILEE_SOURCE_DIR "/tests/compile_fail/acme.policy.textproto");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto created = Vault::Create(vault(), {.policy_text = text});
    ASSERT_TRUE(created.ok()) << created.status().message();
    id_ = created->id;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::string vault() const { return root_ + "/vault"; }

  std::string root_;
  VaultId id_;
};

TEST_F(InspectTest, TellsVaultAndPolicyWithoutAKey) {
  const auto seen = Inspect(vault());
  ASSERT_TRUE(seen.ok()) << seen.status().message();
  EXPECT_EQ(seen->id, id_);
  EXPECT_EQ(seen->format, 1);
  EXPECT_EQ(seen->policy_name, "acme");
  EXPECT_EQ(seen->policy_version, 4U);
}

TEST_F(InspectTest, VisitsAsManyRowsAsItCounts) {
  uint64_t visited = 0;
  const auto seen = Inspect(vault(), {.visit = [&](const InspectedRow& row) {
                              ++visited;
                              EXPECT_FALSE(row.kind.empty()) << row.table;
                              return true;
                            }});
  ASSERT_TRUE(seen.ok());
  uint64_t counted = 0;
  for (const auto& table : seen->tables) counted += table.rows;
  EXPECT_EQ(visited, counted);
  EXPECT_GT(visited, 256U);  // the shard keys at least
}

TEST_F(InspectTest, StopsWhenTheVisitorDoes) {
  uint64_t visited = 0;
  const auto seen = Inspect(vault(), {.visit = [&](const InspectedRow&) { return ++visited < 3; }});
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(visited, 3U);
}

TEST_F(InspectTest, NothingThereIsNoVault) {
  EXPECT_EQ(Inspect(root_ + "/none").status().code(), Code::kNoVault);
}

}  // namespace
}  // namespace bailee
