// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "audit/event_codec.h"
#include "bailee/ids.h"
#include "record/row.h"

namespace bailee::vault {

// What the events of the trail come to for the rows of some people: which records there are, in
// which row, how long ledgers and accountings are. Told the events of all writes in order, it keeps
// what is of a range of keys alone, and gives the end of the range up where that is too much: the
// rest is for another pass. Pure. Thread-compatible.
class Told {
 public:
  // The key of a record's row; of a person their handle and zeros.
  using Key = std::array<uint8_t, 40>;
  static constexpr Key kFirst{};
  static Key KeyOf(const Handle& handle);

  struct Record {
    uint64_t leaf = 0;   // of the last event about it
    bool there = false;  // else it was deleted
    bool twice = false;  // two events tell of the same row: an older one was there in between
    std::optional<record::RecordHead> head;
  };
  struct Person {
    uint64_t leaf = 0;
    bool erased = false;
    bool twice = false;              // of entries of the ledger or rows of the accounting
    bool skipped = false;            // an entry or a row no event tells of came in between
    uint64_t first_entry = 0;        // of the ledger that is told of, or 0
    uint64_t last_entry = 0;         //
    uint64_t disclosures = 0;        // rows of the accounting, or 0
    std::array<uint8_t, 16> said{};  // digest of the entries from the first to the last
  };

  // Keeps at most `rows_max` of both together. REQUIRES: rows_max ≥ 4.
  Told(const Key& from, size_t rows_max) : from_(from), rows_max_(rows_max) {}

  // The event of a write, of leaf `leaf`.
  void Add(uint64_t leaf, const audit::EventCopy& event);
  // From now on the range stays as it is, whatever comes.
  void Settle() { settled_ = true; }
  // A leaf is gone or does not open: what is not told of may be there all the same.
  void Missed() { whole_ = false; }
  // Before the first event: leaves before this one were pruned.
  void BeginAt(uint64_t leaf) {
    first_leaf_ = leaf;
    whole_ = false;
  }

  // Whether everything that happened was told.
  bool whole() const { return whole_; }
  // Where a restore put rows of other streams than the trail's: what was told before is forgotten.
  bool restored() const { return restored_; }
  uint64_t first_leaf() const { return first_leaf_; }

  // The keys that this is about: from `from` up to `end`, or all from there on.
  const Key& from() const { return from_; }
  const std::optional<Key>& end() const { return end_; }
  bool Has(const Key& key) const { return key >= from_ && (!end_ || key < *end_); }

  const std::map<Key, Record>& records() const { return records_; }
  const std::map<Handle, Person>& people() const { return people_; }
  // Null: nothing was told of them.
  const Person* Find(const Handle& handle) const;

 private:
  Person* PersonOf(const Handle& handle, uint64_t leaf);
  void Leaves(uint64_t leaf, const audit::EventRecord& record);
  void Gone(uint64_t leaf, const audit::EventRecord& record);
  void Erase(uint64_t leaf, const Handle& handle);
  void Say(uint64_t leaf, const audit::EventCopy& event);
  void Disclose(uint64_t leaf, const audit::EventCopy& event);
  void Restore();
  void MakeRoom();

  const Key from_;
  const size_t rows_max_;
  std::optional<Key> end_;
  std::map<Key, Record> records_;
  std::map<Handle, Person> people_;
  uint64_t first_leaf_ = 0;
  bool whole_ = true;
  bool restored_ = false;
  bool settled_ = false;
};

// The next digest of what somebody said: of an entry of their ledger as its event has it.
struct SaidEntry {
  uint64_t sequence = 0;
  std::string_view kind;
  std::string_view purpose;
  std::string_view category;
  std::string_view notice;
  std::string_view name;
};
std::array<uint8_t, 16> SaidAfter(const std::array<uint8_t, 16>& before, const SaidEntry& entry);

}  // namespace bailee::vault
