// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands.h"

namespace bailee::tool {

// The commands below `policy` that are about its versions: diff, publish, history.
void AddPolicyVersions(Commands& commands, CLI::App& policy);

}  // namespace bailee::tool
