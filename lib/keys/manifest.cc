// SPDX-License-Identifier: Apache-2.0
#include "keys/manifest.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "bailee/v1/manifest.pb.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "keys/find_in.h"
#include "keys/proto_bytes.h"

namespace bailee::keys {
namespace {

Status DamagedManifest(const char* what) {
  return Status(Code::kDamage, "manifest.damaged",
                std::string("the vault's manifest is not to be trusted: ") + what,
                "restore the vault from a backup; if its keys may have been swapped, treat this as "
                "an attack");
}

bool VersionFits(uint32_t version) {
  return version > 0 && version <= std::numeric_limits<uint16_t>::max();
}

// An open version is the one before.
bool OpenFits(uint32_t version, uint32_t open) { return open == 0 || open + 1 == version; }

bool GetPurpose(const v1::Manifest::PurposePublic& entry, Manifest& manifest) {
  Manifest::Purpose purpose{.name = entry.name(),
                            .version = static_cast<uint16_t>(entry.version()),
                            .id = crypto::NameIdOf(entry.name()),
                            .box_public = {},
                            .open_version = static_cast<uint16_t>(entry.open_version()),
                            .open_box_public = {}};
  const bool fits = VersionFits(entry.version()) && HasNoUnknownFields(entry) &&
                    OpenFits(entry.version(), entry.open_version()) &&
                    FromProtoBytes(entry.box_public(), purpose.box_public.bytes);
  if (!fits || (purpose.open_version == 0) != entry.open_box_public().empty()) return false;
  if (purpose.open_version != 0 &&
      !FromProtoBytes(entry.open_box_public(), purpose.open_box_public.bytes)) {
    return false;
  }
  manifest.purposes.push_back(std::move(purpose));
  return true;
}

bool GetEntries(const v1::Manifest& proto, Manifest& manifest) {
  for (const auto& entry : proto.policy()) {
    Manifest::PublishedPolicy policy{.version = entry.version(),
                                     .digest = {},
                                     .since = {entry.since_ms()},
                                     .notice = entry.notice(),
                                     .announced_at = std::nullopt};
    if (!policy.notice.empty()) policy.announced_at = Timestamp{entry.announced_ms()};
    if (policy.notice.empty() && entry.announced_ms() != 0) return false;
    if (!FromProtoBytes(entry.digest(), policy.digest) || !HasNoUnknownFields(entry)) return false;
    manifest.policies.push_back(policy);
  }
  for (const auto& entry : proto.purpose()) {
    if (!GetPurpose(entry, manifest)) return false;
  }
  for (const auto& entry : proto.index()) {
    const bool fits = VersionFits(entry.version()) && HasNoUnknownFields(entry) &&
                      OpenFits(entry.version(), entry.open_version());
    if (!fits) return false;
    manifest.indexes.push_back({.name = entry.name(),
                                .version = static_cast<uint16_t>(entry.version()),
                                .id = crypto::NameIdOf(entry.name()),
                                .open_version = static_cast<uint16_t>(entry.open_version())});
  }
  return true;
}

// Absent: the first.
bool GetAuthority(const v1::Manifest& proto, Manifest& manifest) {
  if (proto.authority_version() == 1) return false;
  const uint32_t version = std::max(proto.authority_version(), uint32_t{1});
  if (!VersionFits(version)) return false;
  manifest.authority_version = static_cast<uint16_t>(version);
  if (proto.open_authority().empty()) return true;
  manifest.open_authority.emplace();
  return version > 1 && FromProtoBytes(proto.open_authority(), manifest.open_authority->bytes);
}

bool GetEarlierLogs(const v1::Manifest& proto, Manifest& manifest) {
  if (proto.earlier_log_size() > static_cast<int>(kEarlierLogsMax)) return false;
  for (const auto& entry : proto.earlier_log()) {
    Manifest::EarlierLog earlier;
    if (!FromProtoBytes(entry.log_public(), earlier.log_public.bytes)) return false;
    if (!HasNoUnknownFields(entry)) return false;
    if (entry.root().empty()) {
      if (entry.size() != 0 || entry.leaked()) return false;
    } else {
      Manifest::EarlierLog::Bound bound{.size = entry.size(), .leaked = entry.leaked()};
      if (!FromProtoBytes(entry.root(), bound.root)) return false;
      earlier.bound = bound;
    }
    manifest.earlier_logs.push_back(earlier);
  }
  return true;
}

// Each key once, and each counts for no smaller trees than the one before.
bool LogsInOrder(const Manifest& manifest) {
  std::set<crypto::VerifyKey> keys = {manifest.log_public};
  uint64_t size = 0;
  for (const Manifest::EarlierLog& each : manifest.earlier_logs) {
    if (!keys.insert(each.log_public).second) return false;
    const bool last = &each == &manifest.earlier_logs.back();
    if (!each.bound && !last) return false;
    if (each.bound && each.bound->size < size) return false;
    if (each.bound) size = each.bound->size;
  }
  return true;
}

// Versions come into force one after the other, and the last one is.
bool InOrder(const Manifest& manifest) {
  const auto& policies = manifest.policies;
  for (size_t i = 1; i < policies.size(); ++i) {
    if (policies[i].version <= policies[i - 1].version) return false;
    if (policies[i].since < policies[i - 1].since) return false;
  }
  return policies.empty() || policies.back().version == manifest.policy_in_force;
}

Result<Manifest> FromProto(const v1::Manifest& proto) {
  Manifest manifest;
  const bool shaped = FromProtoBytes(proto.vault_id(), manifest.vault.bytes) &&
                      FromProtoBytes(proto.log_public(), manifest.log_public.bytes) &&
                      FromProtoBytes(proto.auditor_public(), manifest.auditor_public.bytes) &&
                      FromProtoBytes(proto.backup_public(), manifest.backup_public.bytes) &&
                      GetEntries(proto, manifest) && GetEarlierLogs(proto, manifest);
  if (!shaped) return DamagedManifest("a part has the wrong shape");
  manifest.number = proto.number();
  manifest.policy_in_force = proto.policy_in_force();
  manifest.log_origin = proto.log_origin();
  if (!GetAuthority(proto, manifest)) return DamagedManifest("its authority makes no sense");
  if (!LogsInOrder(manifest)) return DamagedManifest("the log's keys are not in order");
  if (!InOrder(manifest)) return DamagedManifest("its policies are not in order");
  return manifest;
}

v1::Manifest ToProto(const Manifest& manifest) {
  v1::Manifest proto;
  proto.set_vault_id(ToProtoBytes(manifest.vault.view()));
  proto.set_number(manifest.number);
  proto.set_policy_in_force(manifest.policy_in_force);
  for (const auto& policy : manifest.policies) {
    auto* entry = proto.add_policy();
    entry->set_version(policy.version);
    entry->set_digest(ToProtoBytes(policy.digest));
    entry->set_since_ms(policy.since.unix_ms);
    entry->set_notice(policy.notice);
    entry->set_announced_ms(policy.announced_at.value_or(Timestamp{}).unix_ms);
  }
  for (const auto& purpose : manifest.purposes) {
    auto* entry = proto.add_purpose();
    entry->set_name(purpose.name);
    entry->set_version(purpose.version);
    entry->set_box_public(ToProtoBytes(purpose.box_public.view()));
    if (purpose.open_version == 0) continue;
    entry->set_open_version(purpose.open_version);
    entry->set_open_box_public(ToProtoBytes(purpose.open_box_public.view()));
  }
  for (const auto& index : manifest.indexes) {
    auto* entry = proto.add_index();
    entry->set_name(index.name);
    entry->set_version(index.version);
    entry->set_open_version(index.open_version);
  }
  proto.set_log_public(ToProtoBytes(manifest.log_public.view()));
  proto.set_auditor_public(ToProtoBytes(manifest.auditor_public.view()));
  proto.set_backup_public(ToProtoBytes(manifest.backup_public.view()));
  proto.set_log_origin(manifest.log_origin);
  if (manifest.authority_version > 1) proto.set_authority_version(manifest.authority_version);
  if (manifest.open_authority)
    proto.set_open_authority(ToProtoBytes(manifest.open_authority->view()));
  for (const Manifest::EarlierLog& earlier : manifest.earlier_logs) {
    auto* entry = proto.add_earlier_log();
    entry->set_log_public(ToProtoBytes(earlier.log_public.view()));
    if (!earlier.bound) continue;
    entry->set_size(earlier.bound->size);
    entry->set_root(ToProtoBytes(earlier.bound->root));
    entry->set_leaked(earlier.bound->leaked);
  }
  return proto;
}

// What is signed for a policy, before the policy itself.
Bytes PolicyPrefix(const VaultId& vault, uint32_t version) {
  Bytes prefix;
  Writer(prefix).Put(vault.view()).Put(version);
  return prefix;
}

}  // namespace

const Manifest::Purpose* Manifest::FindPurpose(std::string_view name) const {
  return FindIn(purposes, [&](const Purpose& purpose) { return purpose.name == name; });
}

Manifest::Purpose* Manifest::FindPurpose(std::string_view name) {
  return const_cast<Purpose*>(std::as_const(*this).FindPurpose(name));
}

Manifest::Index* Manifest::FindIndex(std::string_view name) {
  return const_cast<Index*>(std::as_const(*this).FindIndex(name));
}

const Manifest::Index* Manifest::FindIndex(std::string_view name) const {
  return FindIn(indexes, [&](const Index& index) { return index.name == name; });
}

const Manifest::PublishedPolicy* Manifest::FindPolicy(uint32_t version) const {
  return FindIn(policies, [&](const PublishedPolicy& policy) { return policy.version == version; });
}

Bytes SignManifest(const Manifest& manifest, const crypto::SigningKey& authority) {
  const Bytes body = SerializeDeterministically(ToProto(manifest));
  Bytes row;
  Writer(row).Put(ByteView(authority.Sign(crypto::person::kManifest, {body}))).Put(body);
  return row;
}

Bytes SignSuccessor(const VaultId& vault, const Successor& next,
                    const crypto::SigningKey& authority) {
  Bytes row;
  Writer(row).Put(next.number).Put(next.authority.view());
  const crypto::Signature signature =
      authority.Sign(crypto::person::kSucceeds, {vault.view(), row});
  Writer(row).Put(ByteView(signature));
  return row;
}

Result<Successor> ParseSuccessor(ByteView row, const VaultId& vault,
                                 const crypto::VerifyKey& authority) {
  Reader reader(row);
  Successor next;
  next.number = reader.Get<uint64_t>();
  next.authority.bytes = reader.GetArray<32>();
  const ByteView signature = reader.rest();
  if (reader.failed() ||
      !crypto::Verify(authority, crypto::person::kSucceeds,
                      {vault.view(), row.first(row.size() - signature.size())}, signature)
           .ok()) {
    return DamagedManifest("what it says of a new authority was not signed by the one before");
  }
  return next;
}

Result<Manifest> ParseManifest(ByteView row, const VaultId& vault,
                               const crypto::VerifyKey& authority, uint64_t number_min) {
  Reader reader(row);
  const ByteView signature = reader.GetBytes(sizeof(crypto::Signature));
  const ByteView body = reader.rest();
  if (reader.failed() ||
      !crypto::Verify(authority, crypto::person::kManifest, {body}, signature).ok()) {
    return DamagedManifest("the authority that the keyring names did not sign it");
  }
  v1::Manifest proto;
  if (!ParseExactly(body, proto)) return DamagedManifest("it does not parse");
  BAILEE_TRY(Manifest manifest, FromProto(proto));
  if (manifest.vault != vault) return DamagedManifest("it belongs to another vault");
  if (manifest.number < number_min) {
    return Status(Code::kDamage, "manifest.rolled-back",
                  "the vault's manifest is older than one already seen",
                  "an older state of the vault was put back: restore the newest backup");
  }
  return manifest;
}

std::array<uint8_t, 32> PolicyDigest(ByteView policy) {
  return crypto::Hash<32>(crypto::person::kPolicy, {policy});
}

Bytes SignPolicy(const VaultId& vault, uint32_t version, ByteView policy,
                 const crypto::SigningKey& authority) {
  Bytes row;
  Writer(row)
      .Put(
          ByteView(authority.Sign(crypto::person::kPolicy, {PolicyPrefix(vault, version), policy})))
      .Put(policy);
  return row;
}

Result<ByteView> VerifyPolicy(ByteView row, const Manifest& manifest, uint32_t version,
                              const crypto::VerifyKey& authority) {
  Reader reader(row);
  const ByteView signature = reader.GetBytes(sizeof(crypto::Signature));
  const ByteView policy = reader.rest();
  const Manifest::PublishedPolicy* published = manifest.FindPolicy(version);
  const bool sound = !reader.failed() && published != nullptr &&
                     published->digest == PolicyDigest(policy) &&
                     crypto::Verify(authority, crypto::person::kPolicy,
                                    {PolicyPrefix(manifest.vault, version), policy}, signature)
                         .ok();
  if (!sound) {
    return Status(Code::kDamage, "policy.damaged",
                  "a stored policy is not the one the authority signed",
                  "restore the vault from a backup");
  }
  return policy;
}

}  // namespace bailee::keys
