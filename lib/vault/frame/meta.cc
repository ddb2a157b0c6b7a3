// SPDX-License-Identifier: Apache-2.0
#include "vault/frame/meta.h"

#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/suite1.h"

namespace bailee::vault {
namespace {

using store::Table;

constexpr std::string_view kVaultMagic = "BAILEEVT";
// How far the clock may fall behind what the vault has seen before that is an error.
constexpr int64_t kClockSlackMs = int64_t{5} * 60 * 1000;

Status DamagedVault(const char* what) {
  return Status(Code::kDamage, "vault.damaged", std::string("the vault is damaged: ") + what,
                "restore it from a backup");
}

crypto::EncodedBinding SecretsBinding(const VaultId& vault, uint16_t storage_version) {
  return crypto::Encode(crypto::Binding{
      .label = crypto::Label::kStorageSecrets, .vault = vault, .generation = storage_version});
}

}  // namespace

Bytes EncodeVaultRow(const VaultRow& row) {
  Bytes bytes;
  Writer(bytes)
      .Put(AsBytes(kVaultMagic))
      .Put(row.format)
      .Put(row.id.view())
      .Put(row.created_at.unix_ms);
  return bytes;
}

Result<VaultRow> ReadVaultRow(store::Snapshot& snapshot) {
  BAILEE_TRY(const std::optional<ByteView> bytes, snapshot.Get(Table::kMeta, AsBytes(kMetaVault)));
  Reader reader(bytes.value_or(ByteView()));
  if (AsText(reader.GetBytes(kVaultMagic.size())) != kVaultMagic) {
    BAILEE_TRY(const std::optional<ByteView> restoring,
               snapshot.Get(Table::kMeta, AsBytes(kMetaRestoring)));
    if (restoring) {
      return Status(Code::kNoVault, "vault.half-restored",
                    "a restore into this directory did not end",
                    "delete the directory and restore again");
    }
    return Status(Code::kNoVault, "vault.not-a-vault",
                  "the directory holds a database that is not a vault",
                  "name the directory that was given to init");
  }
  VaultRow row;
  row.format = reader.Get<uint16_t>();
  if (!reader.failed() && row.format > kFormatVersion) {
    return Status(Code::kTooNew, "vault.too-new", "the vault's format is newer than this library",
                  "upgrade the library; nothing was changed");
  }
  row.id = {reader.GetArray<16>()};
  row.created_at = {reader.Get<int64_t>()};
  if (!reader.complete() || row.format != kFormatVersion)
    return DamagedVault("its first row makes no sense");
  return row;
}

Status CheckIsOf(const keys::KeyringKeys& keyring, const VaultRow& row) {
  if (keyring.header.vault == row.id) return keyring.BelongHere();
  return Status(Code::kKey, "key.other-vault", "the keyring belongs to another vault",
                "compare `bailee keyring show` with the vault's id; this is not damage");
}

Result<Bytes> SealStorageSecrets(const VaultId& vault, uint16_t storage_version,
                                 const crypto::StorageKey& storage, const StorageSecrets& secrets,
                                 crypto::Random& random) {
  BAILEE_TRY(Secret plain, Secret::Allocate(2 * crypto::kKeyBytes));
  plain.RevealMutable([&](std::span<uint8_t> out) {
    secrets.ref_key.Reveal([&](ByteView key) { std::copy(key.begin(), key.end(), out.begin()); });
    secrets.tag_key.Reveal(
        [&](ByteView key) { std::copy(key.begin(), key.end(), out.begin() + crypto::kKeyBytes); });
  });
  Bytes row;
  Writer(row).Put(storage_version);
  plain.RevealBytes([&](ByteView bytes) {
    crypto::SealAppend(storage, SecretsBinding(vault, storage_version), bytes, random, row);
  });
  return row;
}

namespace {

// The secrets under one version of the storage key. Borrows the row.
struct SealedSecrets {
  uint16_t version = 0;
  ByteView sealed;
};

// One or two, ascending.
Result<std::vector<SealedSecrets>> ParseSecrets(ByteView row) {
  Reader reader(row);
  std::vector<SealedSecrets> open;
  do {
    const auto version = reader.Get<uint16_t>();
    open.push_back({version, reader.GetBytes(2 * crypto::kKeyBytes + crypto::kEnvelopeOverhead)});
    const bool ordered = open.size() == 1 || open.front().version < version;
    if (reader.failed() || !ordered || open.size() > 2) return DamagedVault("its storage secrets");
  } while (!reader.rest().empty());
  return open;
}

// What lies in the vault, or nothing.
Result<ByteView> SecretsRow(store::Snapshot& snapshot) {
  BAILEE_TRY(const std::optional<ByteView> row, snapshot.Get(Table::kMeta, AsBytes(kMetaSecrets)));
  return row.value_or(ByteView());
}

}  // namespace

Result<StorageSecrets> ReadStorageSecrets(store::Snapshot& snapshot, const VaultId& vault,
                                          uint16_t storage_version,
                                          const crypto::StorageKey& storage) {
  BAILEE_TRY(const ByteView row, SecretsRow(snapshot));
  BAILEE_TRY(const std::vector<SealedSecrets> open, ParseSecrets(row));
  const auto mine = std::find_if(open.begin(), open.end(), [&](const SealedSecrets& each) {
    return each.version == storage_version;
  });
  if (mine == open.end()) {
    return Status(Code::kKey, "key.retired",
                  "the keyring's storage key was replaced by a newer one",
                  "grant a new keyring to this holder");
  }
  const Result<Secret> plain =
      crypto::Open(storage, SecretsBinding(vault, mine->version), mine->sealed);
  if (!plain.ok())
    return crypto::DamageUnlessFull(plain.status(), DamagedVault("its storage secrets"));
  return plain->RevealBytes([](ByteView bytes) -> Result<StorageSecrets> {
    if (bytes.size() != 2 * crypto::kKeyBytes) return DamagedVault("its storage secrets");
    StorageSecrets secrets;
    BAILEE_TRY(secrets.ref_key, crypto::RefKey::FromBytes(bytes.first(crypto::kKeyBytes)));
    BAILEE_TRY(secrets.tag_key, crypto::TagKey::FromBytes(bytes.last(crypto::kKeyBytes)));
    return secrets;
  });
}

Result<std::vector<uint16_t>> OpenStorageVersions(store::Snapshot& snapshot) {
  BAILEE_TRY(const ByteView row, SecretsRow(snapshot));
  BAILEE_TRY(const std::vector<SealedSecrets> open, ParseSecrets(row));
  std::vector<uint16_t> versions;
  versions.reserve(open.size());
  for (const SealedSecrets& each : open) versions.push_back(each.version);
  return versions;
}

Result<Timestamp> ReadLatestTime(store::Snapshot& snapshot) {
  BAILEE_TRY(const std::optional<ByteView> row, snapshot.Get(Table::kMeta, AsBytes(kMetaClock)));
  if (!row || row->size() != sizeof(int64_t)) return DamagedVault("its clock");
  const auto time = LoadBigEndian<int64_t>(row->data());
  // No vault has seen a time before 1970; reckoning with one could overflow.
  if (time < 0) return DamagedVault("its clock");
  return Timestamp{time};
}

Result<Timestamp> TimeNow(const Clock& clock, Timestamp latest) {
  const Timestamp now = clock.Now();
  if (now.unix_ms < latest.unix_ms - kClockSlackMs) {
    return Status(Code::kFailed, "clock.backwards",
                  "the clock is more than five minutes behind what the vault has seen",
                  "set the clock right: retention is decided by it");
  }
  return std::max(now, latest);
}

Status PutLatestTime(store::WriteTransaction& transaction, Timestamp time) {
  std::array<uint8_t, 8> bytes{};
  StoreBigEndian(time.unix_ms, bytes.data());
  return transaction.Put(Table::kMeta, AsBytes(kMetaClock), bytes);
}

}  // namespace bailee::vault
