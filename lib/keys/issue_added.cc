// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "base/try.h"
#include "crypto/box.h"
#include "keys/issue.h"
#include "keys/keyring_file.h"

// Keys that a vault gets after it was made.
namespace bailee::keys {
namespace {

std::string PurposeOf(const HeldIndex& index) {
  return index.name.substr(index.name.rfind('/') + 1);
}

// The storage key, `purpose` if it is not null, and the new indexes of the purpose of that name.
Result<KeyringFile> IssueOrigin(const AddedKeys& added, const HeldPurpose* purpose,
                                const std::string& purpose_name, const std::string& file_name,
                                const OriginRequest& request, crypto::Random& random) {
  KeyringKeys keys;
  BAILEE_TRY(keys.storage, request.holder.storage.Clone());
  keys.header.storage_version = request.holder.header.storage_version;
  if (purpose != nullptr) {
    BAILEE_TRY(HeldPurpose copy, KeyringKeys::Clone(*purpose));
    keys.header.purposes.push_back({copy.name, copy.version});
    keys.purposes.push_back(std::move(copy));
  }
  for (const HeldIndex& index : added.indexes) {
    if (PurposeOf(index) != purpose_name) continue;
    BAILEE_TRY(HeldIndex copy, KeyringKeys::Clone(index));
    keys.header.indexes.push_back({copy.name, copy.version});
    keys.indexes.push_back(std::move(copy));
  }
  keys.header.vault = request.holder.header.vault;
  random.Fill(keys.header.keyring_id);
  keys.header.actor = file_name;
  keys.header.issued_at = request.now;
  keys.header.authority = request.authority.verify_key();
  keys.header.manifest_min = request.manifest_min;
  BAILEE_TRY(Secret bytes, EncodeKeyring(keys, request.authority, Unlock::Nothing(), random));
  return KeyringFile{file_name, std::move(bytes)};
}

}  // namespace

Status AddPublicHalves(const AddedKeys& added, Manifest& manifest) {
  for (const HeldPurpose& purpose : added.purposes) {
    BAILEE_TRY(const crypto::BoxSecret secret,
               crypto::DeriveBoxSecret(purpose.key, purpose.version));
    manifest.purposes.push_back({.name = purpose.name,
                                 .version = purpose.version,
                                 .id = purpose.id,
                                 .box_public = crypto::PublicKeyOf(secret),
                                 .open_box_public = {}});
  }
  for (const HeldIndex& index : added.indexes)
    manifest.indexes.push_back({.name = index.name, .version = index.version, .id = index.id});
  return Status();
}

Result<std::vector<KeyringFile>> IssueOrigins(const AddedKeys& added, const OriginRequest& request,
                                              crypto::Random& random) {
  std::vector<KeyringFile> files;
  std::set<std::string> done;
  for (const HeldPurpose& purpose : added.purposes) {
    done.insert(purpose.name);
    BAILEE_TRY(KeyringFile file,
               IssueOrigin(added, &purpose, purpose.name, purpose.name, request, random));
    files.push_back(std::move(file));
  }
  for (const HeldIndex& index : added.indexes) {
    const std::string purpose = PurposeOf(index);
    if (!done.insert(purpose).second) continue;
    BAILEE_TRY(KeyringFile file,
               IssueOrigin(added, nullptr, purpose, purpose + "-" + std::string(request.suffix),
                           request, random));
    files.push_back(std::move(file));
  }
  return files;
}

Result<crypto::SigningKey> SigningKeyOf(const KeyringKeys& authority) {
  const Secret* seed = authority.FindRole(Role::kAuthority);
  if (seed == nullptr) {
    return Status(Code::kKey, "key.authority-missing",
                  "the keyring that should sign is not the authority's",
                  "use the authority.keyring that init wrote");
  }
  BAILEE_TRY(const crypto::SigningSeed key, seed->RevealBytes([](ByteView bytes) {
    return crypto::SigningSeed::FromBytes(bytes);
  }));
  return crypto::SigningKey::FromSeed(key);
}

}  // namespace bailee::keys
