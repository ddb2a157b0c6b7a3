// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "audit/receipt.h"
#include "base/try.h"
#include "vault/audit_trail_impl.h"

namespace bailee::vault {
namespace {

using audit::Leaf;
using audit::ShownEntry;

Status NotAnErasure() {
  return Status(Code::kUsage, "receipt.not-an-erasure", "this decision did not erase anybody",
                "take the one that bailee subject erase printed");
}

struct PlaceInTree {
  uint64_t index = 0;
  uint64_t size = 0;  // of the tree of the checkpoint
  const std::string& checkpoint;
};

Result<ShownEntry> Show(const audit::TreeReader& tree, const PlaceInTree& place,
                        audit::EntryKey key) {
  InclusionProof proof{{}, place.index, {}, place.checkpoint};
  BAILEE_TRY(proof.hashes, tree.InclusionProof(place.index, place.size));
  BAILEE_TRY(std::string text, FormatProof(proof));
  BAILEE_TRY(const ByteView leaf, tree.Leaf(place.index));
  return ShownEntry{std::move(key), Bytes(leaf.begin(), leaf.end()), std::move(text)};
}

}  // namespace

Result<Bytes> AuditTrailImpl::Receipt(const DecisionId& erased, const std::string& checkpoint) {
  BAILEE_TRY(const crypto::BoxOpener* const auditor, Auditor(audit::EventKind::kTrailProve));
  const std::string text = erased.ToText();
  const audit::Detail detail{audit::What::kDecision, text};
  BAILEE_RETURN_IF_ERROR(Record({.kind = audit::EventKind::kTrailProve, .details = {&detail, 1}}));
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine_->Read());
  BAILEE_TRY(const audit::TreeReader tree, audit::TreeReader::Open(*snapshot));
  BAILEE_TRY(const Checkpoint covered, audit::VerifyExtends(tree, PinnedTo(checkpoint)));
  std::vector<ShownEntry> shown;
  const auto look = [&](uint64_t index, const Leaf& leaf,
                        audit::EntryReader& reader) -> Result<bool> {
    if (leaf.type != audit::LeafType::kWrite || (shown.empty() && !IsOf(leaf, erased))) {
      reader.Pass(leaf);
      return true;
    }
    BAILEE_TRY(audit::OpenedEntry entry, reader.Open(index, leaf));
    if (!audit::Shows(static_cast<audit::ReceiptStep>(shown.size()), entry.event)) {
      if (shown.empty()) return NotAnErasure();
      return true;
    }
    BAILEE_TRY(ShownEntry next,
               Show(tree, {index, covered.size, checkpoint}, std::move(entry.key)));
    shown.push_back(std::move(next));
    return shown.size() < audit::kReceiptStepsMax;
  };
  BAILEE_RETURN_IF_ERROR(EachLeaf(tree.pruned(), covered.size, *auditor, look));
  if (shown.empty()) return NoSuchDecision();
  return audit::FormatReceipt(row_.id, shown);
}

}  // namespace bailee::vault
