// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/chain.h"
#include "audit/instance_world.h"
#include "audit/journal_format.h"
#include "audit/leaf.h"
#include "audit/trail.h"
#include "audit/tree_store.h"
#include "store/lmdb_engine.h"
#include "support/error_is.h"
#include "support/temporary_directory.h"
#include "support/test_random.h"

namespace bailee::testing {

// A leaf as its auditor reads it.
struct ReadLeaf {
  audit::LeafType type;
  InstanceId instance;
  uint64_t number = 0;
  std::optional<audit::EventCopy> event;       // of journal entries and writes
  std::optional<audit::Adoption> adoption;     // of an adoption
  std::optional<audit::ChainEnds> chain_ends;  // of a close
};

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

  // Every leaf, opened; fails the test for one that does not open under its own key.
  std::vector<ReadLeaf> Leaves() {
    struct Keys {
      audit::KeyChain journal;
      audit::KeyChain writes;
    };
    std::map<InstanceId, Keys> keys;
    std::vector<ReadLeaf> leaves;
    const auto snapshot = *engine->Read();
    const audit::TreeReader tree = *audit::TreeReader::Open(*snapshot);
    for (uint64_t i = 0; i < tree.size(); ++i) {
      const audit::Leaf leaf = *audit::ParseLeaf(*tree.Leaf(i));
      ReadLeaf read{leaf.type, leaf.instance, leaf.number, {}, {}, {}};
      if (leaf.type == audit::LeafType::kOpened) {
        const audit::OpenedHead head = *audit::OpenHead(*audit::ParseHead(leaf.body), auditor);
        keys.emplace(leaf.instance,
                     Keys{*audit::KeyChain::Start(audit::ChainKind::kJournal, vault, leaf.instance,
                                                  *head.journal_first.Clone()),
                          *audit::KeyChain::Start(audit::ChainKind::kWrites, vault, leaf.instance,
                                                  *head.writes_first.Clone())});
      } else if (leaf.type == audit::LeafType::kJournal) {
        const Status opened = keys.at(leaf.instance).journal.Next([&](ByteView key) -> Status {
          const auto bytes = audit::OpenEntry(key, audit::ParseEntry(leaf.instance, leaf.body));
          if (!bytes.ok()) return bytes.status();
          read.event = *audit::ParseEvent(*bytes);
          return Status();
        });
        EXPECT_THAT(opened, IsOk());
      } else if (leaf.type == audit::LeafType::kWrite) {
        audit::KeyChain& chain = keys.at(leaf.instance).writes;
        const auto bytes =
            audit::OpenWriteBody(*audit::ParseWriteBody(leaf.body), *chain.KeyAt(leaf.number),
                                 vault, leaf.instance, leaf.number);
        EXPECT_THAT(bytes.status(), IsOk());
        if (bytes.ok()) read.event = *audit::ParseEvent(*bytes);
      } else if (leaf.type == audit::LeafType::kAdopted) {
        read.adoption = *audit::ParseAdoption(leaf.body);
      } else {
        read.chain_ends = *audit::ParseChainEnds(leaf.body);
      }
      leaves.push_back(std::move(read));
    }
    return leaves;
  }
};

}  // namespace bailee::testing
