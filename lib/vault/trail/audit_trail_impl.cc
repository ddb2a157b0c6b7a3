// SPDX-License-Identifier: Apache-2.0
#include "vault/trail/audit_trail_impl.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/try.h"
#include "crypto/init.h"
#include "crypto/random.h"
#include "policy/policy.h"
#include "store/lmdb_engine.h"

namespace bailee::vault {
namespace {

Status NotOfThisVault(const char* role) {
  return Status(Code::kKey, "key.not-of-this-vault",
                std::string("the keyring's secret of ") + role + " is not the vault's",
                "use the keyring that init wrote for this vault");
}

}  // namespace

AuditTrailImpl::AuditTrailImpl(const VaultRow& row, std::unique_ptr<store::Engine> engine,
                               Keyring keyring, const AuditTrail::Options& options)
    : row_(row),
      engine_(std::move(engine)),
      keyring_(std::move(keyring)),
      clock_(options.clock == nullptr ? Clock::System() : *options.clock) {}

Result<std::unique_ptr<AuditTrailImpl>> AuditTrailImpl::Open(const std::string& directory,
                                                             Keyring keyring,
                                                             const AuditTrail::Options& options) {
  BAILEE_RETURN_IF_ERROR(crypto::Init());
  BAILEE_TRY(std::unique_ptr<store::Engine> engine,
             store::OpenLmdb(directory, {.map_bytes = options.map_bytes}));
  BAILEE_RETURN_IF_ERROR(engine->Say(keys::kNoEpochHeld));
  VaultRow row;
  {
    BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine->Read());
    BAILEE_TRY(row, ReadVaultRow(*snapshot));
  }
  BAILEE_RETURN_IF_ERROR(CheckIsOf(keyring.keys(), row));
  std::unique_ptr<AuditTrailImpl> trail(
      new AuditTrailImpl(row, std::move(engine), std::move(keyring), options));
  BAILEE_RETURN_IF_ERROR(trail->LoadRules());
  BAILEE_RETURN_IF_ERROR(trail->LoadRoles());
  BAILEE_RETURN_IF_ERROR(trail->StartTrail(directory));
  return trail;
}

Status AuditTrailImpl::LoadRules() {
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine_->Read());
  BAILEE_TRY(const Timestamp latest, ReadLatestTime(*snapshot));
  BAILEE_RETURN_IF_ERROR(TimeNow(clock_, latest).status());
  BAILEE_TRY(rules_,
             Rules::Load(*snapshot, row_.id, keyring_.keys(), keyring_.keys().header.manifest_min));
  origin_ = rules_->manifest.log_origin;
  NameCategories();
  return Status();
}

void AuditTrailImpl::NameCategories() {
  for (const auto& [version, bound] : rules_->policies) {
    for (const policy::CategoryInfo& category : bound->policy->categories()) {
      categories_[crypto::NameIdOf(category.id)] = category.id;
    }
  }
}

Status AuditTrailImpl::RefreshRules(store::Snapshot& snapshot) {
  BAILEE_TRY(const std::optional<ByteView> row,
             snapshot.Get(store::Table::kMeta, AsBytes(kMetaManifest)));
  const bool same = row && std::ranges::equal(*row, rules_->manifest_row);
  if (!same) {
    BAILEE_TRY(rules_, Rules::Load(snapshot, row_.id, keyring_.keys(), rules_->manifest.number,
                                   rules_.get()));
    NameCategories();
  }
  return CheckLogKey();
}

Status AuditTrailImpl::CheckLogKey() const {
  if (!log_) return Status();
  const keys::Manifest& manifest = rules_->manifest;
  const crypto::VerifyKey& mine = log_->verify_key();
  if (mine == manifest.log_public) return Status();
  const auto earlier =
      std::ranges::find(manifest.earlier_logs, mine, &keys::Manifest::EarlierLog::log_public);
  if (earlier == manifest.earlier_logs.end()) return NotOfThisVault("log");
  if (!earlier->bound) return Status();
  return Status(Code::kKey, "key.retired", "the keyring's key of the log was rotated out",
                "use the log.keyring that the rotation wrote");
}

Status AuditTrailImpl::LoadRoles() {
  if (const Secret* secret = keyring_.keys().FindRole(keys::Role::kAuditor)) {
    BAILEE_TRY(crypto::BoxSecret box, secret->RevealBytes([](ByteView bytes) {
      return crypto::BoxSecret::FromBytes(bytes);
    }));
    auditor_.emplace(std::move(box));
    if (auditor_->public_key() != rules_->manifest.auditor_public) return NotOfThisVault("auditor");
  }
  if (const Secret* secret = keyring_.keys().FindRole(keys::Role::kLog)) {
    BAILEE_TRY(const crypto::SigningSeed seed, secret->RevealBytes([](ByteView bytes) {
      return crypto::SigningSeed::FromBytes(bytes);
    }));
    BAILEE_TRY(crypto::SigningKey key, crypto::SigningKey::FromSeed(seed));
    log_.emplace(std::move(key));
    BAILEE_RETURN_IF_ERROR(CheckLogKey());
  }
  return Status();
}

Status AuditTrailImpl::StartTrail(const std::string& directory) {
  BAILEE_TRY(journals_, audit::JournalDirectory::Open(directory));
  const keys::KeyringHeader& header = keyring_.keys().header;
  BAILEE_TRY(trail_, audit::Trail::Start(*engine_, {.vault = row_.id,
                                                    .vault_path = directory,
                                                    .auditor = rules_->manifest.auditor_public,
                                                    .actor = header.actor,
                                                    .keyring_id = header.keyring_id,
                                                    .clock = &clock_,
                                                    .random = &crypto::SystemRandom(),
                                                    .tend_every = std::chrono::milliseconds(0)}));
  return Status();
}

Result<audit::Event> AuditTrailImpl::Stamped(audit::Event event) {
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine_->Read());
  BAILEE_RETURN_IF_ERROR(RefreshRules(*snapshot));
  BAILEE_TRY(const Timestamp latest, ReadLatestTime(*snapshot));
  BAILEE_TRY(event.at, TimeNow(clock_, latest));
  event.transaction = snapshot->transaction_id();
  event.policy_version = rules_->in_force->policy->version();
  return event;
}

Status AuditTrailImpl::Record(const audit::Event& event) {
  BAILEE_TRY(const audit::Event stamped, Stamped(event));
  BAILEE_RETURN_IF_ERROR(trail_->Append(stamped).status());
  return trail_->Drain();
}

Status AuditTrailImpl::Failed(audit::EventKind kind, Status why) {
  BAILEE_RETURN_IF_ERROR(Record({.kind = kind, .outcome = audit::Outcome::kFailed}));
  return why;
}

Result<const crypto::BoxOpener*> AuditTrailImpl::Auditor(audit::EventKind kind) {
  if (auditor_) return &*auditor_;
  return Failed(
      kind, Status(Code::kKey, "key.auditor-missing",
                   "the keyring does not hold the auditor's secret", "use the auditor's keyring"));
}

Result<AuditTrailImpl::Extent> AuditTrailImpl::Measure() {
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine_->Read());
  BAILEE_TRY(const audit::TreeReader tree, audit::TreeReader::Open(*snapshot));
  return Extent{tree.pruned(), {tree.size(), tree.Root()}};
}

Result<Checkpoint> AuditTrailImpl::Verified(const std::string& checkpoint) {
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine_->Read());
  BAILEE_TRY(const audit::TreeReader tree, audit::TreeReader::Open(*snapshot));
  return audit::VerifyExtends(tree, PinnedTo(checkpoint));
}

}  // namespace bailee::vault
