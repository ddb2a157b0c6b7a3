// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

namespace bailee::keys {

// The first entry that `matches`, valid as long as `entries` is unchanged; null if none does.
template <typename Entry, typename Matches>
const Entry* FindIn(const std::vector<Entry>& entries, const Matches& matches) {
  const auto it = std::find_if(entries.begin(), entries.end(), matches);
  return it == entries.end() ? nullptr : &*it;
}

}  // namespace bailee::keys
