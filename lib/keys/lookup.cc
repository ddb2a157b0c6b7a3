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

// The parts of the key of a row that is sealed under a shard key.
struct TaggedKey {
  IndexName index;  // of a ref or browser: zero
  LookupTag tag{};
  RowNonce nonce{};
};

Result<TaggedKey> ParseTaggedKey(ByteView key) {
  Reader reader(key);
  TaggedKey parsed;
  const auto kind = reader.Get<uint8_t>();
  if (kind == kFieldKind) parsed.index = {{reader.GetArray<8>()}, reader.Get<uint16_t>()};
  parsed.tag = reader.GetArray<16>();
  parsed.nonce = reader.GetArray<8>();
  if (!reader.complete() || kind < 1 || kind > kFieldKind) return DamagedLookup();
  return parsed;
}

Result<Bytes> SealedValue(const LookupContext& context, store::Snapshot& snapshot,
                          const TaggedKey& key, ByteView plain, crypto::Random& random) {
  BAILEE_TRY(const NamedShardKey shard, context.shards.Current(snapshot, ShardOf(key.tag)));
  Bytes value;
  Writer(value).Put(shard.id);
  crypto::SealAppend(*shard.key,
                     HandleBinding(context.vault, key.index, key.tag, ContextOf(key.nonce)), plain,
                     random, value);
  return value;
}

// Opens the value of a row into `plain`, which has its exact size.
Status OpenValue(const LookupContext& context, store::Snapshot& snapshot, const TaggedKey& key,
                 ByteView value, std::span<uint8_t> plain) {
  if (value.size() != sizeof(uint64_t) + plain.size() + crypto::kEnvelopeOverhead)
    return DamagedLookup();
  const auto id = LoadBigEndian<uint64_t>(value.data());
  BAILEE_TRY(const crypto::ShardKey* shard, context.shards.Get(snapshot, ShardOf(key.tag), id));
  const Status opened = crypto::OpenInto(
      *shard, HandleBinding(context.vault, key.index, key.tag, ContextOf(key.nonce)),
      value.subspan(sizeof(uint64_t)), plain);
  return opened.ok() ? opened : crypto::DamageUnlessFull(opened, DamagedLookup());
}

