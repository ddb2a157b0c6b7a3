// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <new>
#include <thread>

#include "faults/memory_faults.h"
#include "faults/plans.h"
#include "store/lmdb_engine.h"
#include "store/store_test_util.h"
#include "support/descriptors.h"
#include "support/must.h"
#include "support/temporary_directory.h"
#include "vault/stories.h"

// Every operation, with every allocation failing. What it may answer is an error or std::bad_alloc.
namespace bailee::faults {
namespace {

class ArmedMemory final : public Armed {
 public:
  explicit ArmedMemory(const MemoryFaults::Plan& plan) : plan_(plan), faults_(plan) {}
  bool Struck() const override { return MemoryFaults::seen() > plan_.nth; }
  size_t Seen() const override { return MemoryFaults::seen(); }

 private:
  MemoryFaults::Plan plan_;
  MemoryFaults faults_;
};

Plan MemoryPlan(bool for_ever) {
  return {for_ever ? "no memory for ever" : "no memory once", [for_ever](size_t nth) -> Arm {
            return [=] {
              return std::make_unique<ArmedMemory>(
                  MemoryFaults::Plan{.nth = nth, .for_ever = for_ever});
            };
          }};
}

Arm CountingMemory() {
  return [] { return std::make_unique<ArmedMemory>(MemoryFaults::Plan{.nth = ~size_t{0}}); };
}

TEST(MemoryFaultsEverywhere, AreAnErrorOrBadAllocAndLeaveNothingHalfDone) {
  RunSweep({.plans = {MemoryPlan(false), MemoryPlan(true)},
            .stride = 1'500,
            .counting = CountingMemory()});
}

TEST(MemoryFaultsEverywhere, OfOpeningAStoreLeaveNoDescriptorOpen) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "vault";
  (void)Must(store::CreateLmdb(path, store::SmallOptions()));
  const size_t before = testing::OpenDescriptors();
  size_t failed = 0;
  for (bool opened = false; !opened; ++failed) {
    try {
      const MemoryFaults faults({.nth = failed});
      opened = store::OpenLmdb(path, store::SmallOptions()).ok();
    } catch (const std::bad_alloc&) {
    }
    ASSERT_EQ(testing::OpenDescriptors(), before) << failed;
  }
  EXPECT_GT(failed, 10u);
}

// Whoever destroys a secret has nobody to tell that there was no memory for it.
TEST(MemoryFaultsEverywhere, DoNotKeepSecretsFromBeingWiped) {
  std::vector<Secret> secrets;
  for (const size_t bytes :
       {size_t{16}, size_t{200}, size_t{3'000}, size_t{40'000}, size_t{3'000'000}}) {
    for (int i = 0; i < (bytes > 10'000 ? 12 : 300); ++i) {
      secrets.push_back(MakeSecret(std::string(bytes, 's')));
    }
  }
  {
    const MemoryFaults faults({.for_ever = true, .of = MemoryFaults::Of::kEverybody});
    secrets.clear();
    EXPECT_EQ(MemoryFaults::seen(), 0u) << "it asked for memory";
  }
  // And what comes back is zero again, as new memory is.
  for (int i = 0; i < 300; ++i) {
    secrets.push_back(*Secret::Allocate(200));
    secrets.back().Reveal([](std::string_view bytes) { EXPECT_EQ(bytes, std::string(200, '\0')); });
  }
}

// In a thread that never had one of its own, too.
TEST(MemoryFaultsEverywhere, DoNotKeepSecretsOfOtherThreadsFromBeingWiped) {
  std::vector<Secret> secrets;
  for (int i = 0; i < 100; ++i) secrets.push_back(MakeSecret("secret"));
  std::thread([&] {
    const MemoryFaults faults({.for_ever = true});
    secrets.clear();
  }).join();
  EXPECT_TRUE(secrets.empty());
}

// What looks after the trail has a thread of its own, where nobody would catch anything.
TEST(MemoryFaultsEverywhere, DoNotEndTheThreadThatLooksAfterTheTrail) {
  const FaultWorld& world = TheWorld();
  world.Renew();
  Context context(world);
  Session& billing = context.As("billing");
  const ReadRequest request{
      .who = kAdaWho, .category = "payment_card", .record = IdOf(1), .fields = {"pan"}};
  for (const size_t nth : {size_t{0}, size_t{3}, size_t{20}}) {
    const MemoryFaults faults(
        {.nth = nth, .for_ever = true, .of = MemoryFaults::Of::kOtherThreads});
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(1'300);
    // Something to drain, which it does each second.
    while (std::chrono::steady_clock::now() < end) {
      ASSERT_TRUE(billing.Read(request).ok());
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    EXPECT_GT(MemoryFaults::seen(), nth) << "it asked for no memory";
  }
  // It goes on.
  std::this_thread::sleep_for(std::chrono::milliseconds(1'300));
  EXPECT_TRUE(context.vault->CheckHealth()->audit_writable);
  EXPECT_TRUE(billing.Read(request).ok());
}

}  // namespace
}  // namespace bailee::faults
