// SPDX-License-Identifier: Apache-2.0
#include "vault/frame/authority.h"

#include <algorithm>

#include "base/codec.h"
#include "base/try.h"
#include "vault/frame/meta.h"

namespace bailee::vault {
namespace {

// From a pinned authority to the last that follows it.
struct Path {
  crypto::VerifyKey last;
  size_t steps = 0;
  uint64_t number = 0;  // of the first manifest of the last
  bool passed_seen = false;
};

// Each statement names a later manifest than the one before, so that there is no circle.
Result<Path> Follow(store::Snapshot& snapshot, const VaultId& vault,
                    const crypto::VerifyKey& pinned, const crypto::VerifyKey* seen) {
  Path path{.last = pinned};
  for (;;) {
    path.passed_seen = path.passed_seen || seen == nullptr || *seen == path.last;
    BAILEE_TRY(const std::optional<ByteView> row,
               snapshot.Get(store::Table::kMeta, SuccessorKeyOf(path.last)));
    if (!row) return path;
    BAILEE_TRY(const keys::Successor next, keys::ParseSuccessor(*row, vault, path.last));
    if (next.number <= path.number) {
      return Status(Code::kDamage, "manifest.damaged",
                    "the vault's authorities do not follow each other",
                    "restore the vault from a backup");
    }
    path = {next.authority, path.steps + 1, next.number, path.passed_seen};
  }
}

}  // namespace

Bytes SuccessorKeyOf(const crypto::VerifyKey& authority) {
  Bytes key;
  Writer(key).Put(AsBytes(kMetaAuthority)).Put(authority.view());
  return key;
}

Result<Stated> ReadManifest(store::Snapshot& snapshot, const VaultId& vault,
                            const crypto::VerifyKey& pinned, uint64_t number_min,
                            const crypto::VerifyKey* seen) {
  BAILEE_TRY(const Path path, Follow(snapshot, vault, pinned, seen));
  // Whoever has the old authority's key could otherwise speak again to a process that is open.
  if (!path.passed_seen) {
    return Status(Code::kDamage, "manifest.rolled-back",
                  "the vault's manifest is signed by an authority that was replaced",
                  "an older state of the vault was put back: restore the newest backup");
  }
  BAILEE_TRY(const std::optional<ByteView> row,
             snapshot.Get(store::Table::kMeta, AsBytes(kMetaManifest)));
  Stated stated{path.last, {}};
  BAILEE_TRY(stated.manifest, keys::ParseManifest(row.value_or(ByteView()), vault, path.last,
                                                  std::max(number_min, path.number)));
  const bool taken =
      path.steps == 0 || (path.steps == 1 && stated.manifest.open_authority == pinned);
  if (taken) return stated;
  return Status(Code::kKey, "key.retired", "the authority that signed the keyring was replaced",
                "grant a new keyring to this holder: bailee keyring grant");
}

}  // namespace bailee::vault
