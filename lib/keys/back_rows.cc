// SPDX-License-Identifier: Apache-2.0
#include "keys/back_rows.h"

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/suite1.h"

namespace bailee::keys {
namespace {

constexpr uint8_t kBackKind = 0x05;
constexpr size_t kFieldKeyBytes = 1 + 8 + 2 + 16 + 8;
constexpr size_t kTagAt = 1 + 8 + 2;
constexpr size_t kPlainBytes = kFieldKeyBytes - 1 + 16;

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

}  // namespace

Status PutBackRow(const VaultId& vault, store::WriteTransaction& transaction, const RowOwner& owner,
                  ByteView field_key, const RecordId& record, crypto::Random& random) {
  BAILEE_CHECK(field_key.size() == kFieldKeyBytes && field_key[0] == kFieldKind);
  const RowNonce nonce = crypto::RandomArray<sizeof(RowNonce)>(random);
  Bytes key = BackPrefix(owner.handle);
  Writer(key).Put(ByteView(nonce));
  Bytes plain;
  Writer(plain).Put(field_key.subspan(1)).Put(record.view());
  return transaction.Insert(
      store::Table::kLookup, key,
      crypto::Seal(owner.history, BackBinding(vault, owner.handle, nonce), plain, random));
}

Result<BackRow> OpenBackRow(const VaultId& vault, const RowOwner& owner, ByteView key,
                            ByteView value) {
  if (OwnerOfBackRow(key) != owner.handle) return DamagedBackRow();
  if (value.size() != kPlainBytes + crypto::kEnvelopeOverhead) return DamagedBackRow();
  std::array<uint8_t, kPlainBytes> plain{};
  const Status opened = crypto::OpenInto(
      owner.history, BackBinding(vault, owner.handle, key.last(sizeof(RowNonce))), value, plain);
  if (!opened.ok()) return crypto::DamageUnlessFull(opened, DamagedBackRow());
  BackRow row;
  Reader reader{ByteView(plain)};
  Writer(row.field_key).Put(kFieldKind).Put(reader.GetBytes(kFieldKeyBytes - 1));
  row.tag = Reader(ByteView(row.field_key).subspan(kTagAt)).GetArray<16>();
  row.record = {reader.GetArray<16>()};
  return row;
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
