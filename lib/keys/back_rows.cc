// SPDX-License-Identifier: Apache-2.0
#include "keys/back_rows.h"

#include <algorithm>

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/suite1.h"

namespace bailee::keys {
namespace {

constexpr uint8_t kBackKind = 0x05;
constexpr size_t kTagAt = 1 + 8 + 2;
constexpr size_t kBackEntryBytes = kFieldKeyBytes - 1 + 16;

Status DamagedBackRow() {
  return Status(Code::kDamage, "lookup.damaged", "a back row does not open",
                "restore the vault from a backup; reading by handle still works");
}

crypto::EncodedBinding BackBinding(const VaultId& vault, const Handle& handle, ByteView nonce) {
  return crypto::Encode(crypto::Binding{.label = crypto::Label::kBackRow,
                                        .vault = vault,
                                        .handle = handle,
                                        .context = LoadBigEndian<uint64_t>(nonce.data())});
}

Bytes Encode(std::span<const BackEntry> entries) {
  Bytes plain;
  plain.reserve(entries.size() * kBackEntryBytes);
  for (const BackEntry& entry : entries) {
    BAILEE_CHECK(entry.field_key[0] == kFieldKind);
    Writer(plain).Put(ByteView(entry.field_key).subspan(1)).Put(entry.record.view());
  }
  return plain;
}

}  // namespace

LookupTag BackEntry::tag() const {
  return Reader(ByteView(field_key).subspan(kTagAt)).GetArray<16>();
}

Status PutBackRows(const VaultId& vault, store::WriteTransaction& transaction,
                   const RowOwner& owner, std::span<const BackEntry> entries,
                   crypto::Random& random) {
  while (!entries.empty()) {
    const auto some = entries.first(std::min(entries.size(), kBackEntriesMax));
    const RowNonce nonce = crypto::RandomArray<sizeof(RowNonce)>(random);
    Bytes key = BackPrefix(owner.handle);
    Writer(key).Put(ByteView(nonce));
    BAILEE_RETURN_IF_ERROR(
        transaction.Insert(store::Table::kLookup, key,
                           crypto::Seal(owner.history, BackBinding(vault, owner.handle, nonce),
                                        Encode(some), random)));
    entries = entries.subspan(some.size());
  }
  return Status();
}

Status ReplaceBackRow(const VaultId& vault, store::WriteTransaction& transaction,
                      const RowOwner& owner, ByteView key, std::span<const BackEntry> entries,
                      crypto::Random& random) {
  if (entries.empty()) return transaction.Delete(store::Table::kLookup, key);
  const ByteView nonce = key.last(sizeof(RowNonce));
  return transaction.Put(store::Table::kLookup, key,
                         crypto::Seal(owner.history, BackBinding(vault, owner.handle, nonce),
                                      Encode(entries), random));
}

Result<BackEntries> OpenBackRow(const VaultId& vault, const RowOwner& owner, ByteView key,
                                ByteView value) {
  if (OwnerOfBackRow(key) != owner.handle) return DamagedBackRow();
  const size_t size = value.size() - std::min(value.size(), crypto::kEnvelopeOverhead);
  const size_t count = size / kBackEntryBytes;
  if (count == 0 || count > kBackEntriesMax || size % kBackEntryBytes != 0) return DamagedBackRow();
  std::array<uint8_t, kBackEntriesMax * kBackEntryBytes> room{};
  const std::span<uint8_t> plain = std::span(room).first(size);
  const Status opened = crypto::OpenInto(
      owner.history, BackBinding(vault, owner.handle, key.last(sizeof(RowNonce))), value, plain);
  if (!opened.ok()) return crypto::DamageUnlessFull(opened, DamagedBackRow());
  BackEntries entries(count);
  Reader reader{ByteView(plain)};
  for (BackEntry& entry : entries) {
    entry.field_key[0] = kFieldKind;
    std::ranges::copy(reader.GetBytes(kFieldKeyBytes - 1), entry.field_key.begin() + 1);
    entry.record = {reader.GetArray<16>()};
  }
  return entries;
}

Bytes BackPrefix() { return {kBackKind}; }

Bytes BackPrefix(const Handle& handle) {
  Bytes prefix = BackPrefix();
  Writer(prefix).Put(handle.view());
  return prefix;
}

std::optional<Handle> OwnerOfBackRow(ByteView key) {
  Reader reader(key);
  const auto kind = reader.Get<uint8_t>();
  const Handle handle{reader.GetArray<16>()};
  reader.GetArray<sizeof(RowNonce)>();
  if (!reader.complete() || kind != kBackKind) return std::nullopt;
  return handle;
}

}  // namespace bailee::keys
