// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands.h"

namespace bailee::tool {

// The commands below `audit`, one function for each file.
void AddAuditLog(Commands& commands, CLI::App& audit);
void AddAuditVerify(Commands& commands, CLI::App& audit);
void AddAuditSign(Commands& commands, CLI::App& audit);
void AddAuditProve(Commands& commands, CLI::App& audit);
void AddAuditReceipt(Commands& commands, CLI::App& audit);
void AddAuditExport(Commands& commands, CLI::App& audit);

}  // namespace bailee::tool
