// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "bailee/bytes.h"

namespace bailee::testing {

// Calls `use` with everything `whole` begins with but itself, and with it and one byte more. Each
// is a copy of its own, so that a sanitizer sees a read past its end.
template <typename Use>
void ForEachTruncation(const Bytes& whole, Use&& use) {
  for (size_t size = 0; size < whole.size(); ++size) {
    use(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
  }
  Bytes longer = whole;
  longer.push_back(0);
  use(longer);
}

// Calls `use` with `whole` with each of its bits changed.
template <typename Use>
void ForEachFlippedBit(Bytes whole, Use&& use) {
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    whole[bit / 8] = static_cast<uint8_t>(whole[bit / 8] ^ 1u << bit % 8);
    use(whole);
    whole[bit / 8] = static_cast<uint8_t>(whole[bit / 8] ^ 1u << bit % 8);
  }
}

}  // namespace bailee::testing
