// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>

namespace bailee::testing {

// How long a campaign is: what the environment asks for, or the short form.
inline size_t CountFrom(const char* variable, size_t short_form) {
  const char* text = std::getenv(variable);
  return text == nullptr ? short_form : std::strtoul(text, nullptr, 10);
}

}  // namespace bailee::testing
