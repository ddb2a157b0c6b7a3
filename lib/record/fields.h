// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "bailee/bytes.h"
#include "bailee/result.h"
#include "bailee/secret.h"

// The plaintext of a compartment: fields of FORMAT.md §10, padded as §5.3 says.
namespace bailee::record {

// The number of a field or view in its category, in the policy version of the terms.
using FieldNumber = uint16_t;

// One value to be written. Borrows: both must outlive the call it is passed to. Exactly one of
// `secret` and `bytes` is used: `secret` if it is not null. `bytes` is for values that are already
// revealed, such as fields kept while others change.
struct FieldValue {
  FieldNumber field = 0;
  const Secret* secret = nullptr;
  ByteView bytes = {};
};

// The padded plaintext that holds `values`, made in one allocation. `values` may be empty.
// REQUIRES: ascending by field, none twice, each below limits::kFieldsPerCategoryMax.
// Errors: kInvalidValue "record.too-large" if the values together exceed limits::kRecordBytesMax;
// kFull if the secret arena is full.
Result<Secret> EncodeFields(std::span<const FieldValue> values);

// The values in an opened compartment. Borrows the opened bytes: make and use it inside one
// Secret::RevealBytes. Allocates nothing. Thread-compatible.
class Fields {
 public:
  struct Item {
    FieldNumber field = 0;
    ByteView value;
  };
  class Iterator;

  // Checks all of the padded plaintext at once, so that reading it cannot fail.
  // Errors: kDamage "record.fields" unless it is exactly what EncodeFields makes: padding of §5.3,
  // field numbers ascending and below limits::kFieldsPerCategoryMax, nothing left over, values
  // together within limits::kRecordBytesMax.
  static Result<Fields> Decode(ByteView opened);

  size_t size() const { return count_; }
  // The value of a field, which may be empty, or nothing.
  std::optional<ByteView> Find(FieldNumber field) const;
  Iterator begin() const;
  Iterator end() const;

 private:
  Fields(ByteView items, uint16_t count) : items_(items), count_(count) {}

  ByteView items_;  // after the count, without padding
  uint16_t count_ = 0;
};

// In ascending order of field numbers.
class Fields::Iterator {
 public:
  explicit Iterator(ByteView rest) : rest_(rest) {}
  Item operator*() const;
  Iterator& operator++();
  bool operator==(const Iterator& other) const { return rest_.size() == other.rest_.size(); }

 private:
  ByteView rest_;
};

// One value out of an opened compartment: Decode, then Find.
// Errors: as Decode.
Result<std::optional<ByteView>> FindField(ByteView opened, FieldNumber field);

}  // namespace bailee::record
