// SPDX-License-Identifier: Apache-2.0
#include "support/canary.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace bailee::testing {
namespace {

constexpr size_t kAnchorBytes = 8;
constexpr size_t kMaybeBits = 26;

uint64_t AnchorAt(const char* at) {
  uint64_t anchor = 0;
  std::memcpy(&anchor, at, kAnchorBytes);
  return anchor;
}

size_t Slot(uint64_t anchor) {
  return static_cast<size_t>((anchor * 0x9E3779B97F4A7C15ull) >> (64 - kMaybeBits));
}

}  // namespace

std::string ToHexForm(std::string_view window, bool upper) {
  const char* digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string hex;
  for (const char c : window) {
    const auto byte = static_cast<uint8_t>(c);
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  return hex;
}

std::string ToUtf16Form(std::string_view window, bool big_endian) {
  std::string wide;
  for (const char c : window) {
    if (big_endian) wide += '\0';
    wide += c;
    if (!big_endian) wide += '\0';
  }
  return wide;
}

std::string ToPercentForm(std::string_view window, bool upper, bool all) {
  std::string text;
  for (const char c : window) {
    const bool kept = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                      c == '-' || c == '.' || c == '_' || c == '~';
    if (kept && !all) {
      text += c;
    } else {
      text += '%' + ToHexForm({&c, 1}, upper);
    }
  }
  return text;
}

std::string ToBase64Form(std::string_view window, size_t shift, bool url) {
  std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  alphabet += url ? "-_" : "+/";
  const size_t first_bit = 8 * shift;
  const size_t last_bit = first_bit + 8 * window.size();
  std::string text;
  for (size_t bit = (first_bit + 5) / 6 * 6; bit + 6 <= last_bit; bit += 6) {
    size_t value = 0;
    for (size_t i = bit; i < bit + 6; ++i) {
      const auto byte = static_cast<uint8_t>(window[i / 8 - shift]);
      value = value << 1 | (byte >> (7 - i % 8) & 1u);
    }
    text += alphabet[value];
  }
  return text;
}

CanarySearch::CanarySearch() : maybe_(size_t{1} << kMaybeBits) {}

void CanarySearch::Add(std::string_view pattern, size_t name) {
  const uint64_t anchor = AnchorAt(pattern.data());
  maybe_[Slot(anchor)] = true;
  patterns_.emplace(anchor, Pattern{std::string(pattern), name});
}

void CanarySearch::Plant(const std::string& name, std::string_view secret) {
  if (secret.size() < kWindowBytes) std::abort();
  names_.push_back(name);
  ++planted_;
  const size_t number = names_.size() - 1;
  for (size_t i = 0; i + kWindowBytes <= secret.size(); ++i) {
    const std::string_view window = secret.substr(i, kWindowBytes);
    Add(window, number);
    for (const bool flag : {false, true}) {
      Add(ToHexForm(window, flag), number);
      Add(ToUtf16Form(window, flag), number);
      for (const bool all : {false, true}) Add(ToPercentForm(window, flag, all), number);
      for (size_t shift = 0; shift < 3; ++shift) Add(ToBase64Form(window, shift, flag), number);
    }
  }
}

std::set<std::string> CanarySearch::Find(std::string_view text) const {
  std::set<std::string> found;
  for (size_t i = 0; i + kAnchorBytes <= text.size(); ++i) {
    const uint64_t anchor = AnchorAt(text.data() + i);
    if (!maybe_[Slot(anchor)]) continue;
    const auto [first, last] = patterns_.equal_range(anchor);
    for (auto it = first; it != last; ++it) {
      if (text.substr(i).starts_with(it->second.bytes)) found.insert(names_[it->second.name]);
    }
  }
  return found;
}

std::set<std::string> CanarySearch::FindInFiles(const std::string& directory) const {
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    const std::string path = entry.path().string();
    for (const std::string& name : Find(entry.path().filename().string()))
      found.insert(std::string(name).append(" in the name of ").append(path));
    if (!entry.is_regular_file()) continue;
    std::ifstream in(path, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(in), {}};
    for (const std::string& name : Find(content))
      found.insert(std::string(name).append(" in ").append(path));
  }
  return found;
}

}  // namespace bailee::testing
