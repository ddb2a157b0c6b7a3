// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace bailee::record {

// Whether `code` is an officially assigned ISO 3166-1 alpha-2 code, in upper case.
bool IsCountry(std::string_view code);

// How many decimals an amount in this ISO 4217 currency has, e.g. 2 for "EUR"; nothing for a code,
// in upper case, that names no currency.
std::optional<size_t> MinorDigits(std::string_view code);

}  // namespace bailee::record
