// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/clock.h"
#include "bailee/erase.h"
#include "bailee/export.h"
#include "bailee/ids.h"

namespace bailee {

// What is put into a person's ledger. Numbers are stored: never renumber, only append.
enum class LedgerKind : uint8_t {
  kGiven = 1,        // consented to a leaf purpose, under the notice that asked
  kWithdrawn = 2,    // took consent back, for a purpose or all below it
  kObjected = 3,     // opted out
  kDeclined = 4,     // would not give the data
  kSignal = 5,       // a browser's signal, e.g. Sec-GPC: objects to what the policy says it does
  kNoticeShown = 6,  // was shown a notice
  kNamedEvent = 7,   // something that a retention counts from, e.g. "account_closed"
  kHold = 8,         // must be preserved for a case
  kRelease = 9,      // the hold of a case is over
  kRestricted = 10,  // asked that nothing be used
  kUnrestricted = 11,
  kAgreed = 12,        // agreed to a version of the policy as a whole
  kRectified = 13,     // written by rectifying
  kErasureAsked = 14,  // written by erasing somebody of whom something is held for a case
};
inline constexpr uint8_t kLedgerKindCount = 14;

// The word users see, e.g. "notice-shown". Never empty for a declared value.
BAILEE_EXPORT std::string_view LedgerKindWord(LedgerKind kind);
// The kind whose word is `word`, or nothing.
BAILEE_EXPORT std::optional<LedgerKind> ParseLedgerKind(std::string_view word);

// One thing to record. Texts are borrowed for the call. What a kind does not use must be left out.
struct LedgerEvent {
  LedgerKind kind = LedgerKind::kGiven;
  std::string_view purpose = {};     // given, withdrawn, objected, declined
  std::string_view category = {};    // these and hold, release: one category; empty: every one
  std::string_view notice = {};      // given: which lists the purpose; notice-shown
  std::string_view name = {};        // named event, signal
  std::string_view reference = {};   // hold, release: the case, [A-Za-z0-9-]{1,64}
  uint32_t policy_version = 0;       // agreed
  std::string_view method = {};      // how it was said, e.g. "web-form": [a-z0-9-]{1,64}
  std::optional<Timestamp> at = {};  // default now; may lie in the past, never in the future
};

// What recording did.
struct Recorded {
  Handle handle;
  uint64_t sequence = 0;       // of the last entry in this person's ledger
  uint64_t transaction = 0;    // the transaction that holds it
  DecisionId decision;         // the event of the last entry
  size_t wraps_removed = 0;    // keys that no longer exist
  size_t wraps_made = 0;       // keys that exist now
  bool key_work_left = false;  // something waits for a process that holds the keys: see Upkeep
  // They asked to be erased while something was held, and nothing is any more: Erase does it now.
  bool erasure_due = false;
};

// One entry as it was recorded.
struct LedgerEntry {
  uint64_t sequence = 0;
  LedgerKind kind = LedgerKind::kGiven;
  Timestamp recorded_at;
  Timestamp at;
  uint32_t policy_version = 0;
  std::string purpose;
  std::string category;
  std::string notice;
  std::string name;
  std::string reference;
  std::string method;
  RecordId record;                  // rectified
  std::vector<std::string> fields;  // rectified
};

// What is said of one person, and what it comes to.
struct LedgerView {
  Handle handle;
  std::vector<LedgerEntry> entries;
  bool restricted = false;
  bool erasure_waits = false;  // they asked to be erased while something was held
};

struct UpkeepOptions {
  ShredOptions shred = {};
  // Called with the number of subjects looked at; to return false is to stop, which is safe.
  std::function<bool(uint64_t subjects)> progress = {};
};

// What upkeep did, and what it could not do with the keys of this process.
struct UpkeepResult {
  uint64_t subjects = 0;  // looked at
  uint64_t wraps_removed = 0;
  uint64_t wraps_made = 0;
  uint64_t renewed = 0;  // places whose data lies under a new key
  uint64_t left = 0;     // places that wait for other keys
  // Who asked to be erased while something of them was held for a case: of whom something still is,
  // and who can be erased now, which takes `rights`. Of each at most 1,000 are named.
  std::vector<Handle> erasures_held;
  std::vector<Handle> erasures_due;
  // Of everything that was taken away before, also by erasing.
  Shredded shredded;
};

}  // namespace bailee
