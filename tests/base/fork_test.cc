// SPDX-License-Identifier: Apache-2.0
#include "base/fork.h"

#include <gtest/gtest.h>

#include <thread>

#include "support/child.h"

namespace bailee {
namespace {

TEST(ProcessStamp, IsTheSameInEveryThreadOfAProcess) {
  const uint64_t here = ProcessStamp();
  EXPECT_NE(here, 0U);
  uint64_t there = 0;
  std::thread([&] { there = ProcessStamp(); }).join();
  EXPECT_EQ(there, here);
  EXPECT_EQ(ProcessStamp(), here);
}

TEST(ProcessStamp, DiffersFromThatOfEveryAncestor) {
  const uint64_t grandparent = ProcessStamp();
  EXPECT_EQ(testing::ExitCodeOfChild([&] {
              const uint64_t parent = ProcessStamp();
              if (parent == grandparent || parent != ProcessStamp()) return 1;
              return testing::ExitCodeOfChild([&] {
                const uint64_t own = ProcessStamp();
                return own == parent || own == grandparent ? 2 : 0;
              });
            }),
            0);
  EXPECT_EQ(ProcessStamp(), grandparent);
}

}  // namespace
}  // namespace bailee
