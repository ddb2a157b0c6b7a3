// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "record/form.h"

// The rules of record/kind.h, one function for each kind that has a short form: appends the
// canonical form of `raw`, which has no blanks around it and is not empty; false, with `form`
// unspecified, if it is not of the kind.
namespace bailee::record {

bool CanonicalEmail(std::string_view raw, Form& form);
bool CanonicalPhone(std::string_view raw, Form& form);
bool CanonicalPan(std::string_view raw, Form& form);
bool CanonicalExpiry(std::string_view raw, Form& form);
bool CanonicalIban(std::string_view raw, Form& form);
bool CanonicalIp(std::string_view raw, Form& form);
bool CanonicalTime(std::string_view raw, Form& form);
bool CanonicalLanguage(std::string_view raw, Form& form);
bool CanonicalCountry(std::string_view raw, Form& form);
bool CanonicalMoney(std::string_view raw, Form& form);
bool CanonicalInteger(std::string_view raw, Form& form);

// The parts of a URL as accepted by record/kind.h; all of them together are the URL.
struct UrlParts {
  std::string_view origin;  // scheme, "://", host and port; empty if the URL is a mere path
  std::string_view host;    // within `origin`, with the brackets of an IPv6 literal
  std::string_view path;    // may be empty if there is an origin
  std::string_view rest;    // from ? or # on
};
// Nothing if `url` is no such URL. Borrows from `url`.
std::optional<UrlParts> SplitUrl(std::string_view url);

// Binary form of an IP address.
struct IpBytes {
  bool v6 = false;
  unsigned char bytes[16] = {};
  IpBytes() = default;
  IpBytes(const IpBytes&) = delete;
  IpBytes& operator=(const IpBytes&) = delete;
  ~IpBytes() { explicit_bzero(bytes, sizeof bytes); }
};
// False if `text` is no IP address.
bool ParseIp(std::string_view text, IpBytes& ip);
// Appends RFC 5952 text.
void FormatIp(const IpBytes& ip, Form& form);

}  // namespace bailee::record
