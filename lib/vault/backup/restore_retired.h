// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <utility>

#include "crypto/key.h"
#include "keys/pending.h"
#include "keys/wraps.h"
#include "vault/backup/restore.h"

namespace bailee::vault {

// Keys of purposes that were replaced since the data streams were taken (FORMAT.md §18.3): the
// `backup` keyring opens them, for nothing but to give what lies under them to the present ones.
class RetiredKeys {
 public:
  // Errors: kDamage "backup.damaged"; kFull.
  static Result<RetiredKeys> Open(const RestoreWorld& world);

  // Gives every D that has a wrap under one of them a write-only wrap for the present version of
  // that purpose instead. Returns whether there was one. Errors: kDamage; kFull.
  Result<bool> Replace(const keys::WrapPlace& place, keys::WrapSet& wraps,
                       crypto::Random& random) const;

  // Leaves a pending entry that was for one of them for the present version instead. Returns
  // whether it was. REQUIRES: its outer layer opens. Errors: kDamage; kFull; those of the store.
  Result<bool> ReplacePending(store::WriteTransaction& transaction, const keys::PendingKey& entry,
                              ByteView value, const crypto::SubjectKey& subject,
                              const RestoreWorld& world) const;

 private:
  using Version = std::pair<crypto::NameId, uint16_t>;
  struct Retired {
    crypto::PurposeKey key;
    keys::WrapRecipient now;
  };
  std::map<Version, Retired> keys_;
};

}  // namespace bailee::vault
