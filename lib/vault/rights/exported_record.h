// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "bailee/subject_export.h"
#include "policy/decide.h"
#include "vault/frame/vault_impl.h"

namespace bailee::vault {

// What an export says of a record beside its values.

// A field that is held, under the policy it was collected under.
struct HeldField {
  std::string_view name;
  Kind kind = Kind::kText;
  policy::CompartmentIndex compartment;
};

// What is asked of the policy about one record.
struct UseQuestion {
  const Frame& frame;
  const policy::Standing& standing;
  policy::Datum datum;
  std::string_view category;
  std::string_view on_behalf_of;
};

// For every leaf purpose of the policy in force, which of the fields it may use now, as far as
// Decide can say without its keys and without a case. What needs a case is refused as case-missing.
std::vector<ExportedUse> UsesOf(const UseQuestion& question, const std::vector<HeldField>& fields);

// Whom the policy in force lets any of the fields be disclosed to.
std::vector<ExportedRecipient> RecipientsOf(const policy::Policy& in_force,
                                            std::string_view category,
                                            const std::vector<HeldField>& fields);

}  // namespace bailee::vault
