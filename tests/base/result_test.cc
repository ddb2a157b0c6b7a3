// SPDX-License-Identifier: Apache-2.0
#include "bailee/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/try.h"

namespace bailee {
namespace {

Status Busy() { return Status(Code::kBusy, "test.busy", "busy"); }

Result<std::unique_ptr<int>> Make(bool ok) {
  if (!ok) return Busy();
  return std::make_unique<int>(7);
}

Result<int> Twice(bool ok) {
  BAILEE_TRY(std::unique_ptr<int> value, Make(ok));
  return 2 * *value;
}

Status Check(bool ok) {
  BAILEE_RETURN_IF_ERROR(Make(ok).status());
  return Status();
}

TEST(Result, HoldsAValueThatCanBeMovedOut) {
  Result<std::unique_ptr<int>> result = Make(true);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result.status().ok());
  const std::unique_ptr<int> value = *std::move(result);
  EXPECT_EQ(*value, 7);
}

TEST(Result, HoldsTheStatusOfAFailure) {
  const Result<std::unique_ptr<int>> result = Make(false);
  EXPECT_FALSE(result.ok());
  EXPECT_FALSE(static_cast<bool>(result));
  EXPECT_EQ(result.status().name(), "test.busy");
}

TEST(Result, TryPassesValuesOnAndErrorsUp) {
  EXPECT_EQ(*Twice(true), 14);
  EXPECT_EQ(Twice(false).status().name(), "test.busy");
  EXPECT_TRUE(Check(true).ok());
  EXPECT_EQ(Check(false).name(), "test.busy");
}

TEST(ResultDeathTest, ReadingTheValueOfAFailureStops) {
  Result<int> result = Busy();
  EXPECT_DEATH((void)*result, "");
  EXPECT_DEATH((void)Result<int>(Status()), "");
}

}  // namespace
}  // namespace bailee
