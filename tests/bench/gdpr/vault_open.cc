// SPDX-License-Identifier: Apache-2.0
#include "bench/gdpr/vault_store.h"

namespace bailee::bench::gdpr {

std::unique_ptr<Store> OpenStore(const StoreOptions& options, std::string*) {
  return std::make_unique<VaultStore>(options);
}

}  // namespace bailee::bench::gdpr
