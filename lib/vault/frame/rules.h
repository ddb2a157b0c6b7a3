// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "bailee/bytes.h"
#include "bailee/checkpoint.h"
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

// For whom D is wrapped for one purpose: once for each version of its key that is open.
struct PurposeRecipients {
  keys::WrapRecipient newest;
  std::optional<keys::WrapRecipient> open;  // the version before, while it is being rotated out

  // The version that every holder has: for what is sealed under one key alone.
  const keys::WrapRecipient& common() const { return open ? *open : newest; }
  void AddTo(std::vector<keys::WrapRecipient>& recipients) const {
    recipients.push_back(newest);
    if (open) recipients.push_back(*open);
  }
};

// The keyring's key of a purpose that the manifest knows, of the common version where there is one;
// null if it holds none that is open or `known` is null.
const keys::HeldPurpose* HeldOf(const keys::Manifest::Purpose* known,
                                const keys::KeyringKeys& keyring);

// How values of one field are indexed for one lookup purpose, under one version of its key.
struct IndexBinding {
  policy::PurposeIndex purpose;
  keys::IndexName index;
  const keys::HeldIndex* held = nullptr;  // null: leave pending entries
  keys::WrapRecipient recipient;          // of pending entries
  bool complete = true;                   // false: rows under this version are still being made
};

struct CategoryBinding {
  crypto::NameId id;
  std::vector<std::vector<IndexBinding>> indexes;  // by field
};

// A policy tied to the keys of this vault and this process.
struct BoundPolicy {
  std::shared_ptr<const policy::Policy> policy;
  std::vector<CategoryBinding> categories;    // by CategoryIndex
  std::vector<PurposeRecipients> recipients;  // by PurposeIndex; of leaves
  PurposeRecipients rights;
  PurposeRecipients upkeep;
  PurposeRecipients tally;

  const CategoryBinding& category(policy::CategoryIndex index) const {
    return categories[index.value];
  }
  // Of any name; without hashing it where the policy has it.
  crypto::NameId CategoryIdOf(std::string_view name) const {
    const policy::CategoryIndex index = policy->FindCategory(name);
    return index.valid() ? category(index).id : crypto::NameIdOf(name);
  }
};

// Every key of the log with what it counts for, in the order of their use.
LogKeys LogKeysOf(const keys::Manifest& manifest);

// What the manifest says and the policies it names, verified. Immutable; thread-safe.
struct Rules {
  crypto::VerifyKey authority;  // who signed them: the keyring's, or the one that it made way for
  keys::Manifest manifest;
  Bytes manifest_row;
  std::map<uint32_t, std::shared_ptr<const BoundPolicy>> policies;
  std::vector<const policy::Policy*> versions;  // those policies
  std::shared_ptr<const BoundPolicy> in_force;

  // Reads the manifest and every policy it names. `keyring` must outlive the result. `before` is
  // what was known before, or null: neither its manifest nor its authority is gone back behind.
  // Errors: kDamage (also for a manifest below `manifest_min`); kKey "key.retired" if none of the
  // versions that the keyring has of a purpose is open any longer, or its authority was replaced;
  // those of the store.
  static Result<std::shared_ptr<const Rules>> Load(store::Snapshot& snapshot, const VaultId& vault,
                                                   const keys::KeyringKeys& keyring,
                                                   uint64_t manifest_min,
                                                   const Rules* before = nullptr);
};

}  // namespace bailee::vault
