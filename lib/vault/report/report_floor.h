// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "crypto/random.h"
#include "policy/model.h"
#include "vault/report/report_cells.h"

namespace bailee::vault {

// From how many subjects on a cell is shown, and how near the truth. All numbers are chosen, from
// min_subjects alone; what they give is in SECURITY.md.
//
// A cell of n subjects is shown if n + noise ≥ min_subjects + margin, the noise being drawn once
// from the discrete Laplace distribution of this scale, cut off at ±margin, and forgotten. So
// nothing is ever shown of fewer than min_subjects, everything is from fewer_than on, and in
// between no asker can tell n from n − 1 but by a chance that grows with e^(1/scale). A fixed
// threshold, or rounding, would tell it for certain to whoever knows all but one of a cell.
struct Floor {
  explicit Floor(uint32_t min_subjects);

  uint64_t min_subjects;
  uint64_t scale;
  uint64_t margin;
  uint64_t threshold;           // min_subjects + margin
  uint64_t fewer_than;          // min_subjects + 2 margin
  uint64_t records_of_one_max;  // so that no subject is over half of a shown cell
};

// In how many cells of a bucket one subject is counted at most.
inline constexpr size_t kCellsOfOneMax = 8;

// Discrete Laplace noise of that scale, at most `cut` either way.
int64_t DrawNoise(uint64_t scale, uint64_t cut, crypto::Random& random);

// What is shown of a cell, a multiple of five; nothing: it is too small.
std::optional<uint64_t> Shown(const Floor& floor, policy::ReportCount count, const CellTally& tally,
                              crypto::Random& random);

}  // namespace bailee::vault
