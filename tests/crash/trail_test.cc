// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "bailee/audit_trail.h"
#include "crash/crash_world.h"
#include "support/child.h"

// The trail and those who look after it, wherever the power goes.
namespace bailee {
namespace {

using testing::Disk;
using testing::ExitCodeOfChild;
using testing::IsOk;
using testing::StatusOf;

constexpr int kEnded = 42;

class TrailCrash : public CrashWorld {
 protected:
  TrailCrash() {
    Vault vault = OpenAll();
    EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
  }
  Status Read(Vault& vault) { return StatusOf(ReadCard(vault, "billing", IdOf(1), "pan")); }
  AuditTrail OpenTrail(std::string_view keyring) {
    auto trail = AuditTrail::Open(world_.path(), world_.Origin(keyring),
                                  {.clock = &world_.clock(), .map_bytes = uint64_t{1} << 30});
    EXPECT_THAT(StatusOf(trail), IsOk());
    return *std::move(trail);
  }
  void ExpectExtends(const std::string& checkpoint) {
    AuditTrail trail = OpenTrail("auditor");
    const auto report = trail.Verify({.entries = true, .pinned = checkpoint});
    ASSERT_THAT(StatusOf(report), IsOk());
    for (const TrailFinding& each : report->findings)
      EXPECT_NE(each.weight, TrailFinding::Weight::kBroken) << each.name << " " << each.message;
  }
};

// Somebody died before and left a journal, which the first to open takes up.
TEST_F(TrailCrash, WhatWasReadSyncedIsInTheTrailOnce) {
  const auto before = EventsOfWhole("read");
  ASSERT_EQ(ExitCodeOfChild([&] {
              Vault vault = OpenAll();
              for (int i = 0; i < 2; ++i)
                if (!Read(vault).ok()) return 1;
              ::_exit(kEnded);
            }),
            kEnded);
  Explore(
      [&](const Steps& told) {
        auto vault = world_.TryOpen(Kept("all"), {.reads = ReadDurability::kSynced});
        ASSERT_THAT(StatusOf(vault), IsOk());
        for (uint64_t i = 1; i <= 4; ++i) {
          ASSERT_THAT(Read(*vault), IsOk());
          told(i);
        }
        ASSERT_THAT(StatusOf(StoreCard(*vault, IdOf(2))), IsOk());
        ASSERT_THAT(Read(*vault), IsOk());
        told(5);
      },
      [&](uint64_t told, const Disk&) {
        const size_t there = EventsOfWhole("read");
        ExpectSteps(there, told + before + 2);
        ASSERT_THAT(StatusOf(StoreCard(*std::make_unique<Vault>(OpenAll()), IdOf(3))), IsOk());
        ExpectNothingDamaged();
        EXPECT_EQ(EventsOfWhole("read"), there);
      });
}

TEST_F(TrailCrash, OpeningAndClosingLoseNothing) {
  Explore(
      [&](const Steps& told) {
        for (uint64_t i = 1; i <= 3; ++i) {
          { Vault vault = OpenAll(); }
          told(i);
        }
      },
      [&](uint64_t told, const Disk&) {
        const size_t closed = EventsOfWhole("close");
        EXPECT_GE(closed, told);
        Vault vault = OpenAll();
        EXPECT_THAT(Read(vault), IsOk());
      });
}

TEST_F(TrailCrash, HistoryExtendsEveryCheckpointThatWasHandedOut) {
  std::vector<std::string> checkpoints = {""};
  Explore(
      [&](const Steps& told) {
        for (uint64_t i = 1; i <= 3; ++i) {
          {
            ASSERT_THAT(StatusOf(StoreCard(*std::make_unique<Vault>(OpenAll()), IdOf(5))), IsOk());
          }
          const auto signed_head = OpenTrail("log").Sign(checkpoints.back());
          ASSERT_THAT(StatusOf(signed_head), IsOk());
          checkpoints.push_back(*signed_head);
          told(i);
        }
      },
      [&](uint64_t told, const Disk&) {
        ExpectNothingDamaged();
        ExpectExtends(checkpoints[told]);
        const auto next = OpenTrail("log").Sign(checkpoints[told]);
        ASSERT_THAT(StatusOf(next), IsOk());
        ExpectExtends(*next);
      });
}

TEST_F(TrailCrash, PruningTakesWholeBlocksAndGoesOnWhereItWas) {
  {
    Vault vault = OpenAll();
    for (int i = 0; i < 600; ++i) ASSERT_THAT(Read(vault), IsOk());
  }
  const std::string checkpoint = *OpenTrail("log").Sign("");
  world_.clock().AdvanceDays(400);
  const auto prune = [&] {
    return OpenTrail("auditor")
        .Prune({.checkpoint = checkpoint, .older_than = world_.clock().Now()})
        .status();
  };
  Explore(
      [&](const Steps& told) {
        ASSERT_THAT(prune(), IsOk());
        told(1);
      },
      [&](uint64_t told, const Disk&) {
        ExpectNothingDamaged();
        ExpectExtends(checkpoint);
        const Status pruned = prune();
        EXPECT_TRUE(pruned.name() == "audit.nothing-to-prune" || (pruned.ok() && told == 0))
            << pruned.name();
        ExpectExtends(checkpoint);
        Vault vault = OpenAll();
        EXPECT_THAT(Read(vault), IsOk());
      });
}

}  // namespace
}  // namespace bailee
