// SPDX-License-Identifier: Apache-2.0
#include "faults/plans.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>

#include "support/campaign.h"

namespace bailee::faults {
namespace {

bool Asked(const char* variable, std::string_view name) {
  const char* only = std::getenv(variable);
  return only == nullptr || name == only;
}

// Never more of the same: one defect shows at many calls.
constexpr size_t kShownMax = 10;

class Sweeper {
 public:
  explicit Sweeper(const Sweep& sweep)
      : sweep_(sweep),
        each_operation_(testing::CountFrom("BAILEE_EACH_OPERATION", sweep.each_operation)),
        stride_(testing::CountFrom("BAILEE_STRIDE", sweep.stride)) {}

  void Go() {
    size_t operations = 0;
    for (const Operation& operation : Operations()) {
      if (!Asked("BAILEE_OPERATION", operation.name)) continue;
      if (sweep_.of && !sweep_.of(operation)) continue;
      if (std::getenv("BAILEE_OPERATION") == nullptr &&
          looked_at_++ % each_operation_ != testing::Seed() % each_operation_)
        continue;
      ++operations;
      Plain plain;
      try {
        plain = RunPlain(operation, sweep_.counting);
      } catch (const std::runtime_error& error) {
        ADD_FAILURE() << error.what();
        continue;
      }
      if (sweep_.calls > 0) plain.calls = sweep_.calls;
      calls_ += plain.calls;
      for (const Plan& plan : sweep_.plans) {
        if (Asked("BAILEE_PLAN", plan.name)) Try(operation, plan, plain);
      }
    }
    // A part of few cases may be empty; what it was taken from is not.
    EXPECT_GT(considered_, 0u) << "there was nothing to try";
    if (!sweep_.strikes) {
      EXPECT_EQ(struck_, 0u);
    } else if (tried_ > 20) {
      EXPECT_GT(struck_, 0u) << "what was to fail did not";
    }
    testing::Tell(struck_, "faults");
    std::printf("%zu operations of %zu calls: %zu cases struck, %zu wrong\n", operations, calls_,
                struck_, wrong_);
  }

 private:
  void Try(const Operation& operation, const Plan& plan, const Plain& plain) {
    constexpr size_t kNone = ~size_t{0};
    const size_t only = testing::CountFrom("BAILEE_NTH", kNone);
    size_t shown = 0;
    // One that lasts changes what is done after it, so that there may be more calls than plainly.
    for (size_t nth = 0;; ++nth) {
      const bool past = nth >= plain.calls;
      if (only != kNone ? nth != only : ++considered_ % stride_ != Offset()) {
        if (past) return;
        continue;
      }
      if (!past && plan.applies && !plan.applies(nth)) continue;
      ++tried_;
      const CaseResult result = RunCase(operation, plan.at(nth), plain,
                                        sweep_.options ? sweep_.options(nth) : CaseOptions{});
      if (!result.wrong.empty()) {
        ++wrong_;
        if (++shown <= kShownMax) {
          ADD_FAILURE() << operation.name << ", " << plan.name << " at " << nth << " of "
                        << plain.calls << ":\n"
                        << result.wrong;
        }
      }
      if (result.struck) ++struck_;
      if (past && !result.struck) return;
      if (past && nth > 2 * plain.calls + 100) {
        ADD_FAILURE() << operation.name << ", " << plan.name << ": never completes untouched";
        return;
      }
    }
  }
  // Rounds that take the same operations take other cases.
  size_t Offset() const { return testing::Seed() / each_operation_ % stride_; }

  const Sweep& sweep_;
  const size_t each_operation_;
  const size_t stride_;
  size_t looked_at_ = 0;
  size_t considered_ = 0;
  size_t calls_ = 0;
  size_t tried_ = 0;
  size_t struck_ = 0;
  size_t wrong_ = 0;
};

}  // namespace

void RunSweep(const Sweep& sweep) { Sweeper(sweep).Go(); }

}  // namespace bailee::faults
