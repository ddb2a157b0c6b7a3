// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "support/child_process.h"
#include "support/temp_vault.h"

namespace bailee::bench::gdpr {

// An auditor beside a vault: a process of its own, since one has a vault open once, with the
// auditor's keyring and nothing else.
class Auditor {
 public:
  // REQUIRES: nobody in this process has the vault open. It is opened when first asked for.
  explicit Auditor(const TempVault& vault);

  // Opens the newest `count` entries of the tree, or all if there are fewer; returns how many.
  uint64_t Tail(uint64_t count);
  // How many there are, other leaves of the tree among them.
  uint64_t Leaves();

 private:
  uint64_t Ask(char what, uint64_t count);

  testing::ChildProcess process_;
};

}  // namespace bailee::bench::gdpr
