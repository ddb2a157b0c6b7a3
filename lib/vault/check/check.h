// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "audit/journal_directory.h"
#include "crypto/box.h"
#include "vault/check/check_place.h"

namespace bailee::vault {

// Goes through an opened vault from a place on. See bailee/check.h.
class Checker {
 public:
  // All outlive it.
  Checker(VaultImpl& vault, const std::string& directory, const CheckOptions& options,
          CheckReport& report)
      : vault_(vault), directory_(directory), options_(options), report_(report) {}

  // Takes the auditor's secret out of the keyring of the options, if there is one.
  // Errors: kKey (it has none, or that of another vault).
  Status TakeAuditor();

  // Errors: those of Check.
  Status Run(CheckPlace place);

 private:
  Status Record();
  // From `place` on to the end of its stage. Sets `stopped`.
  Status LookAtTable(CheckPlace& place, RowChecker& rows, bool& stopped);
  // Some rows in one snapshot; `key` becomes that of the next, or empty.
  Status LookAtSome(store::Table table, Bytes& key, RowChecker& rows);
  // Rows in which something was found, once more on the newest state.
  Status LookAgain(store::Table table, const std::vector<Bytes>& keys);
  Status LookAtEpochFile();
  Status LookAtTrail(bool& stopped);
  Status TakeTrail(bool& stopped);
  Status LookAtEvents(CheckPlace& place, bool& stopped);
  void Say(const std::vector<CheckFinding>& findings);
  bool Stopped();

  VaultImpl& vault_;
  const std::string& directory_;
  const CheckOptions& options_;
  CheckReport& report_;
  std::optional<crypto::BoxOpener> auditor_;
  ReadShare share_;
  LookedAt looked_;
  uint64_t rows_ = 0;  // looked at
  uint64_t all_ = 0;   // at the beginning
};

}  // namespace bailee::vault
