// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "base/try.h"
#include "crypto/box.h"
#include "keys/issue.h"

// Keys that a vault gets after it was made.
namespace bailee::keys {
namespace {

std::string PurposeOf(const HeldIndex& index) {
  return index.name.substr(index.name.rfind('/') + 1);
}

// The holder's storage key, and the new indexes of a purpose.
OriginKeys NewIndexes(const AddedKeys& added, const std::string& purpose,
                      const OriginRequest& request) {
  OriginKeys keys;
  keys.storage_version = request.holder.header.storage_version;
  keys.storage = &request.holder.storage;
  for (const HeldIndex& index : added.indexes)
    if (PurposeOf(index) == purpose) keys.indexes.push_back(&index);
  return keys;
}

}  // namespace

Status AddPublicHalves(std::span<const HeldPurpose> purposes, std::span<const HeldIndex> indexes,
                       Manifest& manifest) {
  for (const HeldPurpose& purpose : purposes) {
    BAILEE_TRY(const crypto::BoxSecret secret,
               crypto::DeriveBoxSecret(purpose.key, purpose.version));
    manifest.purposes.push_back({.name = purpose.name,
                                 .version = purpose.version,
                                 .id = purpose.id,
                                 .box_public = crypto::PublicKeyOf(secret),
                                 .open_box_public = {}});
  }
  for (const HeldIndex& index : indexes)
    manifest.indexes.push_back({.name = index.name, .version = index.version, .id = index.id});
  return Status();
}

Result<std::vector<KeyringFile>> IssueOrigins(const AddedKeys& added, const OriginRequest& request,
                                              crypto::Random& random) {
  std::vector<KeyringFile> files;
  std::set<std::string> done;
  for (const HeldPurpose& purpose : added.purposes) {
    done.insert(purpose.name);
    OriginKeys keys = NewIndexes(added, purpose.name, request);
    keys.purposes.push_back(&purpose);
    BAILEE_TRY(KeyringFile file, IssueOrigin(purpose.name, keys, request, random));
    files.push_back(std::move(file));
  }
  for (const HeldIndex& index : added.indexes) {
    const std::string purpose = PurposeOf(index);
    if (!done.insert(purpose).second) continue;
    BAILEE_TRY(KeyringFile file, IssueOrigin(purpose + "-" + std::string(request.suffix),
                                             NewIndexes(added, purpose, request), request, random));
    files.push_back(std::move(file));
  }
  return files;
}

Result<crypto::SigningKey> SigningKeyOf(const KeyringKeys& authority) {
  BAILEE_RETURN_IF_ERROR(authority.BelongHere());
  const auto held = std::ranges::find(authority.roles, Role::kAuthority, &HeldRole::role);
  if (held == authority.roles.end()) {
    return Status(Code::kKey, "key.authority-missing",
                  "the keyring that should sign is not the authority's",
                  "use the authority.keyring that init wrote");
  }
  return SignerOf(*held);
}

}  // namespace bailee::keys
