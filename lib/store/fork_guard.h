// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "bailee/status.h"

namespace bailee::store {

// A number that differs in a process and in every child it forks: what was opened under another
// number belongs to a parent and must be neither used nor closed. Costs one load; thread-safe;
// also sees forks that go round pthread_atfork.
uint64_t ForkGeneration();

// What is said to whoever uses in a child what its parent opened: kFailed "store.forked".
Status ForkedError();

}  // namespace bailee::store
