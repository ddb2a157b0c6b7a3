// SPDX-License-Identifier: Apache-2.0
#include "vault/publish/publish.h"

#include <array>
#include <set>

#include "base/codec.h"
#include "base/try.h"
#include "keys/issue.h"
#include "policy/diff.h"
#include "vault/frame/policy_keys.h"
#include "vault/frame/session_impl.h"

namespace bailee::vault {
namespace {

using store::Table;

// Names of `wanted` that the manifest lacks.
template <typename Has>
std::vector<std::string> Missing(std::vector<std::string> wanted, const Has& has) {
  std::erase_if(wanted, [&](const std::string& name) { return has(name); });
  return wanted;
}

// The keys that a version needs and the vault has not. Made once, however often the job runs.
struct NewKeys {
  std::vector<std::string> purposes;
  std::vector<std::string> indexes;
  std::vector<KeyringFile> origins;
  keys::AddedKeys keys;
  bool made = false;
};

std::vector<std::string> NamesOfOrigins(const std::vector<KeyringFile>& files) {
  std::vector<std::string> names;
  names.reserve(files.size());
  for (const KeyringFile& file : files) names.push_back(file.name);
  return names;
}

class Publication {
 public:
  Publication(VaultImpl& vault, std::shared_ptr<const policy::Policy> next,
              const PublishRequest& request)
      : vault_(vault), next_(std::move(next)), request_(request) {}

  // Whether it may be, and what would become of it.
  Status Plan(const Frame& frame) {
    published_.version = next_->version();
    published_.manifest = frame.rules()->manifest.number + 1;
    published_.diff = policy::Diff(frame.in_force(), *next_);
    return CheckPublishable(frame, *next_, published_.diff, request_);
  }

  // And whether what is planned to be deleted may be, which takes a look at all records.
  Status PlanAll(VaultImpl& vault, Frame& frame) {
    BAILEE_RETURN_IF_ERROR(Plan(frame));
    BAILEE_TRY(published_.records_deleted, CountPlanned(vault, frame, request_.plans));
    return Status();
  }

  // REQUIRES: Plan agreed, in the same state.
  Status Sign(Frame& frame, const crypto::SigningKey& signer) {
    keys::Manifest manifest = frame.rules()->manifest;
    BAILEE_RETURN_IF_ERROR(MakeKeys(frame, signer));
    if (!new_.origins.empty()) {
      if (!request_.keep) {
        return Status(Code::kUsage, "publish.keep-missing",
                      "the version needs new keys, and nobody stores their keyrings",
                      "give PublishRequest::keep");
      }
      BAILEE_RETURN_IF_ERROR(request_.keep(new_.origins));
    }
    BAILEE_RETURN_IF_ERROR(keys::AddPublicHalves(new_.keys.purposes, new_.keys.indexes, manifest));
    manifest.number = published_.manifest;
    manifest.policy_in_force = next_->version();
    manifest.policies.push_back({.version = next_->version(),
                                 .digest = keys::PolicyDigest(next_->ToBinary()),
                                 .since = frame.now,
                                 .notice = std::string(request_.notice),
                                 .announced_at = request_.announced_at});
    published_.keyrings = NamesOfOrigins(new_.origins);
    std::array<uint8_t, 4> version{};
    StoreBigEndian(next_->version(), version.data());
    store::WriteTransaction& transaction = *frame.transaction;
    BAILEE_RETURN_IF_ERROR(transaction.Put(
        Table::kPolicies, version,
        keys::SignPolicy(vault_.id(), next_->version(), next_->ToBinary(), signer)));
    BAILEE_RETURN_IF_ERROR(transaction.Put(Table::kMeta, AsBytes(kMetaManifest),
                                           keys::SignManifest(manifest, signer)));
    // What comes later may not seem to come before it came into force.
    BAILEE_RETURN_IF_ERROR(PutLatestTime(transaction, frame.now));
    return Say([&](const Event& event) { return vault_.RecordWrite(frame, event).status(); },
               audit::Outcome::kAllowed);
  }

  Status SayFailed(const Frame& frame) {
    return Say([&](const Event& event) { return vault_.Record(frame, event).status(); },
               audit::Outcome::kFailed);
  }

  Status CountAffected(const Frame& frame) {
    std::set<crypto::NameId> touched;
    for (const std::string& name : published_.diff.Categories())
      touched.insert(crypto::NameIdOf(name));
    std::optional<Handle> last;
    published_.subjects_affected = 0;
    return frame.snapshot->Scan(Table::kRecords, {}, {}, [&](ByteView bytes, ByteView) {
      if (bytes.size() != kRecordKeyBytes) return true;
      const RecordKey key = DecodeRecordKey(bytes);
      if (last == key.handle || !touched.contains(key.category)) return true;
      last = key.handle;
      ++published_.subjects_affected;
      return true;
    });
  }

  // For a dry run: the keyrings there would be.
  Status NameKeys(const Frame& frame, const crypto::SigningKey& signer) {
    BAILEE_RETURN_IF_ERROR(MakeKeys(frame, signer));
    published_.keyrings = NamesOfOrigins(new_.origins);
    return Status();
  }

