// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "bailee/publish.h"
#include "bailee/result.h"
#include "keys/keyring_keys.h"
#include "vault/vault_impl.h"

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

}  // namespace bailee::vault
