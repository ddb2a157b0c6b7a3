// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bench/gdpr/profile.h"

namespace bailee::bench::gdpr {

// A record, by its number.
struct Row {
  uint64_t number = 0;
  Fields fields;
};

// What a query came to, so that two stores can be compared: how many records, and for those that
// were read a digest of whose they are and of every value, in any order.
struct Answer {
  uint64_t count = 0;
  uint64_t digest = 0;
  bool operator==(const Answer&) const = default;

  // One value of a record; each value of `part` has to be added, but for fields it has not.
  void AddValue(uint64_t number, size_t field, std::string_view value) {
    if (value.empty()) return;
    uint64_t mixed = std::hash<std::string_view>()(value) ^ (number * 0x9E3779B97F4A7C15);
    mixed += (field + 1) * 0xC2B2AE3D27D4EB4F;
    mixed = (mixed ^ (mixed >> 29)) * 0xBF58476D1CE4E5B9;
    digest += mixed ^ (mixed >> 32);
  }
  void Add(const Row& row, Part part) {
    ++count;
    if (part != Part::kData)
      for (size_t i = 0; i < kMetadataFields; ++i) AddValue(row.number, i, row.fields[i]);
    if (part != Part::kMetadata) AddValue(row.number, kData, row.fields[kData]);
  }
};

// Which records a query is about.
struct Selection {
  By by = By::kKey;
  uint64_t number = 0;  // with kKey
  std::string value;    // otherwise: what the field has
  // A processor acts for one purpose, and is given what has that one alone. Empty: any.
  std::string purpose;
};

struct StoreOptions {
  const Profile* profile = nullptr;
  Role role = Role::kController;
  std::string directory;  // exists, and is empty
};

// Something that keeps the records of a profile, encrypted, and can be asked all of GDPRbench's
// queries. Every call but Load leaves an entry in its log, in the call's own transaction or before
// anything is answered; tests/bench/README.md says how durable each is.
//
// Used by one thread. What fails stops the program, since nothing would be measured.
class Store {
 public:
  virtual ~Store() = default;

  // Name and version.
  virtual std::string Name() const = 0;

  // Stores new records in one transaction, or few.
  virtual void Load(std::span<const Row> rows) = 0;

  // All is there that is loaded: not timed. For what a database does once.
  virtual void Loaded() {}

  virtual void Create(const Row& row) = 0;
  virtual Answer Read(const Selection& selection, Part part) = 0;
  // Of one record. Returns how many there were: 0 or 1.
  virtual uint64_t UpdateAll(const Row& row) = 0;
  virtual uint64_t UpdateData(uint64_t number, const std::string& value) = 0;
  // One field of each record selected. Returns how many. REQUIRES: not kPurpose, kData.
  virtual uint64_t UpdateMetadata(const Selection& selection, Field field,
                                  const std::string& value) = 0;
  virtual uint64_t Delete(const Selection& selection) = 0;
  virtual bool IsDeleted(uint64_t number) = 0;

  // Opens the newest `count` entries of the log, or all if there are fewer; returns how many.
  virtual uint64_t ReadLog(uint64_t count) = 0;
  // How many there are.
  virtual uint64_t LogSize() = 0;

  // Brings deleting to the grade that the store can reach.
  virtual void Finish() = 0;
  // Of everything but the log.
  virtual uint64_t Bytes() = 0;
  // Lets time pass.
  virtual void AdvanceSeconds(uint64_t) {}
};

// Of the program's own kind. Null where it cannot be here, with a reason.
std::unique_ptr<Store> OpenStore(const StoreOptions& options, std::string* why_not);

}  // namespace bailee::bench::gdpr
