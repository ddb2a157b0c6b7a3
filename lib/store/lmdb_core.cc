// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_core.h"

#include <algorithm>
#include <new>

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "store/fork_guard.h"
#include "store/lmdb_commit_mark.h"
#include "store/lmdb_errors.h"

namespace bailee::store {
LmdbCore::LmdbCore(std::string directory, LmdbOptions options)
    : directory_(std::move(directory)),
      options_(std::move(options)),
      fork_generation_(ForkGeneration()) {}

LmdbCore::~LmdbCore() {
  BAILEE_CHECK(!forked());
  BAILEE_CHECK(gate_.inside() == 0);  // a snapshot outlives its engine
  if (openers_ == nullptr) {
    CloseEnvironment();
    return;
  }
  try {
    // Opening and closing at once is where LMDB's own lock file handling has races.
    const auto head = openers_->LockHead();
    CloseEnvironment();
    // What a write error left has not been looked at.
    poisoned_.load() ? openers_->Abandon() : openers_->Leave();
  } catch (const std::bad_alloc&) {
    // As if the process had died: whoever opens next finds that nobody took leave, and looks.
    CloseEnvironment();
  }
}

bool LmdbCore::forked() const { return ForkGeneration() != fork_generation_; }

Result<TransactionGate::Pass> LmdbCore::Enter() {
  // Before any lock is touched: the parent's threads may hold it for ever in this copy.
  if (forked()) return ForkedError();
  constexpr int kRecoveriesMax = 3;
  for (int i = 0;; ++i) {
    TransactionGate::Pass pass = gate_.Enter(options_.busy_wait);
    if (!pass) return SnapshotsOpenError();
    if (!poisoned_.load()) return pass;
    pass.Release();
    if (i == kRecoveriesMax) return ReopenError();
    BAILEE_RETURN_IF_ERROR(Recover(std::chrono::milliseconds(0)));
  }
}

Status LmdbCore::AdoptMap() {
  const TransactionGate::Closure closure = gate_.Close(options_.busy_wait);
  if (!closure) return SnapshotsOpenError();
  if (environment_ == nullptr) return {};
  if (const int rc = mdb_env_set_mapsize(environment_->handle(), 0); rc != 0) {
    Poison();  // the old map is gone already
    return LmdbError(rc, "adopt the size of the map");
  }
  return {};
}

Status LmdbCore::GrowMap(uint64_t map_bytes_seen) {
  const TransactionGate::Closure closure = gate_.Close(options_.busy_wait);
  if (!closure) return SnapshotsOpenError();
  if (environment_ == nullptr) return {};
  MDB_env* const env = environment_->handle();
  // Pages a dead reader still held back may be all that was missing.
  int dead = 0;
  if (FreeDeadReaders(env, dead) == 0 && dead > 0) return {};
  int rc = mdb_env_set_mapsize(env, 0);
  const uint64_t now = rc == 0 ? std::max(environment_->map_bytes(), map_bytes_seen) : 0;
  if (rc == 0 && environment_->map_bytes() <= map_bytes_seen) {
    const uint64_t wanted = std::min(now * 2, options_.map_bytes_max);
    // What the file says may be less than what this process had: never fall back behind it.
    rc = mdb_env_set_mapsize(env, std::max(wanted, map_bytes_seen));
    if (rc == 0 && wanted <= map_bytes_seen) return LmdbError(MDB_MAP_FULL, "grow the map");
  }
  if (rc == 0) {
    map_bytes_ = std::max(map_bytes_, environment_->map_bytes());
    return {};
  }
  Poison();
  return LmdbError(rc, "grow the map");
}

Status LmdbCore::Recover(std::chrono::milliseconds wait) {
  const std::lock_guard lock(recovery_mutex_);
  if (!poisoned_.load()) return {};
  const TransactionGate::Closure closure = gate_.Close(wait);
  if (!closure) return ReopenError();
  BAILEE_TRY(const Openers::HeadLock head, openers_->LockHead());
  CloseEnvironment();
  BAILEE_RETURN_IF_ERROR(CheckFile(false));
  BAILEE_TRY(environment_, OpenEnvironment(false));
  if (Status settled = Settle(); !settled.ok()) {
    CloseEnvironment();
    return settled;
  }
  poisoned_.store(false);
  return {};
}

void LmdbCore::CloseEnvironment() {
  idle_.Clear();
  environment_.reset();
}

Status LmdbCore::Settle() {
  TransactionHandle txn;
  int rc = txn.Begin(environment_->handle(), nullptr, 0);
  if (rc != 0) return LmdbError(rc, "reopen");
  BAILEE_TRY(const CommitMark recovered, ReadMark(txn.get()));
  rc = PutMark(txn.get(), {recovered.group, SettleAfter(recovered)});
  if (rc == 0) rc = txn.Commit();
  return rc == 0 ? Status() : LmdbError(rc, "reopen");
}

// Counts on from what was ever tried, yet keeps the group that is known to have been committed.
uint64_t LmdbCore::SettleAfter(const CommitMark& recovered) {
  const std::lock_guard lock(mark_mutex_);
  recovered_mark_ = recovered;
  mark_.settle = std::max(mark_.settle, recovered.settle) + 1;
  return mark_.settle;
}

CommitMark LmdbCore::recovered_mark() const {
  const std::lock_guard lock(mark_mutex_);
  return recovered_mark_;
}

CommitMark LmdbCore::NextMark() {
  const std::lock_guard lock(mark_mutex_);
  ++mark_.group;
  return mark_;
}

int LmdbCore::PutMark(MDB_txn* txn, const CommitMark& mark) {
  const auto key_bytes = MarkKey(openers_->slot());
  std::array<uint8_t, kMarkBytes> bytes{};
  std::ranges::copy(openers_->instance(), bytes.begin());
  StoreBigEndian(mark.group, bytes.data() + 16);
  StoreBigEndian(mark.settle, bytes.data() + 24);
  MDB_val key = AsValue(key_bytes);
  MDB_val value = AsValue(bytes);
  return mdb_put(txn, environment_->main_table(), &key, &value, 0);
}

Result<CommitMark> LmdbCore::ReadMark(MDB_txn* txn) {
  const auto key = MarkKey(openers_->slot());
  BAILEE_TRY(const auto row, GetRow(txn, environment_->main_table(), key));
  // The row of whoever had the slot before: this engine has committed nothing yet.
  if (!row || row->size() != kMarkBytes ||
      !std::ranges::equal(row->first(16), openers_->instance())) {
    return CommitMark{};
  }
  return CommitMark{LoadBigEndian<uint64_t>(row->data() + 16),
                    LoadBigEndian<uint64_t>(row->data() + 24)};
}

}  // namespace bailee::store