// Calls `use` with the opened value of every row under `prefix` until it returns false.
Status VisitSealed(const LookupContext& context, store::Snapshot& snapshot, const Bytes& prefix,
                   size_t plain_bytes, const std::function<bool(ByteView)>& use) {
  Status problem;
  BAILEE_RETURN_IF_ERROR(
      snapshot.Scan(Table::kLookup, prefix, {}, [&](ByteView key, ByteView value) {
        std::array<uint8_t, 32> plain{};
        const std::span<uint8_t> opened = std::span(plain).first(plain_bytes);
        const Result<TaggedKey> parsed = ParseTaggedKey(key);
        problem =
            parsed.ok() ? OpenValue(context, snapshot, *parsed, value, opened) : parsed.status();
        if (!problem.ok()) return false;
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

// The beginnings of the keys of all rows of a kind, one for each index: kind, index, version.
Result<std::vector<Bytes>> IndexPrefixes(store::Snapshot& snapshot, uint8_t kind) {
  constexpr size_t kPrefixBytes = 1 + 8 + 2;
  std::vector<Bytes> prefixes;
  const Bytes kind_prefix = {kind};
  Bytes from;
  for (;;) {
    Bytes found;
    BAILEE_RETURN_IF_ERROR(
        snapshot.Scan(Table::kLookup, kind_prefix, from, [&](ByteView key, ByteView) {
          if (key.size() > kPrefixBytes) found.assign(key.begin(), key.begin() + kPrefixBytes);
          return found.empty();
        }));
    if (found.empty()) return prefixes;
    from = found;
    from.insert(from.end(), 16 + 8 + 1, 0xFF);  // behind every tag or handle, and random
    prefixes.push_back(std::move(found));
  }
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
      VisitSealed(context, snapshot, RefPrefix(domain, tag), 16, [&](ByteView plain) {
        found.emplace();
        std::copy(plain.begin(), plain.end(), found->bytes.begin());
        return false;
      }));
  return found;
}

Status PutRef(const LookupContext& context, store::WriteTransaction& transaction, RefDomain domain,
              const LookupTag& tag, const Handle& handle, crypto::Random& random) {
  Bytes key = RefPrefix(domain, tag);
  const RowNonce nonce = crypto::RandomArray<sizeof(RowNonce)>(random);
  Writer(key).Put(ByteView(nonce));
  BAILEE_TRY(const Bytes value,
             SealedValue(context, transaction, {{}, tag, nonce}, handle.view(), random));
  return transaction.Insert(Table::kLookup, key, value);
}

Status FindField(const LookupContext& context, store::Snapshot& snapshot, const IndexName& index,
                 const LookupTag& tag, const std::function<bool(const FieldHit&)>& visit) {
  return VisitSealed(context, snapshot, FieldPrefix(index, tag), 32, [&](ByteView plain) {
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
                const IndexName& index, const LookupTag& tag, const RowOwner& owner,
                const RecordId& record, crypto::Random& random) {
  Bytes plain;
  Writer(plain).Put(owner.handle.view()).Put(record.view());
  Bytes key = FieldPrefix(index, tag);
  const RowNonce nonce = crypto::RandomArray<sizeof(RowNonce)>(random);
  Writer(key).Put(ByteView(nonce));
  BAILEE_TRY(const Bytes value,
             SealedValue(context, transaction, {index, tag, nonce}, plain, random));
  BAILEE_RETURN_IF_ERROR(transaction.Insert(Table::kLookup, key, value));
  return PutBackRow(context.vault, transaction, owner, key, record, random);
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
  Bytes value;
  Writer(value).Put(place.purpose_version);
  crypto::SealAppend(subject,
                     crypto::Encode(PendingBinding(place, crypto::Label::kPendingOuter, context)),
                     PaddedBytes(std::move(box)), random, value);
  Bytes key = PendingPrefix(place.index);
  Writer(key).Put(place.handle.view()).Put(ByteView(nonce));
  return transaction.Insert(Table::kLookup, key, value);
}

namespace {

Result<crypto::EncodedBinding> OuterBindingOf(const VaultId& vault, ByteView key) {
  BAILEE_TRY(const PendingKey parsed, ParsePendingKey(key));
  // Of a place only what the outer layer is bound to matters.
  const PendingPlace place{
      .vault = vault, .handle = parsed.handle, .index = parsed.index, .purpose = {}};
  return crypto::Encode(
      PendingBinding(place, crypto::Label::kPendingOuter, ContextOf(parsed.nonce)));
}

}  // namespace

Status CheckPending(const VaultId& vault, ByteView key, ByteView value,
                    const crypto::SubjectKey& subject) {
  BAILEE_TRY(const crypto::EncodedBinding binding, OuterBindingOf(vault, key));
  BAILEE_TRY(const uint16_t purpose_version, PendingPurposeVersion(value));
  const Result<Secret> plain =
      crypto::Open(subject, binding, value.subspan(sizeof(purpose_version)));
  return plain.ok() ? Status() : crypto::DamageUnlessFull(plain.status(), DamagedLookup());
}

Result<Bytes> ResealPending(const VaultId& vault, ByteView key, ByteView value,
                            const crypto::SubjectKey& old_key, const crypto::SubjectKey& new_key,
                            crypto::Random& random) {
  BAILEE_TRY(const crypto::EncodedBinding binding, OuterBindingOf(vault, key));
  BAILEE_TRY(const uint16_t purpose_version, PendingPurposeVersion(value));
  const Result<Secret> plain =
      crypto::Open(old_key, binding, value.subspan(sizeof(purpose_version)));
  if (!plain.ok()) return crypto::DamageUnlessFull(plain.status(), DamagedLookup());
  Bytes sealed;
  Writer(sealed).Put(purpose_version);
  plain->RevealBytes(
      [&](ByteView bytes) { crypto::SealAppend(new_key, binding, bytes, random, sealed); });
  return sealed;
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
  return !key.empty() &&
         (key[0] == kFieldKind || key[0] == kPendingKind || OwnerOfBackRow(key).has_value());
}

std::optional<LookupTag> TagOfField(ByteView key) {
  if (key.empty() || key[0] != kFieldKind) return std::nullopt;
  const Result<TaggedKey> parsed = ParseTaggedKey(key);
  return parsed.ok() ? std::optional<LookupTag>(parsed->tag) : std::nullopt;
}

Result<OpenedRow> OpenFieldRow(const LookupContext& context, store::Snapshot& snapshot,
                               ByteView key, ByteView value) {
  if (key.empty() || key[0] != kFieldKind) return DamagedLookup();
  BAILEE_TRY(const TaggedKey parsed, ParseTaggedKey(key));
  std::array<uint8_t, 32> plain{};
  BAILEE_RETURN_IF_ERROR(OpenValue(context, snapshot, parsed, value, plain));
  Reader hit{ByteView(plain)};
  return OpenedRow{parsed.index, {{hit.GetArray<16>()}, {hit.GetArray<16>()}}};
}

Result<RefRow> OpenRefRow(const LookupContext& context, store::Snapshot& snapshot, ByteView key,
                          ByteView value) {
  if (key.empty() || key[0] == kFieldKind) return DamagedLookup();
  BAILEE_TRY(const TaggedKey parsed, ParseTaggedKey(key));
  RefRow row{RefDomain{key[0]}, parsed.tag, {}};
  BAILEE_RETURN_IF_ERROR(OpenValue(context, snapshot, parsed, value, row.handle.bytes));
  return row;
}

Status MoveRow(const LookupContext& context, store::WriteTransaction& transaction, ByteView key,
               crypto::Random& random) {
  BAILEE_TRY(const TaggedKey parsed, ParseTaggedKey(key));
  BAILEE_TRY(const std::optional<ByteView> value, transaction.Get(Table::kLookup, key));
  constexpr size_t kLeast = sizeof(uint64_t) + crypto::kEnvelopeOverhead;
  if (!value || value->size() < kLeast) return DamagedLookup();
  BAILEE_TRY(const NamedShardKey current, context.shards.Current(transaction, ShardOf(parsed.tag)));
  if (LoadBigEndian<uint64_t>(value->data()) == current.id) return Status();
  Bytes plain(value->size() - kLeast);
  BAILEE_RETURN_IF_ERROR(OpenValue(context, transaction, parsed, *value, plain));
  BAILEE_TRY(const Bytes moved, SealedValue(context, transaction, parsed, plain, random));
  return transaction.Put(Table::kLookup, key, moved);
}

Result<std::vector<Bytes>> TaggedPrefixes(store::Snapshot& snapshot) {
  BAILEE_TRY(std::vector<Bytes> prefixes, IndexPrefixes(snapshot, kFieldKind));
  for (const RefDomain domain : {RefDomain::kSubject, RefDomain::kTag})
    prefixes.push_back({static_cast<uint8_t>(domain)});
  return prefixes;
}

Result<std::vector<Bytes>> PendingPrefixes(store::Snapshot& snapshot) {
  return IndexPrefixes(snapshot, kPendingKind);
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

Result<uint16_t> PendingPurposeVersion(ByteView value) {
  Reader reader(value);
  const auto version = reader.Get<uint16_t>();
  return reader.failed() ? Result<uint16_t>(DamagedLookup()) : Result<uint16_t>(version);
}

Result<Pending> OpenPending(const PendingPlace& place, const RowNonce& nonce,
                            const crypto::SubjectKey& subject, const crypto::PurposeKey& purpose,
                            ByteView value) {
  BAILEE_TRY(const uint16_t version, PendingPurposeVersion(value));
  if (version != place.purpose_version) return DamagedLookup();
  const uint64_t context = ContextOf(nonce);
  const Result<Secret> outer = crypto::Open(
      subject, crypto::Encode(PendingBinding(place, crypto::Label::kPendingOuter, context)),
      value.subspan(sizeof(version)));
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
