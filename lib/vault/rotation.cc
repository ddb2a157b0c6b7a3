// SPDX-License-Identifier: Apache-2.0
#include "vault/rotation.h"

#include <array>
#include <limits>

#include "base/try.h"
#include "vault/publish.h"

namespace bailee::vault {
namespace {

constexpr std::string_view kPurposeKind = "purpose";
constexpr std::string_view kIndexKind = "index";
constexpr std::string_view kStorageKind = "storage";

struct KeyName {
  std::string_view kind;
  std::string_view name;
};

Result<KeyName> ParseKeyName(std::string_view key) {
  if (key == kStorageKind) return KeyName{key, {}};
  const size_t slash = key.find('/');
  const std::string_view kind = key.substr(0, slash);
  const bool known = kind == kPurposeKind || kind == kIndexKind;
  if (slash == std::string_view::npos || !known || slash + 1 == key.size()) {
    return Status(Code::kUsage, "rotate.key-name", "that is not the name of a key",
                  "name purpose/NAME, storage or index/CATEGORY.FIELD/PURPOSE");
  }
  return KeyName{kind, key.substr(slash + 1)};
}

Result<Rotated> Act(VaultImpl& vault, std::string_view key, const RotateOptions& options,
                    const std::function<Status(const RotationCall&, const KeyName&)>& act) {
  BAILEE_TRY(const KeyName parsed, ParseKeyName(key));
  Rotated rotated;
  rotated.state.key = std::string(key);
  const RotationCall call{vault, std::string(key), std::string(parsed.name), options, rotated};
  BAILEE_RETURN_IF_ERROR(act(call, parsed));
  return rotated;
}

}  // namespace

Status RotationKeyMissing(const std::string& what) {
  return Status(Code::kKey, "key.source-missing",
                "the vault's keyring does not hold the key of " + what,
                "open the vault with a keyring granted from its newest origin");
}

Status UnknownKey(std::string_view key) {
  return Status(Code::kNotFound, "rotate.unknown-key", "the vault has no key " + std::string(key),
                "name a leaf purpose, or category.field/purpose of a lookup: bailee policy show");
}

Status NotReady(uint64_t left) {
  return Status(Code::kConflict, "rotate.not-ready",
                std::to_string(left) + " rows lie under the old key alone",
                "run the rotation first: bailee key rotate ... --run");
}

Status RotationUnderWay(const RotationCall& call) {
  return Status(Code::kConflict, "rotate.under-way", "a rotation of " + call.key + " is under way",
                "finish it first: bailee key status");
}

Status CheckVersionsLeft(uint16_t version) {
  if (version < std::numeric_limits<uint16_t>::max()) return Status();
  return Status(Code::kFull, "rotate.versions", "the key has had as many versions as it can");
}

Status RecordRotation(const RotationCall& call, const Frame& frame, std::string_view said,
                      const RotationRow& row, uint64_t count) {
  const std::string version = std::to_string(row.to);
  const std::string number = std::to_string(count);
  const std::array<audit::Detail, 4> details = {{{audit::What::kKey, call.key},
                                                 {audit::What::kSaid, said},
                                                 {audit::What::kVersion, version},
                                                 {audit::What::kCount, number}}};
  return call.vault.RecordWrite(frame, {.kind = EventKind::kRotate, .details = details}).status();
}

Result<RotationRow> RequireRotation(const RotationCall& call, store::Snapshot& snapshot) {
  BAILEE_TRY(std::optional<RotationRow> row, ReadRotation(snapshot, call.key));
  if (!row) {
    return Status(Code::kNotFound, "rotate.none", "no rotation of " + call.key + " is under way",
                  "it may be done already: bailee key status");
  }
  call.rotated.state = StateOf(call.key, *row);
  return *std::move(row);
}

Status StartRotation(const RotationCall& call, const Frame& frame, const RotationRow& row) {
  call.rotated.state = StateOf(call.key, row);
  BAILEE_RETURN_IF_ERROR(PutRotation(*frame.transaction, call.key, row));
  return RecordRotation(call, frame, "begin", row, 0);
}

Status EndRotation(const RotationCall& call) {
  return call.vault.Write([&](Frame& frame) -> Status {
    BAILEE_TRY(const std::optional<RotationRow> row, ReadRotation(*frame.transaction, call.key));
    if (!row) return Status();  // somebody else ended it
    call.rotated.state = StateOf(call.key, *row);
    call.rotated.state.share = 1;
    BAILEE_RETURN_IF_ERROR(DeleteRotation(*frame.transaction, call.key));
    return RecordRotation(call, frame, "done", *row, row->rows);
  });
}

Status Keep(const RotationCall& call, const KeyringFile& file) {
  if (!call.options.keep) {
    return Status(Code::kUsage, "rotate.keep-missing",
                  "there is a new key, and nobody stores its keyring", "give RotateOptions::keep");
  }
  call.rotated.keyrings = {file.name};
  std::vector<KeyringFile> files;
  BAILEE_TRY(Secret bytes,
             file.bytes.RevealBytes([](ByteView content) { return Secret::From(content); }));
  files.push_back({file.name, std::move(bytes)});
  return call.options.keep(files);
}

Status PutManifest(const Frame& frame, keys::Manifest manifest, const crypto::SigningKey& signer) {
  ++manifest.number;
  BAILEE_RETURN_IF_ERROR(frame.transaction->Put(store::Table::kMeta, AsBytes(kMetaManifest),
                                                keys::SignManifest(manifest, signer)));
  return PutLatestTime(*frame.transaction, frame.now);
}

Result<KeyringFile> IssueOrigin(const RotationCall& call, const crypto::SigningKey& signer,
                                const Frame& frame, const std::string& name,
                                keys::OriginKeys rotated, uint64_t manifest_min) {
  const keys::StorageKeyRef storage = call.vault.storage();
  if (rotated.storage == nullptr) {
    rotated.storage_version = storage.version;
    rotated.storage = &storage.key;
  }
  return keys::IssueOrigin(name, rotated,
                           {.holder = call.vault.keyring(),
                            .authority = signer,
                            .suffix = {},
                            .manifest_min = manifest_min,
                            .now = frame.now},
                           call.vault.random());
}

Result<Rotated> BeginRotation(VaultImpl& vault, const keys::KeyringKeys& authority,
                              std::string_view key, const RotateOptions& options) {
  BAILEE_TRY(const crypto::SigningKey signer, SignerFor(vault, authority));
  return Act(vault, key, options, [&](const RotationCall& call, const KeyName& parsed) {
    if (parsed.kind == kPurposeKind) return BeginPurpose(call, signer);
    return parsed.kind == kIndexKind ? BeginIndex(call, signer) : BeginStorage(call, signer);
  });
}

Result<Rotated> RunRotation(VaultImpl& vault, std::string_view key, const RotateOptions& options) {
  return Act(vault, key, options, [&](const RotationCall& call, const KeyName& parsed) -> Status {
    {
      BAILEE_TRY(const Frame frame, vault.Begin());
      BAILEE_TRY(const RotationRow row, RequireRotation(call, *frame.snapshot));
      if (row.step == RotationState::Step::kFinishing) {
        return Status(Code::kConflict, "rotate.finishing", "the rotation is being finished",
                      "go on with it: bailee key rotate ... --finish");
      }
    }
    if (parsed.kind == kPurposeKind) return RunPurpose(call);
    return parsed.kind == kIndexKind ? RunIndex(call) : Status();
  });
}

Result<Rotated> FinishRotation(VaultImpl& vault, const keys::KeyringKeys& authority,
                               std::string_view key, const RotateOptions& options) {
  BAILEE_TRY(const crypto::SigningKey signer, SignerFor(vault, authority));
  return Act(vault, key, options, [&](const RotationCall& call, const KeyName& parsed) {
    if (parsed.kind == kPurposeKind) return FinishPurpose(call, signer);
    return parsed.kind == kIndexKind ? FinishIndex(call, signer) : FinishStorage(call, signer);
  });
}

}  // namespace bailee::vault

namespace bailee {

std::string_view RotationStepWord(RotationState::Step step) {
  switch (step) {
    case RotationState::Step::kRunning:
      return "running";
    case RotationState::Step::kReady:
      return "ready";
    case RotationState::Step::kFinishing:
      break;
  }
  return "finishing";
}

}  // namespace bailee
