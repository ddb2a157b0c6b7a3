// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "bailee/bytes.h"
#include "bailee/ledger.h"
#include "bailee/result.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "store/engine.h"

// Rows of the ledger: FORMAT.md §14.1.
namespace bailee::vault {

// REQUIRES: texts of at most 255 bytes, at most 255 fields.
Bytes EncodeLedgerEntry(const LedgerEntry& entry);
// Decodes what EncodeLedgerEntry made; the sequence comes from the row's key.
// Errors: kDamage "ledger.damaged".
Result<LedgerEntry> DecodeLedgerEntry(uint64_t sequence, ByteView bytes);

// The first byte of the keys of entries; other rows of the table are nobody's.
inline constexpr uint8_t kEntryPrefix = 0x01;

// The first bytes of the keys of all entries of a subject.
Bytes EntriesPrefix(const Handle& handle);

// Adds an entry. Errors: those of the store.
Status PutLedgerEntry(store::WriteTransaction& transaction, const VaultId& vault,
                      const Handle& handle, const crypto::HistoryKey& history,
                      const LedgerEntry& entry, crypto::Random& random);

// The key of an entry taken apart; nothing of another row of the table.
struct EntryKey {
  Handle handle;
  uint64_t sequence = 0;
};
std::optional<EntryKey> ParseEntryKey(ByteView key);
Bytes EntryKeyOf(const Handle& handle, uint64_t sequence);

// One row. Errors: kDamage "ledger.damaged"; kFull.
Result<LedgerEntry> OpenLedgerEntry(const VaultId& vault, const EntryKey& key,
                                    const crypto::HistoryKey& history, ByteView row);

// Every entry of a ledger that has `count`, in order.
// Errors: kDamage "ledger.damaged" also for one missing, left over or put elsewhere; kFull; those
// of the store.
Result<std::vector<LedgerEntry>> ReadLedger(store::Snapshot& snapshot, const VaultId& vault,
                                            const Handle& handle, const crypto::HistoryKey& history,
                                            uint64_t count);

}  // namespace bailee::vault
