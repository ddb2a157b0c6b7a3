// SPDX-License-Identifier: Apache-2.0
#include "base/kind.h"

namespace bailee {
namespace {

struct TransformName {
  Transform transform;
  std::string_view word;
};

// In the order of their numbers, from 1.
constexpr std::array<std::string_view, kKinds.size()> kKindWords = {
    "TEXT", "EMAIL", "PHONE",      "PAN",      "EXPIRY",  "IBAN",  "PASSWORD", "IP",
    "TIME", "URL",   "USER_AGENT", "LANGUAGE", "COUNTRY", "MONEY", "INTEGER",  "BLOB"};

constexpr std::array<TransformName, kTransforms.size()> kTransformNames = {{
    {Transform::kLast4, "LAST4"},
    {Transform::kBinLast4, "BIN_LAST4"},
    {Transform::kFirst1Domain, "FIRST1_DOMAIN"},
    {Transform::kLast2, "LAST2"},
    {Transform::kInitials, "INITIALS"},
    {Transform::kPrefix, "PREFIX"},
    {Transform::kRegion, "REGION"},
    {Transform::kDay, "DAY"},
    {Transform::kHost, "HOST"},
    {Transform::kPath, "PATH"},
    {Transform::kDomain, "DOMAIN"},
    {Transform::kLength, "LENGTH"},
}};

}  // namespace

std::string_view KindWord(Kind kind) {
  const size_t number = static_cast<size_t>(kind);
  return number >= 1 && number <= kKindWords.size() ? kKindWords[number - 1] : "UNKNOWN";
}

std::string_view TransformWord(Transform transform) {
  for (const TransformName& name : kTransformNames) {
    if (name.transform == transform) return name.word;
  }
  return transform == Transform::kNone ? "NONE" : "UNKNOWN";
}

std::optional<Kind> ParseKind(std::string_view word) {
  for (const Kind kind : kKinds) {
    if (KindWord(kind) == word) return kind;
  }
  return std::nullopt;
}

std::optional<Transform> ParseTransform(std::string_view word) {
  for (const TransformName& name : kTransformNames) {
    if (name.word == word) return name.transform;
  }
  return std::nullopt;
}

}  // namespace bailee
