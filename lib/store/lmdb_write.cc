// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_write.h"

#include "bailee/limits.h"
#include "base/check.h"
#include "base/try.h"
#include "store/lmdb_errors.h"
#include "store/lmdb_layout.h"

namespace bailee::store {
namespace {

constexpr const char* kWriteRow = "write a row";

// LMDB's own bound, of which a job may hear and go on.
Status CheckKey(ByteView key) {
  const bool fits = !key.empty() && key.size() <= kKeyBytesMax;
  return fits ? Status() : LmdbError(MDB_BAD_VALSIZE, kWriteRow);
}

}  // namespace

Result<std::optional<ByteView>> LmdbWrite::Get(Table table, ByteView key) {
  if (!failure_.ok()) return failure_;
  if (const Bytes* kept = kept_.Find(table, key)) return std::optional(ByteView(*kept));
  Result<std::optional<ByteView>> row = GetRow(txn_, environment_.table(table), key);
  BAILEE_RETURN_IF_ERROR(NoteRead(row.status()));
  return row;
}

Status LmdbWrite::GetMany(Table table, std::span<const ByteView> keys,
                          std::span<std::optional<ByteView>> values) {
  BAILEE_CHECK(keys.size() == values.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    BAILEE_TRY(values[i], Get(table, keys[i]));
  }
  return {};
}

Status LmdbWrite::Scan(Table table, ByteView prefix, ByteView from, const Visitor& visit) {
  if (!failure_.ok()) return failure_;
  RowBuffer::Cursor kept = kept_.From(table, prefix, from);
  bool go_on = true;
  // Those before `key`, in turn with the rows that LMDB has.
  const auto visit_kept = [&](std::optional<ByteView> key) {
    for (; go_on && kept.IsBefore(key); kept.Next()) go_on = visit(kept.key(), kept.value());
  };
  const Status scanned =
      ScanRows(txn_, environment_.table(table), prefix, from, [&](ByteView key, ByteView value) {
        visit_kept(key);
        if (!go_on) return false;
        const bool newer = kept.IsAt(key);
        go_on = visit(key, newer ? kept.value() : value);
        if (newer) kept.Next();
        return go_on;
      });
  visit_kept(std::nullopt);
  return NoteRead(scanned);
}

Status LmdbWrite::Put(Table table, ByteView key, ByteView value) { return Keep(table, key, value); }

Status LmdbWrite::Insert(Table table, ByteView key, ByteView value) {
  BAILEE_RETURN_IF_ERROR(CheckKey(key));
  BAILEE_TRY(const std::optional<ByteView> there, Get(table, key));
  if (there) return LmdbError(MDB_KEYEXIST, kWriteRow);
  return Keep(table, key, value);
}

Status LmdbWrite::Keep(Table table, ByteView key, ByteView value) {
  BAILEE_RETURN_IF_ERROR(CountRow(value.size()));
  BAILEE_RETURN_IF_ERROR(CheckKey(key));
  kept_.Put(table, key, value);
  changed_ = true;
  return {};
}

Status LmdbWrite::Delete(Table table, ByteView key) {
  BAILEE_RETURN_IF_ERROR(CountRow(0));
  kept_.Erase(table, key);
  MDB_val lmdb_key = AsValue(key);
  const int rc = mdb_del(txn_, environment_.table(table), &lmdb_key, nullptr);
  if (rc == MDB_NOTFOUND) return Status();
  changed_ = true;
  return Note(rc, "delete a row");
}

Status LmdbWrite::Flush() {
  if (!failure_.ok()) return failure_;
  for (uint8_t number = 0; number < kTableCount; ++number) {
    const auto table = static_cast<Table>(number);
    const int rc = kept_.Flush(table, txn_, environment_.table(table));
    BAILEE_RETURN_IF_ERROR(Note(rc, kWriteRow));
  }
  return {};
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
  if (rc == 0) return {};
  Status error = LmdbError(rc, doing);
  // These two leave the transaction as it was.
  if (rc == MDB_KEYEXIST || rc == MDB_BAD_VALSIZE) return error;
  fatal_ = rc;
  failure_ = error;
  return error;
}

}  // namespace bailee::store
