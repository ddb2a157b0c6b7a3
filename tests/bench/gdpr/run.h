// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "bench/gdpr/store.h"

namespace bailee::bench::gdpr {

struct RunOptions {
  const Profile* profile = nullptr;
  Role role = Role::kController;
  uint64_t records = 0;
  uint64_t operations = 0;
  uint64_t seed = 1;
};

// What one query came to, over all times that it was asked.
struct Asked {
  uint64_t times = 0;
  uint64_t records = 0;  // that it was about
  double seconds = 0;
};

// What running a role came to.
struct Outcome {
  double load_seconds = 0;
  double first_seconds = 0;  // of what comes first: see Profile::checks_first
  double seconds = 0;        // of all operations, and of bringing their deleting to its grade
  std::map<std::string, Asked> queries;
  uint64_t answers = 0;  // compared with the model's
  uint64_t wrong = 0;
  std::vector<std::string> wrong_first;  // the first few, in words
  uint64_t bytes = 0;                    // of the store, once loaded
  uint64_t data_bytes = 0;               // of personal data in it
};

// Loads `store`, and asks it what the role asks, one after the other; every answer is compared with
// that of a model. Time is that of the store alone.
Outcome RunRole(Store& store, const RunOptions& options);

// As a line of JSON.
std::string ToJson(const Outcome& outcome, const RunOptions& options, const std::string& store);

}  // namespace bailee::bench::gdpr
