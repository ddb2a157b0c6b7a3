// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "bailee/vault.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/init.h"
#include "keys/issue.h"
#include "keys/shards.h"
#include "policy/policy.h"
#include "store/lmdb_engine.h"
#include "vault/meta.h"

namespace bailee {
namespace {

using store::Table;

std::vector<std::string> LeavesOf(const policy::Policy& policy) {
  std::vector<std::string> leaves;
  for (const policy::PurposeInfo& purpose : policy.purposes()) {
    if (purpose.leaf) leaves.push_back(purpose.id);
  }
  return leaves;
}

std::vector<std::string> IndexesOf(const policy::Policy& policy) {
  std::vector<std::string> indexes;
  for (const policy::CategoryInfo& category : policy.categories()) {
    for (const policy::FieldInfo& field : category.fields) {
      for (size_t i = 0; i < policy.purposes().size(); ++i) {
        if (!field.lookups.test(i)) continue;
        indexes.push_back(keys::IndexNameOf(category.id, field.name, policy.purposes()[i].id));
      }
    }
  }
  return indexes;
}

// Everything that the first transaction of a vault writes.
Status WriteFirstRows(store::WriteTransaction& transaction, const keys::VaultKeys& keys,
                      const policy::Policy& policy, Timestamp now, crypto::Random& random) {
  BAILEE_TRY(keys::Manifest manifest, keys::ManifestOf(keys));
  manifest.policy_in_force = policy.version();
  manifest.policies.push_back({policy.version(), keys::PolicyDigest(policy.ToBinary())});
  std::array<uint8_t, 4> version{};
  StoreBigEndian(policy.version(), version.data());
  BAILEE_RETURN_IF_ERROR(transaction.Put(
      Table::kPolicies, version,
      keys::SignPolicy(keys.vault, policy.version(), policy.ToBinary(), *keys.authority)));
  BAILEE_RETURN_IF_ERROR(transaction.Put(Table::kMeta, AsBytes(vault::kMetaManifest),
                                         keys::SignManifest(manifest, *keys.authority)));
  vault::StorageSecrets secrets;
  BAILEE_TRY(secrets.ref_key, crypto::RefKey::Generate(random));
  BAILEE_TRY(secrets.tag_key, crypto::TagKey::Generate(random));
  BAILEE_TRY(const Bytes sealed, vault::SealStorageSecrets(keys.vault, keys::kFirstVersion,
                                                           keys.storage, secrets, random));
  BAILEE_RETURN_IF_ERROR(transaction.Put(Table::kMeta, AsBytes(vault::kMetaSecrets), sealed));
  BAILEE_RETURN_IF_ERROR(keys::CreateShards(transaction, keys.vault, keys.storage, random));
  BAILEE_RETURN_IF_ERROR(vault::PutLatestTime(transaction, now));
  // Last, because it is what makes the directory a vault.
  return transaction.Put(Table::kMeta, AsBytes(vault::kMetaVault),
                         vault::EncodeVaultRow({vault::kFormatVersion, keys.vault, now}));
}

}  // namespace

Result<CreatedVault> Vault::Create(const std::string& directory, const CreateOptions& options) {
  BAILEE_RETURN_IF_ERROR(crypto::Init());
  crypto::Random& random = crypto::SystemRandom();
  const Clock& clock = options.clock == nullptr ? Clock::System() : *options.clock;
  BAILEE_TRY(const std::shared_ptr<const policy::Policy> policy,
             policy::Policy::FromText(options.policy_text, options.policy_name));
  const VaultId id{crypto::RandomArray<16>(random)};
  BAILEE_TRY(const keys::VaultKeys keys,
             keys::GenerateVaultKeys(id, LeavesOf(*policy), IndexesOf(*policy), random));
  const Timestamp now = clock.Now();
  BAILEE_TRY(keys::IssuedKeyrings issued, keys::IssueKeyrings(keys, now, random));

  BAILEE_TRY(const std::unique_ptr<store::Engine> engine,
             store::CreateLmdb(directory, {.map_bytes = options.map_bytes}));
  BAILEE_RETURN_IF_ERROR(engine->Write([&](store::WriteTransaction& transaction) {
    return WriteFirstRows(transaction, keys, *policy, now, random);
  }));
  return CreatedVault{id, std::move(issued.reserved), std::move(issued.origins)};
}

}  // namespace bailee
