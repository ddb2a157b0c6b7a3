// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>

#include "support/campaign.h"

// What everybody is given to keep: people with ten records of 256 bytes each, 24 of which are an
// address that a record is found by, and 232 a value.
namespace bailee::bench {

inline constexpr size_t kRecordsEach = 10;
inline constexpr size_t kAddressBytes = 24;
inline constexpr size_t kValueBytes = 256 - kAddressBytes;
inline constexpr size_t kBatchRecords = 1'000;  // in a transaction, where there are many
// Records that reads of warm figures go round in, however many there are.
inline constexpr size_t kHotRecords = 10'000;
// People beyond those that are read, to be erased.
inline constexpr size_t kSpareSubjects = 400;

// How many records are read from; at least ten.
inline size_t RecordsRead() {
  const size_t asked = testing::CountFrom("BAILEE_RECORDS", 10'000);
  return std::max<size_t>(1, asked / kRecordsEach) * kRecordsEach;
}
inline size_t SubjectsRead() { return RecordsRead() / kRecordsEach; }

inline std::string AddressOf(uint64_t subject, uint64_t record) {
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%010llu.%02llu@example.xy",
                                 static_cast<unsigned long long>(subject),
                                 static_cast<unsigned long long>(record));
  return {text, static_cast<size_t>(size)};
}

// Goes round in `count` records so that each comes once before any comes again, and neighbours are
// far from each other.
class Round {
 public:
  explicit Round(size_t count) : count_(count) {}
  size_t Next() { return at_ = (at_ + 7'919) % count_; }

 private:
  size_t count_;
  size_t at_ = 0;
};

// Which of all records is the `hot`-th of those that warm figures read: evenly spread.
inline size_t HotRecords() { return std::min(kHotRecords, RecordsRead()); }
inline size_t HotRecord(size_t hot) { return hot * (RecordsRead() / HotRecords()); }

}  // namespace bailee::bench
