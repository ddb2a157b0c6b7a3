// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "vault/ledger/keywork.h"

namespace bailee::vault {

// What aligning did.
struct Aligned {
  size_t wraps_removed = 0;
  size_t wraps_made = 0;
  size_t renewed = 0;
  bool left = false;  // something is owed that this process or this transaction could not do
};

// Brings the wraps of everything that is held of a subject into line with its standing and the
// policy in force (FORMAT.md §14.2): takes away what nobody may use any longer and gives the
// subject a new S if it did, has what is missing and the new keys made here as far as this process
// holds the keys, and writes down the rest. The subject's row must be put afterwards. What is
// damaged opens for nobody and stays as it is. Errors: kDamage (terms); kFull; those of the store.
// `renew`: whether the subject gets a new S only if a wrap is taken away, or because something else
// was.
enum class Renew : uint8_t { kIfTakenAway, kAlways };
Result<Aligned> AlignWraps(VaultImpl& vault, const Frame& frame, WritableSubject& subject,
                           Renew renew = Renew::kIfTakenAway);

// Whether AlignWraps would change nothing. Looks at a snapshot alone. Errors: as AlignWraps.
Result<bool> IsAligned(VaultImpl& vault, const Frame& frame, const WritableSubject& subject);

}  // namespace bailee::vault
