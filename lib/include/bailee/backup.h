// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/clock.h"
#include "bailee/export.h"
#include "bailee/ids.h"
#include "bailee/keyring.h"
#include "bailee/result.h"

// Backup and restore (FORMAT.md §19). A vault is backed up in two streams, both of which the
// `backup` keyring alone opens. The *data stream* has the sealed records and the trail and no key
// of anybody; keep as many as you like. The *key stream* is small, taken after the data stream, and
// has the keys of everybody alive: keep the newest and destroy the one before, as an old one brings
// back whom was erased since. Old data and today's keys restore everybody but the erased.
namespace bailee {

// One backup stream; random.
using BackupStreamId = Id<struct BackupStreamTag>;

// SHA-256 of the whole file of a key stream, as sha256sum says it: what the stream is called by
// whoever destroys it.
struct BAILEE_EXPORT KeyStreamSha256 {
  std::array<uint8_t, 32> bytes{};

  // 64 lower-case hex digits. Errors: kInvalidValue "backup.sha256".
  static Result<KeyStreamSha256> FromHex(std::string_view hex);
  std::string ToHex() const;
  bool operator==(const KeyStreamSha256&) const = default;
};

enum class BackupKind : uint8_t { kData = 1, kKeys = 2 };
// "data", "keys".
BAILEE_EXPORT std::string_view BackupKindWord(BackupKind kind);

// Called with rows done so far; to return false is to stop: nothing is left behind.
using BackupProgress = std::function<bool(uint64_t rows)>;

struct BackupRequest {
  // Where the stream goes, mode 0600; it has this name once it is whole and on disk, and not
  // before. A data stream takes no name away from another file; a key stream replaces what is
  // there, which is overwritten as far as the file system does so in place.
  std::string file;
  // Of a data stream: the one before it, in whose chain rows may lie that this one then does not
  // carry again. Everything is read, what changed is written. Empty: carry everything.
  std::string base = {};
  BackupProgress progress = {};
};

// What a stream is.
struct BackupStream {
  BackupKind kind = BackupKind::kData;
  BackupStreamId id;
  BackupStreamId base;  // zero unless it goes on from another data stream
  Timestamp taken_at;
  uint64_t transaction = 0;     // whose state it shows, the whole stream one
  uint64_t bytes = 0;           // of the file
  uint64_t rows = 0;            // that it shows, carried or not
  uint64_t rows_carried = 0;    // in the file
  uint64_t ranges = 0;          // of a data stream
  uint64_t ranges_carried = 0;  //
  uint64_t subjects = 0;        // of a key stream, browsers too
  uint64_t tree_size = 0;       // leaves of the trail
};

struct BackedUp {
  BackupStream stream;
  // Of a key stream: whose row does not open. They are not in it and a restore would not have them.
  std::vector<Handle> unreadable;
  std::optional<KeyStreamSha256> sha256;  // of a key stream
  DecisionId decision;
};

// What VerifyBackup looked at: data streams in the order of their chain, then the key stream.
struct VerifiedBackup {
  VaultId vault;
  std::vector<BackupStream> streams;
};

// Opens every stream to its end and checks that nothing is missing, changed or out of its place,
// and that they belong together; changes nothing. `files` are in any order: a chain of data
// streams, or a key stream, or both. Errors: kKey "key.role-missing" (not a `backup` keyring),
// "key.other-vault", "backup.other-keyring" (sealed for another backup key); kDamage
// "backup.damaged"; kNoVault "backup.not-a-stream"; kTooNew "backup.too-new"; kConflict
// "backup.base-missing" (names the stream that a chain lacks), "backup.not-a-chain",
// "backup.two-key-streams", "backup.other-vault", "backup.keys-older"; kUsage "backup.no-streams";
// kPartial "backup.stopped"; kNotFound; kFull; kFailed.
BAILEE_EXPORT Result<VerifiedBackup> VerifyBackup(const Keyring& backup,
                                                  const std::vector<std::string>& files,
                                                  const BackupProgress& progress = {});

struct RestoreRequest {
  std::string directory;           // not there yet, or empty
  std::vector<std::string> files;  // a chain of data streams and one key stream, in any order
  const Clock* clock = nullptr;
  uint64_t map_bytes = uint64_t{64} << 30;
  std::string epoch_path = {};  // see CreateOptions
  BackupProgress progress = {};
};

// Who opens, who signs, and whose storage key the vault lies under. The storage keyring is one that
// could open the vault when the key stream was taken, for instance `upkeep`.
struct RestoreKeyrings {
  const Keyring& backup;
  const Keyring& authority;
  const Keyring& storage;
};

// What became of a vault that was put together again, and what the keys know that the data does
// not.
struct Restored {
  VaultId id;
  uint64_t subjects = 0;
  uint64_t records = 0;
  // Of the data stream and not restored, because their subject is not in the key stream: erased.
  uint64_t records_of_erased = 0;
  // Not restored, because the key stream says that something was taken away or overwritten since.
  uint64_t records_outdated = 0;
  // Rows that lead from a value to a record and were not restored, because the key of their index
  // was replaced since the data stream: rotating it once more makes them for all records.
  uint64_t lookups_retired = 0;
  // Who had more records when the key stream was taken than were restored, at most
  // limits::kRestoreListMax. A newer data stream has them.
  struct Lacking {
    Handle handle;
    uint64_t known = 0;
    uint64_t restored = 0;
  };
  std::vector<Lacking> lacking;
  uint64_t subjects_lacking = 0;  // all of them
  uint64_t leaves = 0;            // of the trail that were restored
  uint64_t leaves_known = 0;      // that it had when the key stream was taken
  uint64_t manifest = 0;          // the number of the one that was signed
  std::string log_origin;         // the new one
  DecisionId decision;
};

// Puts a vault together from streams, in a new directory. Every stream is verified whole before
// anything is written. What was erased, withdrawn or otherwise taken away before the key stream was
// taken is not restored; standings, restrictions, ledgers, the accounting, reports and the list of
// addresses not to be written to are those of the key stream. The trail goes on under a new origin.
// On failure nothing is left behind; what a crash leaves is no vault and says so. Run Upkeep next.
// Errors: those of VerifyBackup; kUsage "restore.streams" (no key stream, or no data stream);
// kConflict "restore.directory" (something is there); kKey "key.authority-missing",
// "key.other-authority", "key.no-storage", "key.retired"; kPartial "backup.stopped"; kFull;
// kFailed.
BAILEE_EXPORT Result<Restored> RestoreVault(const RestoreRequest& request,
                                            const RestoreKeyrings& keyrings);

}  // namespace bailee
