// SPDX-License-Identifier: Apache-2.0
#include "base/try.h"
#include "keys/issue.h"
#include "keys/keyring_file.h"

// Origin keyrings that are made later than their vault, and keys that replace others.
namespace bailee::keys {
namespace {

// A keyring with these keys, signed as `request` says.
Result<KeyringFile> IssueSigned(const std::string& name, KeyringKeys& keys,
                                const OriginRequest& request, crypto::Random& random) {
  keys.header.vault = request.holder.header.vault;
  random.Fill(keys.header.keyring_id);
  keys.header.actor = name;
  keys.header.issued_at = request.now;
  keys.header.authority = request.authority.verify_key();
  keys.header.manifest_min = request.manifest_min;
  BAILEE_TRY(Secret bytes, EncodeKeyring(keys, request.authority, Unlock::Nothing(), random));
  return KeyringFile{name, std::move(bytes)};
}

Status Add(const HeldPurpose& held, KeyringKeys& to) {
  BAILEE_TRY(HeldPurpose copy, KeyringKeys::Clone(held));
  to.header.purposes.push_back({copy.name, copy.version});
  to.purposes.push_back(std::move(copy));
  return Status();
}

Status Add(const HeldIndex& held, KeyringKeys& to) {
  BAILEE_TRY(HeldIndex copy, KeyringKeys::Clone(held));
  to.header.indexes.push_back({copy.name, copy.version});
  to.indexes.push_back(std::move(copy));
  return Status();
}

Status Add(const HeldRole& held, KeyringKeys& to) {
  BAILEE_TRY(Secret copy,
             held.secret.RevealBytes([](ByteView bytes) { return Secret::From(bytes); }));
  to.header.roles.push_back(held.role);
  to.roles.push_back({held.role, std::move(copy)});
  return Status();
}

}  // namespace

Result<HeldPurpose> NextVersion(const HeldPurpose& held, crypto::Random& random) {
  BAILEE_TRY(crypto::PurposeKey key, crypto::PurposeKey::Generate(random));
  return HeldPurpose{held.name, static_cast<uint16_t>(held.version + 1), held.id, std::move(key)};
}

Result<HeldIndex> NextVersion(const HeldIndex& held, crypto::Random& random) {
  BAILEE_TRY(crypto::IndexKey key, crypto::IndexKey::Generate(random));
  return HeldIndex{held.name, static_cast<uint16_t>(held.version + 1), held.id, std::move(key)};
}

Result<KeyringFile> IssueOrigin(const std::string& name, const OriginKeys& origin,
                                const OriginRequest& request, crypto::Random& random) {
  KeyringKeys keys;
  BAILEE_TRY(keys.storage, origin.storage->Clone());
  keys.header.storage_version = origin.storage_version;
  for (const HeldPurpose* each : origin.purposes) BAILEE_RETURN_IF_ERROR(Add(*each, keys));
  for (const HeldIndex* each : origin.indexes) BAILEE_RETURN_IF_ERROR(Add(*each, keys));
  return IssueSigned(name, keys, request, random);
}

Result<KeyringFile> IssueRole(const HeldRole& role, const OriginRequest& request,
                              crypto::Random& random) {
  KeyringKeys keys;
  BAILEE_RETURN_IF_ERROR(Add(role, keys));
  return IssueSigned(std::string(RoleWord(role.role)), keys, request, random);
}

Result<KeyringFile> IssueAgain(const KeyringKeys& keyring, const OriginRequest& request,
                               crypto::Random& random) {
  KeyringKeys keys;
  keys.header.storage_version = keyring.header.storage_version;
  if (keyring.header.storage_version != 0) {
    BAILEE_TRY(keys.storage, keyring.storage.Clone());
  }
  for (const HeldPurpose& each : keyring.purposes) BAILEE_RETURN_IF_ERROR(Add(each, keys));
  for (const HeldIndex& each : keyring.indexes) BAILEE_RETURN_IF_ERROR(Add(each, keys));
  for (const HeldRole& each : keyring.roles) BAILEE_RETURN_IF_ERROR(Add(each, keys));
  return IssueSigned(keyring.header.actor, keys, request, random);
}

}  // namespace bailee::keys
