// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_transaction.h"

#include <algorithm>

#include "base/check.h"
#include "base/try.h"
#include "store/lmdb_errors.h"

namespace bailee::store {
namespace {

// None of an environment that is no vault's.
LmdbTurns::Turn TakeTurn(MDB_env* env, LmdbTurns::Of of) {
  auto* const context = static_cast<EnvironmentContext*>(mdb_env_get_userctx(env));
  return context == nullptr ? LmdbTurns::Turn() : context->turns.Take(of);
}

}  // namespace

int TransactionHandle::Begin(MDB_env* env, MDB_txn* parent, unsigned flags) {
  Abort();
  if (parent != nullptr) return mdb_txn_begin(env, parent, flags, &txn_);
  const bool reads = (flags & MDB_RDONLY) != 0;
  using Of = LmdbTurns::Of;
  LmdbTurns::Turn turn = TakeTurn(env, reads ? Of::kReaderTable : Of::kWriters);
  const int rc = mdb_txn_begin(env, nullptr, flags, &txn_);
  if (rc == 0 && !reads) turn_ = std::move(turn);
  return rc;
}

int TransactionHandle::Commit() {
  const int rc = mdb_txn_commit(Release());
  turn_ = {};
  return rc;
}

void TransactionHandle::Abort() {
  if (txn_ != nullptr) mdb_txn_abort(Release());
  turn_ = {};
}

int FreeDeadReaders(MDB_env* env, int& dead) {
  const LmdbTurns::Turn turn = TakeTurn(env, LmdbTurns::Of::kReaderTable);
  return mdb_reader_check(env, &dead);
}

Result<std::optional<ByteView>> GetRow(MDB_txn* txn, MDB_dbi table, ByteView key) {
  MDB_val wanted = AsValue(key);
  MDB_val found = {};
  const int rc = mdb_get(txn, table, &wanted, &found);
  if (rc == MDB_NOTFOUND) return std::optional<ByteView>();
  if (rc != 0) return LmdbError(rc, "read a row");
  return std::optional(AsView(found));
}

Status GetRows(MDB_txn* txn, MDB_dbi table, std::span<const ByteView> keys,
               std::span<std::optional<ByteView>> values) {
  BAILEE_CHECK(keys.size() == values.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    BAILEE_TRY(values[i], GetRow(txn, table, keys[i]));
  }
  return {};
}

namespace {

bool StartsWith(ByteView key, ByteView prefix) {
  return key.size() >= prefix.size() && std::ranges::equal(key.first(prefix.size()), prefix);
}

}  // namespace

Status ScanRows(MDB_txn* txn, MDB_dbi table, ByteView prefix, ByteView from,
                const Snapshot::Visitor& visit) {
  MDB_cursor* opened = nullptr;
  if (const int rc = mdb_cursor_open(txn, table, &opened); rc != 0) return LmdbError(rc, "scan");
  // `visit` may throw.
  const std::unique_ptr<MDB_cursor, decltype(&mdb_cursor_close)> cursor(opened, mdb_cursor_close);
  const ByteView start = std::ranges::lexicographical_compare(prefix, from) ? from : prefix;
  MDB_val key = AsValue(start);
  MDB_val value = {};
  int rc = mdb_cursor_get(opened, &key, &value, start.empty() ? MDB_FIRST : MDB_SET_RANGE);
  while (rc == 0 && StartsWith(AsView(key), prefix) && visit(AsView(key), AsView(value))) {
    rc = mdb_cursor_get(opened, &key, &value, MDB_NEXT);
  }
  return rc == 0 || rc == MDB_NOTFOUND ? Status() : LmdbError(rc, "scan");
}

}  // namespace bailee::store
