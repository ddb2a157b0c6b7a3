// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/kind.h"
#include "support/test_random.h"

namespace bailee::testing {

// A value that is all canary, as far as its kind can hold one.
struct CanaryValue {
  std::string value;                 // what is collected
  std::vector<std::string> secrets;  // what must be found nowhere; none where a kind is too small
};

// Makes them; the same ones for the same seed.
class CanaryValues {
 public:
  explicit CanaryValues(uint64_t seed) : random_(seed) {}
  CanaryValue Make(Kind kind);
  std::string Bytes(size_t count);
  std::string Letters(size_t count);

 private:
  std::string From(std::string_view alphabet, size_t count);

  TestRandom random_;
};

}  // namespace bailee::testing
