// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lmdb.h>

#include <memory>
#include <utility>

#include "store/engine.h"
#include "store/lmdb_environment.h"
#include "store/lmdb_turns.h"

namespace bailee::store {

// An MDB_txn that is aborted unless it was committed or released.
class TransactionHandle {
 public:
  TransactionHandle() = default;
  explicit TransactionHandle(MDB_txn* txn) : txn_(txn) {}
  TransactionHandle(TransactionHandle&& other) noexcept { *this = std::move(other); }
  TransactionHandle& operator=(TransactionHandle&& other) noexcept {
    std::swap(txn_, other.txn_);
    std::swap(turn_, other.turn_);
    return *this;
  }
  ~TransactionHandle() { Abort(); }

  // Each returns what LMDB answers.
  int Begin(MDB_env* env, MDB_txn* parent, unsigned flags);
  int Commit();
  void Abort();
  // REQUIRES: it reads, or is another's child.
  MDB_txn* Release() { return std::exchange(txn_, nullptr); }
  MDB_txn* get() const { return txn_; }

 private:
  MDB_txn* txn_ = nullptr;
  LmdbTurns::Turn turn_;  // while it writes
};

// mdb_reader_check. Frees the slots of processes that died, and counts them.
int FreeDeadReaders(MDB_env* env, int& dead);

// Borrowed bytes as LMDB wants them; it does not write through the pointer.
inline MDB_val AsValue(ByteView bytes) {
  return {bytes.size(), const_cast<uint8_t*>(bytes.data())};
}
inline ByteView AsView(const MDB_val& value) {
  return {static_cast<const uint8_t*>(value.mv_data), value.mv_size};
}

// Reading through any transaction; the contracts of Snapshot::Get, GetMany and Scan.
Result<std::optional<ByteView>> GetRow(MDB_txn* txn, MDB_dbi table, ByteView key);
Status GetRows(MDB_txn* txn, MDB_dbi table, std::span<const ByteView> keys,
               std::span<std::optional<ByteView>> values);
Status ScanRows(MDB_txn* txn, MDB_dbi table, ByteView prefix, ByteView from,
                const Snapshot::Visitor& visit);

}  // namespace bailee::store
