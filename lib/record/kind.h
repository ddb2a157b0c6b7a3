// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "bailee/limits.h"
#include "bailee/result.h"
#include "bailee/secret.h"
#include "base/kind.h"

// What a value of each kind may be, and the one form in which it is kept.
//
// ASCII spaces and tabs around a value are dropped, except in TEXT, PASSWORD and BLOB. No Unicode
// normalisation (NFC) is attempted: two spellings of one text stay two texts.
//
// kind       accepted                                              canonical form
// TEXT       UTF-8 without control characters (U+0000 to U+001F,   as given
//            U+007F to U+009F) but tab, line feed, carriage return
// EMAIL      local@domain: a Dot-string of at most 64 (RFC 5321    domain in lower case, local part
//            §4.1.2), a host name of at least two labels, the      as given
//            last not all digits; 254 in all; IDN only as A-labels
//            (xn--). No quoted local part, literal or comment.
// PHONE      + and 7 to 15 digits, the first not 0 (E.164; the 7   + and digits
//            is ours); space - . / ( ) among them are dropped; "(0)"
//            is refused, it is not part of the number
// PAN        12 to 19 digits with a valid Luhn check (ISO/IEC      digits
//            7812-1 annex B); single spaces or dashes between
// EXPIRY     MM/YY, MM/YYYY, YYYY-MM, years 2000 to 2099; spaces   YYYY-MM
//            around the slash
// IBAN       15 to 34 of [A-Za-z0-9], check digits 02 to 98,       upper case, no spaces
//            mod 97 = 1 (ISO 13616-1); spaces dropped; lengths by
//            country are not checked
// PASSWORD   1 to 1,024 bytes, any                                 as given; what is stored is the
//                                                                  verifier the vault makes of it
// IP         IPv4 in four decimals, IPv6 (RFC 4291 §2.2), without  RFC 5952; an IPv4-mapped address
//            zone, port or prefix                                  as the IPv4 address it is
// TIME       RFC 3339 date-time, 0001 to 9999; second 60 refused,  YYYY-MM-DDTHH:MM:SS.mmmZ, UTC,
//            the vault does not count leap seconds                 cut to milliseconds
// URL        http or https with a host and without userinfo        scheme and host in lower case,
//            (RFC 3986 §3, RFC 9110 §4.2), or a request's path     the rest as given
//            from / on (RFC 9112 §3.2.1); of ASCII, with whole
//            %-triplets, and in path, query and fragment also
//            the [ ] { } | ^ ` that browsers leave as they are
// USER_AGENT UTF-8 without control characters but tab              as given
// LANGUAGE   BCP 47 langtag or private use (RFC 5646 §2.1), or an  RFC 5646 §2.1.1 case; "*" as
//            Accept-Language header, reduced to its first element  "und"
// COUNTRY    officially assigned ISO 3166-1 alpha-2 code           upper case
// MONEY      [+-]digits[.digits] space code: ISO 4217, at most 15  "-12.30 EUR": all digits of the
//            digits and the currency's minor digits                currency's minor unit, no zeros
//                                                                  in front, no -0
// INTEGER    [+-]digits within int64                               no +, no zeros in front, no -0
// BLOB       any bytes                                             as given
namespace bailee::record {

// The most bytes a value of `kind` can have, raw or canonical.
constexpr size_t KindBytesMax(Kind kind) {
  if (kind == Kind::kBlob) return limits::kBlobBytesMax;
  return kind == Kind::kPassword ? 1024 : limits::kFieldBytesMax;
}

// Validates `raw` and gives its canonical form, the one that is stored and that views are computed
// from. Idempotent: the canonical form is its own canonical form.
//
// `raw` is hostile; it is read only during the call, and no copy of it outlives the call but in the
// result. `max_bytes` bounds the canonical form: the field's own limit, at most
// KindBytesMax(kind).
//
// Errors, all kInvalidValue, none saying anything of the value:
//   "value.empty"      nothing there: leave the field out
//   "value.too-long"   raw beyond KindBytesMax, or canonical beyond max_bytes
//   "value.malformed"  not of this kind; the message says what was expected
// and kFull if the secret arena is full.
Result<Secret> Normalise(Kind kind, std::string_view raw, size_t max_bytes);

// The form of a canonical value that index tags are made of: of an EMAIL the whole address in lower
// case (what RFC 5321 leaves to the receiving host and hosts treat alike), of other kinds the
// canonical form. Idempotent.
// Errors: kUsage "value.no-index" if !HasIndexForm(kind); kFull.
Result<Secret> IndexForm(Kind kind, std::string_view canonical);

}  // namespace bailee::record
