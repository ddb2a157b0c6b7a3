// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_write.h"

#include "bailee/limits.h"
#include "base/try.h"
#include "store/lmdb_errors.h"

namespace bailee::store {

Result<std::optional<ByteView>> LmdbWrite::Get(Table table, ByteView key) {
  if (!failure_.ok()) return failure_;
  Result<std::optional<ByteView>> row = GetRow(txn_, environment_.table(table), key);
  BAILEE_RETURN_IF_ERROR(NoteRead(row.status()));
  return row;
}

Status LmdbWrite::GetMany(Table table, std::span<const ByteView> keys,
                          std::span<std::optional<ByteView>> values) {
  if (!failure_.ok()) return failure_;
  return NoteRead(GetRows(txn_, environment_.table(table), keys, values));
}

Status LmdbWrite::Scan(Table table, ByteView prefix, ByteView from, const Visitor& visit) {
  if (!failure_.ok()) return failure_;
  return NoteRead(ScanRows(txn_, environment_.table(table), prefix, from, visit));
}

Status LmdbWrite::Put(Table table, ByteView key, ByteView value) {
  return Store(table, key, value, 0);
}

Status LmdbWrite::Insert(Table table, ByteView key, ByteView value) {
  return Store(table, key, value, MDB_NOOVERWRITE);
}

Status LmdbWrite::Store(Table table, ByteView key, ByteView value, unsigned flags) {
  BAILEE_RETURN_IF_ERROR(CountRow(value.size()));
  MDB_val lmdb_key = AsValue(key);
  MDB_val lmdb_value = AsValue(value);
  return Note(mdb_put(txn_, environment_.table(table), &lmdb_key, &lmdb_value, flags),
              "write a row");
}

Status LmdbWrite::Delete(Table table, ByteView key) {
  BAILEE_RETURN_IF_ERROR(CountRow(0));
  MDB_val lmdb_key = AsValue(key);
  const int rc = mdb_del(txn_, environment_.table(table), &lmdb_key, nullptr);
  return rc == MDB_NOTFOUND ? Status() : Note(rc, "delete a row");
}

Status LmdbWrite::CountRow(size_t bytes) {
  if (failure_.ok() && rows_ == limits::kTransactionRowsMax) failure_ = TransactionTooLargeError();
  if (!failure_.ok()) return failure_;
  ++rows_;
  bytes_ += bytes;
  return {};
}

// Whoever goes on over what is damaged means a row that does not open. What the store cannot read
// may be the half of what the job is about to say.
Status LmdbWrite::NoteRead(const Status& status) {
  if (!status.ok() && failure_.ok()) failure_ = status;
  return status;
}

Status LmdbWrite::Note(int rc, const char* doing) {
  if (rc == 0) {
    changed_ = true;
    return {};
  }
  Status error = LmdbError(rc, doing);
  // These two leave the transaction as it was.
  if (rc == MDB_KEYEXIST || rc == MDB_BAD_VALSIZE) return error;
  fatal_ = rc;
  failure_ = error;
  return error;
}

}  // namespace bailee::store
