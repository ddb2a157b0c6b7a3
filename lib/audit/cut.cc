// SPDX-License-Identifier: Apache-2.0
#include "audit/cut.h"

#include <array>
#include <vector>

#include "audit/journal_format.h"
#include "audit/tree_rows.h"
#include "base/codec.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

using store::Table;

constexpr size_t kIdBytes = 16;

Status BadCut() {
  return Status(Code::kDamage, "trail.bad-cut",
                "what a pruning of the audit trail left makes no sense",
                "restore the vault from a backup");
}

}  // namespace

OpenInstance NewInstance(ByteView head) {
  OpenInstance open;
  open.ends.journal_chain = open.ends.write_chain = ChainStart(head);
  open.offset = head.size();
  open.head.assign(head.begin(), head.end());
  return open;
}

Bytes EncodeOpenInstance(const OpenInstance& open) {
  Bytes state;
  AppendChainEnds(open.ends, state);
  Writer(state).Put(open.offset).Put(open.head);
  return state;
}

Result<OpenInstance> ParseOpenInstance(const InstanceId& instance, ByteView state) {
  Reader in(state);
  const Result<ChainEnds> ends = ParseChainEnds(in.GetBytes(kChainEndsBytes));
  OpenInstance open;
  open.offset = in.Get<uint64_t>();
  const ByteView head = in.rest();
  const Result<Head> parsed = ParseHead(head);
  if (!ends.ok() || in.failed() || !parsed.ok() || parsed->size_bytes != head.size() ||
      parsed->instance != instance || open.offset < head.size()) {
    return BadCut();
  }
  open.ends = *ends;
  open.head.assign(head.begin(), head.end());
  return open;
}

Bytes CutKey(const InstanceId& instance) {
  Bytes key;
  Writer(key).Put(ByteView(kPrunedRow)).Put(instance.view());
  return key;
}

Result<OpenInstances> ReadCut(store::Snapshot& snapshot, uint64_t pruned) {
  OpenInstances cut;
  Status bad;
  BAILEE_RETURN_IF_ERROR(
      snapshot.Scan(Table::kMeta, kPrunedRow, {}, [&](ByteView key, ByteView value) {
        if (key.size() == sizeof(kPrunedRow)) return true;
        const InstanceId instance{Reader(key.subspan(sizeof(kPrunedRow))).GetArray<kIdBytes>()};
        Result<OpenInstance> open = ParseOpenInstance(instance, value);
        // Whoever follows a chain of keys goes as far as this number says: not for ever.
        if (key.size() != sizeof(kPrunedRow) + kIdBytes || !open.ok() ||
            open->ends.journal_number > pruned || open->ends.write_number > pruned) {
          bad = BadCut();
          return false;
        }
        cut.emplace(instance, *std::move(open));
        return true;
      }));
  if (!bad.ok()) return bad;
  return cut;
}

Status PutCut(store::WriteTransaction& transaction, uint64_t pruned, const OpenInstances& open) {
  std::vector<Bytes> gone;
  BAILEE_RETURN_IF_ERROR(
      transaction.Scan(Table::kMeta, kPrunedRow, {}, [&](ByteView key, ByteView) {
        gone.emplace_back(key.begin(), key.end());
        return true;
      }));
  for (const Bytes& key : gone) BAILEE_RETURN_IF_ERROR(transaction.Delete(Table::kMeta, key));
  std::array<uint8_t, 8> count;
  StoreBigEndian(pruned, count.data());
  BAILEE_RETURN_IF_ERROR(transaction.Put(Table::kMeta, kPrunedRow, count));
  for (const auto& [instance, state] : open) {
    BAILEE_RETURN_IF_ERROR(
        transaction.Put(Table::kMeta, CutKey(instance), EncodeOpenInstance(state)));
  }
  return Status();
}

}  // namespace bailee::audit
