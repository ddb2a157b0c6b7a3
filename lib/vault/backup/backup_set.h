// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bailee/backup.h"
#include "keys/keyring_keys.h"
#include "vault/backup/backup_streams.h"

// Backup streams that were read whole and belong together: FORMAT.md §19.3, §19.4.
namespace bailee::vault {

// A stream that was found whole.
struct WholeStream {
  std::string path;
  StreamHead head;
  StreamEnd end;
  uint64_t bytes = 0;
  uint64_t rows_carried = 0;
  uint64_t ranges_carried = 0;
  std::vector<RangeInfo> ranges;  // data: all that it names

  BackupStream Describe() const;
};

class BackupSet {
 public:
  // Reads every file to its end. Errors: those of VerifyBackup.
  static Result<BackupSet> Open(const keys::KeyringKeys& backup,
                                const std::vector<std::string>& files,
                                const BackupProgress& progress);

  const std::vector<WholeStream>& chain() const { return chain_; }  // in order; may be empty
  const std::optional<WholeStream>& keys() const { return keys_; }
  const crypto::BoxOpener& opener() const { return opener_; }
  const VaultId& vault() const { return vault_; }

 private:
  explicit BackupSet(crypto::BoxOpener opener) : opener_(std::move(opener)) {}

  Status Order(std::vector<WholeStream> streams);
  Status OrderChain(std::vector<WholeStream> data);
  Status Unchained(const std::vector<WholeStream>& data) const;
  Status CheckRanges() const;

  crypto::BoxOpener opener_;
  VaultId vault_;
  std::vector<WholeStream> chain_;
  std::optional<WholeStream> keys_;
};

// Calls `visit` with every range of rows of the last stream of a chain, in order, wherever it lies.
// Errors: kDamage "backup.damaged" (a file changed since it was read); those of `visit`.
Status VisitRanges(const BackupSet& set, const std::function<Status(ByteView message)>& visit);

// Who opens streams. Errors: kKey "key.role-missing".
Result<crypto::BoxOpener> BackupOpener(const keys::KeyringKeys& keyring);

}  // namespace bailee::vault
