// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "bailee/publish.h"
#include "bailee/result.h"
#include "keys/keyring_keys.h"
#include "vault/frame/vault_impl.h"

// New versions of the policy (FORMAT.md §7.3); what they promise is said in bailee/vault.h.
namespace bailee::vault {

Result<Published> Publish(VaultImpl& vault, const keys::KeyringKeys& authority,
                          const PublishRequest& request);
Result<std::vector<PublishedVersion>> PolicyHistory(VaultImpl& vault);
Result<Bytes> PolicyAsOf(VaultImpl& vault, Timestamp at);

// The key of `authority`, whose statements every keyring of this vault accepts. Errors: kKey
// "key.authority-missing", "key.other-vault", "key.other-authority"; kFull.
Result<crypto::SigningKey> SignerFor(VaultImpl& vault, const keys::KeyringKeys& authority);

// publish_checks.cc: whether `next` may come into force as `request` says, in the state of `frame`.
// `diff` is that from the version in force. Errors: kConflict, kInvalidValue; those of the store.
Status CheckPublishable(const Frame& frame, const policy::Policy& next, const PolicyDiff& diff,
                        const PublishRequest& request);

// publish_plan.cc: whether `plan` says what becomes of what `change`, a breaking one, touches.
bool IsPlannedBy(const PublishPlan& plan, const PolicyChange& change);
// Errors: kInvalidValue "publish.plan-unneeded" for one that no change of `diff` is of.
Status CheckPlansAreNeeded(const std::vector<PublishPlan>& plans, const PolicyDiff& diff);
// How many records the plans delete. Errors: kConflict "publish.held" if a hold, or an erasure that
// waits, keeps one of them; kDamage; those of the store.
Result<uint64_t> CountPlanned(VaultImpl& vault, Frame& frame,
                              const std::vector<PublishPlan>& plans);
// Deletes them, once the version is in force; what is held meanwhile stays. How many are gone.
Result<uint64_t> DeletePlanned(VaultImpl& vault, const std::vector<PublishPlan>& plans);

}  // namespace bailee::vault
