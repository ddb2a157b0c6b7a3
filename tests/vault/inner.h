// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "support/temp_vault.h"
#include "vault/frame/session_impl.h"
#include "vault/frame/vault_impl.h"

namespace bailee {

// An open vault whose rows a test may change under it, without caches of subjects.
class InnerVault {
 public:
  InnerVault(TempVault& vault, const std::vector<std::string>& purposes) {
    auto opened = vault::VaultImpl::Open(
        vault.path(), vault.Granted("tester", purposes),
        {.clock = &vault.clock(), .map_bytes = uint64_t{1} << 30, .cached_subjects_max = 0});
    if (!opened.ok()) std::abort();
    impl_ = *std::move(opened);
  }

  Session As(std::string_view purpose) const {
    return Session(std::make_unique<vault::SessionImpl>(
        impl_, *impl_->keyring().FindPurpose(purpose), std::string()));
  }
  void Put(store::Table table, ByteView key, ByteView value) const {
    const Status status = impl_->engine().Write(
        [&](store::WriteTransaction& transaction) { return transaction.Put(table, key, value); });
    if (!status.ok()) std::abort();
  }
  vault::VaultImpl& impl() const { return *impl_; }
  const std::shared_ptr<vault::VaultImpl>& shared() const { return impl_; }

 private:
  std::shared_ptr<vault::VaultImpl> impl_;
};

}  // namespace bailee
