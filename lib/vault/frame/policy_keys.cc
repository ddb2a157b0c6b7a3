// SPDX-License-Identifier: Apache-2.0
#include "vault/frame/policy_keys.h"

#include "keys/issue.h"

namespace bailee::vault {

std::vector<std::string> LeavesOf(const policy::Policy& policy) {
  std::vector<std::string> leaves;
  for (const policy::PurposeInfo& purpose : policy.purposes()) {
    if (purpose.leaf) leaves.push_back(purpose.id);
  }
  return leaves;
}

std::vector<std::string> IndexesOf(const policy::Policy& policy) {
  std::vector<std::string> indexes;
  for (const policy::CategoryInfo& category : policy.categories()) {
    for (const policy::FieldInfo& field : category.fields) {
      for (size_t i = 0; i < policy.purposes().size(); ++i) {
        if (!field.lookups.test(i)) continue;
        indexes.push_back(keys::IndexNameOf(category.id, field.name, policy.purposes()[i].id));
      }
    }
  }
  return indexes;
}

}  // namespace bailee::vault
