// SPDX-License-Identifier: Apache-2.0
#include "keys/pending.h"

#include <utility>

#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/padding.h"
#include "crypto/suite1.h"

namespace bailee::keys {
namespace {

using store::Table;

Status DamagedPending() {
  return Status(Code::kDamage, "lookup.damaged", "a pending lookup entry does not open",
                "restore the vault from a backup, or find by another value");
}

uint64_t PendingContext(ByteView nonce) { return LoadBigEndian<uint64_t>(nonce.data()); }

crypto::EncodedBinding PendingOuterBinding(const PendingPlace& place, uint64_t context) {
  return crypto::Encode(crypto::Binding{.label = crypto::Label::kPendingOuter,
                                        .vault = place.vault,
                                        .handle = place.handle,
                                        .category = place.index.id,
                                        .generation = place.purpose_version,
                                        .revision = place.index.version,
                                        .context = context});
}

crypto::EncodedWrapBinding PendingInnerBinding(const PendingPlace& place, uint64_t context) {
  return crypto::Encode(crypto::WrapBinding{{.label = crypto::Label::kPendingInner,
                                             .vault = place.vault,
                                             .handle = place.handle,
                                             .category = place.index.id,
                                             .context = context},
                                            place.purpose,
                                            place.purpose_version});
}

Bytes PaddedBytes(Bytes plain) {
  const size_t size = plain.size();
  plain.resize(crypto::PaddedSize(size));
  crypto::Pad(plain, size);
  return plain;
}

}  // namespace

Status PutPending(store::WriteTransaction& transaction, const PendingPlace& place,
                  const crypto::SubjectKey& subject, const crypto::BoxPublicKey& recipient,
                  const RecordId& record, ByteView index_form, crypto::BoxSender& sender,
                  crypto::Random& random) {
  const RowNonce nonce = crypto::RandomArray<sizeof(RowNonce)>(random);
  const uint64_t context = PendingContext(nonce);
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
  crypto::SealAppend(subject, PendingOuterBinding(place, context), PaddedBytes(std::move(box)),
                     random, value);
  Bytes key = PendingPrefix(place.index);
  Writer(key).Put(place.handle.view()).Put(ByteView(nonce));
  return transaction.Insert(Table::kLookup, key, value);
}

namespace {

// What the outer layer of an entry is bound to, and what is sealed so.
struct OuterLayer {
  uint16_t purpose_version = 0;
  crypto::EncodedBinding binding;
  ByteView sealed;
};

Result<OuterLayer> OuterLayerOf(const VaultId& vault, ByteView key, ByteView value) {
  BAILEE_TRY(const PendingKey parsed, ParsePendingKey(key));
  BAILEE_TRY(const uint16_t version, PendingPurposeVersion(value));
  // Of a place only what the outer layer is bound to matters.
  const PendingPlace place{.vault = vault,
                           .handle = parsed.handle,
                           .index = parsed.index,
                           .purpose = {},
                           .purpose_version = version};
  return OuterLayer{version, PendingOuterBinding(place, PendingContext(parsed.nonce)),
                    value.subspan(sizeof(version))};
}

}  // namespace

Status CheckPending(const VaultId& vault, ByteView key, ByteView value,
                    const crypto::SubjectKey& subject) {
  BAILEE_TRY(const OuterLayer outer, OuterLayerOf(vault, key, value));
  const Result<Secret> plain = crypto::Open(subject, outer.binding, outer.sealed);
  return plain.ok() ? Status() : crypto::DamageUnlessFull(plain.status(), DamagedPending());
}

Result<Bytes> ResealPending(const VaultId& vault, ByteView key, ByteView value,
                            const crypto::SubjectKey& old_key, const crypto::SubjectKey& new_key,
                            crypto::Random& random) {
  BAILEE_TRY(const OuterLayer outer, OuterLayerOf(vault, key, value));
  const Result<Secret> plain = crypto::Open(old_key, outer.binding, outer.sealed);
  if (!plain.ok()) return crypto::DamageUnlessFull(plain.status(), DamagedPending());
  Bytes sealed;
  Writer(sealed).Put(outer.purpose_version);
  plain->RevealBytes(
      [&](ByteView bytes) { crypto::SealAppend(new_key, outer.binding, bytes, random, sealed); });
  return sealed;
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
  if (!reader.complete() || kind != kPendingKind) return DamagedPending();
  return parsed;
}

Result<uint16_t> PendingPurposeVersion(ByteView value) {
  Reader reader(value);
  const auto version = reader.Get<uint16_t>();
  return reader.failed() ? Result<uint16_t>(DamagedPending()) : Result<uint16_t>(version);
}

Result<Pending> OpenPending(const PendingPlace& place, const RowNonce& nonce,
                            const crypto::SubjectKey& subject, const crypto::PurposeKey& purpose,
                            ByteView value) {
  BAILEE_TRY(const uint16_t version, PendingPurposeVersion(value));
  if (version != place.purpose_version) return DamagedPending();
  const uint64_t context = PendingContext(nonce);
  const Result<Secret> outer =
      crypto::Open(subject, PendingOuterBinding(place, context), value.subspan(sizeof(version)));
  if (!outer.ok()) return crypto::DamageUnlessFull(outer.status(), DamagedPending());
  BAILEE_TRY(crypto::BoxSecret secret, crypto::DeriveBoxSecret(purpose, place.purpose_version));
  const crypto::BoxOpener opener(std::move(secret));
  const Result<Secret> inner = outer->RevealBytes([&](ByteView padded) -> Result<Secret> {
    BAILEE_TRY(const size_t size, crypto::UnpaddedSize(padded));
    return opener.Open(PendingInnerBinding(place, context), padded.first(size));
  });
  if (!inner.ok()) return crypto::DamageUnlessFull(inner.status(), DamagedPending());
  return inner->RevealBytes([&](ByteView padded) -> Result<Pending> {
    BAILEE_TRY(const size_t size, crypto::UnpaddedSize(padded));
    if (size < sizeof(RecordId)) return DamagedPending();
    Reader reader(padded.first(size));
    Pending pending;
    pending.record = {reader.GetArray<16>()};
    BAILEE_TRY(pending.index_form, Secret::From(reader.rest()));
    return pending;
  });
}

}  // namespace bailee::keys
