// SPDX-License-Identifier: Apache-2.0
#include "vault/rules.h"

#include <array>

#include "base/codec.h"
#include "base/try.h"
#include "keys/issue.h"
#include "vault/meta.h"

namespace bailee::vault {
namespace {

Status Unknown(std::string_view what) {
  return Status(Code::kDamage, "manifest.incomplete",
                "the manifest does not know " + std::string(what) + ", which the policy names",
                "restore the vault from a backup");
}

Result<keys::WrapRecipient> RecipientOf(const keys::Manifest& manifest,
                                        const keys::KeyringKeys& keyring,
                                        std::string_view purpose) {
  const keys::Manifest::Purpose* known = manifest.FindPurpose(purpose);
  if (known == nullptr) return Unknown(purpose);
  const keys::HeldPurpose* held = keyring.FindPurpose(known->id, known->version);
  if (held != nullptr) {
    // The key must be the one whose public half everybody else writes for.
    BAILEE_TRY(const crypto::BoxSecret secret, crypto::DeriveBoxSecret(held->key, held->version));
    if (crypto::PublicKeyOf(secret) != known->box_public) {
      return Status(Code::kKey, "key.not-of-this-vault",
                    "the keyring's key of " + std::string(purpose) + " is not the vault's",
                    "grant a new keyring from the origin keyrings of this vault");
    }
  }
  return keys::WrapRecipient{known->id, known->version, held == nullptr ? nullptr : &held->key,
                             known->box_public};
}

Status BindCategory(const keys::Manifest& manifest, const keys::KeyringKeys& keyring,
                    const policy::CategoryInfo& category, BoundPolicy& bound) {
  CategoryBinding binding;
  binding.id = crypto::NameIdOf(category.id);
  for (const policy::FieldInfo& field : category.fields) {
    std::vector<IndexBinding> indexes;
    for (size_t bit = 0; bit < bound.recipients.size(); ++bit) {
      if (!field.lookups.test(bit)) continue;
      const std::string name =
          keys::IndexNameOf(category.id, field.name, bound.policy->purposes()[bit].id);
      const keys::Manifest::Index* known = manifest.FindIndex(name);
      if (known == nullptr) return Unknown("index " + name);
      indexes.push_back({{static_cast<uint16_t>(bit)},
                         {known->id, known->version},
                         keyring.FindIndex(known->id, known->version),
                         bound.recipients[bit]});
    }
    binding.indexes.push_back(std::move(indexes));
  }
  bound.categories.push_back(std::move(binding));
  return Status();
}

Result<std::shared_ptr<const BoundPolicy>> Bind(const keys::Manifest& manifest,
                                                const keys::KeyringKeys& keyring,
                                                std::shared_ptr<const policy::Policy> policy) {
  auto bound = std::make_shared<BoundPolicy>();
  bound->policy = std::move(policy);
  for (const policy::PurposeInfo& purpose : bound->policy->purposes()) {
    keys::WrapRecipient recipient;
    if (purpose.leaf) {
      BAILEE_TRY(recipient, RecipientOf(manifest, keyring, purpose.id));
    }
    bound->recipients.push_back(recipient);
  }
  BAILEE_TRY(bound->rights, RecipientOf(manifest, keyring, keys::kRights));
  BAILEE_TRY(bound->upkeep, RecipientOf(manifest, keyring, keys::kUpkeep));
  BAILEE_TRY(bound->tally, RecipientOf(manifest, keyring, keys::kTally));
  for (const policy::CategoryInfo& category : bound->policy->categories()) {
    BAILEE_RETURN_IF_ERROR(BindCategory(manifest, keyring, category, *bound));
  }
  return std::shared_ptr<const BoundPolicy>(std::move(bound));
}

Result<std::shared_ptr<const BoundPolicy>> LoadPolicy(store::Snapshot& snapshot,
                                                      const keys::Manifest& manifest,
                                                      const keys::KeyringKeys& keyring,
                                                      uint32_t version) {
  std::array<uint8_t, 4> key{};
  StoreBigEndian(version, key.data());
  BAILEE_TRY(const std::optional<ByteView> row, snapshot.Get(store::Table::kPolicies, key));
  BAILEE_TRY(const ByteView bytes, keys::VerifyPolicy(row.value_or(ByteView()), manifest, version,
                                                      keyring.header.authority));
  BAILEE_TRY(std::shared_ptr<const policy::Policy> policy, policy::Policy::FromBinary(bytes));
  return Bind(manifest, keyring, std::move(policy));
}

}  // namespace

Result<std::shared_ptr<const Rules>> Rules::Load(store::Snapshot& snapshot, const VaultId& vault,
                                                 const keys::KeyringKeys& keyring,
                                                 uint64_t manifest_min) {
  BAILEE_TRY(const std::optional<ByteView> row,
             snapshot.Get(store::Table::kMeta, AsBytes(kMetaManifest)));
  auto rules = std::make_shared<Rules>();
  const ByteView bytes = row.value_or(ByteView());
  rules->manifest_row.assign(bytes.begin(), bytes.end());
  BAILEE_TRY(rules->manifest,
             keys::ParseManifest(bytes, vault, keyring.header.authority, manifest_min));
  for (const auto& published : rules->manifest.policies) {
    BAILEE_TRY(rules->policies[published.version],
               LoadPolicy(snapshot, rules->manifest, keyring, published.version));
    rules->versions.push_back(rules->policies[published.version]->policy.get());
  }
  const auto in_force = rules->policies.find(rules->manifest.policy_in_force);
  if (in_force == rules->policies.end()) return Unknown("the policy in force");
  rules->in_force = in_force->second;
  return std::shared_ptr<const Rules>(std::move(rules));
}

}  // namespace bailee::vault
