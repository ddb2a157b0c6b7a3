// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/retention.h"
#include "vault/vault_impl.h"

namespace bailee::vault {

Result<RetentionPlan> PlanRetention(VaultImpl& vault, const RetentionOptions& options);
Result<RetentionResult> RunRetention(VaultImpl& vault, const RetentionPlan& plan,
                                     const RetentionOptions& options);

}  // namespace bailee::vault
