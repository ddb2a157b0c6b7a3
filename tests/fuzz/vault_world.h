// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/vault.h"
#include "support/temp_vault.h"

namespace bailee::fuzz {

// A vault that is the same at the begin of every run: made once, copied for each.
class VaultWorld {
 public:
  VaultWorld();
  ~VaultWorld();
  VaultWorld(const VaultWorld&) = delete;
  VaultWorld& operator=(const VaultWorld&) = delete;

  // Which keyring a process has.
  enum class Holder : uint8_t { kAll, kCollector, kSupport };

  FixedClock clock{kJune2013};
  Vault& vault() { return *vault_; }
  Holder holder() const { return holder_; }
  void Open(Holder holder);
  // What was opened is closed; opens again with the same keyring.
  void Reopen() { Open(holder_); }
  std::string DataFile() const { return directory_ + "/data.mdb"; }
  // Whether a check with all keys finds no damage. The vault is closed before and open after it.
  bool IsSound();

 private:
  std::string directory_;
  Holder holder_ = Holder::kAll;
  std::optional<Vault> vault_;
};

}  // namespace bailee::fuzz
