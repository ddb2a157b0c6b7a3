// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/policy.h"
#include "policy/policy.h"

namespace bailee::policy {

// How two versions of a policy differ. Pure; deterministic: the same two texts give the same
// changes in the same order. Lines are those of texts; 0 where a policy came from binary.
PolicyDiff Diff(const Policy& before, const Policy& after);

}  // namespace bailee::policy
