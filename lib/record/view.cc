// SPDX-License-Identifier: Apache-2.0
#include "record/view.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "base/ascii.h"
#include "base/utf8.h"
#include "record/canonical.h"

namespace bailee::record {
namespace {

constexpr std::string_view kUnknown = "unknown";

// Whether `canonical` has the shape that a view relies on to hide what it promises to hide.
bool IsShaped(Kind kind, std::string_view canonical) {
  switch (kind) {
    case Kind::kPan:
      return canonical.size() >= 12 && canonical.size() <= 19 && AllOf(canonical, IsDigit);
    case Kind::kPhone:
      return canonical.size() >= 8 && canonical.size() <= 16 && canonical[0] == '+' &&
             AllOf(canonical.substr(1), IsDigit);
    case Kind::kIban:
      return canonical.size() >= 15 && canonical.size() <= 34 && AllOf(canonical, IsAlnum);
    case Kind::kEmail: {
      Form form;
      return !canonical.empty() && CanonicalEmail(canonical, form);
    }
    case Kind::kTime: {
      Form form;
      return !canonical.empty() && CanonicalTime(canonical, form) && form.text() == canonical;
    }
    case Kind::kUrl:
      return SplitUrl(canonical).has_value();
    case Kind::kText:
      return !canonical.empty() && IsUtf8(canonical);
    default:  // IP is read whole by its views; of a BLOB only the size is used
      return !canonical.empty();
  }
}

void BinLast4(std::string_view pan, Form& form) {
  // Six hidden digits of a 16-digit PAN leave 100,000 candidates, two of a 12-digit one leave 10.
  constexpr size_t kDigitsToShowBin = 15;
  if (pan.size() >= kDigitsToShowBin) form.Add(pan.substr(0, 6));
  form.Add("******").Add(pan.substr(pan.size() - 4));
}

bool IsWordEnd(char c) { return IsBlank(c) || c == '\n' || c == '\r'; }

// Bytes of the UTF-8 character that starts with `lead`. REQUIRES: within well-formed text.
size_t CharacterBytes(char lead) {
  const auto byte = static_cast<uint8_t>(lead);
  if (byte < 0x80) return 1;
  if (byte < 0xE0) return 2;
  return byte < 0xF0 ? 3 : 4;
}

void Initials(std::string_view text, Form& form) {
  constexpr int kWordsMax = 4;
  bool at_start = true;
  int words = 0;
  for (size_t i = 0; i < text.size() && words < kWordsMax; ++i) {
    if (at_start && !IsWordEnd(text[i])) {
      form.Add(text.substr(i, CharacterBytes(text[i])));
      ++words;
    }
    at_start = IsWordEnd(text[i]);
  }
  if (words == 0) form.Add(kUnknown);
}

bool Prefix(std::string_view text, Form& form) {
  IpBytes ip;
  if (!ParseIp(text, ip)) return false;
  const size_t kept = ip.v6 ? 6 : 3;
  std::memset(ip.bytes + kept, 0, sizeof ip.bytes - kept);
  FormatIp(ip, form);
  form.Add(ip.v6 ? "/48" : "/24");
  return true;
}

bool Region(std::string_view text, const RegionLookup* regions, Form& form) {
  IpBytes ip;
  if (!ParseIp(text, ip)) return false;
  std::array<char, 64> region{};
  const size_t size = regions == nullptr ? 0 : regions->RegionOf(text, region);
  form.Add(size == 0 || size > region.size() ? kUnknown : std::string_view(region.data(), size));
  explicit_bzero(region.data(), region.size());
  return true;
}

// Names end in something else than a digit; what does not is an IPv4 address.
std::string_view LastTwoLabels(std::string_view host) {
  if (host.empty() || host.front() == '[') return kUnknown;
  if (host.back() == '.') host.remove_suffix(1);
  const size_t last = host.rfind('.');
  const std::string_view top = last == std::string_view::npos ? host : host.substr(last + 1);
  if (host.empty() || AllOf(top, IsDigit)) return kUnknown;
  if (last == std::string_view::npos) return host;
  const size_t before = host.rfind('.', last - 1);
  return before == std::string_view::npos ? host : host.substr(before + 1);
}

std::string_view UrlView(Transform transform, const UrlParts& url) {
  if (transform == Transform::kPath) return url.path.empty() ? "/" : url.path;
  if (url.host.empty()) return kUnknown;
  return transform == Transform::kHost ? url.host : LastTwoLabels(url.host);
}

void EmailView(Transform transform, std::string_view address, Form& form) {
  const size_t at = address.find('@');
  if (transform == Transform::kDomain) {
    form.Add(address.substr(at + 1));
  } else {
    form.Add(address[0]).Add("***").Add(address.substr(at));
  }
}

void Length(size_t size_bytes, Form& form) {
  size_t rounded = 16;
  while (rounded < size_bytes) rounded *= 2;
  form.Add(std::to_string(rounded));
}

bool AddView(Transform transform, std::string_view canonical, const ViewContext& context,
             Form& form) {
  switch (transform) {
    case Transform::kLast4:
      form.Add(canonical.substr(canonical.size() - 4));
      return true;
    case Transform::kLast2:
      form.Add(canonical.substr(canonical.size() - 2));
      return true;
    case Transform::kBinLast4:
      BinLast4(canonical, form);
      return true;
    case Transform::kInitials:
      Initials(canonical, form);
      return true;
    case Transform::kPrefix:
      return Prefix(canonical, form);
    case Transform::kRegion:
      return Region(canonical, context.regions, form);
    case Transform::kDay:
      form.Add(canonical.substr(0, 10));
      return true;
    case Transform::kLength:
      Length(canonical.size(), form);
      return true;
    case Transform::kFirst1Domain:
    case Transform::kDomain:
      EmailView(transform, canonical, form);
      return true;
    default:
      return false;
  }
}

Status NotOfKind(Transform transform, Kind kind) {
  return Status(
      Code::kUsage, "view.not-of-kind",
      "a " + std::string(KindWord(kind)) + " has no view " + std::string(TransformWord(transform)));
}

Status Malformed(Transform transform) {
  return Status(
      Code::kInvalidValue, "view.malformed",
      "the value is not one that " + std::string(TransformWord(transform)) + " can be computed of",
      "pass the canonical form of the field's kind");
}

}  // namespace

Result<Secret> ComputeView(Transform transform, Kind kind, std::string_view canonical,
                           const ViewContext& context) {
  if (!HasView(kind, transform)) return NotOfKind(transform, kind);
  if (!IsShaped(kind, canonical)) return Malformed(transform);
  // A path may be long, so it goes straight into the result.
  if (kind == Kind::kUrl) return Secret::From(UrlView(transform, *SplitUrl(canonical)));

  Form form;
  if (!AddView(transform, canonical, context, form) || form.overflow()) return Malformed(transform);
  return Secret::From(form.text());
}

}  // namespace bailee::record
