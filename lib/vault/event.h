// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "bailee/clock.h"
#include "bailee/ids.h"
#include "bailee/reason.h"
#include "bailee/result.h"
#include "crypto/names.h"
#include "store/engine.h"

namespace bailee::vault {

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
};

enum class Outcome : uint8_t { kAllowed = 1, kRefused = 2, kNotFound = 3, kFailed = 4 };

// A record an event is about.
struct EventRecord {
  Handle handle;
  crypto::NameId category;
  RecordId record;
  crypto::TermsId terms;
};

// One thing that was done or refused. Holds ids and names of the policy, never values, refs or free
// text. Borrows everything for the call.
struct Event {
  EventKind kind = EventKind::kRead;
  Outcome outcome = Outcome::kAllowed;
  Timestamp at;
  std::string_view actor;
  ByteView keyring_id;
  std::string_view purpose;  // empty where none acts
  std::string_view on_behalf_of;
  std::string_view category;
  std::span<const std::string_view> fields;
  std::string_view case_reference;
  std::span<const Reason> reasons;
  Handle handle;  // zero if nobody was resolved
  std::span<const EventRecord> records;
  uint32_t policy_version = 0;
  uint64_t snapshot_transaction = 0;  // of the snapshot that was decided on; 0 for a write
};

// Where every event goes, on every path. An event that cannot be appended means that the operation
// does not happen. Implementations are thread-safe.
class EventSink {
 public:
  virtual ~EventSink() = default;

  // Records an event before anything of it is released. Returns its number, never 0.
  // Errors: kAuditDown.
  virtual Result<uint64_t> Append(const Event& event) = 0;

  // Records the event of a write in the transaction that makes it.
  // Errors: kAuditDown; those of the store.
  virtual Result<uint64_t> AppendWrite(store::WriteTransaction& transaction,
                                       const Event& event) = 0;
};

// Numbers events and keeps none: what a vault without a trail uses.
std::shared_ptr<EventSink> CountingSink();

}  // namespace bailee::vault
