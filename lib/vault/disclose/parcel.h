// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bailee/disclose.h"
#include "crypto/random.h"
#include "vault/disclose/disclosure_row.h"

// What goes to a recipient that has a key: FORMAT.md §15.2.
namespace bailee::vault {

// Seals the values of `records` for whoever holds the secret half of `public_key`, 64 hex digits.
// `info` is the row that accounts for it; of it time, end, purpose, ground and category go along.
// Errors: kKey "disclose.recipient-key"; kFull.
Result<Bytes> SealParcel(const VaultId& vault, const ParcelId& id, const DisclosureInfo& info,
                         const std::vector<Record>& records, std::string_view public_key,
                         crypto::Random& random);

}  // namespace bailee::vault
