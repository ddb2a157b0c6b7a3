// SPDX-License-Identifier: Apache-2.0
#include "vault/backup/backup.h"

#include <array>
#include <string>
#include <vector>

#include "audit/tree_store.h"
#include "base/hex.h"
#include "base/try.h"
#include "policy/case_reference.h"

namespace bailee::vault {

Status BackupStopped() {
  return Status(Code::kPartial, "backup.stopped", "it was stopped", "run it again");
}

Status StreamTaker::Begin(const BackupStreamId& base) {
  BAILEE_TRY(Frame frame, vault_.Begin());
  frame_.emplace(std::move(frame));
  store::Snapshot& snapshot = *frame_->snapshot;
  head_ = {.vault = vault_.id(),
           .kind = kind_,
           .id = {crypto::RandomArray<16>(vault_.random())},
           .base = base,
           .taken_at = frame_->now,
           .recipient = frame_->rules()->manifest.backup_public};
  BAILEE_TRY(const audit::TreeReader tree, audit::TreeReader::Open(snapshot));
  end_.transaction = snapshot.transaction_id();
  end_.epoch = frame_->shards()->epoch();
  end_.tree_size = tree.size();
  end_.root = tree.Root();
  BAILEE_TRY(StreamWriter writer,
             StreamWriter::Begin(request_.file, head_, vault_.secrets().ref_key, vault_.random()));
  writer_.emplace(std::move(writer));
  end_.maker = writer_->maker();
  return Status();
}

Status StreamTaker::Count(uint64_t rows) {
  done_.stream.rows += rows;
  return request_.progress && !request_.progress(done_.stream.rows) ? BackupStopped() : Status();
}

Result<BackedUp> StreamTaker::Finish(ByteView trailer) {
  const bool data = kind_ == BackupKind::kData;
  BackupStream& stream = done_.stream;
  end_.rows = stream.rows;
  end_.parts = data ? stream.ranges : stream.subjects;
  if (data) end_.trailer = HashOfTrailer(trailer);
  BAILEE_RETURN_IF_ERROR(writer_->Put(EncodeStreamEnd(kind_, end_), true));
  BAILEE_RETURN_IF_ERROR(writer_->PutTrailer(trailer));
  BAILEE_RETURN_IF_ERROR(writer_->Sync());
  stream.kind = kind_;
  stream.id = head_.id;
  stream.base = head_.base;
  stream.taken_at = head_.taken_at;
  stream.transaction = end_.transaction;
  stream.tree_size = end_.tree_size;
  stream.bytes = writer_->bytes_written();
  frame_.reset();
  // Before it has its name: there is no stream that the trail does not know.
  BAILEE_TRY(const Frame now, vault_.Begin());
  const std::string count = std::to_string(stream.rows);
  const std::string leaves = std::to_string(stream.tree_size);
  std::vector details = {audit::Detail{audit::What::kStream, BackupKindWord(kind_)},
                         audit::Detail{audit::What::kCount, count},
                         audit::Detail{audit::What::kTreeSize, leaves}};
  std::string sha256;
  if (const auto digest = writer_->Sha256()) {
    done_.sha256 = KeyStreamSha256{*digest};
    sha256 = done_.sha256->ToHex();
    details.push_back({audit::What::kSha256, sha256});
  }
  BAILEE_TRY(done_.decision, vault_.Record(now, {.kind = EventKind::kBackup, .details = details}));
  BAILEE_RETURN_IF_ERROR(writer_->Commit(kind_));
  return std::move(done_);
}

Result<DecisionId> StateDestroyed(VaultImpl& vault, const KeyStreamSha256& stream,
                                  std::string_view case_reference) {
  if (!case_reference.empty() && !policy::IsCaseReference(case_reference)) {
    return Status(Code::kInvalidValue, "backup.case", "a case is named by letters, digits and -",
                  "use at most 64 of [A-Za-z0-9-]");
  }
  const std::string sha256 = stream.ToHex();
  const std::array details = {
      audit::Detail{audit::What::kStream, BackupKindWord(BackupKind::kKeys)},
      audit::Detail{audit::What::kSha256, sha256}};
  DecisionId decision;
  BAILEE_RETURN_IF_ERROR(vault.Write([&](Frame& frame) -> Status {
    BAILEE_TRY(decision, vault.RecordWrite(frame, {.kind = EventKind::kDestroyed,
                                                   .case_reference = case_reference,
                                                   .details = details}));
    return Status();
  }));
  return decision;
}

}  // namespace bailee::vault

namespace bailee {

Result<KeyStreamSha256> KeyStreamSha256::FromHex(std::string_view hex) {
  KeyStreamSha256 sha256;
  if (bailee::FromHex(hex, sha256.bytes)) return sha256;
  return Status(Code::kInvalidValue, "backup.sha256", "that is no SHA-256",
                "take the 64 digits that bailee backup keys, or sha256sum, printed");
}

std::string KeyStreamSha256::ToHex() const { return bailee::ToHex(bytes); }

}  // namespace bailee
