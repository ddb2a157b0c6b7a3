// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "audit/cut.h"
#include "audit/findings.h"
#include "audit/journal_directory.h"
#include "audit/tree_store.h"
#include "bailee/checkpoint.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/box.h"
#include "store/engine.h"

namespace bailee::audit {

struct VerifyRequest {
  VaultId vault;
  const crypto::BoxOpener* auditor = nullptr;  // null: entries stay closed
  std::function<void(uint64_t done, uint64_t all)> progress = {};
  // Asked now and then; true ends it with kPartial "audit.stopped".
  std::function<bool()> stopped = {};
};

// What there is, beside what was found.
struct Verified {
  uint64_t size = 0;
  TreeHash root{};
  uint64_t pruned = 0;
  uint64_t entries = 0;
  uint64_t instances = 0;
  uint64_t open = 0;
  uint64_t waiting_bytes = 0;
};

// Replays the whole trail as it is at one moment (see Replay and TreeReplay for their findings) and
// looks at the journals of what is open (see CheckJournals). Further findings, broken:
//   trail.leaf-missing         leaves of a range are not there
//   trail.leaf-stray           a row among the leaves is none of the tree
//   trail.watermark-malformed  a watermark makes no sense
//   trail.bad-cut              what a pruning left makes no sense
// and with `auditor` those of EntryReader::Open and
//   trail.close-forged         an instance is said to have closed where it did not say so itself
//   trail.doubtful             unproven: an instance says that events of a range may not have
//                              reached the disk
// Errors: kBusy "audit.pruned-meanwhile"; kDamage "audit.tree-damaged" if there is no head to
// compare with; those of the store and the files.
Result<Verified> VerifyTrail(store::Engine& engine, const JournalDirectory& journals,
                             const VerifyRequest& request, Findings& findings);

// Looks at the journals of the instances in `open`, and at those of nobody. Returns the bytes that
// wait. Findings:
//   trail.journal-missing  unproven: an open instance has no journal
//   trail.journal-short    broken: it ends before what the tree has of it
//   trail.journal-torn     unproven: its owner is gone and its end is no whole entry
//   trail.journal-unknown  unproven: it holds entries of an instance that never opened
// Errors: those of the store and the files.
Result<uint64_t> CheckJournals(store::Engine& engine, const JournalDirectory& journals,
                               const OpenInstances& open, Findings& findings);

// A text of a head or a checkpoint that was kept outside the vault.
struct Pinned {
  std::string_view text;  // signed or not
  std::string_view origin;
  LogKeys keys;
};

// Proves that the tree extends what was pinned. Findings, broken, but for the last:
//   trail.pin-forged   it is signed, and not by a key of the log that counts for it
//   trail.other-origin it is of another log
//   trail.cut-off      the tree is smaller
//   trail.forked       the tree does not begin with it
//   trail.pin-pruned   unproven: it is older than what was pruned
// Errors: kInvalidValue "checkpoint.malformed"; those of the store.
Status CheckPin(store::Snapshot& snapshot, const Pinned& pinned, Findings& findings);

// Proves that the tree begins with this head, which the vault's authority signed. Findings:
// "trail.cut-off", "trail.forked". Nothing is said of a head before what was pruned. Errors: those
// of the store.
Status CheckHead(store::Snapshot& snapshot, const TreeHead& head, Findings& findings);

// How large the tree was, as a pin claims it. Errors: kInvalidValue "checkpoint.malformed".
Result<uint64_t> SizeOfPin(std::string_view text);

// The same as an error, of a checkpoint that must be signed.
// Errors: as VerifyCheckpoint; kAuditBroken "trail.cut-off", "trail.forked"; kNotFound
// "audit.leaf-pruned"; those of TreeReader.
Result<Checkpoint> VerifyExtends(const TreeReader& tree, const Pinned& pinned);

}  // namespace bailee::audit
