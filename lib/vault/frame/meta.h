// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/clock.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "keys/keyring_keys.h"
#include "store/engine.h"

// The rows of `meta`: FORMAT.md §8.
namespace bailee::vault {

inline constexpr std::string_view kMetaVault = "vault";
inline constexpr std::string_view kMetaManifest = "manifest";
inline constexpr std::string_view kMetaSecrets = "secrets";
inline constexpr std::string_view kMetaClock = "clock";
inline constexpr std::string_view kMetaRetired = "retired";      // and purpose and version behind
inline constexpr std::string_view kMetaAuthority = "authority";  // and an authority behind
inline constexpr std::string_view kMetaRestoring = "restoring";  // while a restore has not ended

inline constexpr uint16_t kFormatVersion = 1;

struct VaultRow {
  uint16_t format = kFormatVersion;
  VaultId id;
  Timestamp created_at;
};
Bytes EncodeVaultRow(const VaultRow& row);
// Reads meta["vault"]. Errors: kNoVault "vault.not-a-vault", "vault.half-restored"; kTooNew
// "vault.too-new"; those of the store.
Result<VaultRow> ReadVaultRow(store::Snapshot& snapshot);

// Errors: kKey "key.other-vault" if the keyring is not of the vault whose row that is.
Status CheckIsOf(const keys::KeyringKeys& keyring, const VaultRow& row);

// What every holder of the storage key shares.
struct StorageSecrets {
  crypto::RefKey ref_key;
  crypto::TagKey tag_key;
};
// The row under one key; rows of two versions that are open follow each other. Errors: kFull.
Result<Bytes> SealStorageSecrets(const VaultId& vault, uint16_t storage_version,
                                 const crypto::StorageKey& storage, const StorageSecrets& secrets,
                                 crypto::Random& random);
// Errors: kKey "key.retired" if the row is sealed under another version of the storage key; kDamage
// "vault.damaged"; kFull; those of the store.
Result<StorageSecrets> ReadStorageSecrets(store::Snapshot& snapshot, const VaultId& vault,
                                          uint16_t storage_version,
                                          const crypto::StorageKey& storage);

// The versions of the storage key that are open, ascending. Errors: kDamage "vault.damaged"; those
// of the store.
Result<std::vector<uint16_t>> OpenStorageVersions(store::Snapshot& snapshot);

// The latest time the vault has seen; the beginning of time if it is new. Errors: kDamage; those of
// the store.
Result<Timestamp> ReadLatestTime(store::Snapshot& snapshot);
// The time that counts: never before `latest`. Errors: kFailed "clock.backwards" if the clock is
// more than five minutes behind it.
Result<Timestamp> TimeNow(const Clock& clock, Timestamp latest);
Status PutLatestTime(store::WriteTransaction& transaction, Timestamp time);

}  // namespace bailee::vault
