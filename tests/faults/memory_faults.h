// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace bailee::faults {

// Allocations that fail: of the C++ heap, of what C libraries below us take from malloc, and of the
// arena of secrets, counted together. Where a sanitizer owns malloc, it is operator new in its
// place. One at a time.
class MemoryFaults {
 public:
  enum class Of {
    kThisThread,    // the thread that made this
    kOtherThreads,  // all but that
    kEverybody,
  };
  struct Plan {
    size_t nth = 0;         // counted from 0
    bool for_ever = false;  // that one and all after it
    Of of = Of::kThisThread;
  };
  explicit MemoryFaults(const Plan& plan);
  ~MemoryFaults();
  MemoryFaults(const MemoryFaults&) = delete;
  MemoryFaults& operator=(const MemoryFaults&) = delete;

  // Allocations asked for so far.
  static size_t seen();
};

}  // namespace bailee::faults
