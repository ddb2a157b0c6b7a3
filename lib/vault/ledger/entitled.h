// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "keys/wraps.h"
#include "policy/decide.h"
#include "vault/frame/rules.h"

namespace bailee::vault {

// What the wraps of one compartment depend on.
struct WrapsQuestion {
  const Rules& rules;
  const BoundPolicy& collected;  // the policy that the terms name
  policy::TermsIndexes terms;    // in its numbers
  policy::CategoryIndex category;
  policy::CompartmentIndex compartment;
  Timestamp collected_at;  // of the record, or the last moment of its expiry bucket
  Timestamp now;
};

// Everybody who must have a wrap of the compartment, and nobody else: a leaf purpose exactly if
// `Decide` would allow it to read the compartment (whatever case it names), `upkeep` always,
// `rights` unless it is a password, `tally` if a report uses it.
std::vector<keys::WrapRecipient> EntitledRecipients(const WrapsQuestion& question,
                                                    const policy::Standing& standing);

}  // namespace bailee::vault
