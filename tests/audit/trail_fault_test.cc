// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "audit/trail_world.h"
#include "support/io_faults.h"

// What a trail says of itself when its disk fails.
namespace bailee::audit {
namespace {

using testing::ErrorIs;
using testing::EventAt;
using testing::IoFaults;
using testing::IsOk;
using testing::ReadLeaf;
using testing::StatusOf;
using testing::TrailWorld;
namespace fs = std::filesystem;

TEST(TrailFaults, ItsEndSaysWhichEntriesMayNotHaveReachedTheDisk) {
  TrailWorld world;
  const auto trail = world.Start();
  const auto record = [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) ASSERT_THAT(StatusOf(trail->Append(EventAt(i))), IsOk());
  };
  record(0, 2);
  ASSERT_THAT(trail->Tend(), IsOk());
  record(2, 5);
  {
    const IoFaults faults(
        fs::directory_iterator(world.journals())->path(),
        [](IoFaults::Operation operation, size_t) {
          return IoFaults::Verdict{operation == IoFaults::Operation::kSync ? EIO : 0};
        });
    EXPECT_THAT(trail->Tend(), ErrorIs(Code::kAuditDown, "trail.sync-failed"));
  }
  ASSERT_THAT(trail->Close(), IsOk());
  const std::vector<ReadLeaf> leaves = world.Leaves();
  ASSERT_GE(leaves.size(), 2u);
  const ReadLeaf& end = leaves[leaves.size() - 2];
  ASSERT_TRUE(end.event.has_value());
  EXPECT_EQ(end.event->outcome, Outcome::kFailed);
  EXPECT_EQ(end.event->details,
            (std::vector<EventCopy::Detail>{
                {What::kEntries, "5"}, {What::kFirst, "2"}, {What::kLast, "4"}}));
}

}  // namespace
}  // namespace bailee::audit
