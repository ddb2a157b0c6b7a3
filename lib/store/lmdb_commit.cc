// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_commit.h"

#include <new>

#include "bailee/limits.h"
#include "base/try.h"
#include "store/lmdb_errors.h"

namespace bailee::store {
namespace {

constexpr size_t kGroupBytesMax = size_t{16} << 20;

thread_local bool inside_job = false;

class InsideJobMark {
 public:
  InsideJobMark() { inside_job = true; }
  ~InsideJobMark() { inside_job = false; }
  InsideJobMark(const InsideJobMark&) = delete;
  InsideJobMark& operator=(const InsideJobMark&) = delete;
};

void FailAll(std::span<PendingJob* const> group, const Status& status) {
  for (PendingJob* pending : group) {
    if (!pending->deferred && pending->status.ok()) pending->status = status;
  }
}

void DeferFrom(std::span<PendingJob* const> group, size_t first) {
  for (size_t i = first; i < group.size(); ++i) group[i]->deferred = true;
}

}  // namespace

GroupCommitter::GroupCommitter(LmdbCore& core)
    : core_(core),
      out_of_memory_(Code::kFailed, "store.memory", "memory ran out during a write",
                     "free some memory and try again"),
      job_threw_(Code::kFailed, "store.job-threw", "a write was given up by an exception"),
      unclear_(CommitUnclearError()) {}

bool GroupCommitter::InsideJob() { return inside_job; }

void GroupCommitter::Run(std::span<PendingJob* const> group) noexcept {
  commit_begun_ = false;
  try {
    RunOrThrow(group);
  } catch (...) {
    // Only our own allocations throw here; handles and passes have been given back on the way.
    FailAll(group, commit_begun_ ? unclear_ : out_of_memory_);
  }
}

void GroupCommitter::RunOrThrow(Group group) {
  growth_failure_ = Status();
  for (;;) {
    for (PendingJob* pending : group) {
      pending->status = Status();
      pending->deferred = false;
    }
    switch (TryOnce(group)) {
      case Next::kFinished:
        return;
      case Next::kRetry:
        break;
      case Next::kGrow:
        growth_failure_ = core_.GrowMap(map_bytes_seen_);
        break;
    }
  }
}

GroupCommitter::Next GroupCommitter::TryOnce(Group group) {
  TransactionHandle txn;
  Result<TransactionGate::Pass> pass = Begin(txn);
  if (!pass.ok()) {
    FailAll(group, pass.status());
    return Next::kFinished;
  }
  map_bytes_seen_ = core_.environment().map_bytes();
  bool changed = false;
  const Next next = group.size() == 1 ? RunAlone(txn.get(), *group.front(), changed)
                                      : RunJobs(txn.get(), group, changed);
  if (next != Next::kFinished || !changed) {
    txn.Abort();
    return next;
  }
  return Commit(std::move(txn), *std::move(pass), group);
}

Result<TransactionGate::Pass> GroupCommitter::Begin(TransactionHandle& txn) {
  constexpr int kTriesMax = 8;
  int rc = 0;
  for (int i = 0; i < kTriesMax; ++i) {
    BAILEE_TRY(TransactionGate::Pass pass, core_.Enter());
    rc = txn.Begin(core_.environment().handle(), nullptr, 0);
    if (rc == 0) return pass;
    if (rc == MDB_PANIC) {
      core_.Poison();
    } else if (rc == MDB_MAP_RESIZED) {
      pass.Release();
      BAILEE_RETURN_IF_ERROR(core_.AdoptMap());
    } else {
      break;
    }
  }
  return LmdbError(rc, "begin a write");
}

Status GroupCommitter::RunJob(LmdbWrite& write, const Engine::Job& job) const {
  const InsideJobMark mark;
  try {
    Status status = job(write);
    if (status.ok()) status = write.Flush();
    return status.ok() ? write.failure() : status;
  } catch (const std::bad_alloc&) {
    return out_of_memory_;
  } catch (...) {
    return job_threw_;
  }
}

// Alone, a job needs no transaction of its own.
GroupCommitter::Next GroupCommitter::RunAlone(MDB_txn* txn, PendingJob& pending, bool& changed) {
  LmdbWrite write(core_.environment(), txn);
  pending.status = RunJob(write, *pending.job);
  if (write.map_full()) {
    if (growth_failure_.ok()) return Next::kGrow;
    pending.status = growth_failure_;
  }
  changed = pending.status.ok() && write.changed();
  return Next::kFinished;
}

GroupCommitter::Next GroupCommitter::RunJobs(MDB_txn* txn, Group group, bool& changed) {
  size_t rows = 0;
  size_t bytes = 0;
  for (size_t i = 0; i < group.size(); ++i) {
    if (rows >= limits::kTransactionRowsMax || bytes >= kGroupBytesMax) {
      DeferFrom(group, i);
      break;
    }
    PendingJob& pending = *group[i];
    TransactionHandle child;
    if (const int rc = child.Begin(core_.environment().handle(), txn, 0); rc != 0) {
      pending.status = LmdbError(rc, "begin a write");
      continue;
    }
    LmdbWrite write(core_.environment(), child.get());
    pending.status = RunJob(write, *pending.job);
    if (write.map_full()) {
      if (growth_failure_.ok()) return Next::kGrow;
      pending.status = growth_failure_;
      continue;
    }
    // What does not fit behind the others is tried again in front.
    if (i > 0 && (write.pages_full() || rows + write.rows() > limits::kTransactionRowsMax)) {
      DeferFrom(group, i);
      break;
    }
    if (!pending.status.ok()) continue;
    if (const int rc = child.Commit(); rc != 0) {
      pending.status = LmdbError(rc, "write");
      continue;
    }
    rows += write.rows();
    bytes += write.bytes();
    changed = changed || write.changed();
  }
  return Next::kFinished;
}

GroupCommitter::Next GroupCommitter::Commit(TransactionHandle txn, TransactionGate::Pass pass,
                                            Group group) {
  const CommitMark mark = core_.NextMark();
  int rc = core_.PutMark(txn.get(), mark);
  if (rc == 0) {
    commit_begun_ = true;
    rc = txn.Commit();
  }
  txn.Abort();
  if (rc == 0) {
    core_.environment().LengthenFile();
    return Next::kFinished;
  }
  if (rc == MDB_MAP_FULL && growth_failure_.ok()) {
    commit_begun_ = false;
    return Next::kGrow;
  }
  if (!EnvironmentIsDead()) {
    // It failed before the head of the file was touched: as if it had never been.
    commit_begun_ = false;
    FailAll(group, rc == MDB_MAP_FULL ? growth_failure_ : LmdbError(rc, "commit"));
    return Next::kFinished;
  }
  core_.Poison();
  pass.Release();
  FailAll(group, LearnOutcome(mark.group, rc));
  return Next::kFinished;
}

// LMDB tells nobody but a transaction about to begin.
bool GroupCommitter::EnvironmentIsDead() {
  TransactionHandle probe;
  return probe.Begin(core_.environment().handle(), nullptr, 0) == MDB_PANIC;
}

// The head was being written when it failed: only reading it again tells which head it is now.
Status GroupCommitter::LearnOutcome(uint64_t group_number, int rc) {
  if (!core_.Recover(core_.options().busy_wait).ok()) return unclear_;
  return core_.recovered_mark().group == group_number ? Status() : LmdbError(rc, "commit");
}

}  // namespace bailee::store
