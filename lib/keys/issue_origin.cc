// SPDX-License-Identifier: Apache-2.0
#include "base/try.h"
#include "keys/issue.h"
#include "keys/keyring_file.h"

// Origin keyrings that are made later than their vault, and keys that replace others.
namespace bailee::keys {

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
  for (const HeldPurpose* each : origin.purposes) {
    BAILEE_TRY(HeldPurpose copy, KeyringKeys::Clone(*each));
    keys.header.purposes.push_back({copy.name, copy.version});
    keys.purposes.push_back(std::move(copy));
  }
  for (const HeldIndex* each : origin.indexes) {
    BAILEE_TRY(HeldIndex copy, KeyringKeys::Clone(*each));
    keys.header.indexes.push_back({copy.name, copy.version});
    keys.indexes.push_back(std::move(copy));
  }
  keys.header.vault = request.holder.header.vault;
  random.Fill(keys.header.keyring_id);
  keys.header.actor = name;
  keys.header.issued_at = request.now;
  keys.header.authority = request.authority.verify_key();
  keys.header.manifest_min = request.manifest_min;
  BAILEE_TRY(Secret bytes, EncodeKeyring(keys, request.authority, Unlock::Nothing(), random));
  return KeyringFile{name, std::move(bytes)};
}

}  // namespace bailee::keys
