// SPDX-License-Identifier: Apache-2.0
#include "audit/leaf_cursor.h"

#include <memory>
#include <utility>

#include "audit/tree_rows.h"
#include "audit/tree_store.h"
#include "base/codec.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

constexpr size_t kRowsMax = 2'048;
constexpr size_t kBytesMax = size_t{4} << 20;  // may be passed by one leaf

}  // namespace

LeafCursor::LeafCursor(store::Engine& engine, const LeafRange& range)
    : engine_(engine), next_(range.first), end_(range.end) {
  const auto key = LeafKey(range.first);
  from_.assign(key.begin(), key.end());
}

Status LeafCursor::Fill() {
  rows_.clear();
  at_ = 0;
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine_.Read());
  size_t bytes = 0;
  return snapshot->Scan(store::Table::kAuditLeaf, {}, from_, [&](ByteView key, ByteView value) {
    const auto index = Reader(key).Get<uint64_t>();
    if (index >= end_) return false;
    // The key that would come next.
    from_.assign(key.begin(), key.end());
    from_.push_back(0);
    if (key.size() != sizeof(index)) {
      ++strays_;
      return true;
    }
    rows_.push_back({index, Bytes(value.begin(), value.end())});
    bytes += value.size();
    return rows_.size() < kRowsMax && bytes < kBytesMax;
  });
}

// A pruning by somebody else is no damage.
Status LeafCursor::CheckGap() {
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine_.Read());
  BAILEE_TRY(const TreeReader tree, TreeReader::Open(*snapshot));
  if (tree.pruned() <= index_) return Status();
  return Status(Code::kBusy, "audit.pruned-meanwhile", "the audit trail is being pruned",
                "try again once that is done");
}

Result<bool> LeafCursor::Next() {
  leaf_ = {};
  gap_end_ = 0;
  if (next_ >= end_) {
    // What follows the last leaf.
    if (!std::exchange(ended_, true)) BAILEE_RETURN_IF_ERROR(Fill());
    return false;
  }
  if (at_ == rows_.size()) BAILEE_RETURN_IF_ERROR(Fill());
  index_ = next_;
  const uint64_t found = rows_.empty() ? end_ : rows_[at_].index;
  if (found > index_) {
    BAILEE_RETURN_IF_ERROR(CheckGap());
    next_ = gap_end_ = found;
    return true;
  }
  leaf_ = rows_[at_++].leaf;
  ++next_;
  return true;
}

Result<bool> LeafCursor::NextLeaf() {
  BAILEE_TRY(const bool more, Next());
  if (more && gap()) return TreeDamaged("a leaf of the audit tree is missing");
  return more;
}

}  // namespace bailee::audit
