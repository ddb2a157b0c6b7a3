// SPDX-License-Identifier: Apache-2.0
#include "keys/issue.h"

#include <algorithm>

#include "bailee/limits.h"
#include "base/try.h"
#include "keys/keyring_file.h"

namespace bailee::keys {
namespace {

// What goes into one keyring of a new vault.
struct Content {
  bool storage = false;
  std::string_view purpose;  // or empty
  std::optional<Role> role;
};

bool BelongsTo(const HeldIndex& index, std::string_view purpose) {
  return index.name.size() > purpose.size() && index.name.ends_with(purpose) &&
         index.name[index.name.size() - purpose.size() - 1] == '/';
}

Result<KeyringKeys> Gather(const VaultKeys& from, const Content& content) {
  KeyringKeys keys;
  if (content.storage) {
    BAILEE_TRY(keys.storage, from.storage.Clone());
    keys.header.storage_version = kFirstVersion;
  }
  for (const HeldPurpose& purpose : from.purposes) {
    if (purpose.name != content.purpose) continue;
    BAILEE_TRY(HeldPurpose copy, KeyringKeys::Clone(purpose));
    keys.header.purposes.push_back({copy.name, copy.version});
    keys.purposes.push_back(std::move(copy));
  }
  for (const HeldIndex& index : from.indexes) {
    if (content.purpose.empty() || !BelongsTo(index, content.purpose)) continue;
    BAILEE_TRY(HeldIndex copy, KeyringKeys::Clone(index));
    keys.header.indexes.push_back({copy.name, copy.version});
    keys.indexes.push_back(std::move(copy));
  }
  for (const HeldRole& role : from.roles) {
    if (role.role != content.role) continue;
    BAILEE_TRY(Secret copy,
               role.secret.RevealBytes([](ByteView bytes) { return Secret::From(bytes); }));
    keys.header.roles.push_back(role.role);
    keys.roles.push_back({role.role, std::move(copy)});
  }
  return keys;
}

Result<KeyringFile> Issue(const VaultKeys& from, const std::string& name, const Content& content,
                          Timestamp now, crypto::Random& random) {
  BAILEE_TRY(KeyringKeys keys, Gather(from, content));
  keys.header.vault = from.vault;
  random.Fill(keys.header.keyring_id);
  keys.header.actor = name;
  keys.header.issued_at = now;
  keys.header.authority = from.authority->verify_key();
  keys.header.manifest_min = 1;
  BAILEE_TRY(Secret bytes, EncodeKeyring(keys, *from.authority, Unlock::Nothing(), random));
  return KeyringFile{name, std::move(bytes)};
}

const HeldRole& HeldRoleOf(const VaultKeys& keys, Role role) {
  return *std::find_if(keys.roles.begin(), keys.roles.end(),
                       [&](const HeldRole& held) { return held.role == role; });
}

Result<crypto::BoxPublicKey> BoxPublicOf(const VaultKeys& keys, Role role) {
  BAILEE_TRY(const crypto::BoxSecret secret,
             HeldRoleOf(keys, role).secret.RevealBytes([](ByteView bytes) {
               return crypto::BoxSecret::FromBytes(bytes);
             }));
  return crypto::PublicKeyOf(secret);
}

}  // namespace

std::string IndexNameOf(std::string_view category, std::string_view field,
                        std::string_view purpose) {
  return std::string(category) + "." + std::string(field) + "/" + std::string(purpose);
}

Result<HeldRole> GenerateRole(Role role, crypto::Random& random) {
  BAILEE_TRY(Secret secret, Secret::Allocate(crypto::kKeyBytes));
  secret.RevealMutable([&](std::span<uint8_t> out) { random.Fill(out); });
  return HeldRole{role, std::move(secret)};
}

Result<crypto::SigningKey> SignerOf(const HeldRole& role) {
  BAILEE_TRY(const crypto::SigningSeed seed, role.secret.RevealBytes([](ByteView bytes) {
    return crypto::SigningSeed::FromBytes(bytes);
  }));
  return crypto::SigningKey::FromSeed(seed);
}

Result<AddedKeys> GenerateKeys(const std::vector<std::string>& purposes,
                               const std::vector<std::string>& indexes, crypto::Random& random) {
  AddedKeys keys;
  for (const std::string& name : purposes) {
    BAILEE_TRY(crypto::PurposeKey key, crypto::PurposeKey::Generate(random));
    keys.purposes.push_back({name, kFirstVersion, crypto::NameIdOf(name), std::move(key)});
  }
  for (const std::string& name : indexes) {
    BAILEE_TRY(crypto::IndexKey key, crypto::IndexKey::Generate(random));
    keys.indexes.push_back({name, kFirstVersion, crypto::NameIdOf(name), std::move(key)});
  }
  return keys;
}

Result<VaultKeys> GenerateVaultKeys(const VaultId& vault, const std::vector<std::string>& leaves,
                                    const std::vector<std::string>& indexes,
                                    crypto::Random& random) {
  VaultKeys keys;
  keys.vault = vault;
  BAILEE_TRY(keys.storage, crypto::StorageKey::Generate(random));
  std::vector<std::string> names = leaves;
  for (const std::string_view reserved : {kRights, kUpkeep, kTally}) names.emplace_back(reserved);
  BAILEE_TRY(AddedKeys fresh, GenerateKeys(names, indexes, random));
  keys.purposes = std::move(fresh.purposes);
  keys.indexes = std::move(fresh.indexes);
  for (const Role role : {Role::kAuthority, Role::kLog, Role::kAuditor, Role::kBackup}) {
    BAILEE_TRY(HeldRole held, GenerateRole(role, random));
    keys.roles.push_back(std::move(held));
  }
  BAILEE_TRY(keys.authority, SignerOf(HeldRoleOf(keys, Role::kAuthority)));
  return keys;
}

Result<Manifest> ManifestOf(const VaultKeys& keys) {
  Manifest manifest;
  manifest.vault = keys.vault;
  manifest.number = 1;
  BAILEE_RETURN_IF_ERROR(AddPublicHalves(keys.purposes, keys.indexes, manifest));
  BAILEE_TRY(const crypto::SigningKey log, SignerOf(HeldRoleOf(keys, Role::kLog)));
  manifest.log_public = log.verify_key();
  BAILEE_TRY(manifest.auditor_public, BoxPublicOf(keys, Role::kAuditor));
  BAILEE_TRY(manifest.backup_public, BoxPublicOf(keys, Role::kBackup));
  manifest.log_origin = "bailee/" + keys.vault.ToHex();
  return manifest;
}

Result<IssuedKeyrings> IssueKeyrings(const VaultKeys& keys, Timestamp now, crypto::Random& random) {
  IssuedKeyrings issued;
  for (const Role role : {Role::kAuthority, Role::kLog, Role::kAuditor, Role::kBackup}) {
    BAILEE_TRY(KeyringFile file,
               Issue(keys, std::string(RoleWord(role)),
                     {.storage = false, .purpose = {}, .role = role}, now, random));
    issued.reserved.push_back(std::move(file));
  }
  for (const HeldPurpose& purpose : keys.purposes) {
    BAILEE_TRY(
        KeyringFile file,
        Issue(keys, purpose.name, {.storage = true, .purpose = purpose.name, .role = std::nullopt},
              now, random));
    const bool reserved =
        purpose.name == kRights || purpose.name == kUpkeep || purpose.name == kTally;
    (reserved ? issued.reserved : issued.origins).push_back(std::move(file));
  }
  BAILEE_TRY(
      KeyringFile storage,
      Issue(keys, "storage", {.storage = true, .purpose = {}, .role = std::nullopt}, now, random));
  issued.origins.push_back(std::move(storage));
  return issued;
}

bool IsActorName(std::string_view actor) {
  const auto letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  };
  if (actor.empty() || actor.size() > limits::kNameBytesMax || !letter_or_digit(actor.front()))
    return false;
  return std::all_of(actor.begin(), actor.end(), [&](char c) {
    return letter_or_digit(c) || c == '.' || c == '_' || c == '-';
  });
}

}  // namespace bailee::keys
