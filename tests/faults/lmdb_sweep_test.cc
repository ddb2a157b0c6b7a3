// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "faults/lmdb_calls.h"
#include "faults/plans.h"

// Every operation, with every call of LMDB answering every error that it has.
namespace bailee::faults {
namespace {

class ArmedLmdb final : public Armed {
 public:
  ArmedLmdb(int code, size_t nth, bool for_ever)
      : calls_([this, code, nth, for_ever](size_t number) {
          if (number != nth && (!for_ever || number < nth)) return 0;
          struck_ = true;
          return code;
        }) {}
  bool Struck() const override { return struck_; }
  size_t Seen() const override { return LmdbCalls::seen(); }

 private:
  bool struck_ = false;
  LmdbCalls calls_;
};

std::vector<Plan> LmdbPlans() {
  std::vector<Plan> plans;
  for (const bool for_ever : {false, true}) {
    for (const LmdbCode& each : LmdbCodes()) {
      plans.push_back({std::string(each.name) + (for_ever ? " for ever" : " once"),
                       [code = each.code, for_ever](size_t nth) -> Arm {
                         return [=] { return std::make_unique<ArmedLmdb>(code, nth, for_ever); };
                       }});
    }
  }
  return plans;
}

TEST(LmdbCodesEverywhere, AreAnsweredTruthfullyAndLeaveNothingHalfDone) {
  RunSweep({.plans = LmdbPlans(),
            .stride = 1'200,
            .counting = [] { return std::make_unique<ArmedLmdb>(0, ~size_t{0}, false); },
            .of = [](const Operation& each) { return each.kind != Operation::Kind::kAlone; }});
}

}  // namespace
}  // namespace bailee::faults
