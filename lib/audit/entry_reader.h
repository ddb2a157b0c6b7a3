// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "audit/chain.h"
#include "audit/cut.h"
#include "audit/event_codec.h"
#include "audit/journal_format.h"
#include "audit/leaf.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/box.h"

namespace bailee::audit {

// An entry of the trail as the auditor reads it.
struct OpenedEntry {
  DecisionId id;
  EventCopy event;
  const Origin* origin = nullptr;  // who; valid until the next leaf
  EntryKey key;                    // of a write: what opens it, and nothing else
};

// Opens entries with the auditor's secret: follows both chains of keys of each instance from its
// opening on. Told every leaf in order, it opens those that are asked for; chains of instances that
// nobody asks about are not followed. Memory: what is open. Thread-compatible.
class EntryReader {
 public:
  // `open`: what is open before the first leaf. `auditor` outlives the reader.
  EntryReader(const VaultId& vault, const crypto::BoxOpener& auditor, const OpenInstances& open);

  // Another one at the same leaf. Errors: kFull "secret.arena-full".
  Result<EntryReader> Copy() const;

  // The next leaf, which parsed. Entries are passed.
  void Pass(const Leaf& leaf);

  // The next leaf, which is a kJournal or kWrite and has index `index`, opened.
  // Errors: kAuditBroken "trail.forged-head" (the instance's first keys were not sealed to this
  // auditor), "trail.forged-entry" (it was not sealed by its instance, or out of order),
  // "trail.bad-event", "trail.transaction-differs", "trail.not-open"; kFull. After an error the
  // next leaf can be told as ever.
  Result<OpenedEntry> Open(uint64_t index, const Leaf& leaf);

 private:
  struct Keys {
    KeyChain journal;
    KeyChain writes;
    Origin origin;
  };
  struct OpenedLeaf {
    Bytes event;
    uint64_t transaction = 0;  // of a write
    EntryKey key;              // of a write
  };
  struct Instance {
    Bytes head;
    std::optional<Keys> keys;  // once an entry of it is asked for
  };

  Status OpenHeadOf(Instance& instance) const;
  Status OpenLeaf(const Leaf& leaf, KeyChain& chain, OpenedLeaf& opened) const;

  const VaultId vault_;
  const crypto::BoxOpener& auditor_;
  std::map<InstanceId, Instance> open_;
};

}  // namespace bailee::audit
