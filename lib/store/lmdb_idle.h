// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lmdb.h>

#include <array>
#include <cstddef>
#include <mutex>

#include "base/lanes.h"

namespace bailee::store {

// Read transactions, reset and ready to be renewed. Thread-safe; allocates nothing.
class IdleTransactions {
 public:
  // Null: there is none, of any thread.
  MDB_txn* Take();
  // Ends `txn`, or keeps it.
  void Give(MDB_txn* txn);
  // Ends those that are kept. REQUIRES: nobody takes or gives.
  void Clear();

 private:
  // Few, because each holds one of the slots that all processes share.
  static constexpr size_t kMaxInLane = 2;

  struct Lane {
    std::mutex mutex;
    std::array<MDB_txn*, kMaxInLane> kept{};
    size_t count = 0;
  };
  static MDB_txn* TakeFrom(Lane& lane);

  Lanes<Lane> lanes_;
};

}  // namespace bailee::store
