// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/clock.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/box.h"
#include "crypto/names.h"
#include "crypto/sign.h"

// The manifest and signed policies: FORMAT.md §7.
namespace bailee::keys {

struct Manifest {
  struct PublishedPolicy {
    uint32_t version = 0;
    std::array<uint8_t, 32> digest{};
    Timestamp since;                        // when it came into force
    std::string notice;                     // that announced what became wider; or empty
    std::optional<Timestamp> announced_at;  // with a notice
  };
  struct Purpose {
    std::string name;
    uint16_t version = 0;
    crypto::NameId id;  // of the name; not stored
    crypto::BoxPublicKey box_public;
    // Of the version before, while it is being rotated out (FORMAT.md §18.1); 0: none.
    uint16_t open_version = 0;
    crypto::BoxPublicKey open_box_public;

    // What a holder of either open version can open.
    uint16_t common_version() const { return open_version == 0 ? version : open_version; }
    // Whether anything may lie under this version of the key.
    bool IsOpen(uint16_t of) const { return of != 0 && (of == version || of == open_version); }
  };
  struct Index {
    std::string name;
    uint16_t version = 0;
    crypto::NameId id;          // of the name; not stored
    uint16_t open_version = 0;  // as of a purpose

    uint16_t common_version() const { return open_version == 0 ? version : open_version; }
  };

  // A key that the log had before (FORMAT.md §18.6).
  struct EarlierLog {
    crypto::VerifyKey log_public;
    // The tree up to which it counts; none while it is open.
    struct Bound {
      uint64_t size = 0;
      std::array<uint8_t, 32> root{};
      bool leaked = false;  // it counts for that tree alone
    };
    std::optional<Bound> bound;
  };

  VaultId vault;
  uint64_t number = 0;
  uint16_t authority_version = 1;  // of the key that signs it
  // The one before, while keyrings that pin it are taken (FORMAT.md §18.7).
  std::optional<crypto::VerifyKey> open_authority;
  uint32_t policy_in_force = 0;
  std::vector<PublishedPolicy> policies;  // ascending; the last one is in force
  std::vector<Purpose> purposes;
  std::vector<Index> indexes;
  crypto::VerifyKey log_public;          // the newest
  std::vector<EarlierLog> earlier_logs;  // in the order of their use; only the last may be open
  crypto::BoxPublicKey auditor_public;
  crypto::BoxPublicKey backup_public;
  std::string log_origin;

  // Of the log's newest key.
  uint16_t log_version() const { return static_cast<uint16_t>(earlier_logs.size() + 1); }
  bool log_is_open() const { return !earlier_logs.empty() && !earlier_logs.back().bound; }

  // Null if there is none.
  const Purpose* FindPurpose(std::string_view name) const;
  const Index* FindIndex(std::string_view name) const;
  const PublishedPolicy* FindPolicy(uint32_t version) const;
  Purpose* FindPurpose(std::string_view name);
  Index* FindIndex(std::string_view name);
};

// Keys that a log had before its newest.
inline constexpr size_t kEarlierLogsMax = 255;

// The value of meta["manifest"]. REQUIRES: the policies are as ParseManifest demands.
Bytes SignManifest(const Manifest& manifest, const crypto::SigningKey& authority);

// Reads and verifies the value of meta["manifest"].
// Errors: kDamage "manifest.damaged" unless the authority signed it, for this vault, and it is
// whole; kDamage "manifest.rolled-back" if its number is below `number_min`.
Result<Manifest> ParseManifest(ByteView row, const VaultId& vault,
                               const crypto::VerifyKey& authority, uint64_t number_min);

// What an authority says of the one that it makes way for (FORMAT.md §18.7): the value of
// meta["authority" ‖ its public half].
struct Successor {
  uint64_t number = 0;  // of the first manifest that it signs
  crypto::VerifyKey authority;
};
Bytes SignSuccessor(const VaultId& vault, const Successor& next,
                    const crypto::SigningKey& authority);
// Errors: kDamage "manifest.damaged" unless `authority` signed it, for this vault.
Result<Successor> ParseSuccessor(ByteView row, const VaultId& vault,
                                 const crypto::VerifyKey& authority);

// The digest of a policy that a manifest names.
std::array<uint8_t, 32> PolicyDigest(ByteView policy);

// The value of policies[version].
Bytes SignPolicy(const VaultId& vault, uint32_t version, ByteView policy,
                 const crypto::SigningKey& authority);

// The policy in a row, borrowed from it.
// Errors: kDamage "policy.damaged" unless the authority signed it and the manifest names its
// digest.
Result<ByteView> VerifyPolicy(ByteView row, const Manifest& manifest, uint32_t version,
                              const crypto::VerifyKey& authority);

}  // namespace bailee::keys
