// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/clock.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/key.h"
#include "crypto/names.h"
#include "crypto/random.h"
#include "keys/keyring_keys.h"
#include "policy/model.h"

// The rows of `reports`: FORMAT.md §16.
namespace bailee::vault {

// Wipes what it gives back. Cells are too many for guarded memory, and those below the floor are
// about persons.
template <typename T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <typename U>
  WipingAllocator(const WipingAllocator<U>&) {}  // NOLINT(google-explicit-constructor)
  T* allocate(size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* at, size_t count) {
    explicit_bzero(static_cast<void*>(at), count * sizeof(T));
    std::allocator<T>().deallocate(at, count);
  }
  template <typename U>
  bool operator==(const WipingAllocator<U>&) const {
    return true;
  }
};

// What a record has in the fields that a report is by: a str8 each, in their order.
using CellKey = std::vector<uint8_t, WipingAllocator<uint8_t>>;
// False, with `key` as it was, if the value is longer than a key may be: such a record is counted
// nowhere.
bool AppendToKey(ByteView value, CellKey& key);

// What is known of a cell while it is counted.
struct CellTally {
  uint64_t subjects = 0;  // those told apart
  uint64_t counted = 0;   // records of theirs, of each at most Floor::records_of_one_max
  uint64_t unnamed = 0;   // records of nobody known: together one subject
};
using CellMap = std::map<CellKey, CellTally>;

// Where a bucket's row belongs.
struct BucketPlace {
  VaultId vault;
  crypto::NameId report;
  policy::ReportBucket unit = policy::ReportBucket::kDay;
  Timestamp from;
};

Bytes ResultRowKey(const BucketPlace& place);
Bytes FeedRowKey(const BucketPlace& place);

// The cells of a closed bucket that may be shown, and under what rules they were computed.
struct ResultRow {
  uint32_t policy_version = 0;
  Timestamp computed_at;
  uint32_t min_subjects = 0;
  policy::ReportCount count = policy::ReportCount::kSubjects;
  std::vector<std::string> by;
  struct Cell {
    std::vector<std::string> keys;
    uint64_t shown = 0;
  };
  std::vector<Cell> cells;
};
// Errors: kFull.
Result<Bytes> SealResult(const BucketPlace& place, const ResultRow& row,
                         const keys::HeldPurpose& tally, crypto::Random& random);
// Errors: kKey "report.key-version"; kDamage "report.damaged"; kFull.
Result<ResultRow> OpenResult(const BucketPlace& place, ByteView row,
                             const keys::KeyringKeys& keyring);

// The version of the tally key that a row of cells of a closed bucket lies under; nothing of
// another row.
std::optional<uint16_t> ResultKeyVersion(ByteView key, ByteView row);
// The same cells under another version of the key. Errors: as OpenResult.
Result<Bytes> ResealResult(const VaultId& vault, ByteView key, ByteView row,
                           const keys::KeyringKeys& keyring, const keys::HeldPurpose& tally,
                           crypto::Random& random);

// What collecting added to a bucket so far.
struct FeedRow {
  std::vector<std::string> by;
  CellMap cells;
};
// Errors: kFull.
Result<Bytes> SealFeed(const BucketPlace& place, const FeedRow& row, const crypto::FeedKey& key,
                       crypto::Random& random);
// Errors: kDamage "report.damaged"; kFull.
Result<FeedRow> OpenFeed(const BucketPlace& place, ByteView row, const crypto::FeedKey& key);

// The values in a key. REQUIRES: made by AppendToKey.
std::vector<std::string> ValuesOf(const CellKey& key);

// More distinct cells in one bucket than this are not told apart: what comes later is counted
// nowhere.
inline constexpr size_t kCellsPerBucketMax = 4096;
inline constexpr size_t kFedCellsPerBucketMax = 1024;

}  // namespace bailee::vault
