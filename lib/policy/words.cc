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

std::string_view RecipientRoleWord(RecipientRole role) {
  switch (role) {
    case RecipientRole::kOnOurBehalf:
      return "ON_OUR_BEHALF";
    case RecipientRole::kThirdParty:
      return "THIRD_PARTY";
    case RecipientRole::kAuthority:
      return "AUTHORITY";
    case RecipientRole::kSuccessor:
      return "SUCCESSOR";
    case RecipientRole::kPublic:
      return "PUBLIC";
  }
  return "?";
}

std::string_view GroundWord(Ground ground) {
  switch (ground) {
    case Ground::kConsent:
      return "CONSENT";
    case Ground::kOnOurBehalf:
      return "ON_OUR_BEHALF";
    case Ground::kLaw:
      return "LAW";
    case Ground::kTermsOfService:
      return "TERMS_OF_SERVICE";
    case Ground::kFraudOrSecurity:
      return "FRAUD_OR_SECURITY";
    case Ground::kImminentHarm:
      return "IMMINENT_HARM";
    case Ground::kSuccession:
      return "SUCCESSION";
  }
  return "?";
}

std::optional<Ground> ParseGround(std::string_view word) {
  for (auto number = static_cast<uint8_t>(Ground::kConsent);
       number <= static_cast<uint8_t>(Ground::kSuccession); ++number) {
    if (GroundWord(Ground{number}) == word) return Ground{number};
  }
  return std::nullopt;
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
