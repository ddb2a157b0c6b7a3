// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cerrno>

#include "faults/armed_io.h"
#include "faults/plans.h"

// A fault, and another one while the process goes on, closes and opens the vault again.
namespace bailee::faults {
namespace {

// Spread over the calls of a recovery, which are about that many.
size_t Second(size_t nth) { return (nth * 37 + 11) % 60; }

TEST(CompoundFaults, WhileRecoveringMakeNothingWorse) {
  std::vector<Plan> plans;
  for (const bool for_ever : {true, false}) {
    plans.push_back(IoPlan("EIO", {.error = EIO}, for_ever));
    plans.push_back(IoPlan("ENOSPC", {.error = ENOSPC}, for_ever));
  }
  for (const bool for_ever : {false, true}) {
    RunSweep({.plans = plans,
              .stride = 60,
              .counting = CountingIo(),
              .of =
                  [](const Operation& each) {
                    return each.kind != Operation::Kind::kAlone && each.at == "vault";
                  },
              .options =
                  [for_ever](size_t nth) {
                    return CaseOptions{.arm_recovery =
                                           IoPlan("", {.error = EIO}, for_ever).at(Second(nth))};
                  }});
  }
}

}  // namespace
}  // namespace bailee::faults
