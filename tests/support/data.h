// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <string>

namespace bailee::testing {

// Where real input for tests is found, beside the project unless BAILEE_TEST_DATA says otherwise.
// It is not part of the project: a test that needs it says so and skips where it is absent.
inline std::string DataPath(const std::string& name) {
  const char* set = std::getenv("BAILEE_TEST_DATA");
  return (set != nullptr ? std::string(set) : BAILEE_SOURCE_DIR "/../shared/data") + "/" + name;
}

}  // namespace bailee::testing
