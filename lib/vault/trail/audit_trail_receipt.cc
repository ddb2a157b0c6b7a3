// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/receipt.h"
#include "base/try.h"
#include "vault/trail/audit_trail_impl.h"

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

// An entry that a receipt could show.
struct FoundEntry {
  uint64_t index = 0;
  audit::EntryKey key;
};

// The operator's, that key streams are destroyed.
struct Statement {
  KeyStreamSha256 last;
  FoundEntry entry;
};

// Of which the trail has the event.
struct KeyStream {
  uint64_t index = 0;
  uint64_t tree_size = 0;  // when it was taken
  KeyStreamSha256 sha256;
};

// Whether it holds for somebody who was erased at the leaf `erased`: FORMAT.md §13.9.
bool Holds(const Statement& statement, uint64_t erased, const std::vector<KeyStream>& streams) {
  const auto last = std::ranges::find(streams, statement.last, &KeyStream::sha256);
  if (last == streams.end()) return false;
  return std::ranges::none_of(streams, [&](const KeyStream& each) {
    return each.tree_size <= erased &&
           (each.index > statement.entry.index || each.tree_size > last->tree_size);
  });
}

std::optional<KeyStream> KeyStreamOf(uint64_t index, const audit::EventCopy& event) {
  if (event.kind != audit::EventKind::kBackup) return std::nullopt;
  const auto sha256 = audit::Sha256Of(event);
  const auto tree_size = audit::NumberOf(event, audit::What::kTreeSize);
  if (!sha256 || !tree_size) return std::nullopt;
  return KeyStream{index, *tree_size, *sha256};
}

// What is found of one person on a walk over the trail.
class Finder {
 public:
  explicit Finder(const DecisionId& erased) : erased_(erased) {}

  Result<bool> Look(uint64_t index, const Leaf& leaf, audit::EntryReader& reader) {
    if (leaf.type != audit::LeafType::kWrite || (found_.empty() && !IsOf(leaf, erased_))) {
      reader.Pass(leaf);
      return true;
    }
    BAILEE_TRY(audit::OpenedEntry entry, reader.Open(index, leaf));
    const auto step = audit::StepOf(entry.event);
    if (found_.empty() && step != audit::ReceiptStep::kErased) return NotAnErasure();
    if (!step || !steps_.Allows(*step)) return true;
    if (*step == audit::ReceiptStep::kDestroyed) {
      statements_.push_back({*audit::Sha256Of(entry.event), {index, std::move(entry.key)}});
      return true;
    }
    steps_.Add(*step);
    found_.push_back({index, std::move(entry.key)});
    return true;
  }

  bool any() const { return !found_.empty(); }
  bool stated() const { return !statements_.empty(); }

  // In their order in the tree, with the first statement that holds.
  std::vector<FoundEntry> Take(const std::vector<KeyStream>& streams) {
    const uint64_t erased = found_.front().index;
    const auto holds = std::ranges::find_if(
        statements_, [&](const Statement& each) { return Holds(each, erased, streams); });
    if (holds != statements_.end()) found_.push_back(std::move(holds->entry));
    std::ranges::sort(found_, {}, &FoundEntry::index);
    return std::move(found_);
  }

 private:
  const DecisionId& erased_;
  audit::ReceiptSteps steps_;
  std::vector<FoundEntry> found_;
  std::vector<Statement> statements_;
};

}  // namespace

Result<Bytes> AuditTrailImpl::Receipt(const DecisionId& erased, const std::string& checkpoint) {
  BAILEE_TRY(const crypto::BoxOpener* const auditor, Auditor(audit::EventKind::kTrailProve));
  const std::string text = erased.ToText();
  const audit::Detail detail{audit::What::kDecision, text};
  BAILEE_RETURN_IF_ERROR(Record({.kind = audit::EventKind::kTrailProve, .details = {&detail, 1}}));
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine_->Read());
  BAILEE_TRY(const audit::TreeReader tree, audit::TreeReader::Open(*snapshot));
  BAILEE_TRY(const Checkpoint covered, audit::VerifyExtends(tree, PinnedTo(checkpoint)));
  Finder finder(erased);
  BAILEE_RETURN_IF_ERROR(
      EachLeaf(tree.pruned(), covered.size, *auditor,
               [&](uint64_t index, const Leaf& leaf, audit::EntryReader& reader) {
                 return finder.Look(index, leaf, reader);
               }));
  if (!finder.any()) return NoSuchDecision();
  std::vector<KeyStream> streams;
  const auto collect = [&](uint64_t index, const Leaf& leaf,
                           audit::EntryReader& reader) -> Result<bool> {
    if (leaf.type != audit::LeafType::kJournal) {
      reader.Pass(leaf);
      return true;
    }
    BAILEE_TRY(const audit::OpenedEntry entry, reader.Open(index, leaf));
    if (auto stream = KeyStreamOf(index, entry.event)) streams.push_back(*stream);
    return true;
  };
  if (finder.stated()) {
    BAILEE_RETURN_IF_ERROR(EachLeaf(tree.pruned(), covered.size, *auditor, collect));
  }
  std::vector<ShownEntry> shown;
  for (FoundEntry& each : finder.Take(streams)) {
    BAILEE_TRY(ShownEntry next,
               Show(tree, {each.index, covered.size, checkpoint}, std::move(each.key)));
    shown.push_back(std::move(next));
  }
  return audit::FormatReceipt(row_.id, shown);
}

}  // namespace bailee::vault
