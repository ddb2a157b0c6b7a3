// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "bailee/bytes.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/names.h"

// Terms rows: FORMAT.md §5.2.
namespace bailee::record {

using crypto::TermsId;

// What records were collected under. Borrows its texts. Texts are at most limits::kNameBytesMax
// bytes of UTF-8; only `controller` may be empty: held for ourselves.
struct Terms {
  uint32_t policy_version = 0;
  int64_t expiry_bucket = 0;
  std::string_view notice;
  std::string_view source;
  std::string_view controller;
  bool operator==(const Terms&) const = default;
};

// The value of a terms row; its key is crypto::TermsIdOf(vault, value).
// REQUIRES: texts as said at Terms.
Bytes EncodeTerms(const Terms& terms);

// Reads a terms row. The texts borrow from `value`.
// Errors: kDamage "record.terms" if `value` does not hash to `id` in this vault (FORMAT.md §5.2
// MUST) or is not what EncodeTerms makes.
Result<Terms> ParseTerms(const VaultId& vault, const TermsId& id, ByteView value);

}  // namespace bailee::record
