// SPDX-License-Identifier: Apache-2.0
#include "support/canary_keys.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "base/codec.h"
#include "crypto/box.h"
#include "keys/epoch_file.h"
#include "keys/lookup.h"
#include "keys/shards.h"
#include "keys/subject.h"
#include "keys/wraps.h"
#include "support/must.h"
#include "support/raw_rows.h"
#include "vault/frame/meta.h"

namespace bailee::testing {
namespace {

using store::Table;

void PlantKey(CanarySearch& search, const std::string& name, const crypto::Key& key) {
  key.Reveal([&](ByteView bytes) { search.Plant(name, AsText(bytes)); });
}

size_t PlantCompartmentKeys(CanarySearch& search, const RawRows::Row& row, const VaultId& vault,
                            const keys::Subject& subject, const Handle& handle,
                            const keys::HeldPurpose& upkeep) {
  keys::WrapPlace place{.vault = vault, .handle = handle};
  const uint8_t* at = row.first.data() + 17;
  std::copy_n(at, 8, place.category.bytes.begin());
  place.compartment = static_cast<uint16_t>(at[8] << 8 | at[9]);
  std::copy_n(at + 10, 16, place.terms.bytes.begin());
  place.subject_generation = subject.head.generation;
  size_t planted = 0;
  const auto wraps = Must(keys::WrapSet::Open(place, subject.key, row.second));
  for (const keys::Wrap& wrap : wraps.wraps()) {
    if (wrap.purpose != upkeep.id) continue;
    PlantKey(search, "D", Must(keys::OpenWrap(place, wrap, upkeep.key)));
    ++planted;
  }
  return planted;
}

// Of all groups their keys, of all shards in which something lies theirs, and the first of each
// group, which shows where all keys of one are.
void PlantShardKeys(CanarySearch& search, const VaultId& vault, const RawRows& rows, uint64_t epoch,
                    const crypto::EpochKey& key) {
  const auto snapshot = Must(rows.engine().Read());
  for (uint16_t n = 0; n < keys::kGroupRowCount; ++n) {
    Must(keys::OpenGroupKeys({vault, epoch, key}, *snapshot, n)).Reveal([&](std::string_view all) {
      for (size_t at = 0; at < all.size(); at += crypto::kKeyBytes)
        search.Plant("group key", all.substr(at, crypto::kKeyBytes));
    });
  }
  std::set<uint16_t> wanted;
  for (uint16_t group = 0; group < keys::kGroupCount; ++group)
    wanted.insert(static_cast<uint16_t>(group * keys::kShardsPerGroup));
  for (const RawRows::Row& row : rows.All(Table::kSubjects))
    wanted.insert(keys::ShardOf(Reader(row.first).GetArray<16>()));
  for (const RawRows::Row& row : rows.All(Table::kLookup)) {
    if (row.first[0] <= 2)
      wanted.insert(keys::ShardOf(Reader(ByteView(row.first).subspan(1)).GetArray<16>()));
    if (row.first[0] == 3) wanted.insert(keys::ShardOf(*keys::TagOfField(row.first)));
  }
  keys::Shards shards(vault, epoch, Must(key.Clone()));
  for (const uint16_t shard : wanted)
    PlantKey(search, "shard key", *Must(shards.Current(*snapshot, shard)).key);
}

}  // namespace

void PlantKeysOf(CanarySearch& search, const Keyring& keyring) {
  const keys::KeyringKeys& keys = keyring.keys();
  if (!keys.storage.empty()) PlantKey(search, "storage key", keys.storage);
  for (const keys::HeldPurpose& held : keys.purposes) {
    PlantKey(search, "purpose key of " + held.name, held.key);
    PlantKey(search, "box secret of " + held.name,
             Must(crypto::DeriveBoxSecret(held.key, held.version)));
  }
  for (const keys::HeldIndex& held : keys.indexes)
    PlantKey(search, "index key of " + held.name, held.key);
  for (const keys::HeldRole& held : keys.roles) {
    held.secret.Reveal([&](std::string_view bytes) {
      search.Plant("secret of " + std::string(keys::RoleWord(held.role)), bytes);
    });
  }
}

size_t PlantInnerKeys(CanarySearch& search, const TempVault& vault) {
  const RawRows rows(vault.path());
  const auto snapshot = Must(rows.engine().Read());
  const Keyring keyring = vault.Granted("tester", {"upkeep"});
  const keys::KeyringKeys& keys = keyring.keys();
  const auto secrets = Must(
      vault::ReadStorageSecrets(*snapshot, vault.id(), keys.header.storage_version, keys.storage));
  PlantKey(search, "ref key", secrets.ref_key);
  PlantKey(search, "tag key", secrets.tag_key);
  const keys::EpochFile file(vault.path() + "/epoch", vault.id());
  const keys::EpochRow epoch = Must(keys::ReadEpochRow(*snapshot));
  const keys::StorageKeyRef storage{keys.header.storage_version, keys.storage};
  PlantKey(search, "epoch key", Must(file.Get(epoch.epoch, storage)));
  keys::Shards shards(vault.id(), epoch.epoch, Must(file.Get(epoch.epoch, storage)));
  PlantShardKeys(search, vault.id(), rows, epoch.epoch, Must(file.Get(epoch.epoch, storage)));
  size_t compartment_keys = 0;
  std::map<Handle, keys::Subject> subjects;
  for (const RawRows::Row& row : rows.All(Table::kSubjects)) {
    Handle handle;
    std::copy_n(row.first.begin(), 16, handle.bytes.begin());
    if (row.first.size() == 17) {
      auto subject = Must(keys::OpenSubject(vault.id(), handle, row.second, shards, *snapshot));
      PlantKey(search, "S", subject.key);
      PlantKey(search, "H", subject.history);
      subjects.emplace(handle, std::move(subject));
      continue;
    }
    compartment_keys += PlantCompartmentKeys(search, row, vault.id(), subjects.at(handle), handle,
                                             *keys.FindPurpose("upkeep"));
  }
  return compartment_keys;
}

}  // namespace bailee::testing
