// SPDX-License-Identifier: Apache-2.0
#include "keys/lookup.h"

#include <algorithm>

#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/hash.h"
#include "crypto/padding.h"
#include "crypto/suite1.h"

namespace bailee::keys {
namespace {

using store::Table;

constexpr uint8_t kFieldKind = 0x03;
constexpr uint8_t kPendingKind = 0x04;

Status DamagedLookup() {
  return Status(Code::kDamage, "lookup.damaged", "a lookup row does not open",
                "restore the vault from a backup; reading by handle still works");
}

Bytes RefPrefix(RefDomain domain, const LookupTag& tag) {
  Bytes key;
  Writer(key).Put(static_cast<uint8_t>(domain)).Put(ByteView(tag));
  return key;
}

Bytes FieldPrefix(const IndexName& index, const LookupTag& tag) {
  Bytes key;
  Writer(key).Put(kFieldKind).Put(index.id.view()).Put(index.version).Put(ByteView(tag));
  return key;
}

uint64_t ContextOf(ByteView nonce) { return LoadBigEndian<uint64_t>(nonce.data()); }

crypto::EncodedBinding HandleBinding(const VaultId& vault, const IndexName& index,
                                     const LookupTag& tag, uint64_t context) {
  return crypto::Encode(crypto::Binding{.label = crypto::Label::kLookupHandle,
                                        .vault = vault,
                                        .category = index.id,
                                        .record = {tag},
                                        .revision = index.version,
                                        .context = context});
}

Status PutSealed(const LookupContext& context, store::WriteTransaction& transaction, Bytes key,
                 const IndexName& index, const LookupTag& tag, ByteView plain,
                 crypto::Random& random) {
  const RowNonce nonce = crypto::RandomArray<sizeof(RowNonce)>(random);
  Writer(key).Put(ByteView(nonce));
  BAILEE_TRY(const crypto::ShardKey* shard, context.shards.Get(transaction, ShardOf(tag)));
  const Bytes value = crypto::Seal(
      *shard, HandleBinding(context.vault, index, tag, ContextOf(nonce)), plain, random);
  return transaction.Insert(Table::kLookup, key, value);
}

// Calls `use` with the opened value of every row under `prefix` until it returns false.
Status VisitSealed(const LookupContext& context, store::Snapshot& snapshot, const Bytes& prefix,
                   const IndexName& index, const LookupTag& tag, size_t plain_bytes,
                   const std::function<bool(ByteView)>& use) {
  BAILEE_TRY(const crypto::ShardKey* shard, context.shards.Get(snapshot, ShardOf(tag)));
  Status problem;
  BAILEE_RETURN_IF_ERROR(
      snapshot.Scan(Table::kLookup, prefix, {}, [&](ByteView key, ByteView value) {
        std::array<uint8_t, 32> plain{};
        const bool shaped = key.size() == prefix.size() + sizeof(RowNonce) &&
                            plain_bytes <= plain.size() &&
                            value.size() == plain_bytes + crypto::kEnvelopeOverhead;
        problem = !shaped ? DamagedLookup()
                          : crypto::OpenInto(*shard,
                                             HandleBinding(context.vault, index, tag,
                                                           ContextOf(key.last(sizeof(RowNonce)))),
                                             value, std::span(plain).first(plain_bytes));
        if (!problem.ok()) {
          problem = crypto::DamageUnlessFull(problem, DamagedLookup());
          return false;
        }
        return use(ByteView(plain).first(plain_bytes));
      }));
  return problem;
}

crypto::Binding PendingBinding(const PendingPlace& place, crypto::Label label, uint64_t context) {
  return {.label = label,
          .vault = place.vault,
          .handle = place.handle,
          .category = place.index.id,
          .revision = label == crypto::Label::kPendingOuter ? place.index.version : uint32_t{0},
          .context = context};
}

crypto::EncodedWrapBinding PendingInnerBinding(const PendingPlace& place, uint64_t context) {
  return crypto::Encode(
      crypto::WrapBinding{PendingBinding(place, crypto::Label::kPendingInner, context),
                          place.purpose, place.purpose_version});
}

Bytes PaddedBytes(Bytes plain) {
  const size_t size = plain.size();
  plain.resize(crypto::PaddedSize(size));
  crypto::Pad(plain, size);
  return plain;
}

}  // namespace

LookupTag TagOfRef(const crypto::RefKey& key, std::string_view ref) {
  return crypto::KeyedHash<16>(key, crypto::person::kRef, {AsBytes(ref)});
}

LookupTag TagOfBrowser(const crypto::TagKey& key, std::string_view tag) {
  return crypto::KeyedHash<16>(key, crypto::person::kTag, {AsBytes(tag)});
}

LookupTag TagOfValue(const crypto::IndexKey& key, ByteView index_form) {
  return crypto::KeyedHash<16>(key, crypto::person::kIndex, {index_form});
}

Result<std::optional<Handle>> FindRef(const LookupContext& context, store::Snapshot& snapshot,
                                      RefDomain domain, const LookupTag& tag) {
  std::optional<Handle> found;
  BAILEE_RETURN_IF_ERROR(
      VisitSealed(context, snapshot, RefPrefix(domain, tag), {}, tag, 16, [&](ByteView plain) {
        found.emplace();
        std::copy(plain.begin(), plain.end(), found->bytes.begin());
        return false;
      }));
  return found;
}

Status PutRef(const LookupContext& context, store::WriteTransaction& transaction, RefDomain domain,
              const LookupTag& tag, const Handle& handle, crypto::Random& random) {
  return PutSealed(context, transaction, RefPrefix(domain, tag), {}, tag, handle.view(), random);
}

Status FindField(const LookupContext& context, store::Snapshot& snapshot, const IndexName& index,
                 const LookupTag& tag, const std::function<bool(const FieldHit&)>& visit) {
  return VisitSealed(context, snapshot, FieldPrefix(index, tag), index, tag, 32,
                     [&](ByteView plain) {
                       Reader reader(plain);
                       return visit({{reader.GetArray<16>()}, {reader.GetArray<16>()}});
                     });
}

Result<bool> IsListed(const LookupContext& context, store::Snapshot& snapshot,
                      const IndexName& index, const LookupTag& tag, const FieldHit& hit) {
  bool listed = false;
  BAILEE_RETURN_IF_ERROR(FindField(context, snapshot, index, tag, [&](const FieldHit& each) {
    listed = each == hit;
    return !listed;
  }));
  return listed;
}

Status PutField(const LookupContext& context, store::WriteTransaction& transaction,
                const IndexName& index, const LookupTag& tag, const FieldHit& hit,
                crypto::Random& random) {
  Bytes plain;
  Writer(plain).Put(hit.handle.view()).Put(hit.record.view());
  return PutSealed(context, transaction, FieldPrefix(index, tag), index, tag, plain, random);
}

Status PutPending(store::WriteTransaction& transaction, const PendingPlace& place,
                  const crypto::SubjectKey& subject, const crypto::BoxPublicKey& recipient,
                  const RecordId& record, ByteView index_form, crypto::BoxSender& sender,
                  crypto::Random& random) {
  const RowNonce nonce = crypto::RandomArray<sizeof(RowNonce)>(random);
  const uint64_t context = ContextOf(nonce);
  const size_t size = record.bytes.size() + index_form.size();
  BAILEE_TRY(Secret plain, Secret::Allocate(crypto::PaddedSize(size)));
  plain.RevealMutable([&](std::span<uint8_t> out) {
    uint8_t* at = std::copy(record.bytes.begin(), record.bytes.end(), out.data());
    std::copy(index_form.begin(), index_form.end(), at);
    crypto::Pad(out, size);
  });
  BAILEE_TRY(Bytes box, plain.RevealBytes([&](ByteView bytes) {
    return sender.Seal(recipient, PendingInnerBinding(place, context), bytes, random);
  }));
  const Bytes value = crypto::Seal(
      subject, crypto::Encode(PendingBinding(place, crypto::Label::kPendingOuter, context)),
      PaddedBytes(std::move(box)), random);
  Bytes key = PendingPrefix(place.index);
  Writer(key).Put(place.handle.view()).Put(ByteView(nonce));
  return transaction.Insert(Table::kLookup, key, value);
}

Status DeleteRef(store::WriteTransaction& transaction, RefDomain domain, const LookupTag& tag) {
  std::vector<Bytes> found;
  BAILEE_RETURN_IF_ERROR(
      transaction.Scan(Table::kLookup, RefPrefix(domain, tag), {}, [&](ByteView key, ByteView) {
        found.emplace_back(key.begin(), key.end());
        return true;
      }));
  for (const Bytes& key : found) BAILEE_RETURN_IF_ERROR(transaction.Delete(Table::kLookup, key));
  return Status();
}

bool LeadsToRecord(ByteView key) {
  return !key.empty() && (key[0] == kFieldKind || key[0] == kPendingKind);
}

Result<OpenedRow> OpenFieldRow(const LookupContext& context, store::Snapshot& snapshot,
                               ByteView key, ByteView value) {
  Reader reader(key);
  const auto kind = reader.Get<uint8_t>();
  OpenedRow row;
  row.index = {{reader.GetArray<8>()}, reader.Get<uint16_t>()};
  const LookupTag tag = reader.GetArray<16>();
  const RowNonce nonce = reader.GetArray<8>();
  if (!reader.complete() || kind != kFieldKind) return DamagedLookup();
  BAILEE_TRY(const crypto::ShardKey* shard, context.shards.Get(snapshot, ShardOf(tag)));
  const Result<Secret> plain =
      crypto::Open(*shard, HandleBinding(context.vault, row.index, tag, ContextOf(nonce)), value);
  if (!plain.ok()) return crypto::DamageUnlessFull(plain.status(), DamagedLookup());
  return plain->RevealBytes([&](ByteView bytes) -> Result<OpenedRow> {
    Reader hit(bytes);
    row.hit = {{hit.GetArray<16>()}, {hit.GetArray<16>()}};
    if (!hit.complete()) return DamagedLookup();
    return row;
  });
}

Bytes FieldPrefix(const IndexName& index) {
  Bytes prefix = {kFieldKind};
  Writer(prefix).Put(index.id.view()).Put(index.version);
  return prefix;
}

Bytes PendingPrefix() { return {kPendingKind}; }

Bytes PendingPrefix(const IndexName& index) {
  Bytes prefix = PendingPrefix();
  Writer(prefix).Put(index.id.view()).Put(index.version);
  return prefix;
}

Result<PendingKey> ParsePendingKey(ByteView key) {
  Reader reader(key);
  const auto kind = reader.Get<uint8_t>();
  PendingKey parsed;
  parsed.index = {{reader.GetArray<8>()}, reader.Get<uint16_t>()};
  parsed.handle = {reader.GetArray<16>()};
  parsed.nonce = reader.GetArray<8>();
  if (!reader.complete() || kind != kPendingKind) return DamagedLookup();
  return parsed;
}

Result<Pending> OpenPending(const PendingPlace& place, const RowNonce& nonce,
                            const crypto::SubjectKey& subject, const crypto::PurposeKey& purpose,
                            ByteView value) {
  const uint64_t context = ContextOf(nonce);
  const Result<Secret> outer = crypto::Open(
      subject, crypto::Encode(PendingBinding(place, crypto::Label::kPendingOuter, context)), value);
  if (!outer.ok()) return crypto::DamageUnlessFull(outer.status(), DamagedLookup());
  BAILEE_TRY(crypto::BoxSecret secret, crypto::DeriveBoxSecret(purpose, place.purpose_version));
  const crypto::BoxOpener opener(std::move(secret));
  const Result<Secret> inner = outer->RevealBytes([&](ByteView padded) -> Result<Secret> {
    BAILEE_TRY(const size_t size, crypto::UnpaddedSize(padded));
    return opener.Open(PendingInnerBinding(place, context), padded.first(size));
  });
  if (!inner.ok()) return crypto::DamageUnlessFull(inner.status(), DamagedLookup());
  return inner->RevealBytes([&](ByteView padded) -> Result<Pending> {
    BAILEE_TRY(const size_t size, crypto::UnpaddedSize(padded));
    if (size < sizeof(RecordId)) return DamagedLookup();
    Reader reader(padded.first(size));
    Pending pending;
    pending.record = {reader.GetArray<16>()};
    BAILEE_TRY(pending.index_form, Secret::From(reader.rest()));
    return pending;
  });
}

}  // namespace bailee::keys
