// SPDX-License-Identifier: Apache-2.0
#include "audit/export.h"

#include <memory>
#include <utility>

#include "audit/cut.h"
#include "audit/findings.h"
#include "audit/leaf_cursor.h"
#include "audit/replay.h"
#include "audit/tree_store.h"
#include "base/codec.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

constexpr std::string_view kExportMagic = "BAILEEEX";
constexpr uint16_t kExportVersion = 1;

// What is known of the tree where the export begins.
struct Beginning {
  Frontier frontier;
  uint64_t pruned = 0;
  OpenInstances cut;
};

Result<Beginning> ReadBeginning(store::Engine& engine, uint64_t first) {
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine.Read());
  BAILEE_TRY(const TreeReader tree, TreeReader::Open(*snapshot));
  // Says that the leaf was pruned, if it was.
  if (first < tree.pruned()) return tree.Leaf(first).status();
  Beginning beginning;
  BAILEE_TRY(beginning.frontier, tree.FrontierAt(first));
  beginning.pruned = tree.pruned();
  BAILEE_TRY(beginning.cut, ReadCut(*snapshot, tree.pruned()));
  return beginning;
}

// What is open at `first`.
Result<OpenInstances> OpenAt(store::Engine& engine, const VaultId& vault, Beginning& beginning,
                             uint64_t first) {
  Findings findings;
  Replay replay(vault, std::move(beginning.cut), findings);
  LeafCursor leaves(engine, {beginning.pruned, first});
  while (true) {
    BAILEE_TRY(const bool more, leaves.NextLeaf());
    if (!more) break;
    (void)replay.Add(leaves.index(), leaves.leaf());
  }
  if (findings.broken()) {
    return Status(Code::kAuditBroken, "trail.broken",
                  "what comes before the export cannot be followed",
                  "run `bailee audit verify`; export from the first leaf");
  }
  return replay.open();
}

Bytes HeadOf(const ExportRequest& request, const Frontier& frontier, const OpenInstances& open) {
  Bytes head;
  Writer out(head);
  out.Put(AsBytes(kExportMagic)).Put(kExportVersion).Put(request.vault.view()).Put(request.first);
  out.Put(request.verified->size - request.first);
  out.PutPrefixed<uint32_t>(AsBytes(request.text));
  out.PutPrefixed<uint32_t>(frontier.Encode());
  out.Put(static_cast<uint32_t>(open.size()));
  for (const auto& [instance, state] : open) {
    out.Put(instance.view()).PutPrefixed<uint32_t>(EncodeOpenInstance(state));
  }
  return head;
}

}  // namespace

Result<uint64_t> ExportLeaves(store::Engine& engine, const ExportRequest& request,
                              const std::function<Status(ByteView)>& write) {
  const uint64_t end = request.verified->size;
  if (request.first > end) {
    return Status(Code::kNotFound, "audit.beyond-tree",
                  "the export would begin beyond the checkpoint", "take a newer checkpoint");
  }
  BAILEE_TRY(Beginning beginning, ReadBeginning(engine, request.first));
  BAILEE_TRY(const OpenInstances open, OpenAt(engine, request.vault, beginning, request.first));
  Frontier& frontier = beginning.frontier;
  BAILEE_RETURN_IF_ERROR(write(HeadOf(request, frontier, open)));
  LeafCursor leaves(engine, {request.first, end});
  Bytes piece;
  while (true) {
    BAILEE_TRY(const bool more, leaves.NextLeaf());
    if (!more) break;
    (void)frontier.Append(LeafHash(leaves.leaf()));
    piece.clear();
    Writer(piece).PutPrefixed<uint32_t>(leaves.leaf());
    BAILEE_RETURN_IF_ERROR(write(piece));
  }
  if (frontier.Root() != request.verified->root) {
    return Status(Code::kAuditBroken, "audit.tree-broken",
                  "the exported leaves do not make the root of the checkpoint",
                  "keep the files as they are and run `bailee audit verify`");
  }
  return end - request.first;
}

}  // namespace bailee::audit
