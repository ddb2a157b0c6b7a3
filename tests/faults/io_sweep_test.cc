// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cerrno>

#include "faults/armed_io.h"
#include "faults/plans.h"

// Every operation, with every call for a file or directory of the vault failing.
namespace bailee::faults {
namespace {

std::vector<Plan> IoPlans() {
  std::vector<Plan> plans;
  for (const bool for_ever : {false, true}) {
    plans.push_back(IoPlan("EIO", {.error = EIO}, for_ever));
    plans.push_back(IoPlan("ENOSPC", {.error = ENOSPC}, for_ever));
    plans.push_back(IoPlan("short", {.cut_short = true}, for_ever));
    plans.push_back(IoPlan("EIO though done", {.error = EIO, .do_it_too = true}, for_ever));
  }
  return plans;
}

bool TouchesFiles(const Operation& operation) { return operation.kind != Operation::Kind::kAlone; }

TEST(IoFaultsEverywhere, AreAnsweredTruthfullyAndLeaveNothingHalfDone) {
  RunSweep({.plans = IoPlans(), .stride = 60, .counting = CountingIo(), .of = TouchesFiles});
}

}  // namespace
}  // namespace bailee::faults
