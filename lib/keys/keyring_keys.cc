// SPDX-License-Identifier: Apache-2.0
#include "keys/keyring_keys.h"

#include <utility>

#include "base/try.h"
#include "keys/find_in.h"

namespace bailee::keys {

Status KeyringKeys::BelongHere() const {
  if (ProcessStamp() == process_) return Status();
  return Status(Code::kFailed, "key.forked",
                "the keyring was loaded before this process was forked",
                "load it in the child, after the fork");
}
std::string_view RoleWord(Role role) {
  switch (role) {
    case Role::kAuthority:
      return "authority";
    case Role::kLog:
      return "log";
    case Role::kAuditor:
      return "auditor";
    case Role::kBackup:
      return "backup";
  }
  return "unknown";
}

const HeldPurpose* KeyringKeys::FindPurpose(std::string_view name) const {
  const HeldPurpose* found = nullptr;
  for (const HeldPurpose& held : purposes) {
    if (held.name == name && (found == nullptr || held.version > found->version)) found = &held;
  }
  return found;
}

const HeldPurpose* KeyringKeys::FindPurpose(const crypto::NameId& id, uint16_t version) const {
  return FindIn(purposes,
                [&](const HeldPurpose& held) { return held.id == id && held.version == version; });
}

const HeldIndex* KeyringKeys::FindIndex(const crypto::NameId& id, uint16_t version) const {
  return FindIn(indexes,
                [&](const HeldIndex& held) { return held.id == id && held.version == version; });
}

const Secret* KeyringKeys::FindRole(Role role) const {
  const HeldRole* held = FindIn(roles, [&](const HeldRole& each) { return each.role == role; });
  return held == nullptr ? nullptr : &held->secret;
}

Result<HeldPurpose> KeyringKeys::Clone(const HeldPurpose& purpose) {
  BAILEE_TRY(crypto::PurposeKey key, purpose.key.Clone());
  return HeldPurpose{purpose.name, purpose.version, purpose.id, std::move(key)};
}

Result<HeldIndex> KeyringKeys::Clone(const HeldIndex& index) {
  BAILEE_TRY(crypto::IndexKey key, index.key.Clone());
  return HeldIndex{index.name, index.version, index.id, std::move(key)};
}

}  // namespace bailee::keys
