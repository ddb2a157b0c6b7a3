// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "store/lmdb_core.h"
#include "store/lmdb_queue.h"
#include "store/lmdb_write.h"

namespace bailee::store {

// Runs groups of jobs, each group in one commit. Used by one thread at a time.
class GroupCommitter {
 public:
  explicit GroupCommitter(LmdbCore& core);

  // Runs each job of `group` to an end, or defers it and all behind it, and commits what succeeded.
  // Whatever a job throws becomes its status. Never throws.
  void Run(std::span<PendingJob* const> group) noexcept;

  // Whether this thread is inside a job.
  static bool InsideJob();

 private:
  enum class Next { kFinished, kGrow, kRetry };
  using Group = std::span<PendingJob* const>;

  void RunOrThrow(Group group);
  Next TryOnce(Group group);
  Result<TransactionGate::Pass> Begin(TransactionHandle& txn);
  // Runs the jobs inside `txn`; `changed`: whether there is anything to commit.
  Next RunJobs(MDB_txn* txn, Group group, bool& changed);
  Next RunAlone(MDB_txn* txn, PendingJob& pending, bool& changed);
  Status RunJob(LmdbWrite& write, const Engine::Job& job) const;
  Next Commit(TransactionHandle txn, TransactionGate::Pass pass, Group group);
  Status LearnOutcome(uint64_t group_number, int rc);
  bool EnvironmentIsDead();

  LmdbCore& core_;
  // Made in advance, because they are needed when nothing can be made any more.
  const Status out_of_memory_;
  const Status job_threw_;
  const Status unclear_;
  uint64_t map_bytes_seen_ = 0;
  Status growth_failure_;  // why the map cannot grow for this group
  bool commit_begun_ = false;
};

}  // namespace bailee::store
