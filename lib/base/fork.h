// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace bailee {

// A number that stays the same for the life of a process and differs from that of every process it
// was forked from (also by a raw clone). Never 0. Costs two loads: whoever keeps state that must
// not survive a fork remembers the stamp and compares. Thread-safe.
uint64_t ProcessStamp();

}  // namespace bailee
