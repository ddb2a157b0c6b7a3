// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_compact.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/try.h"
#include "base/unique_fd.h"
#include "store/engine.h"
#include "store/fork_guard.h"
#include "store/keep_counting.h"
#include "store/lmdb_core.h"
#include "store/lmdb_errors.h"
#include "store/lmdb_header.h"
#include "store/lmdb_host.h"
#include "store/lmdb_transaction.h"

namespace bailee::store {
namespace {

// LMDB in a directory that nobody else knows of.
class LoneEnvironment {
 public:
  LoneEnvironment() = default;
  ~LoneEnvironment() { Close(); }
  LoneEnvironment(const LoneEnvironment&) = delete;
  LoneEnvironment& operator=(const LoneEnvironment&) = delete;

  int Open(const std::string& directory, unsigned flags, size_t map_bytes = 0) {
    int rc = mdb_env_create(&env_);
    if (rc == 0) rc = mdb_env_set_maxdbs(env_, kTableCount);
    if (rc == 0 && map_bytes > 0) rc = mdb_env_set_mapsize(env_, map_bytes);
    if (rc != 0) return rc;
    return mdb_env_open(env_, directory.c_str(), flags | MDB_NOLOCK, 0600);
  }
  void Close() {
    if (env_ != nullptr) mdb_env_close(env_);
    env_ = nullptr;
  }
  MDB_env* handle() const { return env_; }

 private:
  MDB_env* env_ = nullptr;
};

class Cursor {
 public:
  ~Cursor() {
    if (cursor_ != nullptr) mdb_cursor_close(cursor_);
  }
  Cursor() = default;
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  int Open(MDB_txn* txn, const char* table) {
    MDB_dbi dbi = 0;
    const int rc = mdb_dbi_open(txn, table, 0, &dbi);
    return rc == 0 ? mdb_cursor_open(txn, dbi, &cursor_) : rc;
  }
  int Next(MDB_val& key, MDB_val& value) { return mdb_cursor_get(cursor_, &key, &value, MDB_NEXT); }

 private:
  MDB_cursor* cursor_ = nullptr;
};

Status CopyDiffers() {
  return {Code::kDamage, "store.copy-differs",
          "the compacted copy differs from what it is a copy of",
          "run a check; the vault is as it was"};
}

bool SameBytes(const MDB_val& a, const MDB_val& b) {
  return a.mv_size == b.mv_size && std::memcmp(a.mv_data, b.mv_data, a.mv_size) == 0;
}

Status CompareTable(MDB_txn* ours, MDB_txn* theirs, Table table) {
  const std::string name(TableName(table));
  Cursor mine;
  Cursor other;
  int rc = mine.Open(ours, name.c_str());
  if (rc == 0) rc = other.Open(theirs, name.c_str());
  if (rc != 0) return LmdbError(rc, "read the compacted copy");
  for (;;) {
    MDB_val key[2];
    MDB_val value[2];
    rc = mine.Next(key[0], value[0]);
    const int same = other.Next(key[1], value[1]);
    if (rc == MDB_NOTFOUND && same == MDB_NOTFOUND) return {};
    if (rc != 0 && rc != MDB_NOTFOUND) return LmdbError(rc, "read the store");
    if (rc != same || !SameBytes(key[0], key[1]) || !SameBytes(value[0], value[1]))
      return CopyDiffers();
  }
}

// Writes rows one after the other, in transactions that stay small.
class CopyWriter {
 public:
  explicit CopyWriter(MDB_env* copy) : copy_(copy) {}

  // What LMDB answers.
  int CopyTable(MDB_txn* from, Table table) {
    const std::string name(TableName(table));
    Cursor rows;
    int rc = rows.Open(from, name.c_str());
    if (rc == 0) rc = Begin(name);
    MDB_val key;
    MDB_val value;
    while (rc == 0 && (rc = rows.Next(key, value)) == 0) {
      rc = mdb_put(txn_.get(), dbi_, &key, &value, MDB_APPEND);
      bytes_ += key.mv_size + value.mv_size;
      if (rc == 0 && bytes_ > kBytesPerTransaction) {
        rc = txn_.Commit();
        if (rc == 0) rc = Begin(name);
      }
    }
    if (rc != MDB_NOTFOUND) return rc;
    return txn_.Commit();
  }

 private:
  static constexpr size_t kBytesPerTransaction = size_t{32} << 20;

  int Begin(const std::string& name) {
    bytes_ = 0;
    const int rc = txn_.Begin(copy_, nullptr, 0);
    return rc == 0 ? mdb_dbi_open(txn_.get(), name.c_str(), MDB_CREATE, &dbi_) : rc;
  }

