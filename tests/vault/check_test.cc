// SPDX-License-Identifier: Apache-2.0
#include "vault/check_world.h"

// What check says of a vault that is whole.
namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;

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

}  // namespace
}  // namespace bailee
