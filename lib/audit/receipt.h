// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
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

// What the entries of a receipt tell.
enum class ReceiptStep : uint8_t { kErased = 0, kShredded = 1, kCompacted = 2, kDestroyed = 3 };
inline constexpr size_t kReceiptStepsMax = 4;

// The step that an event shows, if it shows one.
std::optional<ReceiptStep> StepOf(const EventCopy& event);

// Which steps were shown so far, one after the other.
class ReceiptSteps {
 public:
  bool Allows(ReceiptStep step) const;
  void Add(ReceiptStep step) { shown_[static_cast<size_t>(step)] = true; }

 private:
  std::array<bool, kReceiptStepsMax> shown_{};
};

// What a detail of an event says. Empty if the event has none, or it makes no sense.
std::optional<uint64_t> NumberOf(const EventCopy& event, What what);
std::optional<KeyStreamSha256> Sha256Of(const EventCopy& event);

// A write that is shown: the key that opens it alone, and its place.
struct ShownEntry {
  EntryKey key;
  Bytes leaf;
  std::string proof;  // a tlog-proof
};

// The bytes of a receipt; they hold the entry keys. REQUIRES: 1 to kReceiptStepsMax entries.
Bytes FormatReceipt(const VaultId& vault, std::span<const ShownEntry> entries);

}  // namespace bailee::audit
