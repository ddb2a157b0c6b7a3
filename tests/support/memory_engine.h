// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "store/engine.h"

namespace bailee::testing {

// A store::Engine on std::map, for tests of what stands on an engine and as the obvious twin of the
// real one. Nothing of it outlives the process. Thread-safe.
std::unique_ptr<store::Engine> MakeMemoryEngine();

}  // namespace bailee::testing
