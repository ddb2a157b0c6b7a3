// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bailee {

// What a value is; decides how it is validated and normalised (record/kind.h). The numbers are
// those of policy.proto and are stored: never renumber.
enum class Kind : uint8_t {
  kText = 1,
  kEmail,
  kPhone,
  kPan,
  kExpiry,
  kIban,
  kPassword,
  kIp,
  kTime,
  kUrl,
  kUserAgent,
  kLanguage,
  kCountry,
  kMoney,
  kInteger,
  kBlob
};
inline constexpr std::array kKinds = {
    Kind::kText,     Kind::kEmail, Kind::kPhone,   Kind::kPan, Kind::kExpiry,    Kind::kIban,
    Kind::kPassword, Kind::kIp,    Kind::kTime,    Kind::kUrl, Kind::kUserAgent, Kind::kLanguage,
    Kind::kCountry,  Kind::kMoney, Kind::kInteger, Kind::kBlob};

// How a view is computed from its field (record/view.h); below 16 a `mask`, above a `coarsen`. The
// numbers are those of policy.proto and are stored: never renumber.
enum class Transform : uint8_t {
  kNone = 0,  // not a view
  kLast4 = 1,
  kBinLast4 = 2,
  kFirst1Domain = 3,
  kLast2 = 4,
  kInitials = 5,
  kPrefix = 16,
  kRegion = 17,
  kDay = 18,
  kHost = 19,
  kPath = 20,
  kDomain = 21,
  kLength = 22,
};
inline constexpr std::array kTransforms = {
    Transform::kLast4,    Transform::kBinLast4, Transform::kFirst1Domain, Transform::kLast2,
    Transform::kInitials, Transform::kPrefix,   Transform::kRegion,       Transform::kDay,
    Transform::kHost,     Transform::kPath,     Transform::kDomain,       Transform::kLength};

// The words of policy.proto, e.g. "USER_AGENT", "BIN_LAST4". Never empty for a declared value;
// "UNKNOWN" for any other number.
std::string_view KindWord(Kind kind);
std::string_view TransformWord(Transform transform);

// What has this word, or nothing. Words are matched byte for byte; "NONE" is no transform.
std::optional<Kind> ParseKind(std::string_view word);
std::optional<Transform> ParseTransform(std::string_view word);

// Whether a field of this kind can have this view. What each pair gives: record/view.h.
constexpr bool HasView(Kind kind, Transform transform) {
  switch (transform) {
    case Transform::kNone:
      return false;
    case Transform::kLast4:
    case Transform::kLast2:
      return kind == Kind::kPan || kind == Kind::kPhone || kind == Kind::kIban;
    case Transform::kBinLast4:
      return kind == Kind::kPan;
    case Transform::kFirst1Domain:
      return kind == Kind::kEmail;
    case Transform::kInitials:
      return kind == Kind::kText;
    case Transform::kPrefix:
    case Transform::kRegion:
      return kind == Kind::kIp;
    case Transform::kDay:
      return kind == Kind::kTime;
    case Transform::kHost:
    case Transform::kPath:
      return kind == Kind::kUrl;
    case Transform::kDomain:
      return kind == Kind::kEmail || kind == Kind::kUrl;
    case Transform::kLength:
      return kind == Kind::kText || kind == Kind::kBlob;
  }
  return false;
}

// Whether subjects can be found by a value of this kind. A PASSWORD is never compared outside
// VerifyPassword; a BLOB has no one form to compare.
constexpr bool HasIndexForm(Kind kind) { return kind != Kind::kPassword && kind != Kind::kBlob; }

}  // namespace bailee
