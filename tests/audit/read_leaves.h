// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <vector>

#include "audit/chain.h"
#include "audit/event_codec.h"
#include "audit/journal_format.h"
#include "audit/leaf.h"
#include "audit/tree_store.h"
#include "store/engine.h"
#include "support/error_is.h"

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

// Every leaf of the tree, opened; fails the test for one that does not open under its own key.
inline std::vector<ReadLeaf> LeavesOf(store::Engine& engine, const VaultId& vault,
                                      const crypto::BoxOpener& auditor) {
  struct Keys {
    audit::KeyChain journal;
    audit::KeyChain writes;
  };
  std::map<InstanceId, Keys> keys;
  std::vector<ReadLeaf> leaves;
  const auto snapshot = *engine.Read();
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
          audit::OpenWriteBody(*audit::ParseWriteBody(leaf.body), *chain.KeyAt(leaf.number), vault,
                               leaf.instance, leaf.number);
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

}  // namespace bailee::testing
