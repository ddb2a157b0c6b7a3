// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "audit/chain.h"
#include "audit/event_codec.h"
#include "bailee/bytes.h"
#include "bailee/ids.h"
#include "bailee/receipt.h"
#include "bailee/result.h"

// Receipts: FORMAT.md §13.9.
namespace bailee::audit {

// What the entries of a receipt tell, one after the other.
enum class ReceiptStep : uint8_t { kErased = 0, kShredded = 1, kCompacted = 2 };
inline constexpr size_t kReceiptStepsMax = 3;

// Whether an event is the one that a step is shown by.
bool Shows(ReceiptStep step, const EventCopy& event);

// A write that is shown: the key that opens it alone, and its place.
struct ShownEntry {
  EntryKey key;
  Bytes leaf;
  std::string proof;  // a tlog-proof
};

// The bytes of a receipt; they hold the entry keys. REQUIRES: 1 to kReceiptStepsMax entries.
Bytes FormatReceipt(const VaultId& vault, std::span<const ShownEntry> entries);

}  // namespace bailee::audit
