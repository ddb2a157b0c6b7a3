// SPDX-License-Identifier: Apache-2.0
#include "vault/frame/rules.h"

#include <array>

#include "base/codec.h"
#include "base/try.h"
#include "keys/issue.h"
#include "vault/frame/authority.h"
#include "vault/frame/meta.h"

namespace bailee::vault {
namespace {

Status Unknown(std::string_view what) {
  return Status(Code::kDamage, "manifest.incomplete",
                "the manifest does not know " + std::string(what) + ", which the policy names",
                "restore the vault from a backup");
}

Result<keys::WrapRecipient> RecipientOf(const keys::Manifest::Purpose& known, uint16_t version,
                                        const crypto::BoxPublicKey& box_public,
                                        const keys::KeyringKeys& keyring) {
  const keys::HeldPurpose* held = keyring.FindPurpose(known.id, version);
  if (held != nullptr) {
    // The key must be the one whose public half everybody else writes for.
    BAILEE_TRY(const crypto::BoxSecret secret, crypto::DeriveBoxSecret(held->key, held->version));
    if (crypto::PublicKeyOf(secret) != box_public) {
      return Status(Code::kKey, "key.not-of-this-vault",
                    "the keyring's key of " + known.name + " is not the vault's",
                    "grant a new keyring from the origin keyrings of this vault");
    }
  }
  return keys::WrapRecipient{known.id, version, held == nullptr ? nullptr : &held->key, box_public};
}

Result<PurposeRecipients> RecipientsOf(const keys::Manifest& manifest,
                                       const keys::KeyringKeys& keyring, std::string_view purpose) {
  const keys::Manifest::Purpose* known = manifest.FindPurpose(purpose);
  if (known == nullptr) return Unknown(purpose);
  PurposeRecipients recipients;
  BAILEE_TRY(recipients.newest, RecipientOf(*known, known->version, known->box_public, keyring));
  if (known->open_version != 0) {
    BAILEE_TRY(recipients.open,
               RecipientOf(*known, known->open_version, known->open_box_public, keyring));
  }
  return recipients;
}

// Whoever has none but retired keys of a purpose was left behind by its rotation, or is somebody
// whose keyring leaked.
Status CheckNotRetired(const keys::Manifest& manifest, const keys::KeyringKeys& keyring) {
  for (const keys::HeldPurpose& held : keyring.purposes) {
    const keys::Manifest::Purpose* known = manifest.FindPurpose(held.name);
    const keys::HeldPurpose* newest = keyring.FindPurpose(held.name);
    if (known == nullptr || newest->version >= known->common_version()) continue;
    return Status(Code::kKey, "key.retired",
                  "the keyring's key of " + held.name + " was rotated out",
                  "grant a new keyring to this holder: bailee keyring grant");
  }
  return Status();
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
      const auto add = [&](uint16_t version) {
        indexes.push_back({{static_cast<uint16_t>(bit)},
                           {known->id, version},
                           keyring.FindIndex(known->id, version),
                           bound.recipients[bit].common(),
                           version == known->common_version()});
      };
      add(known->version);
      if (known->open_version != 0) add(known->open_version);
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
    PurposeRecipients recipients;
    if (purpose.leaf) {
      BAILEE_TRY(recipients, RecipientsOf(manifest, keyring, purpose.id));
    }
    bound->recipients.push_back(recipients);
  }
  BAILEE_TRY(bound->rights, RecipientsOf(manifest, keyring, keys::kRights));
  BAILEE_TRY(bound->upkeep, RecipientsOf(manifest, keyring, keys::kUpkeep));
  BAILEE_TRY(bound->tally, RecipientsOf(manifest, keyring, keys::kTally));
  for (const policy::CategoryInfo& category : bound->policy->categories()) {
    BAILEE_RETURN_IF_ERROR(BindCategory(manifest, keyring, category, *bound));
  }
  return std::shared_ptr<const BoundPolicy>(std::move(bound));
}

Result<std::shared_ptr<const BoundPolicy>> LoadPolicy(store::Snapshot& snapshot, const Rules& rules,
                                                      const keys::KeyringKeys& keyring,
                                                      uint32_t version) {
  std::array<uint8_t, 4> key{};
  StoreBigEndian(version, key.data());
  BAILEE_TRY(const std::optional<ByteView> row, snapshot.Get(store::Table::kPolicies, key));
  BAILEE_TRY(const ByteView bytes, keys::VerifyPolicy(row.value_or(ByteView()), rules.manifest,
                                                      version, rules.authority));
  BAILEE_TRY(std::shared_ptr<const policy::Policy> policy, policy::Policy::FromBinary(bytes));
  return Bind(rules.manifest, keyring, std::move(policy));
}

}  // namespace

const keys::HeldPurpose* HeldOf(const keys::Manifest::Purpose* known,
                                const keys::KeyringKeys& keyring) {
  if (known == nullptr) return nullptr;
  const keys::HeldPurpose* common = keyring.FindPurpose(known->id, known->common_version());
  return common != nullptr ? common : keyring.FindPurpose(known->id, known->version);
}

LogKeys LogKeysOf(const keys::Manifest& manifest) {
  LogKeys keys;
  for (const keys::Manifest::EarlierLog& each : manifest.earlier_logs) {
    LogKeyRange range{{each.log_public.bytes}};
    if (each.bound) range.size_max = each.bound->size;
    if (each.bound && each.bound->leaked) range.only_root = each.bound->root;
    keys.ranges.push_back(range);
  }
  keys.ranges.push_back({{manifest.log_public.bytes}});
  return keys;
}

Result<std::shared_ptr<const Rules>> Rules::Load(store::Snapshot& snapshot, const VaultId& vault,
                                                 const keys::KeyringKeys& keyring,
                                                 uint64_t manifest_min, const Rules* before) {
  BAILEE_TRY(const std::optional<ByteView> row,
             snapshot.Get(store::Table::kMeta, AsBytes(kMetaManifest)));
  auto rules = std::make_shared<Rules>();
  const ByteView bytes = row.value_or(ByteView());
  rules->manifest_row.assign(bytes.begin(), bytes.end());
  BAILEE_TRY(Stated stated, ReadManifest(snapshot, vault, keyring.header.authority, manifest_min,
                                         before == nullptr ? nullptr : &before->authority));
  rules->authority = stated.authority;
  rules->manifest = std::move(stated.manifest);
  BAILEE_RETURN_IF_ERROR(CheckNotRetired(rules->manifest, keyring));
  for (const auto& published : rules->manifest.policies) {
    BAILEE_TRY(rules->policies[published.version],
               LoadPolicy(snapshot, *rules, keyring, published.version));
    rules->versions.push_back(rules->policies[published.version]->policy.get());
  }
  const auto in_force = rules->policies.find(rules->manifest.policy_in_force);
  if (in_force == rules->policies.end()) return Unknown("the policy in force");
  rules->in_force = in_force->second;
  return std::shared_ptr<const Rules>(std::move(rules));
}

}  // namespace bailee::vault
