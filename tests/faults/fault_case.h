// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "faults/operation.h"

namespace bailee::faults {

// Faults while they live.
class Armed {
 public:
  virtual ~Armed() = default;
  // Whether anything failed so far.
  virtual bool Struck() const = 0;
  // Calls that could have failed so far.
  virtual size_t Seen() const = 0;
};
using Arm = std::function<std::unique_ptr<Armed>()>;

// What one operation comes to when nothing fails.
struct Plain {
  size_t calls = 0;    // that could have failed
  std::string before;  // Contents
  std::string after;
  std::map<std::string, uint64_t> events_before;
  std::map<std::string, uint64_t> events_after;
};

// One case: the operation, under the faults that `arm` makes, then everything that has to hold
// whatever failed; see fault_case.cc. In a child, so that nothing it does ends the test.
struct CaseResult {
  bool struck = false;  // a fault happened
  std::string wrong;    // what does not hold; empty if all does
};
struct CaseOptions {
  // What fails while the process goes on after it, closes and opens the vault again; or nothing.
  Arm arm_recovery = {};
  // Before the child does anything: limits, mounts. False: not possible here.
  std::function<bool()> begin = {};
  // After what failed: undoes it.
  std::function<void()> mend = {};
};
CaseResult RunCase(const Operation& operation, const Arm& arm, const Plain& plain,
                   const CaseOptions& options = {});

// The operation when nothing fails, `arm` only counting. Throws std::runtime_error if even that
// does not work.
Plain RunPlain(const Operation& operation, const Arm& arm);

}  // namespace bailee::faults
