// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "bailee/collection.h"
#include "vault/prepared.h"
#include "vault/vault_impl.h"

namespace bailee {

struct Collection::Impl {
  Impl(std::shared_ptr<vault::VaultImpl> in, const CollectRequest& asked)
      : vault(std::move(in)), request(asked) {}

  std::shared_ptr<vault::VaultImpl> vault;
  vault::PreparedRequest request;
  std::shared_ptr<const vault::Rules> rules;
  std::vector<vault::PreparedRecord> records;
  Status problem;  // the first thing that went wrong; Commit says it
};

namespace vault {

Collection BeginCollection(const std::shared_ptr<VaultImpl>& vault, const CollectRequest& request);
Batch BeginBatch(const std::shared_ptr<VaultImpl>& vault);

}  // namespace vault
}  // namespace bailee
