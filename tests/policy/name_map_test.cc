// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bailee/limits.h"
#include "policy/tables.h"

namespace bailee::policy {
namespace {

TEST(NameMap, FindsEachOfManyNamesAndNoOther) {
  NameMap names;
  EXPECT_FALSE(names.Find<CategoryTag>("x").valid());
  EXPECT_FALSE(names.Find<CategoryTag>("").valid());
  constexpr size_t kMany = 1'024;
  const auto name_of = [](size_t i) { return "customer." + std::to_string(i) + ".last.name"; };
  for (size_t i = 0; i < kMany; ++i) names.Add(name_of(i), i);
  for (size_t i = 0; i < kMany; ++i) EXPECT_EQ(names.Find<CategoryTag>(name_of(i)).value, i);
  for (const std::string other :
       {"", "customer.", "customer.1024.last.name", "customer.1.last.nam", "customer.1.last.name."})
    EXPECT_FALSE(names.Find<CategoryTag>(other).valid()) << other;
  EXPECT_EQ(names.Names().size(), kMany);
}

TEST(NameMap, TellsNamesOfEveryLengthThatDifferInOneLetter) {
  NameMap names;
  size_t number = 0;
  std::vector<std::string> all = {""};
  for (size_t length = 1; length <= 40; ++length) {
    for (size_t at = 0; at < length; ++at) {
      all.emplace_back(length, 'a');
      all.back()[at] = 'b';
    }
  }
  for (const std::string& name : all) names.Add(name, number++);
  for (size_t i = 0; i < all.size(); ++i)
    EXPECT_EQ(names.Find<CategoryTag>(all[i]).value, i) << all[i];
  for (size_t length = 1; length <= 41; ++length)
    EXPECT_FALSE(names.Find<CategoryTag>(std::string(length, 'a')).valid()) << length;
}

TEST(NameMap, ListsNamesInOrderThatAreNoLongerThanNamesMayBe) {
  const std::string longest(limits::kNameBytesMax, 'a');
  NameMap names;
  names.Add("z", 0);
  names.Add(longest + "a", 1);
  names.Add(longest, 2);
  EXPECT_EQ(names.Names(), (std::vector<std::string_view>{longest, "z"}));
}

TEST(NameMap, ZeroBytesMakeAnotherName) {
  NameMap names;
  names.Add("pan", 1);
  names.Add(std::string("pan\0", 4), 2);
  EXPECT_EQ(names.Find<CategoryTag>("pan").value, 1);
  EXPECT_EQ(names.Find<CategoryTag>(std::string_view("pan\0", 4)).value, 2);
  EXPECT_FALSE(names.Find<CategoryTag>(std::string_view("pan\0\0", 5)).valid());
}

TEST(NameMap, TheFirstOfTwoEqualNamesStays) {
  NameMap names;
  names.Add("pan", 1);
  names.Add("pan", 2);
  EXPECT_EQ(names.Find<CategoryTag>("pan").value, 1);
  EXPECT_EQ(names.Names().size(), 1U);
}

}  // namespace
}  // namespace bailee::policy
