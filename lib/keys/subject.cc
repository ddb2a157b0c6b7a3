// SPDX-License-Identifier: Apache-2.0
#include "keys/subject.h"

#include <algorithm>

#include "bailee/limits.h"
#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/hash.h"
#include "crypto/padding.h"
#include "crypto/suite1.h"

namespace bailee::keys {
namespace {

constexpr uint8_t kSubjectRowVersion = 1;
constexpr size_t kHeadBytes = 1 + 4 + 8 + 4;
constexpr size_t kOverwrittenBytes = 8 + 16 + 4;

crypto::EncodedBinding SubjectBinding(const VaultId& vault, const Handle& handle,
                                      const SubjectHead& head) {
  return crypto::Encode(crypto::Binding{.label = crypto::Label::kSubjectRow,
                                        .vault = vault,
                                        .handle = handle,
                                        .generation = head.generation,
                                        .revision = head.revision,
                                        .context = head.shard_key});
}

}  // namespace

Result<Secret> EncodeState(const Subject& subject) {
  BAILEE_CHECK(subject.ref.size_bytes() <= limits::kRefBytesMax);
  const size_t size = 1 + 2 * crypto::kKeyBytes + 1 + subject.ref.size_bytes() + 8 + 4 +
                      subject.standing.size() + 4 + subject.overwritten.size() * kOverwrittenBytes;
  BAILEE_TRY(Secret state, Secret::Allocate(crypto::PaddedSize(size)));
  state.RevealMutable([&](std::span<uint8_t> out) {
    uint8_t* at = out.data();
    const auto put = [&](ByteView bytes) { at = std::copy(bytes.begin(), bytes.end(), at); };
    const auto put_int = [&]<typename Int>(Int value) {
      StoreBigEndian(value, at);
      at += sizeof(Int);
    };
    put_int(static_cast<uint8_t>(subject.kind));
    subject.key.Reveal(put);
    subject.history.Reveal(put);
    put_int(static_cast<uint8_t>(subject.ref.size_bytes()));
    subject.ref.RevealBytes(put);
    put_int(subject.created_at.unix_ms);
    put_int(static_cast<uint32_t>(subject.standing.size()));
    put(subject.standing);
    put_int(static_cast<uint32_t>(subject.overwritten.size()));
    for (const Overwritten& each : subject.overwritten) {
      put(each.category.view());
      put(each.record.view());
      put_int(each.revision);
    }
    BAILEE_CHECK(at == out.data() + size);
    crypto::Pad(out, size);
  });
  return state;
}

Result<Subject> DecodeState(const SubjectHead& head, ByteView padded) {
  BAILEE_TRY(const size_t size, crypto::UnpaddedSize(padded));
  Reader reader(padded.first(size));
  Subject subject;
  subject.head = head;
  const auto kind = reader.Get<uint8_t>();
  const ByteView key = reader.GetBytes(crypto::kKeyBytes);
  const ByteView history = reader.GetBytes(crypto::kKeyBytes);
  const ByteView ref = reader.GetPrefixed<uint8_t>();
  subject.created_at = {reader.Get<int64_t>()};
  const ByteView standing = reader.GetPrefixed<uint32_t>();
  const auto count = reader.Get<uint32_t>();
  if (reader.failed() || reader.rest().size() != size_t{count} * kOverwrittenBytes)
    return DamagedSubject();
  if (kind < 1 || kind > 2) return DamagedSubject();
  subject.kind = static_cast<SubjectKind>(kind);
  BAILEE_TRY(subject.key, crypto::SubjectKey::FromBytes(key));
  BAILEE_TRY(subject.history, crypto::HistoryKey::FromBytes(history));
  BAILEE_TRY(subject.ref, Secret::From(ref));
  subject.standing.assign(standing.begin(), standing.end());
  subject.overwritten.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    subject.overwritten.push_back(
        {{reader.GetArray<8>()}, {reader.GetArray<16>()}, reader.Get<uint32_t>()});
  }
  return subject;
}

Status DamagedSubject() {
  return Status(Code::kDamage, "subject.damaged", "a subject's row does not open",
                "restore the vault from a backup; other subjects are still readable");
}

SubjectRowKey SubjectRowKeyOf(const Handle& handle) {
  SubjectRowKey key{};
  std::copy(handle.bytes.begin(), handle.bytes.end(), key.begin());
  return key;
}

uint32_t Subject::RevisionOf(const crypto::NameId& category, const RecordId& record) const {
  const auto it = std::find_if(
      overwritten.begin(), overwritten.end(),
      [&](const Overwritten& each) { return each.record == record && each.category == category; });
  return it == overwritten.end() ? 0 : it->revision;
}

void Subject::SetRevision(const crypto::NameId& category, const RecordId& record,
                          uint32_t revision) {
  for (Overwritten& each : overwritten) {
    if (each.record == record && each.category == category) {
      each.revision = revision;
      return;
    }
  }
  overwritten.push_back({category, record, revision});
}

Result<SubjectHead> ParseSubjectHead(ByteView row) {
  Reader reader(row);
  const auto version = reader.Get<uint8_t>();
  const SubjectHead head{reader.Get<uint32_t>(), reader.Get<uint64_t>(), reader.Get<uint32_t>()};
  if (reader.failed() || version != kSubjectRowVersion) return DamagedSubject();
  return head;
}

Result<Bytes> SealSubject(const VaultId& vault, const Handle& handle, const Subject& subject,
                          const NamedShardKey& shard, crypto::Random& random) {
  BAILEE_TRY(const Secret state, EncodeState(subject));
  SubjectHead head = subject.head;
  head.shard_key = shard.id;
  Bytes row;
  row.reserve(kHeadBytes + state.size_bytes() + crypto::kEnvelopeOverhead);
  Writer(row).Put(kSubjectRowVersion).Put(head.generation).Put(head.shard_key).Put(head.revision);
  state.RevealBytes([&](ByteView bytes) {
    crypto::SealAppend(*shard.key, SubjectBinding(vault, handle, head), bytes, random, row);
  });
  return row;
}

Result<Subject> OpenSubject(const VaultId& vault, const Handle& handle, ByteView row,
                            Shards& shards, store::Snapshot& snapshot) {
  BAILEE_TRY(const SubjectHead head, ParseSubjectHead(row));
  // The row lies in the snapshot, which a look for the key leaves as it is.
  BAILEE_TRY(const crypto::ShardKey* shard,
             shards.Get(snapshot, ShardOf(handle.bytes), head.shard_key));
  const Result<Secret> state =
      crypto::Open(*shard, SubjectBinding(vault, handle, head), row.subspan(kHeadBytes));
  if (!state.ok()) return crypto::DamageUnlessFull(state.status(), DamagedSubject());
  return state->RevealBytes([&](ByteView bytes) { return DecodeState(head, bytes); });
}

}  // namespace bailee::keys
