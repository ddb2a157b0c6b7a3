// SPDX-License-Identifier: Apache-2.0
#include "policy/policy.h"

namespace bailee::policy {

std::string_view KindWord(Kind kind) {
  switch (kind) {
    case Kind::kText:
      return "TEXT";
    case Kind::kEmail:
      return "EMAIL";
    case Kind::kPhone:
      return "PHONE";
    case Kind::kPan:
      return "PAN";
    case Kind::kExpiry:
      return "EXPIRY";
    case Kind::kIban:
      return "IBAN";
    case Kind::kPassword:
      return "PASSWORD";
    case Kind::kIp:
      return "IP";
    case Kind::kTime:
      return "TIME";
    case Kind::kUrl:
      return "URL";
    case Kind::kUserAgent:
      return "USER_AGENT";
    case Kind::kLanguage:
      return "LANGUAGE";
    case Kind::kCountry:
      return "COUNTRY";
    case Kind::kMoney:
      return "MONEY";
    case Kind::kInteger:
      return "INTEGER";
    case Kind::kBlob:
      return "BLOB";
  }
  return "?";
}

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

std::string_view TransformWord(Transform transform) {
  switch (transform) {
    case Transform::kNone:
      return "NONE";
    case Transform::kLast4:
      return "LAST4";
    case Transform::kBinLast4:
      return "BIN_LAST4";
    case Transform::kFirst1Domain:
      return "FIRST1_DOMAIN";
    case Transform::kPrefix:
      return "PREFIX";
    case Transform::kRegion:
      return "REGION";
    case Transform::kDay:
      return "DAY";
    case Transform::kHost:
      return "HOST";
    case Transform::kPath:
      return "PATH";
    case Transform::kDomain:
      return "DOMAIN";
    case Transform::kLength:
      return "LENGTH";
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
