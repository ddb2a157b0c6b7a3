// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/backup.h"
#include "vault/backup/backup_format.h"
#include "vault/backup/backup_streams.h"
#include "vault/frame/vault_impl.h"

namespace bailee::vault {

// Vault::BackUpData and Vault::BackUpKeys.
Result<BackedUp> BackUpData(VaultImpl& vault, const BackupRequest& request);
Result<BackedUp> BackUpKeys(VaultImpl& vault, const BackupRequest& request);

// Vault::StateDestroyed.
Result<DecisionId> StateDestroyed(VaultImpl& vault, const KeyStreamSha256& stream,
                                  std::string_view case_reference);

// One stream being taken: what both kinds share.
class StreamTaker {
 public:
  StreamTaker(VaultImpl& vault, const BackupRequest& request, BackupKind kind)
      : vault_(vault), request_(request), kind_(kind) {}

  // Takes the snapshot that the whole stream shows, and begins the file.
  Status Begin(const BackupStreamId& base);

  Frame& frame() { return *frame_; }
  VaultImpl& vault() { return vault_; }
  BackedUp& done() { return done_; }
  const StreamHead& head() const { return head_; }

  Status Put(ByteView message) { return writer_->Put(message); }
  // Counts rows; kPartial "backup.stopped" if the caller says so.
  Status Count(uint64_t rows);
  // The last message, with `trailer` behind it; the event; and the name.
  Result<BackedUp> Finish(ByteView trailer);

 private:
  VaultImpl& vault_;
  const BackupRequest& request_;
  const BackupKind kind_;
  std::optional<Frame> frame_;
  StreamHead head_;
  std::optional<StreamWriter> writer_;
  StreamEnd end_;
  BackedUp done_;
};

// kPartial "backup.stopped".
Status BackupStopped();

}  // namespace bailee::vault
