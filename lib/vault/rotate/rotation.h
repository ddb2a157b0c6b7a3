// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/rotate.h"
#include "keys/issue.h"
#include "keys/keyring_keys.h"
#include "vault/frame/rotation_row.h"
#include "vault/frame/vault_impl.h"

// Rotations: FORMAT.md §18. What they promise is said in bailee/vault.h.
namespace bailee::vault {

// One call of one act on one key.
struct RotationCall {
  VaultImpl& vault;
  const std::string key;   // "purpose/billing"
  const std::string name;  // "billing"; empty of "storage" and "log"
  const RotateOptions& options;
  Rotated& rotated;
};

// In the transaction of `frame`: that `said` was done to `count` rows.
Status RecordRotation(const RotationCall& call, const Frame& frame, std::string_view said,
                      const RotationRow& row, uint64_t count);

// The row, which must be there. Errors: kNotFound "rotate.none"; as ReadRotation.
Result<RotationRow> RequireRotation(const RotationCall& call, store::Snapshot& snapshot);

// kConflict "rotate.under-way".
Status RotationUnderWay(const RotationCall& call);
// kFull "rotate.versions".
Status NoVersionsLeft();
// The same as an error, if no version can follow this one.
Status CheckVersionsLeft(uint16_t version);

// Moves it on to its last step, in the transaction of `frame`. Errors: those of the store.
Status BeginLastStep(const RotationCall& call, const Frame& frame, RotationRow row);

// Writes the first row, over one that may be there. Errors: those of the store.
Status StartRotation(const RotationCall& call, const Frame& frame, const RotationRow& row);
// Deletes it, done.
Status EndRotation(const RotationCall& call);

// Gives a keyring to the one who asked. Errors: kUsage "rotate.keep-missing"; the caller's.
Status Keep(const RotationCall& call, const KeyringFile& file);

// The same for several.
Status KeepAll(const RotationCall& call, const std::vector<KeyringFile>& files);

// kKey "key.source-missing": the vault's keyring lacks `what`.
Status RotationKeyMissing(const std::string& what);
// kNotFound "rotate.unknown-key".
Status UnknownKey(std::string_view key);
// kConflict "rotate.not-ready".
Status NotReady(uint64_t left);

// A part of what a pass goes through: rows of one table.
struct PassPart {
  uint8_t number = 0;
  store::Table table;
  Bytes prefix;
  size_t rows_per_write = 64;
  // Whether something is to be done about a row. What it says is damaged is left alone.
  std::function<Result<bool>(Frame& frame, ByteView key, ByteView value)> look;
  // Does it, in a transaction in which `look` says that it is still to be done.
  std::function<Status(Frame& frame, ByteView key, ByteView value)> work;
};

// Goes through all rows of all parts, in their order, from where the rotation is, and does what is
// to be done in short transactions, as long as the rotation is in `step`. Then moves it on to
// `next`, unless that is `step`. False: stopped by `progress`. Errors: those of look and work; of
// the store.
Result<bool> RunPass(const RotationCall& call, RotationState::Step step, RotationState::Step next,
                     const std::vector<PassPart>& parts);

// How many rows something is to be done about. Errors: as RunPass.
Result<uint64_t> CountLeft(const RotationCall& call, const std::vector<PassPart>& parts);

// The next manifest, signed. Errors: those of the store.
Status PutManifest(const Frame& frame, keys::Manifest manifest, const crypto::SigningKey& signer);

// An origin keyring with the vault's storage key and these keys, which accepts no manifest below
// `manifest_min`. Errors: as keys::IssueOrigin.
Result<KeyringFile> IssueOrigin(const RotationCall& call, const crypto::SigningKey& signer,
                                const Frame& frame, const std::string& name,
                                keys::OriginKeys rotated, uint64_t manifest_min);

// rotate_purpose.cc, rotate_index.cc, rotate_storage.cc, rotate_log.cc, rotate_authority.cc: the
// acts on each kind of key.
Status BeginPurpose(const RotationCall& call, const crypto::SigningKey& signer);
Status RunPurpose(const RotationCall& call);
Status FinishPurpose(const RotationCall& call, const crypto::SigningKey& signer);
Status BeginStorage(const RotationCall& call, const crypto::SigningKey& signer);
Status FinishStorage(const RotationCall& call, const crypto::SigningKey& signer);
Status BeginIndex(const RotationCall& call, const crypto::SigningKey& signer);
Status RunIndex(const RotationCall& call);
Status FinishIndex(const RotationCall& call, const crypto::SigningKey& signer);
Status BeginLog(const RotationCall& call, const crypto::SigningKey& signer);
Status FinishLog(const RotationCall& call, const crypto::SigningKey& signer);
Status BeginAuthority(const RotationCall& call, const crypto::SigningKey& signer);
Status FinishAuthority(const RotationCall& call, const crypto::SigningKey& signer);

Result<Rotated> BeginRotation(VaultImpl& vault, const keys::KeyringKeys& authority,
                              std::string_view key, const RotateOptions& options);
Result<Rotated> RunRotation(VaultImpl& vault, std::string_view key, const RotateOptions& options);
Result<Rotated> FinishRotation(VaultImpl& vault, const keys::KeyringKeys& authority,
                               std::string_view key, const RotateOptions& options);

}  // namespace bailee::vault
