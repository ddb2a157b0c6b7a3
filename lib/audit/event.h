// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "bailee/clock.h"
#include "bailee/ids.h"
#include "bailee/reason.h"
#include "bailee/result.h"
#include "crypto/names.h"
#include "store/engine.h"

namespace bailee::audit {

// What happened. Numbers are stored in the audit trail: never renumber, only append.
enum class EventKind : uint8_t {
  kOpen = 1,
  kRead = 2,
  kReadAll = 3,
  kScan = 4,
  kFind = 5,
  kVerifyPassword = 6,
  kList = 7,
  kCollect = 8,
  kSubjects = 9,
  kRefOf = 10,
  kFoldLookups = 11,
  kAs = 12,
  kClose = 13,
  kAuditFull = 14,  // the last event that fits
  kTrailLog = 15,   // looks at the trail, and acts on it
  kTrailVerify = 16,
  kTrailProve = 17,
  kTrailSign = 18,
  kTrailPin = 19,
  kTrailExport = 20,
  kTrailPrune = 21,
  kExplain = 22,
  kLedger = 23,       // something about a person was put into the ledger
  kStanding = 24,     // a look at a ledger
  kUpkeep = 25,       // wraps and keys brought into line
  kPublish = 26,      // a policy came into force
  kDisclose = 27,     // values left for a recipient
  kDisclosures = 28,  // a look at what was disclosed of somebody
  kMayContact = 29,
  kSuppress = 30,  // a change of, or look at, the list of addresses not to be written to
  kReport = 31,
  kRectify = 32,
  kExpire = 33,  // what no purpose may use any longer was deleted
  kExportSubject = 34,
  kReview = 35,
  kErase = 36,      // somebody was erased
  kRenew = 37,      // shards got new keys, or with `epoch` that one began
  kShred = 38,      // the key of an epoch is overwritten and held by nobody
  kCompact = 39,    // the file was written anew
  kRotate = 40,     // a key was replaced, or is being
  kBackup = 41,     // a backup stream was written
  kRestore = 42,    // this vault was put together from backup streams
  kCheck = 43,      // a look at everything for damage
  kDestroyed = 44,  // key streams are, says the operator
};
inline constexpr uint8_t kEventKindCount = 44;

// The word users see, e.g. "read-all". Never empty for a declared value.
std::string_view EventKindWord(EventKind kind);

enum class Outcome : uint8_t { kAllowed = 1, kRefused = 2, kNotFound = 3, kFailed = 4 };
inline constexpr uint8_t kOutcomeCount = 4;

// "allowed", "refused", "not-found", "failed".
std::string_view OutcomeWord(Outcome outcome);

// Which of the rows that a record had an event leaves behind; its terms belong to it too.
struct RecordVersion {
  uint32_t revision = 0;
  Timestamp collected_at;

  bool operator==(const RecordVersion&) const = default;
};

// A record an event is about.
struct EventRecord {
  Handle handle;
  crypto::NameId category;
  RecordId record;
  crypto::TermsId terms;
  // Of an event that leaves rows behind every one has it, of others none.
  std::optional<RecordVersion> version = {};

  bool operator==(const EventRecord&) const = default;
};

// What else an event says. Numbers are stored: never renumber, only append.
enum class What : uint8_t {
  kOf = 1,        // number of the event that this one counts repetitions of
  kFirst = 2,     // a range: its first and last number
  kLast = 3,      //
  kTreeSize = 4,  // leaves
  kDecision = 5,  // the decision that was asked about
  kEntries = 6,   // of the journal of an instance that closes
  kSequence = 7,  // in somebody's ledger
  kSaid = 8,      // what was put into a ledger, e.g. "withdrawn"; what a review is of
  kNotice = 9,
  kNamedEvent = 10,  // e.g. "account_closed"
  kCount = 11,
  kReport = 12,
  kBucket = 13,   // of a report: its first day, YYYY-MM-DD
  kVersion = 14,  // of a policy
  kEpoch = 15,
  kKey = 16,     // "purpose/billing", "storage", "index/CATEGORY.FIELD/PURPOSE", "log", "authority"
  kStream = 17,  // of a backup: "data" or "keys"
  kRoot = 18,    // of the tree with kTreeSize leaves, in hex
  kSha256 = 19,  // of a key stream, in hex
};
inline constexpr uint8_t kWhatCount = 19;

// The word users see, e.g. "tree-size".
std::string_view WhatWord(What what);

// The most bytes of any text in the trail: its length is one byte.
inline constexpr size_t kTextBytesMax = 255;

struct Detail {
  What what;
  std::string_view text;  // at most kTextBytesMax: a name of the policy, a number, an id
};

// One thing that was done or refused. Holds ids and names of the policy, never values, refs or free
// text. Borrows everything for the call. Who did it is said once for each instance, in the head of
// its journal.
struct Event {
  EventKind kind = EventKind::kRead;
  Outcome outcome = Outcome::kAllowed;
  Timestamp at;
  std::string_view purpose = {};  // empty where none acts
  std::string_view on_behalf_of = {};
  std::string_view category = {};
  std::span<const std::string_view> fields = {};
  std::string_view case_reference = {};
  std::string_view recipient = {};
  std::string_view ground = {};
  std::span<const Reason> reasons = {};
  Handle handle{};  // zero if nobody was resolved
  std::span<const EventRecord> records = {};
  std::span<const Detail> details = {};
  uint32_t policy_version = 0;
  uint64_t transaction = 0;  // whose state was decided on; of a write the one that makes it
  uint32_t repeats = 0;      // FORMAT.md §13.4
};

// How far its process's trail was when a write was submitted.
struct WriteMark {
  uint64_t journal_number = 0;  // entries before this one come before the write
};

// The events of one write, recorded in the transaction that makes it. Lives inside the engine's
// job.
class WriteEvents {
 public:
  virtual ~WriteEvents() = default;

  // Errors: kAuditDown; those of the store.
  virtual Result<DecisionId> Append(const Event& event) = 0;

  // Stores what Append left to do. Nothing may be appended after it. Errors: as Append.
  virtual Status Finish() = 0;

  // The last event appended, or nothing.
  virtual std::optional<DecisionId> last() const = 0;
};

// Where every event goes, on every path. An event that cannot be appended means that the operation
// does not happen. Implementations are thread-safe.
class EventSink {
 public:
  virtual ~EventSink() = default;

  // Records an event before anything of it is released. Errors: kAuditDown.
  virtual Result<DecisionId> Append(const Event& event) = 0;

  // Called before a write is submitted to the engine, outside any transaction.
  // Errors: kAuditDown; those of the store.
  virtual Result<WriteMark> BeginWrite() = 0;

  // Within the transaction; its events follow everything recorded before `mark` was taken.
  virtual std::unique_ptr<WriteEvents> EventsOf(store::WriteTransaction& transaction,
                                                const WriteMark& mark) = 0;

  // The transaction that `last`, the last event of a write, was recorded in is known to be
  // committed.
  virtual void Committed(const DecisionId& last) = 0;
};

}  // namespace bailee::audit
