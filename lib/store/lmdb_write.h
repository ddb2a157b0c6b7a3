// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/lmdb_row_buffer.h"
#include "store/lmdb_transaction.h"

namespace bailee::store {

// One job's view of a write transaction, which it borrows. Counts what the job changes, and keeps
// the first error LMDB cannot continue this transaction after, of a read too, so that a job cannot
// swallow it. What is put is kept back until Flush.
class LmdbWrite : public WriteTransaction {
 public:
  LmdbWrite(const Environment& environment, MDB_txn* txn) : environment_(environment), txn_(txn) {}

  uint64_t transaction_id() const override { return mdb_txn_id(txn_); }
  bool current() const override { return true; }
  Result<std::optional<ByteView>> Get(Table table, ByteView key) override;
  Status GetMany(Table table, std::span<const ByteView> keys,
                 std::span<std::optional<ByteView>> values) override;
  Status Scan(Table table, ByteView prefix, ByteView from, const Visitor& visit) override;
  Status Put(Table table, ByteView key, ByteView value) override;
  Status Insert(Table table, ByteView key, ByteView value) override;
  Status Delete(Table table, ByteView key) override;

  // After the job: puts what is kept back. Errors: as Put.
  Status Flush();

  // The map, or one transaction, was too small for this job.
  bool map_full() const { return fatal_ == MDB_MAP_FULL; }
  bool pages_full() const { return fatal_ == MDB_TXN_FULL; }
  // Why nothing of this job may be committed; success if nothing speaks against it.
  const Status& failure() const { return failure_; }
  // Calls of Put, Insert and Delete; bytes put.
  size_t rows() const { return rows_; }
  size_t bytes() const { return bytes_; }
  // Something differs from before.
  bool changed() const { return changed_; }

 private:
  Status Keep(Table table, ByteView key, ByteView value);
  Status CountRow(size_t bytes);
  Status Note(int rc, const char* doing);
  Status NoteRead(const Status& status);

  const Environment& environment_;
  MDB_txn* const txn_;
  RowBuffer kept_;
  size_t rows_ = 0;
  size_t bytes_ = 0;
  bool changed_ = false;
  int fatal_ = 0;
  Status failure_;
};

}  // namespace bailee::store
