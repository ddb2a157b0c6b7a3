// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bailee/clock.h"
#include "bailee/ids.h"

namespace bailee {

// What retention would delete: records that no purpose may use any longer, however people change
// their minds, and that nothing holds.
struct RetentionPlan {
  VaultId vault;
  uint32_t policy_version = 0;
  Timestamp as_of;  // what was over by then
  struct Category {
    std::string id;
    uint64_t records = 0;
    uint64_t over = 0;  // to be deleted
    uint64_t held = 0;  // over but for a hold
  };
  std::vector<Category> categories;  // those that hold something, by name
};

struct RetentionOptions {
  // Called with the number of records looked at; to return false is to stop, which is safe.
  std::function<bool(uint64_t records)> progress = {};
};

// What was deleted.
struct RetentionResult {
  uint64_t records = 0;   // looked at
  uint64_t deleted = 0;   // records
  uint64_t subjects = 0;  // people and browsers of whom nothing was left
  uint64_t lookups = 0;   // rows that led to what is gone
  bool complete = true;   // false: stopped
};

}  // namespace bailee
