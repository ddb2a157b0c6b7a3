// SPDX-License-Identifier: Apache-2.0
#include "bench/gdpr/generator.h"

#include <cmath>
#include <numeric>

#include "bench/must.h"

namespace bailee::bench::gdpr {
namespace {

constexpr double kTheta = 0.99;
constexpr double kItems = 1e10;
constexpr double kZeta = 26.46902820178302;  // of all items: YCSB has it as a constant too

}  // namespace

int32_t JavaHashCode(std::string_view text) {
  uint32_t hash = 0;
  for (const char c : text) hash = 31 * hash + static_cast<uint8_t>(c);
  return static_cast<int32_t>(hash);
}

std::string DataValue(uint64_t number, size_t bytes) {
  std::string value;
  while (value.size() < bytes) {
    value += std::to_string(number);
    value += std::to_string(JavaHashCode(value));
  }
  value.resize(bytes);
  return value;
}

uint64_t Fnv64(uint64_t number) {
  uint64_t hash = 0xCBF29CE484222325;
  for (int octet = 0; octet < 8; ++octet) {
    hash ^= (number >> (8 * octet)) & 0xff;
    hash *= 1099511628211;
  }
  return hash >> 63 == 0 ? hash : ~hash + 1;
}

ZipfianRanks::ZipfianRanks() : alpha_(1 / (1 - kTheta)) {
  const double zeta2 = 1 + std::pow(0.5, kTheta);
  eta_ = (1 - std::pow(2 / kItems, 1 - kTheta)) / (1 - zeta2 / kZeta);
}

uint64_t ZipfianRanks::RankOf(double unit) const {
  const double uz = unit * kZeta;
  if (uz < 1) return 0;
  if (uz < 1 + std::pow(0.5, kTheta)) return 1;
  return static_cast<uint64_t>(kItems * std::pow(eta_ * unit - eta_ + 1, alpha_));
}

KeyChooser::KeyChooser(Chooser chooser, uint64_t records, uint64_t operations, double inserted)
    : chooser_(chooser),
      records_(records),
      scrambled_(records + static_cast<uint64_t>(static_cast<double>(operations) * inserted * 2) +
                 1) {}

uint64_t KeyChooser::Next(Random& random, uint64_t last) const {
  if (chooser_ == Chooser::kUniform) return random.Below(records_);
  for (;;) {
    const uint64_t number = Scrambled(ranks_.RankOf(random.Unit()), scrambled_);
    if (number <= last) return number;
  }
}

size_t Weighted(std::span<const double> weights, double unit) {
  Must(!weights.empty(), "nothing to choose from");
  double left = unit * std::accumulate(weights.begin(), weights.end(), 0.0);
  for (size_t i = 0; i + 1 < weights.size(); ++i) {
    if (left < weights[i]) return i;
    left -= weights[i];
  }
  return weights.size() - 1;
}

}  // namespace bailee::bench::gdpr
