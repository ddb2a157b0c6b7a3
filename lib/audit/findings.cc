// SPDX-License-Identifier: Apache-2.0
#include "audit/findings.h"

#include <utility>

namespace bailee::audit {

void Findings::Add(TrailFinding finding) {
  if (finding.weight == TrailFinding::Weight::kBroken) broken_ = true;
  if (findings_.size() == kMax) {
    ++more_;
    return;
  }
  findings_.push_back(std::move(finding));
}

void Findings::Broken(std::string_view name, std::string message, const Where& where) {
  Add({TrailFinding::Weight::kBroken, std::string(name), std::move(message), where.leaf,
       where.instance});
}

void Findings::Unproven(std::string_view name, std::string message, const Where& where) {
  Add({TrailFinding::Weight::kUnproven, std::string(name), std::move(message), where.leaf,
       where.instance});
}

std::vector<TrailFinding> Findings::Take() {
  if (more_ > 0) {
    const auto weight = broken_ ? TrailFinding::Weight::kBroken : TrailFinding::Weight::kUnproven;
    findings_.push_back(
        {weight, "trail.more-findings", std::to_string(more_) + " more were found", {}, {}});
  }
  return std::exchange(findings_, {});
}

}  // namespace bailee::audit
