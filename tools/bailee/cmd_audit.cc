// SPDX-License-Identifier: Apache-2.0
#include "cmd_audit.h"

namespace bailee::tool {

void AddAudit(Commands& commands) {
  CLI::App& audit = *commands.Group("audit", "who did what for which purpose, and the proof of it");
  AddAuditLog(commands, audit);
  AddAuditVerify(commands, audit);
  AddAuditSign(commands, audit);
  AddAuditProve(commands, audit);
  AddAuditReceipt(commands, audit);
  AddAuditExport(commands, audit);
}

}  // namespace bailee::tool
