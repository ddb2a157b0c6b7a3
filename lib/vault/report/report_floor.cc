// SPDX-License-Identifier: Apache-2.0
#include "vault/report/report_floor.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/codec.h"

namespace bailee::vault {
namespace {

constexpr uint64_t kScaleMin = 5;
constexpr uint64_t kMarginScales = 16;  // e^-16: how rare the noise is that reaches the margin
constexpr uint64_t kRecordsOfOneMax = 8;
constexpr uint64_t kStep = 5;

// How often in a row something of probability 1 − e^(−1/scale) does not happen.
uint64_t DrawGeometric(uint64_t scale, crypto::Random& random) {
  const std::array<uint8_t, 8> bytes = crypto::RandomArray<8>(random);
  const uint64_t bits = LoadBigEndian<uint64_t>(bytes.data()) >> 11;
  const double uniform = (static_cast<double>(bits) + 1) * 0x1p-53;  // in (0, 1]
  return static_cast<uint64_t>(std::floor(-static_cast<double>(scale) * std::log(uniform)));
}

uint64_t Plus(uint64_t count, int64_t noise) {
  const auto sum = static_cast<int64_t>(count) + noise;
  return sum < 0 ? 0 : static_cast<uint64_t>(sum);
}

}  // namespace

Floor::Floor(uint32_t min)
    : min_subjects(min),
      scale(std::max(kScaleMin, (uint64_t{min} + 3) / 4)),
      margin(kMarginScales * scale),
      threshold(min_subjects + margin),
      fewer_than(min_subjects + 2 * margin),
      records_of_one_max(std::clamp<uint64_t>(min_subjects - 1, 1, kRecordsOfOneMax)) {}

int64_t DrawNoise(uint64_t scale, uint64_t cut, crypto::Random& random) {
  while (true) {
    const auto noise = static_cast<int64_t>(DrawGeometric(scale, random)) -
                       static_cast<int64_t>(DrawGeometric(scale, random));
    if (std::abs(noise) <= static_cast<int64_t>(cut)) return noise;
  }
}

std::optional<uint64_t> Shown(const Floor& floor, policy::ReportCount count, const CellTally& tally,
                              crypto::Random& random) {
  const uint64_t subjects = tally.subjects + (tally.unnamed > 0 ? 1 : 0);
  const uint64_t noisy = Plus(subjects, DrawNoise(floor.scale, floor.margin, random));
  if (noisy < floor.threshold) return std::nullopt;
  if (count == policy::ReportCount::kSubjects) return noisy - noisy % kStep;
  // A draw of its own, as wide as what one subject adds.
  const uint64_t scale = floor.scale * floor.records_of_one_max;
  const uint64_t records = tally.counted + std::min(tally.unnamed, floor.records_of_one_max);
  const uint64_t shown = Plus(records, DrawNoise(scale, kMarginScales * scale, random));
  return shown - shown % kStep;
}

}  // namespace bailee::vault
