// SPDX-License-Identifier: Apache-2.0
#include "vault/backup/restore.h"

#include <algorithm>
#include <filesystem>
#include <new>

#include "base/codec.h"
#include "base/file_errors.h"
#include "base/try.h"
#include "crypto/init.h"
#include "keys/epoch_file.h"
#include "keys/issue.h"
#include "store/keep_counting.h"
#include "store/lmdb_engine.h"
#include "vault/frame/authority.h"
#include "vault/frame/storage_keys.h"

namespace bailee::vault {
namespace {

using store::Table;
namespace fs = std::filesystem;

// Where the vault is put together; what was made goes unless it is kept.
class NewDirectory {
 public:
  // What the new data file is called while the numbers in its two heads do not follow each other.
  static constexpr const char* kUncounted = "data.uncounted";

  // Errors: kConflict "restore.directory" if something is there.
  static Result<NewDirectory> Claim(const RestoreRequest& request) {
    std::error_code error;
    const bool existed = fs::exists(fs::symlink_status(request.directory, error));
    const bool empty = fs::is_directory(request.directory, error) &&
                       fs::is_empty(request.directory, error) && !error;
    const bool apart = !request.epoch_path.empty();
    const bool taken = apart && fs::exists(fs::symlink_status(request.epoch_path, error));
    if ((existed && !empty) || taken) {
      return Status(Code::kConflict, "restore.directory",
                    taken ? "there is a file where the epoch file is to be"
                          : "there is something in the directory",
                    "name a directory that is empty or not there yet; nothing was changed");
    }
    return NewDirectory(request, existed);
  }
  NewDirectory(NewDirectory&& other) noexcept
      : request_(other.request_),
        existed_(other.existed_),
        kept_(std::exchange(other.kept_, true)) {}
  NewDirectory& operator=(NewDirectory&&) = delete;
  ~NewDirectory() {
    if (kept_) return;
    try {
      Clear();
    } catch (const std::bad_alloc&) {
      // What is left says that it is no vault, as after a crash.
    }
  }

  std::string epoch_path() const {
    return request_.epoch_path.empty() ? request_.directory + "/epoch" : request_.epoch_path;
  }
  void Keep() { kept_ = true; }

 private:
  NewDirectory(const RestoreRequest& request, bool existed)
      : request_(request), existed_(existed) {}

  void Clear() const {
    std::error_code ignored;
    for (const char* name : {"data.mdb", kUncounted, "lock.mdb", "openers"})
      fs::remove(request_.directory + "/" + name, ignored);
    fs::remove_all(request_.directory + "/journal", ignored);
    fs::remove(epoch_path(), ignored);
    if (!existed_) fs::remove(request_.directory, ignored);
  }

  const RestoreRequest& request_;
  bool existed_;
  bool kept_ = false;
};

Status OtherAuthority() {
  return Status(Code::kKey, "key.other-authority",
                "the keyrings were signed by different authorities",
                "use keyrings that the vault's present authority signed");
}

Status CheckKeyrings(const RestoreKeyrings& keyrings) {
  const keys::KeyringHeader& backup = keyrings.backup.keys().header;
  for (const Keyring* each : {&keyrings.backup, &keyrings.authority, &keyrings.storage}) {
    BAILEE_RETURN_IF_ERROR(each->keys().BelongHere());
    const keys::KeyringHeader& header = each->keys().header;
    if (header.vault != backup.vault) {
      return Status(Code::kKey, "key.other-vault", "the keyrings belong to different vaults",
                    "compare them with `bailee keyring show`; this is not damage");
    }
    if (header.authority != backup.authority) {
      return OtherAuthority();
    }
  }
  BAILEE_RETURN_IF_ERROR(keys::SigningKeyOf(keyrings.authority.keys()).status());
  if (keyrings.storage.keys().header.storage_version != 0) return Status();
  return Status(Code::kKey, "key.no-storage", "the keyring for the storage key has none",
                "name one that opens a vault, for instance `upkeep`");
}

Status NotWhole(const char* what) { return DamagedStream(what); }

// What a key stream says of the vault, checked with every keyring.
struct KeyStreamHead {
  StorageSecrets secrets;
  keys::Manifest manifest;
  Bytes vault_row;
  Timestamp latest;
  // The older of two storage keys that are open, and its version.
  crypto::StorageKey older;
  uint16_t older_version = 0;
};

// Rows of `meta` as those see them that read a store.
class MetaSnapshot final : public store::Snapshot {
 public:
  explicit MetaSnapshot(const MetaRows& rows) : rows_(rows) {}

