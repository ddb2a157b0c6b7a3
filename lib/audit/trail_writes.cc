// SPDX-License-Identifier: Apache-2.0
#include "audit/trail_writes.h"

#include "audit/event_codec.h"
#include "base/check.h"
#include "base/try.h"

namespace bailee::audit {

Status TrailWrites::Begin() {
  if (tree_) return Status();
  BAILEE_TRY(watermark_, OpenWatermark(transaction_, trail_.instance_));
  BAILEE_TRY(tree_, TreeWriter::Begin(transaction_));
  BAILEE_RETURN_IF_ERROR(DrainOwnJournal(trail_.journal_->file(), trail_.instance_,
                                         {.number_end = mark_.journal_number}, *tree_, watermark_));
  if (watermark_.ends.journal_number >= mark_.journal_number) return Status();
  return Status(Code::kAuditDown, "trail.backlog", "the journal is too far behind", "try again");
}

// The chain itself goes on when the commit is known. Until then this one does, so that the key of a
// transaction's thousandth event is one step from that of the one before.
Result<EntryKey> TrailWrites::KeyAt(uint64_t number) {
  if (!keys_) {
    const std::lock_guard lock(trail_.mutex_);
    BAILEE_TRY(keys_, trail_.writes_->Copy());
  }
  BAILEE_RETURN_IF_ERROR(keys_->AdvanceTo(number));
  return keys_->KeyAt(number);
}

Result<DecisionId> TrailWrites::Append(const Event& event) {
  BAILEE_RETURN_IF_ERROR(Begin());
  const uint64_t number = watermark_.ends.write_number;
  event_.clear();
  BAILEE_RETURN_IF_ERROR(AppendEvent(event, event_));
  BAILEE_TRY(const EntryKey key, KeyAt(number));
  leaf_.clear();
  AppendLeafHead(LeafType::kWrite, trail_.instance_, number, leaf_);
  const size_t body_at = leaf_.size();
  BAILEE_RETURN_IF_ERROR(AppendWriteBody(transaction_.transaction_id(), key, trail_.options_.vault,
                                         trail_.instance_, number, event_, *trail_.options_.random,
                                         leaf_));
  BAILEE_RETURN_IF_ERROR(tree_->Append(leaf_).status());
  watermark_.ends.write_chain =
      ChainStep(watermark_.ends.write_chain, ByteView(leaf_).subspan(body_at));
  ++watermark_.ends.write_number;
  last_ = DecisionId{trail_.instance_, true, number};
  return *last_;
}

Status TrailWrites::AppendClosed() {
  BAILEE_RETURN_IF_ERROR(Begin());
  leaf_.clear();
  AppendLeafHead(LeafType::kClosed, trail_.instance_, 0, leaf_);
  AppendChainEnds(watermark_.ends, leaf_);
  BAILEE_RETURN_IF_ERROR(tree_->Append(leaf_).status());
  watermark_.state = InstanceState::kEnded;
  return Status();
}

Status TrailWrites::Finish() {
  if (!tree_) return Status();
  BAILEE_RETURN_IF_ERROR(tree_->Finish());
  BAILEE_RETURN_IF_ERROR(PutWatermark(transaction_, trail_.instance_, watermark_));
  if (last_) {
    const std::lock_guard lock(trail_.mutex_);
    trail_.awaited_[last_->number] = {watermark_.ends.journal_number, watermark_.offset};
  }
  return Status();
}

}  // namespace bailee::audit
