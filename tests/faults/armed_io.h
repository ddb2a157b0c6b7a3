// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "faults/plans.h"
#include "support/io_faults.h"

namespace bailee::faults {

using testing::IoFaults;

// Calls for files and directories of the case that fail.
class ArmedIo final : public Armed {
 public:
  // Verdict `verdict` for the call `nth`, and for all after it.
  ArmedIo(IoFaults::Verdict verdict, size_t nth, bool for_ever)
      : faults_(IoFaults::Below{TheWorld().root()},
                [this, verdict, nth, for_ever](IoFaults::Operation operation, size_t number) {
                  const bool struck = number == nth || (for_ever && number > nth);
                  const bool write = operation == IoFaults::Operation::kData ||
                                     operation == IoFaults::Operation::kMeta;
                  if (!struck || (verdict.cut_short && !write)) return IoFaults::Verdict{};
                  struck_ = true;
                  return verdict;
                }) {}
  bool Struck() const override { return struck_; }
  size_t Seen() const override { return IoFaults::seen().size(); }

 private:
  bool struck_ = false;
  IoFaults faults_;
};

inline Plan IoPlan(std::string name, IoFaults::Verdict verdict, bool for_ever) {
  return {std::move(name) + (for_ever ? " for ever" : " once"),
          [verdict, for_ever](size_t nth) -> Arm {
            return [=] { return std::make_unique<ArmedIo>(verdict, nth, for_ever); };
          }};
}

// Fails nothing.
inline Arm CountingIo() {
  return [] { return std::make_unique<ArmedIo>(IoFaults::Verdict{}, ~size_t{0}, false); };
}

}  // namespace bailee::faults
