// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "bailee/keyring.h"
#include "base/try.h"
#include "crypto/init.h"
#include "crypto/random.h"
#include "crypto/sign.h"
#include "keys/issue.h"
#include "keys/keyring_file.h"

namespace bailee {
namespace {

using keys::HeldIndex;
using keys::HeldPurpose;
using keys::KeyringKeys;

Status SourceMissing(std::string_view what) {
  return Status(Code::kKey, "key.source-missing",
                "no given keyring holds the key of " + std::string(what),
                "add the origin keyring that init wrote for it");
}

// The newest: older ones may have been rotated out.
Status AddStorage(const std::vector<const Keyring*>& sources, KeyringKeys& to) {
  for (const Keyring* source : sources) {
    const KeyringKeys& keys = source->keys();
    if (keys.header.storage_version <= to.header.storage_version) continue;
    BAILEE_TRY(to.storage, keys.storage.Clone());
    to.header.storage_version = keys.header.storage_version;
  }
  return to.header.storage_version == 0 ? SourceMissing("the storage") : Status();
}

// Indexes may be in another keyring than their purpose: they can be younger than it.
Status AddIndexes(const std::vector<const Keyring*>& sources, std::string_view purpose,
                  KeyringKeys& to) {
  for (const Keyring* source : sources) {
    for (const HeldIndex& index : source->keys().indexes) {
      if (!index.name.ends_with("/" + std::string(purpose))) continue;
      if (to.FindIndex(index.id, index.version) != nullptr) continue;
      BAILEE_TRY(HeldIndex copy, KeyringKeys::Clone(index));
      to.header.indexes.push_back({copy.name, copy.version});
      to.indexes.push_back(std::move(copy));
    }
  }
  return Status();
}

Status AddPurpose(const std::vector<const Keyring*>& sources, std::string_view name,
                  KeyringKeys& to) {
  for (const Keyring* source : sources) {
    for (const HeldPurpose& held : source->keys().purposes) {
      if (held.name != name || to.FindPurpose(held.id, held.version) != nullptr) continue;
      BAILEE_TRY(HeldPurpose copy, KeyringKeys::Clone(held));
      to.header.purposes.push_back({copy.name, copy.version});
      to.purposes.push_back(std::move(copy));
    }
  }
  if (to.FindPurpose(name) == nullptr) return SourceMissing("purpose " + std::string(name));
  return AddIndexes(sources, name, to);
}

}  // namespace

Result<KeyringFile> Grant(const Keyring& authority, const std::vector<const Keyring*>& sources,
                          const GrantRequest& request, const Unlock& lock, const Clock& clock) {
  BAILEE_RETURN_IF_ERROR(crypto::Init());
  if (!keys::IsActorName(request.actor)) {
    return Status(Code::kUsage, "key.actor-name",
                  "an actor's name is lower-case letters, digits, '.', '_' and '-'",
                  "at most 64, beginning with a letter or digit, for example shop-billing");
  }
  const keys::KeyringHeader& issuer = authority.keys().header;
  BAILEE_TRY(const crypto::SigningKey signer, keys::SigningKeyOf(authority.keys()));
  for (const Keyring* source : sources) {
    BAILEE_RETURN_IF_ERROR(source->keys().BelongHere());
    if (source->keys().header.vault != issuer.vault) {
      return Status(Code::kKey, "key.other-vault", "the given keyrings belong to different vaults",
                    "take the authority's and the origin keyrings of one vault");
    }
    // A keyring vouches for itself: without this, one that somebody made up would have its keys
    // signed by the true authority.
    if (source->keys().header.authority != signer.verify_key()) {
      return Status(Code::kKey, "key.other-authority",
                    "a given keyring was not signed by this authority",
                    "use the keyrings that init wrote, from their safe copy");
    }
  }
  KeyringKeys keys;
  BAILEE_RETURN_IF_ERROR(AddStorage(sources, keys));
  for (const std::string& purpose : request.purposes)
    BAILEE_RETURN_IF_ERROR(AddPurpose(sources, purpose, keys));
  keys.header.vault = issuer.vault;
  crypto::SystemRandom().Fill(keys.header.keyring_id);
  keys.header.actor = request.actor;
  keys.header.issued_at = clock.Now();
  keys.header.authority = signer.verify_key();
  // Not below what a source knows: an older manifest could call a retired key open.
  keys.header.manifest_min = issuer.manifest_min;
  for (const Keyring* source : sources)
    keys.header.manifest_min =
        std::max(keys.header.manifest_min, source->keys().header.manifest_min);
  BAILEE_TRY(Secret bytes, keys::EncodeKeyring(keys, signer, lock, crypto::SystemRandom()));
  return KeyringFile{request.actor, std::move(bytes)};
}

}  // namespace bailee
