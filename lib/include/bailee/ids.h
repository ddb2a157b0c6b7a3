// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "bailee/bytes.h"
#include "bailee/export.h"
#include "bailee/result.h"

namespace bailee {

namespace internal {
BAILEE_EXPORT std::string IdToHex(ByteView bytes);
// Errors: kInvalidValue unless `hex` is exactly 2 × `out.size()` lower-case hex digits.
BAILEE_EXPORT Status IdFromHex(std::string_view hex, std::span<uint8_t> out);
}  // namespace internal

// Sixteen opaque bytes whose Tag says what they name. Not personal data; safe in logs and on a
// command line.
template <typename Tag>
struct Id {
  std::array<uint8_t, 16> bytes{};

  // NOLINTNEXTLINE(modernize-use-nullptr): the zero is of the comparison that is made of it
  auto operator<=>(const Id&) const = default;
  ByteView view() const { return bytes; }

  // 32 lower-case hex digits.
  std::string ToHex() const { return internal::IdToHex(bytes); }

  // Errors: kInvalidValue unless `hex` is exactly 32 lower-case hex digits.
  static Result<Id> FromHex(std::string_view hex) {
    Id id;
    if (Status status = internal::IdFromHex(hex, id.bytes); !status.ok()) return status;
    return id;
  }
};

// A subject as the vault knows it: random, so that it says nothing about the person.
using Handle = Id<struct HandleTag>;
// One record. Random, or chosen by the caller (for instance a UUID) so that a retry is safe; it is
// stored in clear, so it must not be derived from personal data.
using RecordId = Id<struct RecordTag>;
// One vault; random, made by `init`.
using VaultId = Id<struct VaultTag>;
// One opening of a vault by one process, in the audit trail.
using InstanceId = Id<struct InstanceTag>;

// The event that recorded a decision. Not personal data; goes into logs and on a command line.
struct DecisionId {
  InstanceId instance;
  bool write = false;   // in the instance's chain of writes, otherwise in its journal
  uint64_t number = 0;  // in that chain, from 0

  auto operator<=>(const DecisionId&) const = default;

  // The instance in hex, then `.r` for the journal or `.w` for writes and the number, e.g.
  // "0f3a…91.r17".
  BAILEE_EXPORT std::string ToText() const;
  // Errors: kInvalidValue unless `text` is what ToText gives.
  BAILEE_EXPORT static Result<DecisionId> FromText(std::string_view text);
};

}  // namespace bailee
