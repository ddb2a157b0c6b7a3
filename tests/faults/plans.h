// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "faults/fault_case.h"

namespace bailee::faults {

// A way to fail: once at the Nth call, or from it on.
struct Plan {
  std::string name;
  std::function<Arm(size_t nth)> at;
  // Not worth trying where nothing of that kind is left to fail; empty: every call is.
  std::function<bool(size_t nth)> applies = {};
};

// Sweeps every operation with every plan, N = 0, 1, 2 … until it completes untouched; with a stride
// every so many operations and of these so many cases, others with each BAILEE_SEED. Strides are
// those below unless BAILEE_EACH_OPERATION and BAILEE_STRIDE say otherwise; BAILEE_OPERATION and
// BAILEE_PLAN name the only ones to try, and BAILEE_NTH the only N. Fails the test for whatever
// does not hold, and tells how many cases there were.
struct Sweep {
  std::vector<Plan> plans;
  size_t each_operation = 20;
  size_t stride = 1;
  Arm counting;                                         // fails nothing
  std::function<bool(const Operation&)> of = {};        // which operations; empty: all
  std::function<CaseOptions(size_t nth)> options = {};  // of each case
  bool strikes = true;  // false: what is scarce is none the less enough for all
  size_t calls = 0;     // how many there are, where that is not what `counting` counts
};
void RunSweep(const Sweep& sweep);

}  // namespace bailee::faults
