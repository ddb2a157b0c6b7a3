// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What GDPRbench (Shastri et al., PVLDB 13(7), 2020) and YCSB, which it is made from, generate:
// records are a function of their number alone, and operations of a seed.
namespace bailee::bench::gdpr {

// Fields of a record, by the number that GDPRbench gives them.
enum Field : uint8_t {
  kPurpose,
  kTtl,
  kUser,
  kObjection,
  kDecision,
  kAccess,
  kShared,
  kSource,
  kCategory,
  kData,
};
inline constexpr size_t kFieldCount = 10;
inline constexpr size_t kMetadataFields = 9;  // those before kData

// Values of a record, by field. What a profile has not is empty.
using Fields = std::array<std::string, kFieldCount>;

// Java's String.hashCode of ASCII text.
int32_t JavaHashCode(std::string_view text);

// The number of a record, again and again with the hash of what there is so far, cut to `bytes`.
std::string DataValue(uint64_t number, size_t bytes);

// YCSB's scrambling: eight octets, low first, through FNV-1a of 64 bits; its amount as a signed
// number.
uint64_t Fnv64(uint64_t number);

// The same numbers on any machine and with any library: of the top 53 bits, as Java does it.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  // In [0, 1).
  double Unit() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }
  // In [0, count). REQUIRES: count > 0.
  uint64_t Below(uint64_t count) {
    return static_cast<uint64_t>(Unit() * static_cast<double>(count));
  }

 private:
  std::mt19937_64 engine_;
};

// Ranks of Gray et al., "Quickly generating billion-record synthetic databases": 0 is the hottest.
// With YCSB's number of items, skew and zeta, whatever there is to choose from.
class ZipfianRanks {
 public:
  ZipfianRanks();
  // The rank of a point of [0, 1).
  uint64_t RankOf(double unit) const;
  double eta() const { return eta_; }

 private:
  double alpha_;
  double eta_;
};

// Which number a rank of the scrambled zipfian stands for, among `count`.
inline uint64_t Scrambled(uint64_t rank, uint64_t count) { return Fnv64(rank) % count; }

enum class Chooser : uint8_t { kUniform, kZipfian };

// Chooses records to operate on, as YCSB does: evenly among those that were loaded; or by a
// zipfian that is scrambled over what is loaded and twice what will be inserted, where what is not
// there yet is drawn again. What was deleted is still chosen.
class KeyChooser {
 public:
  // Of `operations`, the share `inserted` insert a record.
  KeyChooser(Chooser chooser, uint64_t records, uint64_t operations, double inserted);
  // `last` is the number of the last record that was inserted.
  uint64_t Next(Random& random, uint64_t last) const;

 private:
  Chooser chooser_;
  uint64_t records_;
  uint64_t scrambled_;
  ZipfianRanks ranks_;
};

// Which of `weights` a point of [0, 1) falls on; they need not add up to 1.
size_t Weighted(std::span<const double> weights, double unit);

}  // namespace bailee::bench::gdpr
