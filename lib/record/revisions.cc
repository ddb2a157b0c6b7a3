// SPDX-License-Identifier: Apache-2.0
#include "record/revisions.h"

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/suite1.h"

namespace bailee::record {
namespace {

crypto::EncodedBinding RevisionsBinding(const RecordPlace& place, const RecordHead& head) {
  return crypto::Encode(crypto::Binding{
      .label = crypto::Label::kRevisions,
      .vault = place.vault,
      .handle = place.handle,
      .category = place.category,
      .record = place.record,
      .terms = head.terms,
      .revision = head.revision,
      .context = static_cast<uint64_t>(head.collected_at.unix_ms),
  });
}

Status NotAuthentic() {
  return Status(Code::kDamage, "record.not-authentic",
                "a record is not what was stored in its place", "run check on the vault");
}

}  // namespace

Result<Revisions> Revisions::Open(const RecordPlace& place, const crypto::HistoryKey& history,
                                  const RecordRow& row) {
  Revisions opened(row.head());
  if (row.revisions().empty()) return opened;
  const Result<Secret> plain =
      crypto::Open(history, RevisionsBinding(place, row.head()), row.revisions());
  if (!plain.ok()) return crypto::DamageUnlessFull(plain.status(), NotAuthentic());
  const bool sensible = plain->RevealBytes([&](ByteView bytes) {
    Reader reader(bytes);
    for (const RowEntry& entry : row) {
      const auto revision = reader.Get<uint32_t>();
      if (revision > row.head().revision) return false;
      if (revision != row.head().revision) opened.others_.emplace_back(entry.compartment, revision);
    }
    return reader.complete();
  });
  if (!sensible) return NotAuthentic();
  return opened;
}

uint32_t Revisions::Of(uint16_t compartment) const {
  for (const auto& [other, revision] : others_) {
    if (other == compartment) return revision;
  }
  return head_.revision;
}

RecordHead Revisions::HeadOf(uint16_t compartment) const {
  RecordHead head = head_;
  head.revision = Of(compartment);
  return head;
}

Bytes SealRevisions(const RecordPlace& place, const RecordHead& head,
                    const crypto::HistoryKey& history, std::span<const uint32_t> revisions,
                    crypto::Random& random) {
  Bytes plain;
  Writer writer(plain);
  for (const uint32_t revision : revisions) {
    BAILEE_CHECK(revision <= head.revision);
    writer.Put(revision);
  }
  return crypto::Seal(history, RevisionsBinding(place, head), plain, random);
}

}  // namespace bailee::record
