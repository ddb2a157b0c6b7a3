// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/clock.h"
#include "bailee/ids.h"
#include "bailee/secret.h"
#include "bailee/status.h"
#include "base/fork.h"
#include "crypto/key.h"
#include "crypto/names.h"
#include "crypto/sign.h"

namespace bailee::keys {

// Purposes that the vault keeps for itself; their keys are kept like those of leaf purposes.
inline constexpr std::string_view kRights = "rights";  // export and rectify
inline constexpr std::string_view kUpkeep = "upkeep";  // re-wrap and re-seal
inline constexpr std::string_view kTally = "tally";    // inputs of reports

// Secrets of a keyring that are no purpose. Numbers are those of keyring.proto.
enum class Role : uint8_t { kAuthority = 1, kLog = 2, kAuditor = 3, kBackup = 4 };

// "authority", "log", "auditor", "backup".
std::string_view RoleWord(Role role);

// What the readable, signed part of a keyring says (FORMAT.md §6).
struct KeyringHeader {
  struct Named {
    std::string name;
    uint16_t version = 0;
    bool operator==(const Named&) const = default;
  };

  VaultId vault;
  std::array<uint8_t, 16> keyring_id{};
  std::string actor;
  Timestamp issued_at;
  crypto::VerifyKey authority;
  uint64_t manifest_min = 0;
  uint16_t storage_version = 0;  // 0: no storage key
  std::vector<Named> purposes;
  std::vector<Named> indexes;
  std::vector<Role> roles;
};

struct HeldPurpose {
  std::string name;
  uint16_t version = 0;
  crypto::NameId id;
  crypto::PurposeKey key;
};

struct HeldIndex {
  std::string name;  // "category.field/purpose"
  uint16_t version = 0;
  crypto::NameId id;
  crypto::IndexKey key;
};

struct HeldRole {
  Role role = Role::kAuthority;
  Secret secret;  // 32 bytes
};

// The keys of one holder, opened. Move-only; thread-compatible.
class KeyringKeys {
 public:
  KeyringHeader header;
  crypto::StorageKey storage;  // empty if header.storage_version is 0
  std::vector<HeldPurpose> purposes;
  std::vector<HeldIndex> indexes;
  std::vector<HeldRole> roles;

  // Success in the process that loaded them; in a child of it, where no secret is there to be
  // looked at, kFailed "key.forked". Whoever takes a keyring from a caller asks first.
  Status BelongHere() const;

  // Null if not held. Of several versions the last.
  const HeldPurpose* FindPurpose(std::string_view name) const;
  const HeldPurpose* FindPurpose(const crypto::NameId& id, uint16_t version) const;
  const HeldIndex* FindIndex(const crypto::NameId& id, uint16_t version) const;
  const Secret* FindRole(Role role) const;

  // A second copy of the purpose's or index's key. Errors: kFull.
  static Result<HeldPurpose> Clone(const HeldPurpose& purpose);
  static Result<HeldIndex> Clone(const HeldIndex& index);

 private:
  uint64_t process_ = ProcessStamp();
};

}  // namespace bailee::keys
