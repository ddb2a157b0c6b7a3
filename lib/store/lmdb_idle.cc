// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_idle.h"

#include "base/brief_lock.h"

namespace bailee::store {

MDB_txn* IdleTransactions::TakeFrom(Lane& lane) {
  const BriefLock lock(lane.mutex);
  return lane.count == 0 ? nullptr : lane.kept[--lane.count];
}

MDB_txn* IdleTransactions::Take() {
  if (MDB_txn* const mine = TakeFrom(lanes_.mine())) return mine;
  // Those of others too: a slot may be all that is missing.
  for (size_t lane = 0; lane < kLanes; ++lane) {
    if (MDB_txn* const other = TakeFrom(lanes_[lane])) return other;
  }
  return nullptr;
}

void IdleTransactions::Give(MDB_txn* txn) {
  mdb_txn_reset(txn);
  Lane& lane = lanes_.mine();
  {
    const BriefLock lock(lane.mutex);
    if (lane.count < kMaxInLane) {
      lane.kept[lane.count++] = txn;
      return;
    }
  }
  mdb_txn_abort(txn);
}

void IdleTransactions::Clear() {
  for (size_t lane = 0; lane < kLanes; ++lane) {
    while (MDB_txn* const txn = TakeFrom(lanes_[lane])) mdb_txn_abort(txn);
  }
}

}  // namespace bailee::store
