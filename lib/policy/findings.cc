// SPDX-License-Identifier: Apache-2.0
#include "policy/findings.h"

#include <algorithm>
#include <tuple>

namespace bailee::policy {

void Findings::Add(Severity severity, Place at, std::string message) {
  if (severity == Severity::kError) ++errors_;
  if (list_.size() >= kMax) return;
  list_.push_back({severity, at.line, at.column, std::move(message)});
}

std::vector<Finding> Findings::Take() {
  std::stable_sort(list_.begin(), list_.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  return std::move(list_);
}

std::string FormatFinding(const Finding& finding, std::string_view file_name) {
  std::string out(file_name);
  if (finding.line > 0) {
    out += ":" + std::to_string(finding.line) + ":" + std::to_string(finding.column);
  }
  out += finding.severity == Severity::kError ? ": error: " : ": warning: ";
  return out + finding.message;
}

}  // namespace bailee::policy
