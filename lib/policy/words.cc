// SPDX-License-Identifier: Apache-2.0
#include "policy/policy.h"

namespace bailee::policy {

std::string_view BasisWord(Basis basis) {
  switch (basis) {
    case Basis::kNecessary:
      return "NECESSARY";
    case Basis::kOptOut:
      return "OPT_OUT";
    case Basis::kOptIn:
      return "OPT_IN";
    case Basis::kCase:
      return "CASE";
  }
  return "?";
}

std::string_view RoleWord(Role role) {
  switch (role) {
    case Role::kOwn:
      return "OWN";
    case Role::kPartner:
      return "PARTNER";
    case Role::kVendor:
      return "VENDOR";
    case Role::kCustomer:
      return "CUSTOMER";
    case Role::kIndependent:
      return "INDEPENDENT";
  }
  return "?";
}

bool IsReservedPurpose(std::string_view id) {
  constexpr std::string_view kReserved[] = {"rights", "upkeep",    "tally", "auditor",
                                            "log",    "authority", "backup"};
  const std::string_view first = id.substr(0, id.find('.'));
  for (const std::string_view word : kReserved) {
    if (first == word) return true;
  }
  return false;
}

}  // namespace bailee::policy
