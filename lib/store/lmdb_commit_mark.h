// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>

#include "base/codec.h"
#include "store/lmdb_openers.h"

namespace bailee::store {

// The row of an opener in LMDB's table of tables (FORMAT.md §3): under a key of its slot, instance
// 16 ‖ group 8 ‖ settle 8, see CommitMark.
inline constexpr size_t kMarkKeyBytes = 9;
inline constexpr size_t kMarkBytes = 16 + 8 + 8;

// Holds a zero byte, so that no tool takes it for the name of a table.
inline std::array<uint8_t, kMarkKeyBytes> MarkKey(uint16_t slot) {
  std::array<uint8_t, kMarkKeyBytes> key = {0, 'c', 'o', 'm', 'm', 'i', 't'};
  StoreBigEndian(slot, key.data() + 7);
  return key;
}

// Whether a row is of that form, whatever it says.
inline bool IsCommitMark(ByteView key, ByteView value) {
  if (key.size() != kMarkKeyBytes || value.size() != kMarkBytes) return false;
  const auto slot = LoadBigEndian<uint16_t>(key.data() + 7);
  return slot < Openers::kSlotsMax && std::ranges::equal(key, MarkKey(slot));
}

}  // namespace bailee::store