  Published Take() { return std::move(published_); }

 private:
  Status MakeKeys(const Frame& frame, const crypto::SigningKey& signer) {
    const keys::Manifest& manifest = frame.rules()->manifest;
    std::vector<std::string> purposes = Missing(LeavesOf(*next_), [&](const std::string& name) {
      return manifest.FindPurpose(name) != nullptr;
    });
    std::vector<std::string> indexes = Missing(IndexesOf(*next_), [&](const std::string& name) {
      return manifest.FindIndex(name) != nullptr;
    });
    if (new_.made && new_.purposes == purposes && new_.indexes == indexes) return Status();
    BAILEE_TRY(new_.keys, keys::GenerateKeys(purposes, indexes, vault_.random()));
    BAILEE_TRY(new_.origins, keys::IssueOrigins(new_.keys,
                                                {.holder = vault_.keyring(),
                                                 .authority = signer,
                                                 .suffix = "v" + std::to_string(next_->version()),
                                                 .manifest_min = published_.manifest,
                                                 .now = frame.now},
                                                vault_.random()));
    new_.purposes = std::move(purposes);
    new_.indexes = std::move(indexes);
    new_.made = true;
    return Status();
  }

  template <typename Record>
  Status Say(const Record& record, audit::Outcome outcome) const {
    const std::string version = std::to_string(next_->version());
    std::vector<audit::Detail> details = {{audit::What::kVersion, version}};
    // Only a name of the policy: what was asked for may be anything.
    const bool known = next_->FindNotice(request_.notice).valid();
    if (known) details.push_back({audit::What::kNotice, request_.notice});
    return record(Event{.kind = EventKind::kPublish, .outcome = outcome, .details = details});
  }

  VaultImpl& vault_;
  const std::shared_ptr<const policy::Policy> next_;
  const PublishRequest& request_;
  Published published_;
  NewKeys new_;
};

}  // namespace

Result<crypto::SigningKey> SignerFor(VaultImpl& vault, const keys::KeyringKeys& authority) {
  BAILEE_RETURN_IF_ERROR(vault.RequireOpener());
  BAILEE_TRY(crypto::SigningKey signer, keys::SigningKeyOf(authority));
  if (authority.header.vault != vault.id()) {
    return Status(Code::kKey, "key.other-vault", "the authority is that of another vault",
                  "use the authority.keyring that init wrote for this vault");
  }
  BAILEE_TRY(const Frame frame, vault.Begin());
  if (signer.verify_key() != frame.rules()->authority) {
    return Status(Code::kKey, "key.other-authority", "the keyring is not that of this authority",
                  "use the newest authority.keyring of this vault");
  }
  return signer;
}

Result<Published> Publish(VaultImpl& vault, const keys::KeyringKeys& authority,
                          const PublishRequest& request) {
  BAILEE_TRY(const crypto::SigningKey signer, SignerFor(vault, authority));
  BAILEE_TRY(std::shared_ptr<const policy::Policy> next,
             policy::Policy::FromText(request.policy_text, request.policy_name));
  Publication publication(vault, std::move(next), request);
  {
    BAILEE_TRY(Frame frame, vault.Begin());
    const Status planned = publication.PlanAll(vault, frame);
    if (!planned.ok()) {
      if (!request.dry_run) BAILEE_RETURN_IF_ERROR(publication.SayFailed(frame));
      return planned;
    }
    BAILEE_RETURN_IF_ERROR(publication.CountAffected(frame));
    if (request.dry_run) {
      BAILEE_RETURN_IF_ERROR(publication.NameKeys(frame, signer));
      return publication.Take();
    }
  }
  // Once more where nobody else writes: another version may have come between.
  BAILEE_RETURN_IF_ERROR(vault.Write([&](Frame& frame) -> Status {
    BAILEE_RETURN_IF_ERROR(publication.Plan(frame));
    return publication.Sign(frame, signer);
  }));
  Published published = publication.Take();
  BAILEE_TRY(published.records_deleted, DeletePlanned(vault, request.plans));
  return published;
}

Result<std::vector<PublishedVersion>> PolicyHistory(VaultImpl& vault) {
  BAILEE_TRY(const Frame frame, vault.Begin());
  std::vector<PublishedVersion> versions;
  for (const auto& each : frame.rules()->manifest.policies)
    versions.push_back({each.version, each.since, each.notice, each.announced_at});
  return versions;
}

Result<Bytes> PolicyAsOf(VaultImpl& vault, Timestamp at) {
  BAILEE_TRY(const Frame frame, vault.Begin());
  const policy::Policy* then = nullptr;
  for (const auto& each : frame.rules()->manifest.policies) {
    if (each.since <= at) then = frame.rules()->policies.at(each.version)->policy.get();
  }
  if (then == nullptr) {
    return Status(Code::kNotFound, "policy.none-then", "no policy was in force at that time",
                  "see since when each was: bailee policy history");
  }
  return then->ToBinary();
}

}  // namespace bailee::vault
