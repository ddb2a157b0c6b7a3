// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "bailee/policy.h"
#include "bailee/result.h"

namespace bailee::tool {

// A self-contained C++20 header for bailee/typed.h: a type for each leaf purpose, each category and
// each of its fields and views, in namespace `name_space` ("acme" or "acme::privacy").
// Errors: kUsage "codegen.namespace"; kConflict "codegen.name-clash" if two names of the policy
// become one identifier.
Result<std::string> GenerateCppHeader(const PolicyDescription& policy,
                                      const std::string& name_space);

// The identifier for a name of a policy: dots and dashes become underscores, keywords get one.
std::string CppIdentifier(const std::string& name);

}  // namespace bailee::tool
