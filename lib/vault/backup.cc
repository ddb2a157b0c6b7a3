// SPDX-License-Identifier: Apache-2.0
#include "vault/backup.h"

#include <array>
#include <string>

#include "audit/tree_store.h"
#include "base/try.h"

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
           .recipient = frame_->rules->manifest.backup_public};
  BAILEE_TRY(const audit::TreeReader tree, audit::TreeReader::Open(snapshot));
  end_.transaction = snapshot.transaction_id();
  end_.epoch = frame_->shards->epoch();
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
  const std::array details = {audit::Detail{audit::What::kStream, BackupKindWord(kind_)},
                              audit::Detail{audit::What::kCount, count},
                              audit::Detail{audit::What::kTreeSize, leaves}};
  BAILEE_TRY(done_.decision, vault_.Record(now, {.kind = EventKind::kBackup, .details = details}));
  BAILEE_RETURN_IF_ERROR(writer_->Commit(kind_));
  return std::move(done_);
}

}  // namespace bailee::vault
