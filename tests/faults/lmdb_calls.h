// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>

namespace bailee::faults {

// LMDB calls that fail without having been made: lmdb_calls.cc stands in for those that the store
// makes. As LMDB has it, a commit that fails has ended its transaction.
class LmdbCalls {
 public:
  // What the next call answers; 0: let it pass. `number` counts from 0.
  using Judge = std::function<int(size_t number)>;
  explicit LmdbCalls(Judge judge);
  ~LmdbCalls();
  LmdbCalls(const LmdbCalls&) = delete;
  LmdbCalls& operator=(const LmdbCalls&) = delete;

  static size_t seen();
};

// Every error there is in lmdb.h, and those of the system that it passes on. Left out are
// MDB_NOTFOUND and MDB_KEYEXIST, which answer a question and are no failure.
struct LmdbCode {
  int code;
  std::string_view name;
};
std::span<const LmdbCode> LmdbCodes();

}  // namespace bailee::faults
