// SPDX-License-Identifier: Apache-2.0
#include "audit/prune.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "audit/cut.h"
#include "audit/entry_reader.h"
#include "audit/findings.h"
#include "audit/journal_format.h"
#include "audit/leaf_cursor.h"
#include "audit/replay.h"
#include "audit/tree_replay.h"
#include "audit/tree_store.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

using store::Table;

// A point up to which leaves may go, and what is then to be kept of them.
struct Cut {
  uint64_t pruned = 0;
  OpenInstances open;
  Frontier frontier;
};

// Goes through the leaves from the front and says how far they may go.
class Pruner {
 public:
  static Result<std::unique_ptr<Pruner>> Begin(store::Engine& engine, EventSink& events,
                                               const PruneRequest& request) {
    Cut cut;
    {
      BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine.Read());
      BAILEE_TRY(const TreeReader tree, TreeReader::Open(*snapshot));
      cut.pruned = tree.pruned();
      BAILEE_TRY(cut.open, ReadCut(*snapshot, cut.pruned));
    }
    auto pruner = std::unique_ptr<Pruner>(new Pruner(engine, events, request, std::move(cut)));
    BAILEE_TRY(const TreeReplay tree, TreeReplay::Begin(engine, pruner->gone_, pruner->findings_));
    pruner->tree_.emplace(tree);
    return pruner;
  }

  Result<uint64_t> Run() {
    const uint64_t began = gone_;
    LeafCursor leaves(engine_, {gone_, request_.covered / kBlockLeaves * kBlockLeaves});
    while (true) {
      BAILEE_TRY(const bool more, leaves.NextLeaf());
      if (!more) break;
      BAILEE_TRY(const bool goes, Goes(leaves.index(), leaves.leaf()));
      if (!goes) break;
      if ((leaves.index() + 1) % kBlockLeaves != 0) continue;
      ready_ = Cut{leaves.index() + 1, replay_.open(), tree_->frontier()};
      if (ready_->pruned - gone_ >= request_.blocks_at_once * kBlockLeaves) {
        BAILEE_RETURN_IF_ERROR(Delete());
      }
    }
    if (ready_) BAILEE_RETURN_IF_ERROR(Delete());
    return gone_ - began;
  }

 private:
  Pruner(store::Engine& engine, EventSink& events, const PruneRequest& request, Cut cut)
      : engine_(engine),
        events_(events),
        request_(request),
        gone_(cut.pruned),
        entries_(request.vault, *request.auditor, cut.open),
        replay_(request.vault, std::move(cut.open), findings_) {}

  Result<bool> Goes(uint64_t index, ByteView bytes);
  Status Delete();
  Status CheckProven(const Cut& cut);
  Status DeleteIn(store::WriteTransaction& transaction, const Cut& cut) const;

  store::Engine& engine_;
  EventSink& events_;
  const PruneRequest& request_;
  Findings findings_;
  uint64_t gone_;
  EntryReader entries_;
  Replay replay_;
  std::optional<TreeReplay> tree_;
  std::optional<Cut> ready_;
};

// Whether nothing in the leaf is too young.
Result<bool> Pruner::Goes(uint64_t index, ByteView bytes) {
  const std::optional<Leaf> leaf = replay_.Add(index, bytes);
  BAILEE_RETURN_IF_ERROR(tree_->Add(bytes));
  if (!leaf || findings_.broken()) {
    return Status(Code::kAuditBroken, "trail.broken",
                  "the beginning of the audit trail is not whole; nothing more is deleted",
                  "keep the files as they are and run `bailee audit verify --entries`");
  }
  if (leaf->type == LeafType::kJournal || leaf->type == LeafType::kWrite) {
    BAILEE_TRY(const OpenedEntry entry, entries_.Open(index, *leaf));
    return entry.event.at < request_.before;
  }
  entries_.Pass(*leaf);
  if (leaf->type != LeafType::kOpened) return true;
  BAILEE_TRY(const Head head, ParseHead(leaf->body));
  return head.opened_at < request_.before;
}

// What goes is what the head, and so the checkpoint, has a hash of.
Status Pruner::CheckProven(const Cut& cut) {
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine_.Read());
  BAILEE_TRY(const TreeReader tree, TreeReader::Open(*snapshot));
  BAILEE_TRY(const Frontier proven, tree.FrontierAt(cut.pruned));
  if (tree_->complete() && proven.Encode() == cut.frontier.Encode()) return Status();
  return Status(Code::kAuditBroken, "trail.broken",
                "the beginning of the audit trail does not hash to its head",
                "keep the files as they are and run `bailee audit verify`");
}

Status Pruner::DeleteIn(store::WriteTransaction& transaction, const Cut& cut) const {
  BAILEE_TRY(const TreeReader tree, TreeReader::Open(transaction));
  if (tree.pruned() != gone_) {
    return Status(Code::kBusy, "audit.pruned-meanwhile", "somebody else prunes the audit trail",
                  "try again once that is done");
  }
  for (uint64_t index = gone_; index < cut.pruned; ++index) {
    BAILEE_RETURN_IF_ERROR(transaction.Delete(Table::kAuditLeaf, LeafKey(index)));
  }
  return PutCut(transaction, cut.pruned, cut.open);
}

Status Pruner::Delete() {
  const Cut cut = *std::exchange(ready_, std::nullopt);
  BAILEE_RETURN_IF_ERROR(CheckProven(cut));
  const std::array<std::string, 3> texts = {std::to_string(gone_), std::to_string(cut.pruned - 1),
                                            std::to_string(request_.covered)};
  const std::array details = {Detail{What::kFirst, texts[0]}, Detail{What::kLast, texts[1]},
                              Detail{What::kTreeSize, texts[2]}};
  Event event = request_.event;
  event.details = details;
  BAILEE_TRY(const WriteMark mark, events_.BeginWrite());
  std::optional<DecisionId> last;
  BAILEE_RETURN_IF_ERROR(engine_.Write([&](store::WriteTransaction& transaction) -> Status {
    BAILEE_RETURN_IF_ERROR(DeleteIn(transaction, cut));
    const std::unique_ptr<WriteEvents> writes = events_.EventsOf(transaction, mark);
    event.transaction = transaction.transaction_id();
    BAILEE_RETURN_IF_ERROR(writes->Append(event).status());
    BAILEE_RETURN_IF_ERROR(writes->Finish());
    last = writes->last();
    return Status();
  }));
  if (last) events_.Committed(*last);
  gone_ = cut.pruned;
  return Status();
}

}  // namespace

Result<uint64_t> PruneLeaves(store::Engine& engine, EventSink& events,
                             const PruneRequest& request) {
  BAILEE_TRY(const std::unique_ptr<Pruner> pruner, Pruner::Begin(engine, events, request));
  BAILEE_TRY(const uint64_t gone, pruner->Run());
  if (gone > 0) return gone;
  return Status(Code::kNotFound, "audit.nothing-to-prune",
                "no block of 256 leaves is covered by the checkpoint and old enough",
                "take a newer checkpoint, or wait: entries are kept as long as was asked for");
}

}  // namespace bailee::audit
