// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "bailee/result.h"

namespace bailee::store {

// A new file begins to count transactions again, and their numbers are in the trail: the heads of
// the data file at `path` get two that follow each other, the newest not below `transaction`.
// Durable when it returns. REQUIRES: nobody has it open, or ever had while it held anything that is
// kept. Errors: kDamage "store.damaged"; kFull; kFailed.
Status KeepCounting(const std::string& path, uint64_t transaction);

}  // namespace bailee::store
