// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/instance_world.h"
#include "audit/read_leaves.h"
#include "audit/trail.h"
#include "store/lmdb_engine.h"
#include "support/error_is.h"
#include "support/temporary_directory.h"
#include "support/test_random.h"

namespace bailee::testing {

// A vault's store without a vault, for trails, and their auditor.
struct TrailWorld {
  TemporaryDirectory directory;
  TestRandom random{17};
  VaultId vault{crypto::RandomArray<16>(random)};
  crypto::BoxOpener auditor{*crypto::BoxSecret::Generate(random)};
  std::unique_ptr<store::Engine> engine = *store::CreateLmdb(directory / "vault", Small());

  static store::LmdbOptions Small() { return {.map_bytes = uint64_t{64} << 20}; }
  std::string path() const { return directory / "vault"; }
  std::string journals() const { return directory / "vault/journal"; }

  audit::TrailOptions Options() {
    return {.vault = vault,
            .vault_path = path(),
            .auditor = auditor.public_key(),
            .actor = "tester",
            .clock = &Clock::System(),
            .random = &crypto::SystemRandom(),
            .tend_every = std::chrono::milliseconds(0)};
  }
  std::shared_ptr<audit::Trail> Start() {
    auto trail = audit::Trail::Start(*engine, Options());
    EXPECT_TRUE(trail.ok()) << trail.status().message();
    return *std::move(trail);
  }
  void Reopen() {
    engine.reset();
    engine = *store::OpenLmdb(path(), Small());
  }

  // Writes one event in a transaction of its own, as a vault does.
  Result<DecisionId> Write(audit::Trail& trail, const audit::Event& event,
                           const Status& outcome = Status()) {
    const auto mark = trail.BeginWrite();
    if (!mark.ok()) return mark.status();
    std::optional<DecisionId> last;
    const Status written = engine->Write([&](store::WriteTransaction& transaction) -> Status {
      const auto events = trail.EventsOf(transaction, *mark);
      if (const auto id = events->Append(event); !id.ok()) return id.status();
      if (Status finished = events->Finish(); !finished.ok()) return finished;
      last = events->last();
      return outcome;
    });
    if (!written.ok()) return written;
    trail.Committed(*last);
    return *last;
  }

  std::vector<ReadLeaf> Leaves() { return LeavesOf(*engine, vault, auditor); }
};

}  // namespace bailee::testing
