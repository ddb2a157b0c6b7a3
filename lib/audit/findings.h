// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/audit_trail.h"
#include "bailee/ids.h"

namespace bailee::audit {

// Where something was found.
struct Where {
  std::optional<uint64_t> leaf = {};
  std::optional<InstanceId> instance = {};
};

// What a verification found, in order. Of one damage there may be as many findings as leaves: after
// the first kMax they are counted only.
class Findings {
 public:
  static constexpr size_t kMax = 1'000;

  // What cannot be proven of leaves below `known_below` was there at the last look.
  explicit Findings(uint64_t known_below = 0) : known_below_(known_below) {}

  // `name` is dotted and stable; `message` is one line and holds no more than numbers and ids.
  void Broken(std::string_view name, std::string message, const Where& where = {});
  void Unproven(std::string_view name, std::string message, const Where& where = {});

  bool broken() const { return broken_; }
  // All of them; if some were only counted, the last says so.
  std::vector<TrailFinding> Take();

 private:
  void Add(TrailFinding finding);

  const uint64_t known_below_;
  std::vector<TrailFinding> findings_;
  uint64_t more_ = 0;
  uint64_t more_known_ = 0;
  bool broken_ = false;
};

}  // namespace bailee::audit
