// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace bailee {

// A number that stays the same for the life of a process and differs in every child forked from it
// (also by a raw clone). Never 0. Costs one load: whoever keeps state that must not survive a fork
// remembers the stamp and compares. Thread-safe.
uint64_t ProcessStamp();

}  // namespace bailee
