// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_snapshot.h"

#include <cerrno>
#include <string_view>

#include "base/try.h"
#include "store/fork_guard.h"
#include "store/lmdb_errors.h"
#include "store/lmdb_transaction.h"

namespace bailee::store {
namespace {

struct Reading {
  TransactionGate::Pass pass;
  TransactionHandle txn;
};

// 0 if LMDB does not say.
uint64_t NewestCommit(MDB_env* env) {
  MDB_envinfo info = {};
  return mdb_env_info(env, &info) == 0 ? info.me_last_txnid : 0;
}

class LmdbSnapshot : public Snapshot {
 public:
  LmdbSnapshot(LmdbCore& core, Reading reading)
      : core_(core), pass_(std::move(reading.pass)), txn_(reading.txn.Release()) {}
  // In a forked child the slot is the parent's: whatever is freed here would be freed under it.
  ~LmdbSnapshot() override {
    if (!core_.forked()) core_.idle().Give(txn_);
  }
  LmdbSnapshot(const LmdbSnapshot&) = delete;
  LmdbSnapshot& operator=(const LmdbSnapshot&) = delete;

  uint64_t transaction_id() const override { return mdb_txn_id(txn_); }

  bool current() const override {
    return NewestCommit(core_.environment().handle()) == mdb_txn_id(txn_);
  }

  Result<std::optional<ByteView>> Get(Table table, ByteView key) override {
    if (core_.forked()) return ForkedError();
    return GetRow(txn_, core_.environment().table(table), key);
  }
  Status GetMany(Table table, std::span<const ByteView> keys,
                 std::span<std::optional<ByteView>> values) override {
    if (core_.forked()) return ForkedError();
    return GetRows(txn_, core_.environment().table(table), keys, values);
  }
  Status Scan(Table table, ByteView prefix, ByteView from, const Visitor& visit) override {
    if (core_.forked()) return ForkedError();
    return ScanRows(txn_, core_.environment().table(table), prefix, from, visit);
  }

 private:
  LmdbCore& core_;
  TransactionGate::Pass pass_;  // given back after the transaction
  MDB_txn* txn_;
};

// Renews an idle transaction or begins one. What LMDB answers.
int TryReading(LmdbCore& core, TransactionHandle& txn) {
  txn = TransactionHandle(core.idle().Take());
  return txn.get() != nullptr ? mdb_txn_renew(txn.get())
                              : txn.Begin(core.environment().handle(), nullptr, MDB_RDONLY);
}

// A reader takes the number of the newest commit and then that commit's head, which the commit
// after the next is written over. One that was held up in between has that commit's rows under its
// own number.
bool HasItsOwnHead(MDB_env* env, MDB_txn* txn) { return NewestCommit(env) <= mdb_txn_id(txn) + 1; }

Result<Reading> BeginReading(LmdbCore& core) {
  constexpr int kTriesMax = 8;
  int rc = 0;
  for (int i = 0; i < kTriesMax; ++i) {
    BAILEE_TRY(TransactionGate::Pass pass, core.Enter());
    TransactionHandle txn;
    rc = TryReading(core, txn);
    if (rc == 0 && !HasItsOwnHead(core.environment().handle(), txn.get())) rc = EBUSY;
    if (rc == 0) return Reading{std::move(pass), std::move(txn)};
    txn.Abort();
    if (rc == EBUSY) continue;
    int dead = 0;
    if (rc == MDB_PANIC) {
      core.Poison();
    } else if (rc == MDB_MAP_RESIZED) {
      pass.Release();
      BAILEE_RETURN_IF_ERROR(core.AdoptMap());
    } else if (rc != MDB_READERS_FULL || FreeDeadReaders(core.environment().handle(), dead) != 0 ||
               dead == 0) {
      break;
    }
  }
  return LmdbError(rc, "begin a snapshot");
}

// Counts the lines of LMDB's list of readers.
int CountReaderLine(const char* line, void* context) {
  const std::string_view text(line);
  // The head of the list, and what stands for an empty one, are no readers.
  if (text.find("pid") == std::string_view::npos && !text.starts_with('(')) {
    ++*static_cast<uint32_t*>(context);
  }
  return 0;
}

}  // namespace

Result<std::unique_ptr<Snapshot>> BeginSnapshot(LmdbCore& core) {
  BAILEE_TRY(Reading reading, BeginReading(core));
  return std::unique_ptr<Snapshot>(std::make_unique<LmdbSnapshot>(core, std::move(reading)));
}

Result<Engine::Statistics> MeasureStore(LmdbCore& core) {
  BAILEE_TRY(const Reading reading, BeginReading(core));
  Environment& environment = core.environment();
  Engine::Statistics out;
  for (size_t i = 0; i < kTableCount; ++i) {
    MDB_stat stat = {};
    const MDB_dbi table = environment.table(static_cast<Table>(i));
    if (const int rc = mdb_stat(reading.txn.get(), table, &stat); rc != 0) {
      return LmdbError(rc, "measure");
    }
    out.rows[i] = stat.ms_entries;
  }
  MDB_envinfo info = {};
  if (const int rc = mdb_env_info(environment.handle(), &info); rc != 0) {
    return LmdbError(rc, "measure");
  }
  out.last_transaction_id = mdb_txn_id(reading.txn.get());
  out.map_bytes = info.me_mapsize;
  out.file_bytes = environment.file_bytes();
  out.readers_max = info.me_maxreaders;
  if (mdb_reader_list(environment.handle(), CountReaderLine, &out.readers_used) < 0) {
    return LmdbError(EIO, "measure");
  }
  return out;
}

}  // namespace bailee::store
