// SPDX-License-Identifier: Apache-2.0
#include "vault/disclose/disclosure_row.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/padding.h"
#include "crypto/suite1.h"
#include "keys/issue.h"

namespace bailee::vault {
namespace {

constexpr uint8_t kDisclosureRowVersion = 1;  // of what is sealed
constexpr uint8_t kLivingRow = 1;
constexpr uint8_t kKeptRow = 2;
constexpr int64_t kNoEnd = std::numeric_limits<int64_t>::max();

Status DamagedDisclosure() {
  return Status(Code::kDamage, "disclosure.damaged", "a row of the accounting does not open",
                "restore the vault from a backup; the trail has the event of each disclosure");
}

crypto::EncodedBinding DisclosureBinding(const VaultId& vault, const Handle& handle,
                                         uint64_t sequence) {
  return crypto::Encode(crypto::Binding{
      .label = crypto::Label::kDisclosure, .vault = vault, .handle = handle, .context = sequence});
}

crypto::EncodedWrapBinding KeptBinding(const VaultId& vault, const Handle& handle,
                                       uint64_t sequence, uint16_t key_version) {
  return crypto::Encode(crypto::WrapBinding{{.label = crypto::Label::kKeptDisclosure,
                                             .vault = vault,
                                             .handle = handle,
                                             .context = sequence},
                                            crypto::NameIdOf(keys::kRights),
                                            key_version});
}

// The texts of a row, in their order.
template <typename Info>
auto TextsOf(Info& info) {
  return std::array{&info.recipient, &info.ground,         &info.purpose, &info.on_behalf_of,
                    &info.category,  &info.case_reference, &info.decision};
}

Bytes Encode(const DisclosureInfo& info, const ParcelId& parcel) {
  Bytes out;
  Writer writer(out);
  writer.Put(kDisclosureRowVersion)
      .Put(info.at.unix_ms)
      .Put(info.until ? info.until->unix_ms : kNoEnd);
  writer.Put(info.policy_version).Put(parcel.view());
  for (const std::string* text : TextsOf(info)) writer.PutPrefixed<uint8_t>(AsBytes(*text));
  writer.Put(static_cast<uint8_t>(info.fields.size()));
  for (const std::string& field : info.fields) writer.PutPrefixed<uint8_t>(AsBytes(field));
  writer.Put(static_cast<uint16_t>(info.records.size()));
  for (const RecordId& record : info.records) writer.Put(record.view());
  return out;
}

std::string TextOf(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

Result<DisclosureInfo> Decode(ByteView padded) {
  BAILEE_TRY(const size_t size, crypto::UnpaddedSize(padded));
  Reader reader(padded.first(size));
  DisclosureInfo info;
  if (reader.Get<uint8_t>() != kDisclosureRowVersion) return DamagedDisclosure();
  info.at = {reader.Get<int64_t>()};
  const auto until = reader.Get<int64_t>();
  if (until != kNoEnd) info.until = Timestamp{until};
  info.policy_version = reader.Get<uint32_t>();
  info.sealed = ParcelId{reader.GetArray<16>()} != ParcelId{};
  for (std::string* text : TextsOf(info)) *text = TextOf(reader.GetPrefixed<uint8_t>());
  const auto fields = reader.Get<uint8_t>();
  for (int i = 0; i < fields && !reader.failed(); ++i) {
    info.fields.push_back(TextOf(reader.GetPrefixed<uint8_t>()));
  }
  const auto records = reader.Get<uint16_t>();
  if (reader.failed() || reader.rest().size() != size_t{records} * sizeof(RecordId))
    return DamagedDisclosure();
  for (int i = 0; i < records; ++i) info.records.push_back({reader.GetArray<16>()});
  if (fields == 0 || records == 0 || records > kDisclosedRecordsMax) return DamagedDisclosure();
  return info;
}

Result<Secret> OpenLiving(const VaultId& vault, const Handle& handle, uint64_t sequence,
                          const crypto::HistoryKey& history, ByteView row) {
  if (row.empty() || row[0] != kLivingRow) return DamagedDisclosure();
  Result<Secret> plain =
      crypto::Open(history, DisclosureBinding(vault, handle, sequence), row.subspan(1));
  if (!plain.ok()) return crypto::DamageUnlessFull(plain.status(), DamagedDisclosure());
  return plain;
}

Bytes SealKept(const VaultId& vault, const Handle& handle, uint64_t sequence, const Secret& plain,
               const keys::HeldPurpose& rights, crypto::Random& random) {
  Bytes kept;
  Writer(kept).Put(kKeptRow).Put(rights.version);
  plain.RevealBytes([&](ByteView bytes) {
    crypto::SealAppend(rights.key, KeptBinding(vault, handle, sequence, rights.version), bytes,
                       random, kept);
  });
  return kept;
}

Result<Secret> OpenKept(const VaultId& vault, const Handle& handle, uint64_t sequence,
                        const keys::KeyringKeys& keyring, ByteView row) {
  BAILEE_TRY(const uint16_t version, KeptDisclosureVersion(row));
  const keys::HeldPurpose* rights = keyring.FindPurpose(crypto::NameIdOf(keys::kRights), version);
  if (rights == nullptr) {
    return Status(Code::kKey, "key.retired",
                  "a row of the accounting lies under another version of the rights key",
                  "finish the rotation with a keyring that has both: bailee key status");
  }
  Result<Secret> plain =
      crypto::Open(rights->key, KeptBinding(vault, handle, sequence, version), row.subspan(3));
  if (!plain.ok()) return crypto::DamageUnlessFull(plain.status(), DamagedDisclosure());
  return plain;
}

Result<DisclosureInfo> DecodePlain(const Secret& plain, const Handle& handle, uint64_t sequence) {
  BAILEE_TRY(DisclosureInfo info, plain.RevealBytes(Decode));
  info.handle = handle;
  info.sequence = sequence;
  return info;
}

}  // namespace

DisclosureKey DisclosureKeyOf(const Handle& handle, uint64_t sequence) {
  DisclosureKey key{};
  std::copy(handle.bytes.begin(), handle.bytes.end(), key.begin());
  StoreBigEndian(sequence, key.data() + handle.bytes.size());
  return key;
}

Result<Bytes> SealDisclosure(const VaultId& vault, const DisclosureInfo& info,
                             const ParcelId& parcel, const crypto::HistoryKey& history,
                             crypto::Random& random) {
  BAILEE_CHECK(!info.fields.empty() && info.fields.size() <= 255);
  BAILEE_CHECK(!info.records.empty() && info.records.size() <= kDisclosedRecordsMax);
  BAILEE_TRY(const Secret plain, crypto::Padded(Encode(info, parcel)));
  Bytes row = {kLivingRow};
  plain.RevealBytes([&](ByteView bytes) {
    crypto::SealAppend(history, DisclosureBinding(vault, info.handle, info.sequence), bytes, random,
                       row);
  });
  return row;
}

Result<DisclosureInfo> OpenDisclosure(const VaultId& vault, const Handle& handle, uint64_t sequence,
                                      const crypto::HistoryKey& history, ByteView row) {
  BAILEE_TRY(const Secret plain, OpenLiving(vault, handle, sequence, history, row));
  return DecodePlain(plain, handle, sequence);
}

Result<Bytes> KeepDisclosure(const VaultId& vault, const Handle& handle, uint64_t sequence,
                             const crypto::HistoryKey& history, ByteView row,
                             const keys::HeldPurpose& rights, crypto::Random& random) {
  BAILEE_TRY(const Secret plain, OpenLiving(vault, handle, sequence, history, row));
  return SealKept(vault, handle, sequence, plain, rights, random);
}

bool IsKeptDisclosure(ByteView row) { return !row.empty() && row[0] == kKeptRow; }

Result<DisclosureInfo> OpenKeptDisclosure(const VaultId& vault, const Handle& handle,
                                          uint64_t sequence, const keys::KeyringKeys& keyring,
                                          ByteView row) {
  BAILEE_TRY(const Secret plain, OpenKept(vault, handle, sequence, keyring, row));
  return DecodePlain(plain, handle, sequence);
}

Result<uint16_t> KeptDisclosureVersion(ByteView row) {
  Reader reader(row);
  const auto kind = reader.Get<uint8_t>();
  const auto version = reader.Get<uint16_t>();
  if (reader.failed() || kind != kKeptRow) return DamagedDisclosure();
  return version;
}

Result<Bytes> ResealKeptDisclosure(const VaultId& vault, const Handle& handle, uint64_t sequence,
                                   const keys::KeyringKeys& keyring, ByteView row,
                                   const keys::HeldPurpose& rights, crypto::Random& random) {
  BAILEE_TRY(const Secret plain, OpenKept(vault, handle, sequence, keyring, row));
  return SealKept(vault, handle, sequence, plain, rights, random);
}

Result<uint64_t> LastDisclosure(store::Snapshot& snapshot, const Handle& handle) {
  const auto exists = [&](uint64_t sequence) -> Result<bool> {
    BAILEE_TRY(const std::optional<ByteView> row,
               snapshot.Get(store::Table::kDisclosures, DisclosureKeyOf(handle, sequence)));
    return row.has_value();
  };
  uint64_t known = 0;  // that one exists, or is none
  uint64_t beyond = 1;
  for (;;) {
    BAILEE_TRY(const bool there, exists(beyond));
    if (!there) break;
    known = beyond;
    beyond *= 2;
  }
  while (beyond - known > 1) {
    const uint64_t middle = known + (beyond - known) / 2;
    BAILEE_TRY(const bool there, exists(middle));
    (there ? known : beyond) = middle;
  }
  return known;
}

}  // namespace bailee::vault
