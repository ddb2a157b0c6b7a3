// SPDX-License-Identifier: Apache-2.0
#include "audit/prune.h"
#include "audit/verify_world.h"

// The leaf of an end proves nothing: anybody who can write the file can make one, together with a
// watermark that says the same. What the auditor believes is the sealed event before it.
namespace bailee::testing {
namespace {

using ::testing::IsEmpty;

constexpr int64_t kOld = 1'000;
constexpr int64_t kNew = 9'000'000'000'000;

class ClosingTest : public ::testing::Test, protected VerifyWorld {
 protected:
  std::shared_ptr<audit::Trail> StartAt(int64_t at) {
    clock_.at = at;
    audit::TrailOptions options = Options();
    options.clock = &clock_;
    return *audit::Trail::Start(*engine, options);
  }
  void Record(audit::Trail& trail, size_t count, int64_t at) {
    for (size_t i = 0; i < count; ++i) ASSERT_TRUE(trail.Append(EventAt(at)).ok());
    ASSERT_TRUE(trail.Drain().ok());
  }
  // Appends the leaf of an end where the instance is, and makes its watermark say so. Returns the
  // leaf's index.
  uint64_t ForgeEnd(const InstanceId& instance) {
    uint64_t at = 0;
    Change([&](store::WriteTransaction& rows) -> Status {
      audit::Watermark watermark = **audit::ReadWatermark(rows, instance);
      watermark.state = audit::InstanceState::kEnded;
      Bytes leaf;
      audit::AppendLeafHead(LeafType::kClosed, instance, 0, leaf);
      audit::AppendChainEnds(watermark.ends, leaf);
      auto tree = audit::TreeWriter::Begin(rows);
      at = *tree->Append(leaf);
      if (Status finished = tree->Finish(); !finished.ok()) return finished;
      return audit::PutWatermark(rows, instance, watermark);
    });
    return at;
  }
  Result<uint64_t> Prune(audit::Trail& trail) {
    return audit::PruneLeaves(*engine, trail,
                              {.vault = vault,
                               .auditor = &auditor,
                               .covered = 256,
                               .before = {kOld + 1},
                               .event = {.kind = audit::EventKind::kTrailPrune, .at = {kNew}},
                               .blocks_at_once = 1});
  }

  struct SetClock final : Clock {
    int64_t at = 0;
    Timestamp Now() const override { return {at}; }
  };
  SetClock clock_;
};

TEST_F(ClosingTest, AnEndIsWhereItsInstanceSaidInEntriesAndInWrites) {
  const auto trail = StartAt(kOld);
  Record(*trail, 2, kOld);
  ASSERT_TRUE(trail->Close().ok());
  ASSERT_THAT(Verify(), IsEmpty());
  // The last bytes of the number of entries, and of that of writes.
  for (const size_t byte : {size_t{7}, size_t{8 + 32 + 7}}) {
    size_t at = 0;
    const auto change = [&](auto& leaves) {
      at = IndexOf(leaves, LeafType::kClosed);
      leaves[at][audit::kLeafHeadBytes + byte] ^= 1;
    };
    Rewrite(change);
    EXPECT_TRUE(Finds(Verify(), "trail.close-forged", at)) << byte;
    EXPECT_FALSE(Finds(Verify(false), "trail.close-forged", at)) << "only the auditor can tell";
    Rewrite(change);
    ASSERT_THAT(Verify(), IsEmpty());
  }
}

// Whoever cuts off what an instance is about to say can make the rest look like its end.
TEST_F(ClosingTest, AnEndThatItsInstanceNeverSaidIsForged) {
  const auto trail = StartAt(kOld);
  Record(*trail, 2, kOld);
  const uint64_t at = ForgeEnd(trail->instance());
  ASSERT_TRUE(directory_of_journals->Remove(trail->instance()).ok());
  EXPECT_THAT(Verify(false), IsEmpty()) << "to whoever has no key, all is as after a closing";
  EXPECT_TRUE(Finds(Verify(), "trail.close-forged", at));
}

// Leaf 255 is the event that says where the end is, and leaf 256 the end.
TEST_F(ClosingTest, AnEndHoldsWhenWhatItsInstanceSaidIsTheLastThatWasPruned) {
  const auto closed = StartAt(kOld);
  Record(*closed, 254, kOld);
  ASSERT_TRUE(closed->Close().ok());
  ASSERT_EQ(IndexOf(RawLeaves(), LeafType::kClosed), 256u);
  const auto open = StartAt(kNew);
  ASSERT_EQ(*Prune(*open), 256u);
  EXPECT_THAT(Verify(), IsEmpty());
  EXPECT_EQ(last.pruned, 256u);
}

TEST_F(ClosingTest, AfterAPruningAnEndBeyondWhatWasPrunedIsForged) {
  const auto open = StartAt(kOld);
  Record(*open, 255, kOld);
  const auto other = StartAt(kNew);
  ASSERT_EQ(*Prune(*other), 256u);
  Record(*open, 1, kNew);
  ASSERT_THAT(Verify(), IsEmpty());
  const uint64_t at = ForgeEnd(open->instance());
  ASSERT_TRUE(directory_of_journals->Remove(open->instance()).ok());
  EXPECT_TRUE(Finds(Verify(), "trail.close-forged", at));
}

}  // namespace
}  // namespace bailee::testing
