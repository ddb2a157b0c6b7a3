// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bailee {

// Writes a small MaxMind DB, version 2, with 24-bit records and IPv6 trees: for tests of whoever
// reads one.
class MmdbFile {
 public:
  // Addresses that begin with these bits of an IPv4 address are in `country`, and `part` of it
  // unless empty. Later ones must not lie within earlier ones.
  void Add(std::array<uint8_t, 4> address, int bits, std::string_view country,
           std::string_view part = "") {
    size_t node = 0;
    const int all = 96 + bits;
    for (int depth = 0; depth < all; ++depth) {
      const int at = depth - 96;
      const bool right = at >= 0 && ((address[static_cast<size_t>(at / 8)] >> (7 - at % 8)) & 1);
      size_t& next = nodes_[node][right ? 1 : 0];
      if (depth + 1 == all) {
        next = kLeaf + places_.size();
        places_.push_back({std::string(country), std::string(part)});
      } else {
        if (next == 0) {
          nodes_.push_back({});
          nodes_[node][right ? 1 : 0] = nodes_.size() - 1;
        }
        node = nodes_[node][right ? 1 : 0];
      }
    }
  }

  std::string Bytes() const {
    std::string data;
    std::vector<size_t> offsets;
    for (const Place& place : places_) {
      offsets.push_back(data.size());
      data += Map(place.part.empty() ? 1 : 2) + Text("country") + Map(1) + Text("iso_code") +
              Text(place.country);
      if (place.part.empty()) continue;
      data += Text("subdivisions") + std::string("\x01\x04", 2) + Map(1) + Text("iso_code") +
              Text(place.part);
    }
    std::string tree;
    for (const auto& node : nodes_) {
      for (const size_t record : node) {
        size_t value = nodes_.size();  // nothing
        if (record >= kLeaf)
          value = nodes_.size() + 16 + offsets[record - kLeaf];
        else if (record != 0)
          value = record;
        for (const int shift : {16, 8, 0}) tree += static_cast<char>((value >> shift) & 0xff);
      }
    }
    return tree + std::string(16, '\0') + data + "\xab\xcd\xefMaxMind.com" + Metadata();
  }

  void Write(const std::string& path) const { WriteText(path, Bytes()); }
  static void WriteText(const std::string& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

 private:
  static constexpr size_t kLeaf = size_t{1} << 40;
  struct Place {
    std::string country;
    std::string part;
  };

  static std::string Map(size_t count) { return {static_cast<char>(0xe0 + count)}; }
  static std::string Text(std::string_view text) {
    return static_cast<char>(0x40 + text.size()) + std::string(text);
  }
  // Types: 5 uint16, 6 uint32, 9 uint64 (extended).
  static std::string Number(int type, uint32_t value) {
    const std::string bytes = {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
                               static_cast<char>(value >> 8), static_cast<char>(value)};
    if (type == 9) return std::string("\x04\x02", 2) + bytes;
    if (type == 6) return static_cast<char>(0xc4) + bytes;
    return static_cast<char>(0xa2) + bytes.substr(2);
  }
  std::string Metadata() const {
    return Map(9) + Text("node_count") + Number(6, static_cast<uint32_t>(nodes_.size())) +
           Text("record_size") + Number(5, 24) + Text("ip_version") + Number(5, 6) +
           Text("database_type") + Text("Test-City") + Text("languages") +
           std::string("\x00\x04", 2) + Text("binary_format_major_version") + Number(5, 2) +
           Text("binary_format_minor_version") + Number(5, 0) + Text("build_epoch") +
           Number(9, 1'400'000'000) + Text("description") + Map(0);
  }

  std::vector<std::array<size_t, 2>> nodes_ = {{}};
  std::vector<Place> places_;
};

}  // namespace bailee
