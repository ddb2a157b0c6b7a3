// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"

// Which keys a policy needs, by name.
namespace bailee::vault {

// Its leaf purposes.
std::vector<std::string> LeavesOf(const policy::Policy& policy);

// The indexes of its lookups: "category.field/purpose".
std::vector<std::string> IndexesOf(const policy::Policy& policy);

}  // namespace bailee::vault
