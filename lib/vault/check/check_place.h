// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "bailee/bytes.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "vault/check/check_rows.h"

namespace bailee::vault {

// Where a check is: what CheckReport::next says.
struct CheckPlace {
  VaultId vault;
  uint8_t stage = 0;  // the table of that number; then the file of epochs, the trail, its events
  ReadShare share;
  // The first row of the table, of events the first Told::Key, that was not looked at; empty: the
  // first of all.
  Bytes key;

  std::string ToText() const;
  // Errors: kUsage "check.from" unless `text` is what ToText gives.
  static Result<CheckPlace> FromText(std::string_view text);
};

inline constexpr uint8_t kEpochStage = 11;
inline constexpr uint8_t kTrailStage = 12;
inline constexpr uint8_t kEventsStage = 13;
inline constexpr uint8_t kStages = 14;
inline constexpr uint32_t kSlicesMax = 10'000;

}  // namespace bailee::vault
