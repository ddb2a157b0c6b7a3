// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "bailee/collection.h"
#include "vault/frame/prepared.h"
#include "vault/frame/vault_impl.h"

namespace bailee {

struct Collection::Impl {
  static constexpr uint16_t kRecordsInRun = 10'000;

  Impl(std::shared_ptr<vault::VaultImpl> in, const CollectRequest& asked)
      : vault(std::move(in)), request(asked), ids(vault->random(), kRecordsInRun) {}

  std::shared_ptr<vault::VaultImpl> vault;
  vault::PreparedRequest request;
  std::shared_ptr<const vault::Rules> rules;
  std::vector<vault::PreparedRecord> records;
  crypto::IdRun ids;  // of records of one collection alone: others are not to be told by them
  Status problem;     // the first thing that went wrong; Commit says it
};

namespace vault {

Collection BeginCollection(const std::shared_ptr<VaultImpl>& vault, const CollectRequest& request);
Batch BeginBatch(const std::shared_ptr<VaultImpl>& vault);

}  // namespace vault
}  // namespace bailee
