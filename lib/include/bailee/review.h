// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bailee/clock.h"

namespace bailee {

struct ReviewOptions {
  int32_t unconfirmed_days = 365;  // how long nobody may have confirmed a record; 0 to 36,525
  // Called with the number of subjects looked at; to return false is to stop.
  std::function<bool(uint64_t subjects)> progress = {};
};

// What is held of one category. Counts alone: nobody's data is opened.
struct CategoryReview {
  std::string category;  // its name, also of one that the policy in force no longer has
  uint64_t records = 0;
  std::optional<Timestamp> oldest;  // when the oldest was collected
  // Records that were neither collected nor put right for so long: are they still right?
  uint64_t unconfirmed = 0;
  // Records that no purpose may use any longer for their age and that are still there (see
  // Vault::PlanRetention); those among them that only a hold keeps.
  uint64_t overdue = 0;
  uint64_t overdue_held = 0;
  // Fields and views that every purpose they were collected for has lost: nothing uses what is held
  // of them but by a new consent.
  std::vector<std::string> unused;
};

struct Reviewed {
  Timestamp at;
  uint64_t subjects = 0;
  std::vector<CategoryReview> categories;  // by name
  uint64_t damaged = 0;                    // rows that could not be looked at: run `check`
  bool complete = true;                    // false: `progress` stopped it
};

// How often one field was released, by the trail.
struct FieldUse {
  std::string category;
  std::string field;
  uint64_t times = 0;  // events that released it of at least one record
  Timestamp last;
};

}  // namespace bailee
