// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>

#include "bailee/retention.h"
#include "crypto/names.h"
#include "vault/frame/vault_impl.h"

namespace bailee::vault {

Result<RetentionPlan> PlanRetention(VaultImpl& vault, const RetentionOptions& options);
Result<RetentionResult> RunRetention(VaultImpl& vault, const RetentionPlan& plan,
                                     const RetentionOptions& options);
// Deletes what is over by now of some categories, as RunRetention would, for whoever asks: the
// caller answers for who that is.
Result<RetentionResult> DeleteOver(VaultImpl& vault, const std::set<crypto::NameId>& categories);

}  // namespace bailee::vault
