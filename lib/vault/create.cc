// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>

#include "bailee/vault.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/init.h"
#include "keys/epoch_file.h"
#include "keys/issue.h"
#include "keys/shards.h"
#include "policy/policy.h"
#include "store/lmdb_engine.h"
#include "vault/frame/meta.h"
#include "vault/frame/policy_keys.h"

namespace bailee {
namespace {

using store::Table;
namespace fs = std::filesystem;

// Everything that the first transaction of a vault writes.
Status WriteFirstRows(store::WriteTransaction& transaction, const keys::VaultKeys& keys,
                      const crypto::EpochKey& epoch, const policy::Policy& policy, Timestamp now,
                      crypto::Random& random) {
  BAILEE_TRY(keys::Manifest manifest, keys::ManifestOf(keys));
  manifest.policy_in_force = policy.version();
  manifest.policies.push_back(
      {.version = policy.version(), .digest = keys::PolicyDigest(policy.ToBinary()), .since = now});
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
  BAILEE_RETURN_IF_ERROR(
      keys::CreateShards(transaction, keys.vault, keys::kFirstEpoch, epoch, random));
  BAILEE_RETURN_IF_ERROR(vault::PutLatestTime(transaction, now));
  // Last, because it is what makes the directory a vault.
  return transaction.Put(Table::kMeta, AsBytes(vault::kMetaVault),
                         vault::EncodeVaultRow({vault::kFormatVersion, keys.vault, now}));
}

// Where a vault is being made; what was made goes with it unless it is kept.
class Place {
 public:
  // Errors: kConflict if something else is in the directory.
  static Result<Place> Claim(const std::string& directory) {
    std::error_code error;
    const bool existed = fs::exists(fs::symlink_status(directory, error));
    if (!existed || !fs::is_directory(directory, error)) return Place(directory, existed);
    for (const auto& entry : fs::directory_iterator(directory, error)) {
      const std::string name = entry.path().filename().string();
      if (std::find(std::begin(kFiles), std::end(kFiles), name) != std::end(kFiles)) continue;
      return Status(Code::kConflict, "vault.directory-not-empty",
                    "the directory holds something that is not a vault",
                    "name a directory that is empty or not there yet");
    }
    return Place(directory, existed);
  }

  // Removes the files that making the store left. REQUIRES: this process made them and has them no
  // longer open.
  void Clear() const {
    std::error_code ignored;
    for (const char* name : kFiles) fs::remove(directory_ + "/" + name, ignored);
    if (!existed_) fs::remove(directory_, ignored);
  }

 private:
  static constexpr const char* kFiles[] = {"data.mdb", "lock.mdb", "openers", "epoch"};
  Place(std::string directory, bool existed)
      : directory_(std::move(directory)), existed_(existed) {}
  std::string directory_;
  bool existed_;
};

Status MakeStore(const std::string& directory, uint64_t map_bytes, const Place& place,
                 const std::function<Status(store::Engine&)>& fill) {
  Result<std::unique_ptr<store::Engine>> engine =
      store::CreateLmdb(directory, {.map_bytes = map_bytes});
  if (!engine.ok()) {
    // Taken by somebody else: theirs.
    const bool theirs =
        engine.status().code() == Code::kConflict || engine.status().code() == Code::kBusy;
    if (!theirs) place.Clear();
    return engine.status();
  }
  Status written = fill(**engine);
  if (written.ok()) return written;
  engine->reset();
  place.Clear();
  return written;
}

}  // namespace

Result<CreatedVault> Vault::Create(const std::string& directory, const CreateOptions& options) {
  BAILEE_RETURN_IF_ERROR(crypto::Init());
  crypto::Random& random = crypto::SystemRandom();
  const Clock& clock = options.clock == nullptr ? Clock::System() : *options.clock;
  BAILEE_TRY(const std::shared_ptr<const policy::Policy> policy,
             policy::Policy::FromText(options.policy_text, options.policy_name));
  const VaultId id{crypto::RandomArray<16>(random)};
  BAILEE_TRY(
      const keys::VaultKeys keys,
      keys::GenerateVaultKeys(id, vault::LeavesOf(*policy), vault::IndexesOf(*policy), random));
  const Timestamp now = clock.Now();
  BAILEE_TRY(keys::IssuedKeyrings issued, keys::IssueKeyrings(keys, now, random));

  BAILEE_TRY(const Place place, Place::Claim(directory));
  BAILEE_RETURN_IF_ERROR(
      MakeStore(directory, options.map_bytes, place, [&](store::Engine& engine) -> Status {
        const bool apart = !options.epoch_path.empty();
        const std::string path = apart ? options.epoch_path : directory + "/epoch";
        // There is no vault here, so that this is what a making left that did not end.
        std::error_code ignored;
        if (!apart) fs::remove(path, ignored);
        const keys::EpochFile file(path, keys.vault);
        BAILEE_TRY(const crypto::EpochKey epoch,
                   file.Create({keys::kFirstVersion, keys.storage}, random));
        Status written = engine.Write([&](store::WriteTransaction& transaction) {
          return WriteFirstRows(transaction, keys, epoch, *policy, now, random);
        });
        if (!written.ok()) fs::remove(path, ignored);
        return written;
      }));
  return CreatedVault{id, std::move(issued.reserved), std::move(issued.origins)};
}

}  // namespace bailee
