// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>

// What tests that go on for as long as one likes have in common; `tests/campaign` runs them.
namespace bailee::testing {

// How long a campaign is: what the environment asks for, or the short form.
inline size_t CountFrom(const char* variable, size_t short_form) {
  const char* text = std::getenv(variable);
  return text == nullptr ? short_form : std::strtoul(text, nullptr, 10);
}

// Which of its rounds this is: each has other random choices, the same ones each time.
inline unsigned Seed() { return static_cast<unsigned>(CountFrom("BAILEE_SEED", 0)); }

// What this round did, for the table: `column` is one of inputs, crash states, faults, kills and
// damaged files.
inline void Tell(size_t count, const char* column) {
  std::printf("campaign: %zu %s\n", count, column);
}

}  // namespace bailee::testing
