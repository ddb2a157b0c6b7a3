// SPDX-License-Identifier: Apache-2.0
#include "vault/rights/rights.h"

#include "base/try.h"
#include "keys/issue.h"

namespace bailee::vault {

Result<const keys::HeldPurpose*> HeldRights(VaultImpl& vault, Event event, std::string rule) {
  BAILEE_TRY(const Frame frame, vault.Begin());
  const keys::Manifest::Purpose* known = frame.rules()->manifest.FindPurpose(keys::kRights);
  const keys::HeldPurpose* held = HeldOf(known, vault.keyring());
  if (held != nullptr) return held;
  const Reason reason = Reason::kPurposeKeyMissing;
  event.outcome = Outcome::kRefused;
  event.purpose = keys::kRights;
  event.reasons = {&reason, 1};
  BAILEE_TRY(const DecisionId decision, vault.Record(frame, event));
  return WithDecision(NotForThisKeyring(std::move(rule), "open the vault with the rights keyring"),
                      decision);
}

}  // namespace bailee::vault
