// SPDX-License-Identifier: Apache-2.0
#include "vault/check/inspect_trail.h"

#include <algorithm>

#include "audit/drain.h"
#include "audit/journal_format.h"
#include "audit/leaf.h"
#include "base/codec.h"

namespace bailee::vault {
namespace {

void Say(InspectedRow& row, const char* name, uint64_t number) {
  row.readable.emplace_back(name, std::to_string(number));
}

void SayEnds(InspectedRow& row, const audit::ChainEnds& ends) {
  Say(row, "journal_entries", ends.journal_number);
  Say(row, "writes", ends.write_number);
}

void SayBody(InspectedRow& row, const audit::Leaf& leaf) {
  switch (leaf.type) {
    case audit::LeafType::kOpened:
      row.kind = "opened";
      if (const auto head = audit::ParseHead(leaf.body); head.ok()) {
        row.readable.emplace_back("opened_at_ms", std::to_string(head->opened_at.unix_ms));
      }
      break;
    case audit::LeafType::kJournal:
      row.kind = "journal entry";
      Say(row, "number", leaf.number);
      break;
    case audit::LeafType::kWrite:
      row.kind = "write event";
      Say(row, "number", leaf.number);
      if (const auto body = audit::ParseWriteBody(leaf.body); body.ok()) {
        Say(row, "transaction", body->transaction);
      }
      break;
    case audit::LeafType::kClosed:
      row.kind = "closed";
      if (const auto ends = audit::ParseChainEnds(leaf.body); ends.ok()) SayEnds(row, *ends);
      break;
    case audit::LeafType::kAdopted:
      row.kind = "adopted";
      if (const auto adoption = audit::ParseAdoption(leaf.body); adoption.ok()) {
        SayEnds(row, adoption->ends);
        row.readable.emplace_back("adopter", adoption->adopter.ToHex());
      }
      break;
  }
}

}  // namespace

void InspectLeaf(InspectedRow& row, ByteView key, ByteView value) {
  const Result<audit::Leaf> leaf = audit::ParseLeaf(value);
  if (!leaf.ok() || key.size() != sizeof(uint64_t)) return;
  Say(row, "index", Reader(key).Get<uint64_t>());
  row.readable.emplace_back("instance", leaf->instance.ToHex());
  SayBody(row, *leaf);
}

void InspectNode(InspectedRow& row, ByteView key) {
  Reader reader(key);
  const auto level = reader.Get<uint8_t>();
  const auto index = reader.Get<uint64_t>();
  if (!reader.complete()) return;
  row.kind = "node";
  Say(row, "level", level);
  Say(row, "index", index);
}

void InspectWatermark(InspectedRow& row, ByteView key, ByteView value) {
  const InstanceId instance{Reader(key.last(std::min(key.size(), size_t{16}))).GetArray<16>()};
  const Bytes of_trail = audit::WatermarkKey(instance);
  if (!std::equal(key.begin(), key.end(), of_trail.begin(), of_trail.end())) return;
  const Result<audit::Watermark> watermark = audit::ParseWatermark(value);
  if (!watermark.ok()) return;
  row.kind = "watermark";
  row.readable.emplace_back("instance", instance.ToHex());
  row.readable.emplace_back("state",
                            watermark->state == audit::InstanceState::kOpen ? "open" : "ended");
  SayEnds(row, watermark->ends);
}

}  // namespace bailee::vault
