// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstring>

#include "bailee/limits.h"
#include "policy/tables.h"

namespace bailee::policy {
namespace {

template <typename Word>
uint64_t WordAt(const char* at) {
  Word word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

uint64_t Mixed(uint64_t hash, uint64_t word) {
  constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;
  hash = (hash ^ word) * kMultiplier;
  return hash ^ hash >> 32;
}

// For short texts that nobody chooses to collide. The last word overlaps the one before it, so that
// every load is of a size that the compiler knows.
uint64_t HashOf(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  uint64_t hash = text.size();
  if (text.size() >= sizeof(uint64_t)) {
    for (; end - at > ptrdiff_t{sizeof(uint64_t)}; at += sizeof(uint64_t))
      hash = Mixed(hash, WordAt<uint64_t>(at));
    return Mixed(hash, WordAt<uint64_t>(end - sizeof(uint64_t)));
  }
  if (text.size() >= sizeof(uint32_t))
    return Mixed(hash, WordAt<uint32_t>(at) << 32 | WordAt<uint32_t>(end - sizeof(uint32_t)));
  for (; at != end; ++at) hash = Mixed(hash, WordAt<uint8_t>(at));
  return hash;
}

}  // namespace

void NameMap::Add(const std::string& name, size_t number) {
  if (Look(name) != nullptr) return;
  entries_.push_back({name, static_cast<uint16_t>(number)});
  if (2 * entries_.size() > places_.size()) {
    places_.assign(std::bit_ceil(4 * entries_.size()), 0);
    for (size_t i = 0; i < entries_.size(); ++i) {
      places_[PlaceOf(entries_[i].name)] = static_cast<uint16_t>(i + 1);
    }
  } else {
    places_[PlaceOf(name)] = static_cast<uint16_t>(entries_.size());
  }
}

const NameMap::Entry* NameMap::Look(std::string_view name) const {
  if (places_.empty()) return nullptr;
  const uint16_t found = places_[PlaceOf(name)];
  return found == 0 ? nullptr : &entries_[found - 1];
}

size_t NameMap::PlaceOf(std::string_view name) const {
  const size_t mask = places_.size() - 1;
  size_t place = HashOf(name) & mask;
  while (places_[place] != 0 && entries_[places_[place] - 1].name != name) {
    place = (place + 1) & mask;
  }
  return place;
}

std::vector<std::string_view> NameMap::Names() const {
  std::vector<std::string_view> names;
  for (const Entry& each : entries_) {
    if (each.name.size() <= limits::kNameBytesMax) names.push_back(each.name);
  }
  std::sort(names.begin(),
            names.end());  // so that a suggestion does not depend on the order of a policy
  return names;
}

}  // namespace bailee::policy
