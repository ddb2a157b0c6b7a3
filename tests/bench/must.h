// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>

namespace bailee::bench {

// Stops a bench that would measure nothing.
inline void Must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace bailee::bench
