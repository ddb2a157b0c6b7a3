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

// Writes a small MaxMind DB, version 2: for tests of whoever reads one.
class MmdbFile {
 public:
  // What the file says of itself. The tree is as it says if that is possible.
  struct Format {
    uint32_t record_bits = 24;
    uint32_t ip_version = 6;
    uint32_t major_version = 2;
    std::string type = "Test-City";  // empty: nothing is said
    bool nodes = true;               // false: it says that there are none
  };
  MmdbFile() = default;
  explicit MmdbFile(const Format& format) : format_(format) {}

  // Addresses that begin with these bits of an IPv4 address are in `country`, and `part` of it
  // unless empty. Later ones must not lie within earlier ones.
  void Add(std::array<uint8_t, 4> address, int bits, std::string_view country,
           std::string_view part = "") {
    size_t node = 0;
    const int before = format_.ip_version == 4 ? 0 : 96;
    const int all = before + bits;
    for (int depth = 0; depth < all; ++depth) {
      const int at = depth - before;
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
      const auto value = [&](size_t record) {
        if (record >= kLeaf) return nodes_.size() + 16 + offsets[record - kLeaf];
        return record != 0 ? record : nodes_.size();  // nothing
      };
      tree += Node(value(node[0]), value(node[1]));
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

  static std::string BigEndian(size_t value, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>((value >> (8 * i)) & 0xff);
    return text;
  }
  std::string Node(size_t left, size_t right) const {
    if (format_.record_bits == 32) return BigEndian(left, 4) + BigEndian(right, 4);
    const std::string middle =
        format_.record_bits == 28 ? BigEndian((left >> 24) << 4 | right >> 24, 1) : "";
    return BigEndian(left, 3) + middle + BigEndian(right, 3);
  }

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
    const uint32_t nodes = format_.nodes ? static_cast<uint32_t>(nodes_.size()) : 0;
    const bool typed = !format_.type.empty();
    return Map(typed ? 9 : 8) + Text("node_count") + Number(6, nodes) + Text("record_size") +
           Number(5, format_.record_bits) + Text("ip_version") + Number(5, format_.ip_version) +
           (typed ? Text("database_type") + Text(format_.type) : "") + Text("languages") +
           std::string("\x00\x04", 2) + Text("binary_format_major_version") +
           Number(5, format_.major_version) + Text("binary_format_minor_version") + Number(5, 0) +
           Text("build_epoch") + Number(9, 1'400'000'000) + Text("description") + Map(0);
  }

  Format format_;
  std::vector<std::array<size_t, 2>> nodes_ = {{}};
  std::vector<Place> places_;
};

}  // namespace bailee
