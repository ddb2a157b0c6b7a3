// SPDX-License-Identifier: Apache-2.0
#include "audit/findings.h"

#include <utility>

namespace bailee::audit {

void Findings::Add(TrailFinding finding) {
  if (finding.weight == TrailFinding::Weight::kBroken) broken_ = true;
  if (findings_.size() == kMax) {
    ++(finding.weight == TrailFinding::Weight::kKnown ? more_known_ : more_);
    return;
  }
  findings_.push_back(std::move(finding));
}

void Findings::Broken(std::string_view name, std::string message, const Where& where) {
  Add({TrailFinding::Weight::kBroken, std::string(name), std::move(message), where.leaf,
       where.instance});
}

void Findings::Unproven(std::string_view name, std::string message, const Where& where) {
  const bool known = where.leaf && *where.leaf < known_below_;
  Add({known ? TrailFinding::Weight::kKnown : TrailFinding::Weight::kUnproven, std::string(name),
       std::move(message), where.leaf, where.instance});
}

std::vector<TrailFinding> Findings::Take() {
  if (more_ > 0) {
    const auto weight = broken_ ? TrailFinding::Weight::kBroken : TrailFinding::Weight::kUnproven;
    findings_.push_back(
        {weight, "trail.more-findings", std::to_string(more_) + " more were found", {}, {}});
  }
  if (more_known_ > 0) {
    findings_.push_back({TrailFinding::Weight::kKnown,
                         "trail.more-findings",
                         std::to_string(more_known_) + " more were known",
                         {},
                         {}});
  }
  return std::exchange(findings_, {});
}

}  // namespace bailee::audit
