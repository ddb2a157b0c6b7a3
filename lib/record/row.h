// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "bailee/bytes.h"
#include "bailee/clock.h"
#include "bailee/result.h"
#include "record/terms.h"

// Record rows: FORMAT.md §10.
namespace bailee::record {

// The clear part of a row. It is authenticated only when a compartment is opened with it.
struct RecordHead {
  uint32_t revision = 0;
  Timestamp collected_at;
  TermsId terms;
  bool operator==(const RecordHead&) const = default;
};

// `generation` of an entry whose D is in its travelling wraps.
inline constexpr uint32_t kTravellingGeneration = 0xffffffff;

// One sealed compartment. Borrows its bytes.
struct RowEntry {
  uint16_t compartment = 0;
  uint32_t generation = 0;   // of D; kTravellingGeneration exactly if `travelling` is not empty
  ByteView travelling = {};  // a wraps row that travels with the record, or empty
  ByteView sealed = {};
};

// A parsed row. Borrows the bytes it was parsed from. Allocates nothing. Thread-compatible.
class RecordRow {
 public:
  class Iterator;

  const RecordHead& head() const { return head_; }
  size_t size() const { return count_; }
  // Which revision each entry is of, sealed: see Revisions. Empty if all are of the row's.
  ByteView revisions() const { return revisions_; }
  // The entry of a compartment, or nothing.
  std::optional<RowEntry> Find(uint16_t compartment) const;
  // In ascending order of compartments.
  Iterator begin() const;
  Iterator end() const;

 private:
  friend Result<RecordRow> ParseRecordRow(ByteView row);
  RecordRow(const RecordHead& head, ByteView revisions, ByteView entries, uint8_t count)
      : head_(head), revisions_(revisions), entries_(entries), count_(count) {}

  RecordHead head_;
  ByteView revisions_;
  ByteView entries_;
  uint8_t count_ = 0;
};

class RecordRow::Iterator {
 public:
  explicit Iterator(ByteView rest) : rest_(rest) {}
  RowEntry operator*() const;
  Iterator& operator++();
  bool operator==(const Iterator& other) const { return rest_.size() == other.rest_.size(); }

 private:
  ByteView rest_;
};

// Reads hostile bytes. Checks everything that can be checked without a key.
// Errors: kDamage "record.row" for an unknown version, anything truncated or left over, more than
// limits::kFieldsPerCategoryMax entries, compartments not ascending or beyond it, an envelope of a
// length that none has, or a generation that does not fit `travelling`.
Result<RecordRow> ParseRecordRow(ByteView row);

// The bytes of a row.
// REQUIRES: entries that ParseRecordRow would accept; `revisions` is empty or was sealed for as
// many.
Bytes EncodeRecordRow(const RecordHead& head, std::span<const RowEntry> entries,
                      ByteView revisions = {});

// How many bytes the sealed revisions of so many entries are.
size_t SealedRevisionsBytes(size_t entries);

}  // namespace bailee::record
