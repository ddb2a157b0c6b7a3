// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/key.h"
#include "crypto/names.h"
#include "crypto/random.h"
#include "record/row.h"

// Rows whose compartments are of several revisions: FORMAT.md §10. Whoever puts a value right seals
// the compartments that it is in and leaves those that it may not open as they are.
namespace bailee::record {

// Where a record is.
struct RecordPlace {
  VaultId vault;
  Handle handle;
  crypto::NameId category;
  RecordId record;
};

// The revision in which each compartment of a row was sealed.
class Revisions {
 public:
  // Those of a row, in which the newest revision of the record must be that of its head.
  // Errors: kDamage "record.not-authentic"; kFull.
  static Result<Revisions> Open(const RecordPlace& place, const crypto::HistoryKey& history,
                                const RecordRow& row);

  uint32_t Of(uint16_t compartment) const;
  // What a compartment is bound to.
  RecordHead HeadOf(uint16_t compartment) const;

 private:
  explicit Revisions(const RecordHead& head) : head_(head) {}

  RecordHead head_;
  std::vector<std::pair<uint16_t, uint32_t>> others_;  // than the head's
};

// What EncodeRecordRow takes for entries of these revisions, in their order.
// REQUIRES: none is above head.revision.
Bytes SealRevisions(const RecordPlace& place, const RecordHead& head,
                    const crypto::HistoryKey& history, std::span<const uint32_t> revisions,
                    crypto::Random& random);

}  // namespace bailee::record
