// SPDX-License-Identifier: Apache-2.0
#include "store/engine.h"

#include <array>

#include "base/check.h"

namespace bailee::store {

std::string_view TableName(Table table) {
  static constexpr std::array<std::string_view, kTableCount> kNames = {
      "meta",   "policies",    "terms",   "subjects", "records",    "lookup",    "due",
      "ledger", "disclosures", "reports", "keywork",  "audit_leaf", "audit_node"};
  const auto index = static_cast<size_t>(table);
  BAILEE_CHECK(index < kNames.size());
  return kNames[index];
}

}  // namespace bailee::store
