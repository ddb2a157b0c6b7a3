// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/new_file.h"
#include "base/unique_fd.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "vault/backup/backup_format.h"

// Backup streams as files: FORMAT.md §19.1.
namespace bailee::vault {

// Writes one stream. Errors of all: those of NewFile; kFull; kDamage (weak public key).
class StreamWriter {
 public:
  static Result<StreamWriter> Begin(const std::string& path, const StreamHead& head,
                                    const crypto::RefKey& ref_key, crypto::Random& random);

  // What its last message says of who made it.
  const StreamHash& maker() const { return maker_; }

  Status Put(ByteView message, bool last = false);
  Status PutTrailer(ByteView trailer) { return Write(trailer); }
  uint64_t bytes_written() const { return file_.bytes_written(); }

  // Of the whole file, if that is a key stream. REQUIRES: nothing is put after it.
  std::optional<crypto::Sha256Digest> Sha256();

  // Makes it durable; Commit then gives it its name.
  Status Sync() { return file_.Sync(); }
  Status Commit(BackupKind kind) {
    return kind == BackupKind::kData ? file_.CommitNew() : file_.CommitReplace();
  }

 private:
  StreamWriter(BackupKind kind, NewFile file, crypto::StreamSealer sealer, const StreamHash& maker);

  Status Write(ByteView bytes);

  NewFile file_;
  crypto::StreamSealer sealer_;
  StreamHash maker_;
  std::optional<crypto::Sha256Stream> sha256_;
  Bytes frame_;
};

// The head of a file, and what can be had of it without the `backup` keyring.
// Errors: as ParseStreamHead; those of FileSystem.
Result<StreamHead> ReadStreamHead(const std::string& path);
Result<std::vector<RangeInfo>> ReadIndex(const std::string& path, const StreamHead& head,
                                         const crypto::RefKey& ref_key);

// Reads one stream from its begin to its end.
// Errors of all: kDamage "backup.damaged"; those of FileSystem; kFull.
class StreamReader {
 public:
  // Errors: also kKey "backup.other-keyring"; as ParseStreamHead.
  static Result<StreamReader> Open(const std::string& path, const crypto::BoxOpener& backup);

  const StreamHead& head() const { return head_; }
  // What the last message of a stream that a holder of this key made says.
  StreamHash MakerFor(const crypto::RefKey& ref_key) const;
  uint64_t bytes_read() const { return bytes_; }

  // The next message; false behind the last. Key streams hold keys: they are read into guarded
  // memory alone.
  Result<bool> Next(Bytes& message);
  Result<bool> Next(Secret& message);

  // What follows the last message, to the end of the file: at most so many bytes.
  // REQUIRES: Next returned false.
  Result<Bytes> Trailer(size_t bytes_max);

 private:
  StreamReader(std::string path, UniqueFd fd, const ParsedHead& parsed,
               crypto::StreamOpener opener);

  Result<bool> ReadFrame();

  std::string path_;
  UniqueFd fd_;
  StreamHead head_;
  Bytes bound_;
  StreamHash commitment_;
  crypto::StreamOpener opener_;
  uint64_t bytes_ = kStreamHeadBytes;
  Bytes frame_;
  bool ended_ = false;
};

}  // namespace bailee::vault
