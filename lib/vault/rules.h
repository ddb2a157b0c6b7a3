// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/names.h"
#include "keys/keyring_keys.h"
#include "keys/lookup.h"
#include "keys/manifest.h"
#include "keys/wraps.h"
#include "policy/policy.h"
#include "store/engine.h"

namespace bailee::vault {

// How values of one field are indexed for one lookup purpose.
struct IndexBinding {
  policy::PurposeIndex purpose;
  keys::IndexName index;
  const keys::HeldIndex* held = nullptr;  // null: leave pending entries
  keys::WrapRecipient recipient;          // of pending entries
};

struct CategoryBinding {
  crypto::NameId id;
  std::vector<std::vector<IndexBinding>> indexes;  // by field
};

// A policy tied to the keys of this vault and this process.
struct BoundPolicy {
  std::shared_ptr<const policy::Policy> policy;
  std::vector<CategoryBinding> categories;      // by CategoryIndex
  std::vector<keys::WrapRecipient> recipients;  // by PurposeIndex; of leaves
  keys::WrapRecipient rights;
  keys::WrapRecipient upkeep;
  keys::WrapRecipient tally;

  const CategoryBinding& category(policy::CategoryIndex index) const {
    return categories[index.value];
  }
};

// What the manifest says and the policies it names, verified. Immutable; thread-safe.
struct Rules {
  keys::Manifest manifest;
  Bytes manifest_row;
  std::map<uint32_t, std::shared_ptr<const BoundPolicy>> policies;
  std::vector<const policy::Policy*> versions;  // those policies
  std::shared_ptr<const BoundPolicy> in_force;

  // Reads the manifest and every policy it names. `keyring` must outlive the result.
  // Errors: kDamage (also for a manifest below `manifest_min`); those of the store.
  static Result<std::shared_ptr<const Rules>> Load(store::Snapshot& snapshot, const VaultId& vault,
                                                   const keys::KeyringKeys& keyring,
                                                   uint64_t manifest_min);
};

}  // namespace bailee::vault
