// SPDX-License-Identifier: Apache-2.0
#include "vault/frame/storage_keys.h"

#include "base/try.h"
#include "crypto/suite1.h"
#include "vault/frame/rotation_row.h"

namespace bailee::vault {
namespace {

constexpr std::string_view kStorageRotation = "storage";

}  // namespace

crypto::EncodedBinding OlderKeyBinding(const VaultId& vault, uint16_t to) {
  return crypto::Encode(
      crypto::Binding{.label = crypto::Label::kOlderStorage, .vault = vault, .generation = to});
}

Result<crypto::StorageKey> OlderStorageKey(store::Snapshot& snapshot, const VaultId& vault,
                                           const keys::StorageKeyRef& newer) {
  BAILEE_TRY(const std::optional<RotationRow> row, ReadRotation(snapshot, kStorageRotation));
  Result<Secret> older = crypto::Open(newer.key, OlderKeyBinding(vault, newer.version),
                                      row ? ByteView(row->older) : ByteView());
  if (older.status().code() == Code::kFull) return older.status();
  if (!older.ok()) return crypto::StorageKey();
  return crypto::StorageKey::FromSecret(*std::move(older));
}

Result<bool> StorageKeysOf(VaultImpl& vault, Frame& frame, StorageKeys& keys) {
  const keys::StorageKeyRef mine = vault.storage();
  BAILEE_TRY(const std::vector<uint16_t> open, OpenStorageVersions(*frame.snapshot));
  if (mine.version != open.back()) return false;
  if (open.size() == 2) {
    BAILEE_TRY(keys.older, OlderStorageKey(*frame.snapshot, vault.id(), mine));
    // The note of it is lost: finishing does not need it.
    if (keys.older.empty()) return false;
    keys.refs.push_back({open.front(), keys.older});
  }
  keys.refs.push_back(mine);
  return true;
}

}  // namespace bailee::vault
