// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <functional>

#include "bailee/limits.h"
#include "policy/tables.h"

namespace bailee::policy {
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
  size_t place = std::hash<std::string_view>()(name) & mask;
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
