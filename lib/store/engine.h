// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/result.h"

namespace bailee::store {

// The tables of FORMAT.md §3. Values name them inside the engine only; never renumber.
enum class Table : uint8_t {
  kMeta,
  kPolicies,
  kTerms,
  kSubjects,
  kRecords,
  kLookup,
  kDue,
  kLedger,
  kDisclosures,
  kReports,
  kKeywork,
  kAuditLeaf,
  kAuditNode,
};
inline constexpr uint8_t kTableCount = 13;

// The name of a table in the file, e.g. "subjects".
std::string_view TableName(Table table);

// A consistent view of all tables as of one committed transaction. Keys are ordered as unsigned
// bytes. Views it returns are valid until it is destroyed. Used by one thread at a time;
// short-lived: it holds back the reuse of space.
class Snapshot {
 public:
  virtual ~Snapshot() = default;

  // Number of the committed transaction this shows; equal numbers mean that nothing changed in
  // between. Inside a write: the number its commit will have.
  virtual uint64_t transaction_id() const = 0;

  // Whether nothing was committed since this was begun, by any process. Costs no system call.
  virtual bool current() const = 0;

  // The value of `key`, or nothing. Errors: kDamage, kFailed (I/O).
  virtual Result<std::optional<ByteView>> Get(Table table, ByteView key) = 0;

  // values[i] becomes the value of keys[i], or nothing. REQUIRES: equal sizes. Errors: as Get;
  // `values` then unspecified.
  virtual Status GetMany(Table table, std::span<const ByteView> keys,
                         std::span<std::optional<ByteView>> values) = 0;

  // Visits rows whose key starts with `prefix` and is at or after `from`, in order, until `visit`
  // returns false. `from` empty: from the first. Errors: as Get.
  using Visitor = std::function<bool(ByteView key, ByteView value)>;
  virtual Status Scan(Table table, ByteView prefix, ByteView from, const Visitor& visit) = 0;
};

// One writer's view inside a write: a Snapshot that sees its own changes. Views are valid only
// until its next change.
class WriteTransaction : public Snapshot {
 public:
  // Sets `key`, of 1 to 511 bytes, to `value`. After an error other than kConflict and
  // "store.key-size" nothing of this job is kept. Errors: kFull (disk or map), kInvalidValue,
  // kFailed.
  virtual Status Put(Table table, ByteView key, ByteView value) = 0;
  // As Put, but kConflict if `key` exists.
  virtual Status Insert(Table table, ByteView key, ByteView value) = 0;
  // Deletes `key`; deleting what is not there is not an error.
  virtual Status Delete(Table table, ByteView key) = 0;
};

// Ordered byte tables with snapshot reads and one serialised writer. Thread-safe.
class Engine {
 public:
  virtual ~Engine() = default;

  // Begins a snapshot. Errors: kBusy (no reader slot), kFailed (after fork; I/O), kDamage.
  virtual Result<std::unique_ptr<Snapshot>> Read() = 0;

  // Runs `job` inside the next write transaction and returns once its changes are durable. Jobs
  // submitted meanwhile by other threads share one commit, each all-or-nothing by itself, in order
  // of submission. A job that returns an error leaves nothing behind and gets that error back.
  // `job` may run on another thread, and again from its start when what it did could not be kept
  // (the file had to grow, the group was full); it must not call the engine. What it throws becomes
  // kFailed "store.job-threw" or "store.memory". Errors: the job's own; kFull; kBusy; kInvalidValue
  // "store.transaction-too-large" (over limits::kTransactionRowsMax changes); kUsage
  // "store.inside-job"; kFailed "store.commit-unclear" when the engine could not learn whether it
  // committed: end all snapshots and read back.
  using Job = std::function<Status(WriteTransaction&)>;
  virtual Status Write(const Job& job) = 0;

  // Tells everybody who has the store open a number of this opener, whose meaning is theirs.
  // Errors: kFailed (I/O).
  virtual Status Say(uint64_t number) = 0;

  struct Opener {
    uint64_t process = 0;  // its process id
    uint64_t said = 0;     // 0: nothing yet
    bool self = false;
  };
  // Who has the store open now. Errors: kFailed (I/O).
  virtual Result<std::vector<Opener>> Openers() = 0;

  // Writes the file anew without the pages that are free, which may hold what was deleted, checks
  // the copy row by row and puts it in the place of the file. A crash leaves one or the other.
  // Errors: kBusy "store.in-use" (other processes have it open; their ids), "store.snapshots-open";
  // kFull; kFailed; kDamage.
  virtual Status Compact() = 0;

  struct Statistics {
    uint64_t file_bytes = 0;
    uint64_t map_bytes = 0;
    uint64_t last_transaction_id = 0;
    uint32_t readers_used = 0;
    uint32_t readers_max = 0;
    uint64_t rows[kTableCount] = {};
  };
  virtual Result<Statistics> Measure() = 0;
};

}  // namespace bailee::store
