// SPDX-License-Identifier: Apache-2.0
#include "record/region_nodes.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/codec.h"

namespace bailee::record {
namespace {

constexpr std::string_view kMarker = "\xab\xcd\xefMaxMind.com";
constexpr uint64_t kSeparatorBytes = 16;  // between nodes and data

// The types of the format that matter here.
enum Type : uint32_t {
  kPointer = 1,
  kText = 2,
  kUint16 = 5,
  kUint32 = 6,
  kMap = 7,
  kArray = 11,
  kBoolean = 14
};

// What is written before a value.
struct Head {
  uint32_t type = 0;
  uint32_t size = 0;  // in bytes; of maps and arrays in entries
};

uint32_t Number(ByteView bytes) {
  uint32_t value = 0;
  for (const uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

Head TakeHead(Reader& reader) {
  const uint32_t control = reader.Get<uint8_t>();
  Head head{control >> 5U, control & 0x1fU};
  if (head.type == 0) head.type = 7U + reader.Get<uint8_t>();
  if (head.type == kPointer) return {kPointer, (control >> 3U & 3U) + 1};
  if (head.size == 29)
    head.size = 29 + Number(reader.GetBytes(1));
  else if (head.size == 30)
    head.size = 285 + Number(reader.GetBytes(2));
  else if (head.size == 31)
    head.size = 65'821 + Number(reader.GetBytes(3));
  return head;
}

// Steps over a value and all that is in it; without following anything, so without depth.
void Skip(Reader& reader, const Head& first) {
  uint64_t due = 0;
  Head head = first;
  for (;;) {
    if (head.type == kMap)
      due += 2 * uint64_t{head.size};
    else if (head.type == kArray)
      due += head.size;
    else if (head.type != kBoolean)
      reader.GetBytes(head.size);
    if (due == 0 || reader.failed()) return;
    --due;
    head = TakeHead(reader);
  }
}

// The number under a name in the map that describes the file; nothing unless it is there once.
std::optional<uint32_t> NumberOf(ByteView description, std::string_view name) {
  Reader reader(description);
  const Head map = TakeHead(reader);
  if (map.type != kMap) return std::nullopt;
  std::optional<uint32_t> found;
  for (uint32_t i = 0; i < map.size && !reader.failed(); ++i) {
    const Head key = TakeHead(reader);
    if (key.type != kText) return std::nullopt;
    const ByteView text = reader.GetBytes(key.size);
    const Head value = TakeHead(reader);
    if (AsText(text) != name) {
      Skip(reader, value);
      continue;
    }
    const bool number = (value.type == kUint16 || value.type == kUint32) && value.size <= 4;
    if (!number || found) return std::nullopt;
    found = Number(reader.GetBytes(value.size));
  }
  return !reader.failed() ? found : std::nullopt;
}

}  // namespace

bool RegionNodesFit(ByteView file) {
  const size_t marker = AsText(file).rfind(kMarker);
  if (marker == std::string_view::npos) return false;
  const ByteView description = file.subspan(marker + kMarker.size());
  const std::optional<uint32_t> nodes = NumberOf(description, "node_count");
  const std::optional<uint32_t> bits = NumberOf(description, "record_size");
  if (!nodes || *nodes == 0 || !bits) return false;
  if (*bits != 24 && *bits != 28 && *bits != 32) return false;
  return uint64_t{*nodes} * (*bits / 4) + kSeparatorBytes <= marker;
}

}  // namespace bailee::record
