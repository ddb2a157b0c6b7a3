// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/clock.h"
#include "bailee/ids.h"
#include "bailee/keyring.h"
#include "bailee/result.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "crypto/sign.h"
#include "keys/keyring_keys.h"
#include "keys/manifest.h"

// Making keys and the keyrings that carry them.
namespace bailee::keys {

inline constexpr uint16_t kFirstVersion = 1;

// "category.field/purpose", the name of an index.
std::string IndexNameOf(std::string_view category, std::string_view field,
                        std::string_view purpose);

// Every key of a new vault, before they are parted into keyrings. Lives only while a vault is made.
struct VaultKeys {
  VaultId vault;
  crypto::StorageKey storage;
  std::optional<crypto::SigningKey> authority;
  std::vector<HeldPurpose> purposes;  // leaf purposes, then rights, upkeep, tally
  std::vector<HeldIndex> indexes;
  std::vector<HeldRole> roles;
};

// Fresh keys for these leaf purposes and indexes (by name). Errors: kFull.
Result<VaultKeys> GenerateVaultKeys(const VaultId& vault, const std::vector<std::string>& leaves,
                                    const std::vector<std::string>& indexes,
                                    crypto::Random& random);

// The manifest's public halves of `keys`; number 1, without policies. Errors: kFull.
Result<Manifest> ManifestOf(const VaultKeys& keys);

// A fresh secret of a role. Errors: kFull.
Result<HeldRole> GenerateRole(Role role, crypto::Random& random);

// The public half of a secret that signs: the authority's or the log's. Errors: kFull.
Result<crypto::SigningKey> SignerOf(const HeldRole& role);

// The keyrings of a new vault: reserved ones, and the origins from which others are granted.
// Errors: kFull; kInvalidValue "key.too-many".
struct IssuedKeyrings {
  std::vector<KeyringFile> reserved;
  std::vector<KeyringFile> origins;
};
Result<IssuedKeyrings> IssueKeyrings(const VaultKeys& keys, Timestamp now, crypto::Random& random);

// Fresh keys for these leaf purposes and indexes, in that order. Errors: kFull.
struct AddedKeys {
  std::vector<HeldPurpose> purposes;
  std::vector<HeldIndex> indexes;
};
Result<AddedKeys> GenerateKeys(const std::vector<std::string>& purposes,
                               const std::vector<std::string>& indexes, crypto::Random& random);

// Adds their public halves. Errors: kFull.
Status AddPublicHalves(std::span<const HeldPurpose> purposes, std::span<const HeldIndex> indexes,
                       Manifest& manifest);

// Origin keyrings of keys that a vault got later, each with the storage key of `holder`: one for
// each new purpose, named after it, with its indexes; one for each older purpose that got indexes,
// named "PURPOSE-SUFFIX", with those alone. Errors: kFull; kInvalidValue "key.too-many".
struct OriginRequest {
  const KeyringKeys& holder;  // whose vault, storage key and authority; with the storage key
  const crypto::SigningKey& authority;
  std::string_view suffix;
  uint64_t manifest_min = 0;
  Timestamp now;
};
Result<std::vector<KeyringFile>> IssueOrigins(const AddedKeys& added, const OriginRequest& request,
                                              crypto::Random& random);

// The next version of a key. REQUIRES: the version is below the greatest there is. Errors: kFull.
Result<HeldPurpose> NextVersion(const HeldPurpose& held, crypto::Random& random);
Result<HeldIndex> NextVersion(const HeldIndex& held, crypto::Random& random);

// A keyring named `name` with the storage key `storage` and exactly these keys. Errors: as
// IssueOrigins.
struct OriginKeys {
  std::vector<const HeldPurpose*> purposes;
  std::vector<const HeldIndex*> indexes;
  uint16_t storage_version = 0;
  const crypto::StorageKey* storage = nullptr;
};
Result<KeyringFile> IssueOrigin(const std::string& name, const OriginKeys& rotated,
                                const OriginRequest& request, crypto::Random& random);

// A keyring named after a role, with its secret alone. Errors: kFull.
Result<KeyringFile> IssueRole(const HeldRole& role, const OriginRequest& request,
                              crypto::Random& random);

// What a keyring holds, under its actor's name, signed as `request` says. Errors: kFull.
Result<KeyringFile> IssueAgain(const KeyringKeys& keyring, const OriginRequest& request,
                               crypto::Random& random);

// The key that signs. Errors: kKey "key.authority-missing" if the keyring is not the authority's.
Result<crypto::SigningKey> SigningKeyOf(const KeyringKeys& authority);

// Whether `actor` may name a holder: [a-z0-9][a-z0-9._-]{0,63}.
bool IsActorName(std::string_view actor);

}  // namespace bailee::keys
