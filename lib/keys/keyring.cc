// SPDX-License-Identifier: Apache-2.0
#include "bailee/keyring.h"

#include "base/hex.h"
#include "base/try.h"
#include "crypto/init.h"
#include "keys/key_file.h"
#include "keys/keyring_file.h"
#include "keys/keyring_keys.h"

namespace bailee {
namespace {

Keyring::Description DescriptionOf(const keys::KeyringHeader& header) {
  Keyring::Description description;
  description.vault = header.vault;
  description.keyring_id = ToHex(header.keyring_id);
  description.actor = header.actor;
  description.issued_at = header.issued_at;
  description.manifest_min = header.manifest_min;
  description.storage = header.storage_version != 0;
  for (const auto& purpose : header.purposes) {
    description.purposes.push_back(purpose.name);
    description.purpose_versions.push_back(purpose.version);
  }
  for (const auto& index : header.indexes) {
    description.indexes.push_back(index.name);
    description.index_versions.push_back(index.version);
  }
  for (const keys::Role role : header.roles) description.roles.emplace_back(keys::RoleWord(role));
  return description;
}

}  // namespace

Result<Keyring> Keyring::Load(const KeySource& source, Unlock unlock) {
  BAILEE_RETURN_IF_ERROR(crypto::Init());
  BAILEE_TRY(const Secret file, keys::ReadSource(source));
  BAILEE_TRY(keys::KeyringKeys opened,
             file.RevealBytes([&](ByteView bytes) { return keys::ParseKeyring(bytes, unlock); }));
  return Keyring(std::make_unique<keys::KeyringKeys>(std::move(opened)));
}

Result<Keyring> Keyring::Open(const KeyringFile& file, Unlock unlock) {
  BAILEE_RETURN_IF_ERROR(crypto::Init());
  BAILEE_TRY(keys::KeyringKeys opened, file.bytes.RevealBytes([&](ByteView bytes) {
    return keys::ParseKeyring(bytes, unlock);
  }));
  return Keyring(std::make_unique<keys::KeyringKeys>(std::move(opened)));
}

Result<Keyring::Description> Keyring::Inspect(const KeySource& source) {
  BAILEE_RETURN_IF_ERROR(crypto::Init());
  BAILEE_TRY(const Secret file, keys::ReadSource(source));
  BAILEE_TRY(const keys::KeyringHeader header, file.RevealBytes(keys::InspectKeyring));
  return DescriptionOf(header);
}

Keyring::Description Keyring::Describe() const { return DescriptionOf(keys_->header); }

Keyring::Keyring(std::unique_ptr<keys::KeyringKeys> keys) : keys_(std::move(keys)) {}
Keyring::Keyring(Keyring&&) noexcept = default;
Keyring& Keyring::operator=(Keyring&&) noexcept = default;
Keyring::~Keyring() = default;

}  // namespace bailee
