// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "bailee/result.h"
#include "bailee/secret.h"
#include "base/kind.h"

namespace bailee::record {

// Where an address is. Implementations must be thread-safe.
class RegionLookup {
 public:
  virtual ~RegionLookup() = default;

  // Writes the region of a canonical IP address ("DE", "DE-BE") to `out` and gives its length, or 0
  // if there is none or it does not fit. Must not keep or log `ip`.
  virtual size_t RegionOf(std::string_view ip, std::span<char> out) const = 0;
};

// What views are computed with besides the value.
struct ViewContext {
  const RegionLookup* regions = nullptr;  // null: every region is "unknown"
};

// Computes a view of a canonical value (what Normalise gave). The result is never empty, and never
// shows more than this:
//
// LAST4          PAN, PHONE, IBAN  the last four characters: "1111"
// LAST2          PAN, PHONE, IBAN  the last two characters: "11"
// BIN_LAST4      PAN   "411111******1111", always six asterisks; of a PAN below 15 digits, where
//                      the Luhn check would give the rest away, "******1111" (PCI DSS 3.4.1)
// FIRST1_DOMAIN  EMAIL "a***@example.org", always three asterisks
// INITIALS       TEXT  first character of each of the first four words: "AML"; words are parted by
//                      spaces, tabs and line ends; "unknown" of a text without words
// PREFIX         IP    "203.0.113.0/24", "2001:db8:1::/48"
// REGION         IP    what context.regions says, else "unknown"
// DAY            TIME  "2013-05-24"
// HOST           URL   host without port: "www.example.org"; "unknown" of a mere path
// PATH           URL   path without query and fragment; "/" if empty
// DOMAIN         EMAIL what follows the @; URL the last two labels of the host; "unknown" of an
//                      IP address or a mere path
// LENGTH         TEXT, BLOB  size in bytes rounded up to a power of two, at least 16: "64"
//
// A view is a field value of its own and is not normalised again.
// Errors: kUsage "view.not-of-kind" if !HasView(kind, transform); kInvalidValue "view.malformed" if
// `canonical` is not what Normalise gives; kFull if the secret arena is full.
Result<Secret> ComputeView(Transform transform, Kind kind, std::string_view canonical,
                           const ViewContext& context);

}  // namespace bailee::record
