// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policy/finding.h"

namespace bailee::policy {

// Where something was written; counted from 1, 0 if unknown.
struct Place {
  int line = 0;
  int column = 0;
};

// Gathers findings. Stops gathering at kMax, so that a hostile file cannot make a long list of a
// short text.
class Findings {
 public:
  static constexpr size_t kMax = 1000;

  void Error(Place at, std::string message) { Add(Severity::kError, at, std::move(message)); }
  void Warning(Place at, std::string message) { Add(Severity::kWarning, at, std::move(message)); }
  size_t errors() const { return errors_; }

  // In the order of the text.
  std::vector<Finding> Take();

 private:
  void Add(Severity severity, Place at, std::string message);

  std::vector<Finding> list_;
  size_t errors_ = 0;
};

}  // namespace bailee::policy
