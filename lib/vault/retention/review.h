// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/review.h"
#include "vault/frame/vault_impl.h"

namespace bailee::vault {

// Errors: kRefused purpose-key-missing; kInvalidValue "review.days"; kAuditDown; kFull; those of
// the store.
Result<Reviewed> RunReview(VaultImpl& vault, const ReviewOptions& options);

}  // namespace bailee::vault
