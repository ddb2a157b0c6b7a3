// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "bailee/bytes.h"
#include "bailee/ids.h"

namespace bailee::crypto {

// Stands in stored rows for the name of a category, purpose or index (FORMAT.md §5.1). Not secret.
struct NameId {
  std::array<uint8_t, 8> bytes{};

  auto operator<=>(const NameId&) const = default;  // NOLINT(modernize-use-nullptr)
  ByteView view() const { return bytes; }
  std::string ToHex() const;  // 16 lower-case hex digits
};

// The id of the full name `name`, e.g. "payment_card" or "payment_card.pan/billing".
NameId NameIdOf(std::string_view name);

// Stands for the terms a record was collected under (FORMAT.md §5.2). Not secret.
using TermsId = Id<struct TermsTag>;

// The id of the terms row `value` in `vault`.
TermsId TermsIdOf(const VaultId& vault, ByteView value);

}  // namespace bailee::crypto
