// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/key.h"
#include "keys/keyring_keys.h"
#include "keys/subject.h"
#include "keys/wraps.h"
#include "store/engine.h"
#include "vault/frame/standing.h"

namespace bailee::vault {

// A subject whose row was opened, with the compartment keys that were opened for it. Immutable but
// for that list. Thread-safe.
class OpenedSubject {
 public:
  // `shards` are those of the epoch that it was opened in: as long as they live, so may S.
  OpenedSubject(const VaultId& vault, const Handle& handle, keys::Subject subject,
                LedgerState ledger, std::shared_ptr<const keys::Shards> shards)
      : vault_(vault),
        handle_(handle),
        subject_(std::move(subject)),
        ledger_(std::move(ledger)),
        shards_(std::move(shards)) {}

  const Handle& handle() const { return handle_; }
  const keys::Subject& subject() const { return subject_; }
  const policy::Standing& standing() const { return ledger_.standing; }
  uint64_t ledger_entries() const { return ledger_.entries; }

  // Where the wraps of a compartment are.
  keys::WrapPlace Place(const crypto::NameId& category, uint16_t compartment,
                        const crypto::TermsId& terms) const;

  // D of a generation, opened with the key of one purpose, of whichever version the wrap names;
  // nothing if there is no wrap for that purpose that `keyring` opens. The key is shared with the
  // cache and stays valid as long as it is held. Errors: kDamage; kFull; those of the store.
  using SharedKey = std::shared_ptr<const crypto::CompartmentKey>;
  Result<SharedKey> CompartmentKey(store::Snapshot& snapshot, const keys::WrapPlace& place,
                                   uint32_t generation, const crypto::NameId& purpose,
                                   const keys::KeyringKeys& keyring) const;

  // The same out of wraps that travel with a record; not cached.
  Result<SharedKey> TravellingKey(const keys::WrapPlace& place, ByteView travelling,
                                  const crypto::NameId& purpose,
                                  const keys::KeyringKeys& keyring) const;

 private:
  // Everything that decides which key it is: a key opened for one purpose is never given to
  // another.
  struct Slot {
    crypto::NameId category;
    uint16_t compartment = 0;
    crypto::TermsId terms;
    uint32_t generation = 0;
    crypto::NameId purpose;
    bool operator==(const Slot&) const = default;
  };
  struct Cached {
    Slot slot;
    SharedKey key;
  };

  const VaultId vault_;
  const Handle handle_;
  const keys::Subject subject_;
  const LedgerState ledger_;
  const std::shared_ptr<const keys::Shards> shards_;
  mutable std::mutex mutex_;
  mutable std::vector<Cached> cached_;
  mutable size_t next_victim_ = 0;
};

}  // namespace bailee::vault