  uint64_t transaction_id() const override { return 0; }
  bool current() const override { return true; }
  Result<std::optional<ByteView>> Get(Table table, ByteView key) override {
    const auto it = rows_.find(AsText(key));
    if (table != Table::kMeta || it == rows_.end()) return std::optional<ByteView>();
    return std::optional<ByteView>(it->second);
  }
  Status GetMany(Table table, std::span<const ByteView> keys,
                 std::span<std::optional<ByteView>> values) override {
    for (size_t i = 0; i < keys.size(); ++i) {
      BAILEE_TRY(values[i], Get(table, keys[i]));
    }
    return Status();
  }
  Status Scan(Table /*table*/, ByteView /*prefix*/, ByteView /*from*/,
              const Visitor& /*visit*/) override {
    return Status();
  }

 private:
  const MetaRows& rows_;
};

// Whoever has only the older of two storage keys cannot make a vault that both open.
Status OpenOlder(store::Snapshot& snapshot, const VaultId& vault, const keys::KeyringKeys& storage,
                 KeyStreamHead& head) {
  BAILEE_TRY(const std::vector<uint16_t> open, OpenStorageVersions(snapshot));
  if (open.size() == 1) return Status();
  if (storage.header.storage_version != open.back()) {
    return {Code::kKey, "restore.older-storage",
            "two storage keys are open, and the keyring has the older one",
            "name a keyring that was granted after the rotation of the storage key began"};
  }
  BAILEE_TRY(head.older, OlderStorageKey(snapshot, vault, {open.back(), storage.storage}));
  head.older_version = open.front();
  return Status();
}

Result<KeyStreamHead> OpenHead(const BackupSet& set, const RestoreKeyrings& keyrings) {
  BAILEE_TRY(const MetaRows rows, ReadMetaRows(set));
  const auto row = [&](std::string_view name) {
    const auto it = rows.find(name);
    return it == rows.end() ? ByteView() : ByteView(it->second);
  };
  const keys::KeyringKeys& storage = keyrings.storage.keys();
  KeyStreamHead head;
  MetaSnapshot snapshot(rows);
  BAILEE_TRY(head.secrets, ReadStorageSecrets(snapshot, set.vault(), storage.header.storage_version,
                                              storage.storage));
  BAILEE_RETURN_IF_ERROR(OpenOlder(snapshot, set.vault(), storage, head));
  BAILEE_RETURN_IF_ERROR(ReadVaultRow(snapshot).status());
  const uint64_t manifest_min =
      std::max({keyrings.backup.keys().header.manifest_min,
                keyrings.authority.keys().header.manifest_min, storage.header.manifest_min});
  BAILEE_TRY(Stated stated,
             ReadManifest(snapshot, set.vault(), storage.header.authority, manifest_min, nullptr));
  BAILEE_TRY(const crypto::SigningKey authority, keys::SigningKeyOf(keyrings.authority.keys()));
  if (authority.verify_key() != stated.authority) return OtherAuthority();
  head.manifest = std::move(stated.manifest);
  const ByteView vault_row = row(kMetaVault);
  head.vault_row.assign(vault_row.begin(), vault_row.end());
  const ByteView clock = row(kMetaClock);
  if (clock.size() != sizeof(int64_t) || vault_row.empty())
    return NotWhole("it lacks what every vault has");
  head.latest = {LoadBigEndian<int64_t>(clock.data())};
  if (head.latest.unix_ms < 0) return NotWhole("its clock makes no sense");
  return head;
}

// That every stream was made by somebody who held the storage key.
Status CheckMakers(const BackupSet& set, const crypto::RefKey& ref_key) {
  std::vector<const WholeStream*> all = {&*set.keys()};
  for (const WholeStream& each : set.chain()) all.push_back(&each);
  for (const WholeStream* each : all) {
    BAILEE_TRY(const StreamReader reader, StreamReader::Open(each->path, set.opener()));
    if (reader.MakerFor(ref_key) != each->end.maker) {
      return Status(Code::kDamage, "backup.forged",
                    each->path + " was not made by a holder of the vault's storage key",
                    "do not use it, and find out who made it");
    }
  }
  return Status();
}

class VaultRestorer {
 public:
  VaultRestorer(const RestoreWorld& world, const KeyStreamHead& head)
      : world_(world), head_(head) {}

