// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "base/ascii.h"
#include "record/canonical.h"

namespace bailee::record {
namespace {

constexpr size_t kHostBytesMax = 253;  // RFC 1035 §2.3.4, in text
constexpr size_t kLabelBytesMax = 63;

// RFC 5322 §3.2.3 atext.
bool IsAtext(char c) {
  return IsAlnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

// RFC 5321 §4.1.2 Dot-string.
bool IsDotString(std::string_view text) {
  if (text.empty() || text.size() > 64 || text.back() == '.') return false;
  while (!text.empty()) {
    const std::string_view atom = TakeUntil(text, '.');
    if (atom.empty() || !AllOf(atom, IsAtext)) return false;
  }
  return true;
}

// Letters, digits and inner dashes; RFC 952, RFC 1123 §2.1.
bool IsLabel(std::string_view label) {
  return !label.empty() && label.size() <= kLabelBytesMax && label.front() != '-' &&
         label.back() != '-' && AllOf(label, [](char c) { return IsAlnum(c) || c == '-'; });
}

bool IsMailDomain(std::string_view domain) {
  if (domain.size() > kHostBytesMax || domain.empty() || domain.back() == '.') return false;
  std::string_view label;
  size_t labels = 0;
  for (; !domain.empty(); ++labels) {
    label = TakeUntil(domain, '.');
    if (!IsLabel(label)) return false;
  }
  return labels >= 2 && !AllOf(label, IsDigit);  // all digits last: an address in disguise
}

// A name or IPv4 address; underscores are not host names but are in use.
bool IsUrlName(std::string_view name) {
  if (name.size() > kHostBytesMax || name.empty() || name.front() == '.') return false;
  if (name.back() == '.') name.remove_suffix(1);
  while (!name.empty()) {
    const std::string_view label = TakeUntil(name, '.');
    if (label.empty() || label.size() > kLabelBytesMax) return false;
    if (!AllOf(label, [](char c) { return IsAlnum(c) || c == '-' || c == '_'; })) return false;
  }
  return true;
}

bool IsPort(std::string_view port) {
  if (port.empty() || port.size() > 5 || !AllOf(port, IsDigit)) return false;
  int value = 0;
  for (const char c : port) value = value * 10 + DigitValue(c);
  return value <= 65535;
}

// The host of host[:port], or empty if it is malformed.
std::string_view HostOf(std::string_view authority) {
  size_t host_end = std::min(authority.find(':'), authority.size());
  if (authority.starts_with('[')) {
    const size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) return {};
    IpBytes ip;
    if (!ParseIp(authority.substr(1, bracket - 1), ip) || !ip.v6) return {};
    host_end = bracket + 1;
  } else if (!IsUrlName(authority.substr(0, host_end))) {
    return {};
  }
  const std::string_view port = authority.substr(host_end);
  if (!port.empty() && (port[0] != ':' || !IsPort(port.substr(1)))) return {};
  return authority.substr(0, host_end);
}

// RFC 3986 §3.3 to §3.5, and what browsers leave unencoded there. One # at most.
bool IsUrlTail(std::string_view tail) {
  constexpr std::string_view kOther = "-._~!$&'()*+,;=:@/?[]{}|^`";
  bool fragment = false;
  for (size_t i = 0; i < tail.size(); ++i) {
    const char c = tail[i];
    if (c == '%') {
      if (i + 2 >= tail.size() || !IsHexDigit(tail[i + 1]) || !IsHexDigit(tail[i + 2]))
        return false;
    } else if (c == '#') {
      if (fragment) return false;
      fragment = true;
    } else if (!IsAlnum(c) && kOther.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

// Length of "http://" or "https://" at the start of `url`, or 0.
size_t SchemeLength(std::string_view url) {
  for (const std::string_view scheme :
       {std::string_view("http://"), std::string_view("https://")}) {
    const std::string_view start = url.substr(0, scheme.size());
    if (std::equal(start.begin(), start.end(), scheme.begin(), scheme.end(),
                   [](char a, char b) { return ToLower(a) == b; })) {
      return scheme.size();
    }
  }
  return 0;
}

}  // namespace

bool CanonicalEmail(std::string_view raw, Form& form) {
  const size_t at = raw.find('@');
  if (raw.size() > 254 || at == std::string_view::npos) return false;
  if (!IsDotString(raw.substr(0, at)) || !IsMailDomain(raw.substr(at + 1))) return false;
  form.Add(raw.substr(0, at + 1));
  for (const char c : raw.substr(at + 1)) form.Add(ToLower(c));
  return true;
}

bool ParseIp(std::string_view text, IpBytes& ip) {
  // inet_pton wants a terminator, and would read a NUL inside as the end of the address.
  char terminated[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof terminated || text.find('\0') != std::string_view::npos) return false;
  std::memcpy(terminated, text.data(), text.size());
  ip.v6 = text.find(':') != std::string_view::npos;
  const int parsed = inet_pton(ip.v6 ? AF_INET6 : AF_INET, terminated, ip.bytes);
  explicit_bzero(terminated, sizeof terminated);
  return parsed == 1;
}

void FormatIp(const IpBytes& ip, Form& form) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(ip.v6 ? AF_INET6 : AF_INET, ip.bytes, text, sizeof text);
  form.Add(std::string_view(text));
  explicit_bzero(text, sizeof text);
}

bool CanonicalIp(std::string_view raw, Form& form) {
  IpBytes ip;
  if (!ParseIp(raw, ip)) return false;
  // RFC 4291 §2.5.5.2: servers that listen on both log an IPv4 peer so; it is the same peer.
  constexpr unsigned char kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (ip.v6 && std::memcmp(ip.bytes, kMapped, sizeof kMapped) == 0) {
    ip.v6 = false;
    std::memmove(ip.bytes, ip.bytes + sizeof kMapped, 4);
  }
  FormatIp(ip, form);
  return true;
}

std::optional<UrlParts> SplitUrl(std::string_view url) {
  UrlParts parts;
  const size_t scheme = SchemeLength(url);
  size_t tail = 0;
  if (scheme > 0) {
    tail = std::min(url.find_first_of("/?#", scheme), url.size());
    parts.origin = url.substr(0, tail);
    parts.host = HostOf(url.substr(scheme, tail - scheme));
    if (parts.host.empty()) return std::nullopt;
  } else if (!url.starts_with('/')) {
    return std::nullopt;
  }
  if (!IsUrlTail(url.substr(tail))) return std::nullopt;
  const size_t path_end = std::min(url.find_first_of("?#", tail), url.size());
  parts.path = url.substr(tail, path_end - tail);
  parts.rest = url.substr(path_end);
  return parts;
}

}  // namespace bailee::record
