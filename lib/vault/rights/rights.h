// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "vault/frame/vault_impl.h"

namespace bailee::vault {

// The key of `rights`, of the version in force. Where the keyring lacks it, `event` is recorded as
// refused, and that is the answer: `rule` says what is for rights alone.
// Errors: kRefused purpose-key-missing; those of Begin; kAuditDown.
Result<const keys::HeldPurpose*> HeldRights(VaultImpl& vault, Event event, std::string rule);

}  // namespace bailee::vault
