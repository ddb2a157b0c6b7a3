// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "bailee/ledger.h"
#include "vault/frame/writable_subject.h"
#include "vault/ledger/align_wraps.h"
#include "vault/ledger/ledger_entry.h"

namespace bailee::vault {

// Whether the policy in force knows what `event` names, and it says what its kind needs and no
// more. Errors: kRefused (unknown-purpose, unknown-category, unknown-notice); kInvalidValue;
// kUsage.
Status CheckLedgerEvent(const Frame& frame, const LedgerEvent& event);

// What an event is recorded as: one entry, but of a signal one for each purpose it objects to.
// REQUIRES: CheckLedgerEvent succeeded.
std::vector<LedgerEntry> EntriesOf(const Frame& frame, const LedgerEvent& event);

// Adds entries to the ledger of a subject that is being written, each with its event. Its wraps
// must be aligned and its row be put afterwards. Returns the event of the last.
// REQUIRES: within Write; `entries` is not empty.
Result<DecisionId> AppendEntries(VaultImpl& vault, const Frame& frame, WritableSubject& subject,
                                 std::vector<LedgerEntry> entries);

// The entries of a browser's signals that would change something: an objection that stands already
// is not repeated. Errors: kRefused (unknown signal).
Result<std::vector<LedgerEntry>> SignalsToRecord(const Frame& frame,
                                                 std::span<const std::string> signals,
                                                 const policy::Standing& standing);

Result<Recorded> RecordInLedger(VaultImpl& vault, const Who& who,
                                std::span<const LedgerEvent> events);
Result<LedgerView> LedgerOf(VaultImpl& vault, const Who& who);

}  // namespace bailee::vault