  Result<Restored> Run() {
    const Clock& clock = world_.request.clock == nullptr ? Clock::System() : *world_.request.clock;
    BAILEE_TRY(const Timestamp now, TimeNow(clock, head_.latest));
    BAILEE_TRY(NewDirectory place, NewDirectory::Claim(world_.request));
    BAILEE_RETURN_IF_ERROR(MakeStore(place));
    {
      BAILEE_TRY(const std::unique_ptr<store::Engine> engine,
                 store::OpenLmdb(world_.request.directory, Options()));
      BAILEE_RETURN_IF_ERROR(RestoreKeyStream(world_, *engine, *shards_));
      BAILEE_RETURN_IF_ERROR(RestoreDataStreams(world_, *engine, *shards_, restored_));
      BAILEE_RETURN_IF_ERROR(FindLacking(world_, *engine, restored_));
      BAILEE_RETURN_IF_ERROR(EndRestore(world_, *engine, now, restored_));
    }
    place.Keep();
    restored_.id = world_.vault();
    restored_.leaves = world_.set.chain().back().end.tree_size;
    restored_.leaves_known = world_.set.keys()->end.tree_size;
    return std::move(restored_);
  }

 private:
  store::LmdbOptions Options() const { return {.map_bytes = world_.request.map_bytes}; }

  // An empty store that says it is being filled, with new shard keys in a new epoch.
  Status MakeStore(const NewDirectory& place) {
    const StreamEnd& data = world_.set.chain().back().end;
    const StreamEnd& keys = world_.set.keys()->end;
    BAILEE_RETURN_IF_ERROR(store::CreateLmdb(world_.request.directory, Options()).status());
    BAILEE_RETURN_IF_ERROR(CountOn(std::max(data.transaction, keys.transaction)));
    const keys::KeyringKeys& storage = world_.keyrings.storage.keys();
    const uint64_t epoch = std::max(data.epoch, keys.epoch) + 1;
    const keys::EpochFile file(place.epoch_path(), world_.vault());
    BAILEE_TRY(crypto::EpochKey key, file.Create({storage.header.storage_version, storage.storage},
                                                 world_.random, epoch));
    if (!head_.older.empty()) {
      const keys::StorageKeyRef both[] = {{head_.older_version, head_.older},
                                          {storage.header.storage_version, storage.storage}};
      BAILEE_RETURN_IF_ERROR(file.Prepare(epoch, both, world_.random).status());
    }
    BAILEE_TRY(const std::unique_ptr<store::Engine> engine,
               store::OpenLmdb(world_.request.directory, Options()));
    BAILEE_RETURN_IF_ERROR(engine->Write([&](store::WriteTransaction& transaction) -> Status {
      static constexpr uint8_t kOne[] = {1};
      BAILEE_RETURN_IF_ERROR(transaction.Put(Table::kMeta, AsBytes(kMetaRestoring), kOne));
      return keys::CreateShards(transaction, world_.vault(), epoch, key, world_.random);
    }));
    shards_ = std::make_unique<keys::Shards>(world_.vault(), epoch, std::move(key));
    return Status();
  }

  // Of a power loss between two writes one may be there: that would look like a damaged vault, and
  // what was not restored is to be none. So the file has its name before and after.
  Status CountOn(uint64_t transaction) const {
    const std::string file = world_.request.directory + "/data.mdb";
    const std::string uncounted = world_.request.directory + "/" + NewDirectory::kUncounted;
    BAILEE_RETURN_IF_ERROR(Rename(file, uncounted));
    BAILEE_RETURN_IF_ERROR(store::KeepCounting(uncounted, transaction));
    return Rename(uncounted, file);
  }

  static Status Rename(const std::string& from, const std::string& to) {
    std::error_code error;
    fs::rename(from, to, error);
    return error ? FileError(error.value(), to, "rename") : SyncDirectoryOf(to);
  }

  const RestoreWorld& world_;
  const KeyStreamHead& head_;
  std::unique_ptr<keys::Shards> shards_;
  Restored restored_;
};

}  // namespace
}  // namespace bailee::vault

namespace bailee {

Result<Restored> RestoreVault(const RestoreRequest& request, const RestoreKeyrings& keyrings) {
  BAILEE_RETURN_IF_ERROR(crypto::Init());
  BAILEE_RETURN_IF_ERROR(vault::CheckKeyrings(keyrings));
  BAILEE_TRY(const vault::BackupSet set,
             vault::BackupSet::Open(keyrings.backup.keys(), request.files, request.progress));
  if (!set.keys() || set.chain().empty()) {
    return Status(Code::kUsage, "restore.streams",
                  "it takes a key stream and at least one data stream",
                  "name the newest key stream and the data streams taken before it");
  }
  BAILEE_TRY(const vault::KeyStreamHead head, vault::OpenHead(set, keyrings));
  BAILEE_RETURN_IF_ERROR(vault::CheckMakers(set, head.secrets.ref_key));
  const vault::RestoreWorld world{.request = request,
                                  .keyrings = keyrings,
                                  .set = set,
                                  .secrets = head.secrets,
                                  .manifest = head.manifest,
                                  .vault_row = head.vault_row,
                                  .random = crypto::SystemRandom()};
  return vault::VaultRestorer(world, head).Run();
}

}  // namespace bailee
