// SPDX-License-Identifier: Apache-2.0
#include "secret_json.h"

#include <gmock/gmock.h>

#include "collect_line.h"
#include "input_lines.h"

namespace bailee::tool {
namespace {

std::string Nested(size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(ParseInput, TakesWhatNestsAsDeepAsItMay) {
  EXPECT_TRUE(ParseInput(Nested(kInputDepthMax)).is_array());
  EXPECT_TRUE(ParseInput("[" + Nested(3) + "," + Nested(kInputDepthMax - 1) + "]").is_array());
}

TEST(ParseInput, RefusesWhatNestsDeeperBeforeItCostsMemory) {
  EXPECT_TRUE(ParseInput(Nested(kInputDepthMax + 1)).is_discarded());
  EXPECT_TRUE(ParseInput(std::string(kInputLineBytesMax, '[')).is_discarded());
  std::string objects;
  for (int i = 0; i <= kInputDepthMax; ++i) objects += "{\"a\":";
  EXPECT_TRUE(ParseInput(objects).is_discarded());
  EXPECT_EQ(CollectLine::Parse(std::string(kInputLineBytesMax, '[')).status().name(), "input.json");
}

TEST(ParseInput, CountsNoBracketsInTexts) {
  const std::string brackets(100, '[');
  EXPECT_TRUE(ParseInput("[\"" + brackets + "\"]").is_array());
  EXPECT_TRUE(ParseInput("[\"\\\"" + brackets + "\\\\\",1]").is_array());
  EXPECT_TRUE(ParseInput("[\"\\\\\"," + Nested(kInputDepthMax) + "]").is_discarded());
}

}  // namespace
}  // namespace bailee::tool
