// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>

namespace bailee::bench {

// Stops a bench that would measure nothing.
inline void Must(bool holds) {
  if (!holds) std::abort();
}

// As above, and says what another library said.
inline void Must(bool holds, const char* said) {
  if (holds) return;
  std::fprintf(stderr, "bench: %s\n", said);
  std::abort();
}

// How an error begins that says why a peer cannot be on this machine: that is no failure.
inline constexpr const char* kAbsent = "cannot be here: ";

}  // namespace bailee::bench
