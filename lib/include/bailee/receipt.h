// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bailee/backup.h"
#include "bailee/bytes.h"
#include "bailee/checkpoint.h"
#include "bailee/clock.h"
#include "bailee/export.h"
#include "bailee/ids.h"
#include "bailee/result.h"

// Receipts of erasing (proto/FORMAT.md §13.9): what AuditTrail::Receipt makes, for the person who
// was erased or whoever watches over it. Checked without the vault and without any secret.
namespace bailee {

namespace limits {
inline constexpr size_t kReceiptBytesMax = size_t{8} << 20;
}

// What a receipt proved to be recorded in a vault's trail.
struct ErasureReceipt {
  VaultId vault;
  DecisionId decision;         // the event
  Handle handle;               // who was erased
  std::string case_reference;  // of the request, or empty
  uint64_t records = 0;        // that were deleted
  Timestamp erased_at;
  // When nothing opened in any copy of the database any longer; empty if that was not shown.
  std::optional<Timestamp> shredded_at;
  // When the file was written anew after that; empty if that was not shown.
  std::optional<Timestamp> compacted_at;
  // What the operator said of the key streams from which this person could have been restored: all
  // of them, this one the last, are destroyed with every copy. Empty if nothing was said that holds
  // for this person.
  struct Destroyed {
    KeyStreamSha256 last;
    Timestamp said_at;
  };
  std::optional<Destroyed> destroyed;
  Checkpoint checkpoint;  // the tree that it is in
};

// Reads a receipt and proves that the log `keys` of `origin` signed a tree with all that it says.
// Errors: kInvalidValue "receipt.malformed", "proof.malformed", "checkpoint.malformed"; kTooNew
// "receipt.too-new"; kAuditBroken "receipt.entry" (an entry is not the one that the proof is about,
// or no such event), and those of VerifyCheckpoint and VerifyInclusion; kFull.
BAILEE_EXPORT Result<ErasureReceipt> VerifyReceipt(ByteView receipt, std::string_view origin,
                                                   const LogKeys& keys);

}  // namespace bailee
