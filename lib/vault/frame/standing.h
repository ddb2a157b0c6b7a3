// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "bailee/bytes.h"
#include "bailee/ledger.h"
#include "bailee/result.h"
#include "policy/decide.h"

namespace bailee::vault {

// What a ledger comes to: the `standing` of a subject row, FORMAT.md §9.1.
struct LedgerState {
  uint64_t entries = 0;  // how long the ledger is
  policy::Standing standing;
};

// The bytes; nothing for an empty ledger.
// Errors: kFull "ledger.full" if it has more than a subject row has room for.
Result<Bytes> EncodeStanding(const LedgerState& state);
// Errors: kDamage "subject.damaged".
Result<LedgerState> DecodeStanding(ByteView bytes);

// The state after one more entry. REQUIRES: entry.sequence == state.entries + 1.
void Fold(const LedgerEntry& entry, LedgerState& state);

}  // namespace bailee::vault