  MDB_env* const copy_;
  TransactionHandle txn_;
  MDB_dbi dbi_ = 0;
  size_t bytes_ = 0;
};

// LMDB's own copy takes pages as they are, with what was deleted still between their rows: so every
// row is put into a page that never held another.
Status CopyRows(MDB_env* env, const std::string& directory) {
  MDB_envinfo info = {};
  TransactionHandle from;
  LoneEnvironment copy;
  int rc = mdb_env_info(env, &info);
  if (rc == 0) rc = copy.Open(directory, MDB_NOSYNC, info.me_mapsize);
  if (rc == 0) rc = from.Begin(env, nullptr, MDB_RDONLY);
  if (rc != 0) return LmdbError(rc, "make the compacted copy");
  {
    CopyWriter writer(copy.handle());  // ends before what it writes to
    for (uint8_t i = 0; i < kTableCount && rc == 0; ++i)
      rc = writer.CopyTable(from.get(), Table{i});
  }
  if (rc == 0) rc = mdb_env_sync(copy.handle(), 1);
  copy.Close();
  if (rc != 0) return LmdbError(rc, "write the compacted copy");
  return KeepCounting(directory + "/data.mdb", info.me_last_txnid);
}

}  // namespace

std::string CompactDirectory(const std::string& vault) { return vault + "/compact"; }

void RemoveCompactCopy(const std::string& directory) {
  (void)unlink((directory + "/data.mdb").c_str());
  (void)rmdir(directory.c_str());
}

Status WriteCompactCopy(MDB_env* env, const std::string& directory) {
  RemoveCompactCopy(directory);  // of a compacting that did not end
  if (mkdir(directory.c_str(), 0700) != 0) return LmdbError(errno, "make the compacted copy");
  Status status = CopyRows(env, directory);
  if (!status.ok()) RemoveCompactCopy(directory);
  return status;
}

Status CompareWithCopy(MDB_env* env, const std::string& directory) {
  LoneEnvironment copy;
  TransactionHandle ours;
  TransactionHandle theirs;
  int rc = copy.Open(directory, MDB_RDONLY);
  if (rc == 0) rc = theirs.Begin(copy.handle(), nullptr, MDB_RDONLY);
  if (rc == 0) rc = ours.Begin(env, nullptr, MDB_RDONLY);
  if (rc != 0) return LmdbError(rc, "read the compacted copy");
  for (uint8_t i = 0; i < kTableCount; ++i)
    BAILEE_RETURN_IF_ERROR(CompareTable(ours.get(), theirs.get(), Table{i}));
  return {};
}

Status LmdbCore::Compact() {
  if (forked()) return ForkedError();
  const TransactionGate::Closure closure = gate_.Close(options_.busy_wait);
  if (!closure) return SnapshotsOpenError();
  if (poisoned_.load() || environment_ == nullptr) return ReopenError();
  BAILEE_TRY(const Openers::HeadLock head, openers_->LockHead());
  BAILEE_RETURN_IF_ERROR(CheckAlone());
  idle_.Clear();
  const std::string path = directory_ + "/data.mdb";
  const std::string fresh = CompactDirectory(directory_);
  BAILEE_RETURN_IF_ERROR(WriteCompactCopy(environment_->handle(), fresh));
  Status status = CompareWithCopy(environment_->handle(), fresh);
  if (status.ok()) {
    // From here on the file at `path` is whole at every moment, the old one or the new one.
    CloseEnvironment();
    registration_.reset();
    if (rename((fresh + "/data.mdb").c_str(), path.c_str()) != 0)
      status = LmdbError(errno, "swap the files");
    if (status.ok()) status = SyncDirectory(directory_);
    const Status reopened = Reopen();
    if (!reopened.ok()) Poison();
    if (status.ok()) status = reopened;
  }
  RemoveCompactCopy(fresh);
  return status;
}

Status LmdbCore::Reopen() {
  BAILEE_RETURN_IF_ERROR(CheckFile(false));
  BAILEE_TRY(environment_, OpenEnvironment(false));
  return {};
}

Status LmdbCore::CheckAlone() const {
  BAILEE_TRY(const std::vector<Engine::Opener> live, openers_->Live());
  std::string others;
  for (const Engine::Opener& each : live) {
    if (!each.self) others += (others.empty() ? "" : ", ") + std::to_string(each.process);
  }
  if (others.empty()) return {};
  return {Code::kBusy, "store.in-use", "other processes have the vault open: " + others,
          "end them and try again"};
}

}  // namespace bailee::store
