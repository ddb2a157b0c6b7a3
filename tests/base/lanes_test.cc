// SPDX-License-Identifier: Apache-2.0
#include "base/lanes.h"

#include <gtest/gtest.h>

#include <array>
#include <barrier>
#include <cstdint>
#include <cstdlib>
#include <thread>
#include <vector>

namespace bailee {
namespace {

TEST(Lanes, OfThreadsThatRunAtOnceAreApart) {
  Lanes<int> lanes;
  std::array<int*, kLanes> mine{};
  std::barrier all_here(kLanes);
  {
    std::vector<std::jthread> threads;
    for (int*& each : mine) {
      threads.emplace_back([&] {
        each = &lanes.mine();
        all_here.arrive_and_wait();
        EXPECT_EQ(&lanes.mine(), each) << "a thread stays in its lane";
      });
    }
  }
  for (size_t i = 0; i < kLanes; ++i) {
    for (size_t j = 0; j < i; ++j) {
      const auto apart = reinterpret_cast<intptr_t>(mine[i]) - reinterpret_cast<intptr_t>(mine[j]);
      EXPECT_GE(std::abs(apart), 128) << "two share a line of the cache";
    }
  }
}

TEST(Lanes, AreAllThere) {
  Lanes<int> lanes;
  for (size_t i = 0; i < kLanes; ++i) lanes[i] = static_cast<int>(i);
  EXPECT_EQ(lanes.mine(), static_cast<int>(LaneOfThread()));
}

}  // namespace
}  // namespace bailee
