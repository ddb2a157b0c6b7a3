// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <set>

#include "audit/prune.h"
#include "audit/trail.h"
#include "store/lmdb_engine.h"
#include "support/campaign.h"
#include "support/child.h"
#include "support/io_faults.h"
#include "vault/forged_trail.h"

// A process that ends at its n-th write or sync of the data file, for every n there is: while it
// registers, adopts, prunes block after block, and closes.
namespace bailee {
namespace {

namespace fs = std::filesystem;
using testing::ErrorIs;
using testing::ExitCodeOfChild;
using testing::IoFaults;
using testing::IsOk;
using testing::LeavesAt;
using testing::StatusOf;

constexpr int kEnded = 42;
constexpr size_t kBlocks = 3;  // that may go
constexpr uint64_t kBlockLeaves = 256;

class PruneCrash : public testing::AttackedTrail {
 protected:
  // More leaves than may go, under a checkpoint and a year old, and somebody who died.
  void SetUp() override {
    Vault vault = vault_.Open({"billing"});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
    for (uint64_t i = 0; i < kBlocks * kBlockLeaves + 20; ++i) {
      ASSERT_THAT(StatusOf(ReadCard(vault, "billing", IdOf(1), "pan")), IsOk());
    }
  }
  void SignAndWait() {
    checkpoint_ = *OpenTrail("log").Sign("");
    vault_.clock().AdvanceDays(366);
    ASSERT_EQ(ExitCodeOfChild([&] {
                Vault vault = vault_.Open({"billing"});
                if (!ReadCard(vault, "billing", IdOf(1), "pan").ok()) return 1;
                ::_exit(kEnded);
              }),
              kEnded)
        << "leaves a journal";
    whole_ = LeavesAt(vault_.path());
    fs::copy(vault_.path(), Kept(), fs::copy_options::recursive);
  }
  std::string Kept() { return vault_.directory() / "kept"; }
  void PutBack() {
    fs::remove_all(vault_.path());
    fs::copy(Kept(), vault_.path(), fs::copy_options::recursive);
  }

  // As AuditTrail::Prune does, with a transaction for each block.
  Status PruneBlockByBlock() {
    const Keyring keyring = vault_.Origin("auditor");
    auto engine = store::OpenLmdb(vault_.path(), {.map_bytes = uint64_t{1} << 30});
    if (!engine.ok()) return engine.status();
    const Secret* secret = keyring.keys().FindRole(keys::Role::kAuditor);
    const crypto::BoxOpener auditor(
        *secret->RevealBytes([](ByteView bytes) { return crypto::BoxSecret::FromBytes(bytes); }));
    auto trail = audit::Trail::Start(**engine, {.vault = vault_.id(),
                                                .vault_path = vault_.path(),
                                                .auditor = auditor.public_key(),
                                                .actor = "auditor",
                                                .clock = &vault_.clock(),
                                                .random = &crypto::SystemRandom(),
                                                .tend_every = std::chrono::milliseconds(0)});
    if (!trail.ok()) return trail.status();
    const Timestamp now = vault_.clock().Now();
    const auto gone =
        audit::PruneLeaves(**engine, **trail,
                           {.vault = vault_.id(),
                            .auditor = &auditor,
                            .covered = ParseCheckpoint(checkpoint_)->size,
                            .before = {now.unix_ms - 365 * kMillisPerDay},
                            .event = {.kind = audit::EventKind::kTrailPrune, .at = now},
                            .blocks_at_once = 1});
    return gone.ok() ? (*trail)->Close() : gone.status();
  }

  // Nothing is broken, nothing but whole blocks is gone, each with its event, and all the rest is
  // what it was. How many leaves are gone.
  uint64_t ExpectWhole() {
    const TrailReport report = Verify({.entries = true, .pin = checkpoint_});
    for (const TrailFinding& finding : report.findings) {
      EXPECT_NE(finding.weight, TrailFinding::Weight::kBroken) << finding.name;
    }
    EXPECT_EQ(report.pruned % kBlockLeaves, 0u);
    uint64_t events = 0;
    {
      AuditTrail trail = OpenTrail("auditor");
      EXPECT_THAT(StatusOf(trail.Entries({.outcome = "allowed", .kind = "trail-prune"}, 0,
                                         [&](const TrailEntry&) {
                                           ++events;
                                           return true;
                                         })),
                  IsOk());
    }
    EXPECT_EQ(events, report.pruned / kBlockLeaves);
    const testing::Leaves left = LeavesAt(vault_.path());
    EXPECT_GE(left.size(), whole_.size() - report.pruned);
    EXPECT_TRUE(std::equal(whole_.begin() + static_cast<std::ptrdiff_t>(report.pruned),
                           whole_.end(), left.begin()));
    return report.pruned;
  }

  std::string checkpoint_;
  testing::Leaves whole_;
};

TEST_F(PruneCrash, AtAnyWriteOfTheDataFileLeavesAWholeTrailAndIsGoneOnWith) {
  ASSERT_NO_FATAL_FAILURE(SignAndWait());
  std::set<uint64_t> seen;
  size_t crashes = 0;
  for (;; ++crashes) {
    const int code = ExitCodeOfChild([&] {
      const IoFaults faults(vault_.path() + "/data.mdb", [&](IoFaults::Operation, size_t number) {
        if (number == crashes) _exit(kEnded);
        return IoFaults::Verdict{};
      });
      return PruneBlockByBlock().ok() ? 0 : 1;
    });
    ASSERT_TRUE(code == 0 || code == kEnded) << code << " at write " << crashes;
    const uint64_t gone = ExpectWhole();
    seen.insert(gone);
    if (code == 0) break;
    const auto rest =
        OpenTrail("auditor").Prune({.checkpoint = checkpoint_, .older_than = vault_.clock().Now()});
    if (gone < kBlocks * kBlockLeaves) {
      ASSERT_THAT(StatusOf(rest), IsOk());
      EXPECT_EQ(gone + *rest, kBlocks * kBlockLeaves);
    } else {
      EXPECT_THAT(StatusOf(rest), ErrorIs(Code::kNotFound, "audit.nothing-to-prune"));
    }
    ASSERT_FALSE(HasFailure()) << "at write " << crashes;
    PutBack();
  }
  // It crashed before the first block, between any two, and after the last.
  EXPECT_EQ(seen, (std::set<uint64_t>{0, 256, 512, 768}));
  EXPECT_GT(crashes, 20u);
  testing::Tell(crashes, "crash states");
}

}  // namespace
}  // namespace bailee
