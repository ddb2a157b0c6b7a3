// SPDX-License-Identifier: Apache-2.0
#include "keys/keyring_header.h"

#include <algorithm>
#include <limits>

#include "bailee/v1/keyring.pb.h"
#include "base/try.h"
#include "keys/proto_bytes.h"

namespace bailee::keys {
namespace {

Status DamagedHeader() {
  return Status(Code::kDamage, "key.damaged", "the keyring's header makes no sense",
                "restore the keyring from its safe copy or grant a new one");
}

template <typename Entries>
void PutNamed(const std::vector<KeyringHeader::Named>& from, Entries* to) {
  for (const KeyringHeader::Named& named : from) {
    auto* entry = to->Add();
    entry->set_name(named.name);
    entry->set_version(named.version);
  }
}

template <typename Entries>
bool GetNamed(const Entries& from, std::vector<KeyringHeader::Named>& to) {
  for (const auto& entry : from) {
    const bool fits =
        entry.version() > 0 && entry.version() <= std::numeric_limits<uint16_t>::max();
    if (!fits || entry.name().empty() || !HasNoUnknownFields(entry)) return false;
    to.push_back({entry.name(), static_cast<uint16_t>(entry.version())});
  }
  return true;
}

}  // namespace

Bytes EncodeKeyringHeader(const KeyringHeader& header) {
  v1::KeyringHeader proto;
  proto.set_vault_id(ToProtoBytes(header.vault.view()));
  proto.set_keyring_id(ToProtoBytes(header.keyring_id));
  proto.set_actor(header.actor);
  proto.set_issued_at_ms(header.issued_at.unix_ms);
  proto.set_authority_public(ToProtoBytes(header.authority.view()));
  proto.set_manifest_min(header.manifest_min);
  proto.set_storage_version(header.storage_version);
  PutNamed(header.purposes, proto.mutable_purpose());
  PutNamed(header.indexes, proto.mutable_index());
  for (const Role role : header.roles) {
    proto.add_role(static_cast<v1::KeyringHeader::Role>(role));
  }
  return SerializeDeterministically(proto);
}

Result<KeyringHeader> ParseKeyringHeader(ByteView bytes) {
  v1::KeyringHeader proto;
  if (!ParseExactly(bytes, proto)) return DamagedHeader();
  KeyringHeader header;
  const bool shaped = FromProtoBytes(proto.vault_id(), header.vault.bytes) &&
                      FromProtoBytes(proto.keyring_id(), header.keyring_id) &&
                      FromProtoBytes(proto.authority_public(), header.authority.bytes) &&
                      proto.storage_version() <= std::numeric_limits<uint16_t>::max() &&
                      GetNamed(proto.purpose(), header.purposes) &&
                      GetNamed(proto.index(), header.indexes);
  if (!shaped) return DamagedHeader();
  for (const int role : proto.role()) {
    if (role < static_cast<int>(Role::kAuthority) || role > static_cast<int>(Role::kBackup))
      return DamagedHeader();
    header.roles.push_back(static_cast<Role>(role));
  }
  header.actor = proto.actor();
  header.issued_at = {proto.issued_at_ms()};
  header.manifest_min = proto.manifest_min();
  header.storage_version = static_cast<uint16_t>(proto.storage_version());
  return header;
}

}  // namespace bailee::keys
