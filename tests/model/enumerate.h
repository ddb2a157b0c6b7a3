// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/world.h"

// All questions about a small world, in families. Each family is exhaustive in the dimensions its
// comment names and holds the others still.
namespace bailee::model {

// A product: every datum with every standing with every request.
struct Block {
  const LoadedPolicy* in_force = nullptr;
  std::vector<LoadedTerms> terms;
  bool absent = true;  // also ask with no datum
  std::span<const LoadedStanding> standings;
  std::span<const SmallRequest> requests;
};

// How much of it is visited: every n-th policy (or pair of policies) and every n-th case.
struct Form {
  size_t policy_step = 1;
  size_t case_step = 1;
};
inline constexpr Form kFull{1, 1};
// Steps that are prime and divide no dimension, so that every value of each is still met.
inline constexpr Form kShort{7, 17};
// A glance, for what is plainly wrong.
inline constexpr Form kGlance{61, 499};

// What is visited; returns false to stop.
using VisitBlock = std::function<bool(const Block&)>;
using VisitCase = std::function<bool(const Case&)>;

struct Family {
  const char* name;
  void (*enumerate)(size_t policy_step, const VisitBlock& visit);
};
std::span<const Family> Families();

// Visits the cases of a family, each valid only during its visit. Returns how many there were.
uint64_t ForEachCase(const Family& family, Form form, const VisitCase& visit);

// How many policies the library refused to load since the start, and what it said of the last. The
// families are written so that there are none.
struct Refused {
  size_t count = 0;
  std::string last;
};
const Refused& RefusedPolicies();

}  // namespace bailee::model
