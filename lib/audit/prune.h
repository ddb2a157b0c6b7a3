// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "audit/event.h"
#include "bailee/clock.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/box.h"
#include "store/engine.h"

namespace bailee::audit {

struct PruneRequest {
  VaultId vault;
  const crypto::BoxOpener* auditor = nullptr;  // not null: when an entry was made is sealed
  uint64_t covered = 0;          // leaves of a signed checkpoint that the tree extends
  Timestamp before;              // only what happened before it goes
  Event event;                   // of each transaction; gets its details and transaction
  uint64_t blocks_at_once = 32;  // in one transaction
};

// Deletes leaves from the front (FORMAT.md §13.6): as many blocks of kBlockLeaves as are covered
// and hold nothing that is not before `before`. Each is read, opened and proven to be in the tree
// before it goes. Each transaction deletes some blocks, moves the rows that say so, and holds its
// event: after a crash between any two the trail is whole and the next call goes on. Returns how
// many leaves this call deleted.
// Errors: kNotFound "audit.nothing-to-prune"; kAuditBroken "trail.broken" and those of EntryReader:
// what is deleted could not be looked into afterwards; kBusy "audit.pruned-meanwhile"; kDamage;
// those of the trail and the store.
Result<uint64_t> PruneLeaves(store::Engine& engine, EventSink& events, const PruneRequest& request);

}  // namespace bailee::audit
