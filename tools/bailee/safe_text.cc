// SPDX-License-Identifier: Apache-2.0
#include "safe_text.h"

#include <array>
#include <cstdint>

namespace bailee::tool {
namespace {

struct Character {
  size_t bytes = 1;
  char32_t code = 0;
  bool well_formed = false;
};

// RFC 3629: no overlong forms, no surrogates, at most U+10FFFF.
Character FirstOf(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  if (byte(0) < 0x80) return {.code = byte(0), .well_formed = true};
  const size_t bytes = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < bytes) return {};
  char32_t code = byte(0) & (0x7FU >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {};
    code = code << 6U | (byte(i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < least[bytes] || surrogate || code > 0x10FFFF) return {};
  return {.bytes = bytes, .code = code, .well_formed = true};
}

bool MayBeShown(char32_t code) {
  const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  const bool separator = code == 0x2028 || code == 0x2029;
  // UAX #9: marks, embeddings, overrides and isolates.
  const bool turns = code == 0x061C || code == 0x200E || code == 0x200F ||
                     (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  return !control && !separator && !turns;
}

}  // namespace

std::string TakeSafe(std::string_view& text) {
  const Character first = FirstOf(text);
  const std::string_view bytes = text.substr(0, first.bytes);
  text.remove_prefix(first.bytes);
  if (first.well_formed && MayBeShown(first.code)) return std::string(bytes);
  if (bytes == "\t") return "\\t";
  if (bytes == "\n") return "\\n";
  constexpr std::string_view digits = "0123456789abcdef";
  std::string escaped;
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    escaped += "\\x";
    escaped += digits[byte >> 4U];
    escaped += digits[byte & 15U];
  }
  return escaped;
}

std::string SafeCell(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  while (!text.empty()) safe += TakeSafe(text);
  return safe;
}

}  // namespace bailee::tool
