// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "bailee/ids.h"

// Erasing people, and making sure that what was taken away opens in no copy of the database.
namespace bailee {

// How far gone what was taken away is. Each grade includes those before it.
enum class ErasureGrade : uint8_t {
  kInaccessible = 1,  // the vault has no row that leads to it; an earlier copy of the database may
  kShredded = 2,      // no copy of the database opens it: the key that they all need is overwritten
                      // and no process holds it
};
// "inaccessible", "shredded".
std::string_view ErasureGradeWord(ErasureGrade grade);

struct ShredOptions {
  // How long to wait for other processes to drop keys that are over; they look each 100 ms.
  std::chrono::milliseconds wait{2'000};
  // Called with rows sealed again so far; to return false is to stop, which is safe.
  std::function<bool(uint64_t rows)> progress = {};
};

// What became of what was owed.
struct Shredded {
  ErasureGrade grade = ErasureGrade::kShredded;
  uint64_t epoch = 0;                 // the one that the vault is in
  uint64_t shards = 0;                // that got a new key
  uint64_t rows = 0;                  // sealed again
  std::vector<uint64_t> waiting_for;  // process ids of those that may hold keys that are over
};

struct EraseOptions {
  // Of the request, [A-Za-z0-9-]{1,64}, for the trail; or empty.
  std::string_view case_reference = {};
  // Stop at kInaccessible; Upkeep does the rest, for all that were erased by then at once.
  bool defer = false;
  ShredOptions shred = {};
};

// What erasing took away.
struct Erased {
  uint64_t subjects = 0;
  uint64_t unknown = 0;  // of those named: nobody knows them
  uint64_t records = 0;
  uint64_t rows = 0;        // all that were deleted, those of the records among them
  uint64_t suppressed = 0;  // addresses put on the list of those not to be written to
  uint64_t kept = 0;        // rows of the accounting that outlive them, for `rights` alone
  std::vector<DecisionId> decisions;  // one for each subject
  Shredded shredded;
};

// What writing the file anew came to.
struct Compacted {
  uint64_t bytes_before = 0;
  uint64_t bytes_after = 0;
  DecisionId decision;
};

}  // namespace bailee
