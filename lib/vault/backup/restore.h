// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "keys/manifest.h"
#include "keys/shards.h"
#include "store/engine.h"
#include "vault/backup/backup_set.h"
#include "vault/frame/meta.h"

// Putting a vault together from streams: FORMAT.md §19.5.
namespace bailee::vault {

// What a restore works with, once the streams are verified. Borrows everything.
struct RestoreWorld {
  const RestoreRequest& request;
  const RestoreKeyrings& keyrings;
  const BackupSet& set;
  const StorageSecrets& secrets;
  const keys::Manifest& manifest;  // of the key stream
  const Bytes& vault_row;          // of `meta`, held back to the end
  crypto::Random& random;

  const VaultId& vault() const { return set.vault(); }
};

// What goes into the new vault. Filled within a write that may run again from its start: Begin.
struct RestoreCounts {
  uint64_t rows = 0;
  uint64_t made = 0;  // rows that those of the stream stand for, at most
  uint64_t records = 0;
  uint64_t records_of_erased = 0;
  uint64_t records_outdated = 0;
  uint64_t lookups_retired = 0;
  std::vector<Handle> changed;  // whose wraps do not open any more

  void AddTo(Restored& restored) const;
};

// Rows of `meta` that a key stream begins with.
using MetaRows = std::map<std::string, Bytes, std::less<>>;
Result<MetaRows> ReadMetaRows(const BackupSet& set);

// Writes what the key stream has. Errors: kDamage; kFull; those of the store.
Status RestoreKeyStream(const RestoreWorld& world, store::Engine& engine, keys::Shards& shards);
// Compares how many records everybody had with what was restored.
Status FindLacking(const RestoreWorld& world, store::Engine& engine, Restored& restored);

// Writes what may be taken of the data streams. REQUIRES: RestoreKeyStream was called.
Status RestoreDataStreams(const RestoreWorld& world, store::Engine& engine, keys::Shards& shards,
                          Restored& restored);

// Ends the instances of the old vault, records the restore and makes the directory a vault.
Status EndRestore(const RestoreWorld& world, store::Engine& engine, Timestamp now,
                  Restored& restored);

// Says how far it is; kPartial "backup.stopped" if it is to stop.
Status TellProgress(const RestoreWorld& world, uint64_t rows);

}  // namespace bailee::vault
