// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "store/lmdb_engine.h"
#include "store/lmdb_environment.h"
#include "store/lmdb_gate.h"
#include "store/lmdb_header.h"
#include "store/lmdb_idle.h"
#include "store/lmdb_openers.h"
#include "store/lmdb_registry.h"
#include "store/lmdb_transaction.h"

namespace bailee::store {

// Who committed last, as the engine's own row in LMDB's table of tables tells it: each opener has a
// row under its slot, changed by every commit, so that after an unclear commit the row says what
// happened even if another process has committed since.
struct CommitMark {
  uint64_t group = 0;   // number of the last group of jobs committed by this engine
  uint64_t settle = 0;  // commits that only settled what the disk holds after a reopening
};

// What every transaction of one engine shares: the environment behind its gate, the idle read
// transactions, and the three operations for which nobody may be inside: adopting a map another
// process grew, growing it, and reopening after an error LMDB cannot go on after. Thread-safe.
class LmdbCore {
 public:
  // Opens, or makes, the store. Errors: as OpenLmdb and CreateLmdb.
  static Result<std::unique_ptr<LmdbCore>> Open(const std::string& directory,
                                                const LmdbOptions& options, bool create);
  // REQUIRES: no live transaction; not forked.
  ~LmdbCore();

  bool forked() const;
  const LmdbOptions& options() const { return options_; }

  // Passes the gate into a healthy environment, reopening it first if need be.
  // Errors: kFailed "store.forked", "store.reopen"; kBusy "store.snapshots-open".
  Result<TransactionGate::Pass> Enter();

  // REQUIRES: the caller holds a Pass.
  Environment& environment() { return *environment_; }

  // REQUIRES: the caller holds a Pass.
  IdleTransactions& idle() { return idle_; }

  // Each waits until nobody is inside. REQUIRES: the caller holds no Pass.
  // Adopts the map size of the process that grew it. Errors: kBusy "store.snapshots-open", kFailed.
  Status AdoptMap();
  // Doubles the map, unless dead readers held the space or another process has grown it.
  // `map_bytes_seen` is what was found too small. Errors: kFull "store.map-full"; as AdoptMap.
  Status GrowMap(uint64_t map_bytes_seen);

  // Engine::Compact.
  Status Compact();

  // LMDB cannot go on with this environment. Idempotent.
  void Poison() { poisoned_.store(true); }

  // Reopens if poisoned, waiting at most `wait` for live transactions, and commits once so that
  // what is then read is on disk. REQUIRES: the caller holds no Pass. Errors: kFailed
  // "store.reopen" (snapshots are live); why reopening failed.
  Status Recover(std::chrono::milliseconds wait);

  Openers& openers() { return *openers_; }

  // As found by the last reopening, before it settled.
  CommitMark recovered_mark() const;

  // Writes the mark of this engine's next commit. What LMDB answers.
  int PutMark(MDB_txn* txn, const CommitMark& mark);
  // Changes with each group. Called by the one writer only.
  CommitMark NextMark();

 private:
  LmdbCore(std::string directory, LmdbOptions options);

  Status CheckPlace(bool create);
  Status CheckFile(bool create);
  std::optional<PreflightRequest> PreflightWanted(const MetaPages& meta) const;
  Result<std::unique_ptr<Environment>> OpenEnvironment(bool create);
  Status MakeDurable();
  void GiveUpMaking();
  Status Settle();
  uint64_t SettleAfter(const CommitMark& recovered);
  Result<CommitMark> ReadMark(MDB_txn* txn);
  void CloseEnvironment();
  Status Reopen();
  // Errors: kBusy "store.in-use", naming the others.
  Status CheckAlone() const;

  const std::string directory_;
  const LmdbOptions options_;
  const uint64_t fork_generation_;

  std::unique_ptr<Openers> openers_;
  std::unique_ptr<OpenRegistration> registration_;
  uint64_t map_bytes_ = 0;                     // what to reserve when opening
  std::optional<PreflightRequest> preflight_;  // what to do before that; none after a clean closing
  TransactionGate gate_;
  std::atomic<bool> poisoned_{false};
  std::unique_ptr<Environment> environment_;  // changes only while the gate is closed; null if lost

  IdleTransactions idle_;

  mutable std::mutex recovery_mutex_;
  // Apart from recovery_mutex_, which is held while a recovery waits for the very transaction that
  // asks for its mark. Held for no call of LMDB.
  mutable std::mutex mark_mutex_;
  CommitMark mark_;  // last one used
  CommitMark recovered_mark_;
};

}  // namespace bailee::store
