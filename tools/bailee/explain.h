// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "context.h"

namespace bailee::tool {

// What became of an event of the past, and why: who, what for, each reason in words, the rule and
// clause of the policy of that time, and how to prove it. `policy_file` instead of the vault's own
// copy of it; may be empty. Needs the auditor's keyring. Errors: kInvalidValue (no decision); those
// of AuditTrail::Find.
Status ExplainDecision(Context& context, const std::string& decision,
                       const std::string& policy_file);

}  // namespace bailee::tool
