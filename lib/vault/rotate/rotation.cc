// SPDX-License-Identifier: Apache-2.0
#include "vault/rotate/rotation.h"

#include <array>
#include <limits>

#include "base/try.h"
#include "vault/publish/publish.h"

namespace bailee::vault {
namespace {

using Signer = crypto::SigningKey;

// The acts on one kind of key.
struct KeyKind {
  std::string_view word;
  bool named;  // several keys, each with a name behind
  Status (*begin)(const RotationCall&, const Signer&);
  Status (*run)(const RotationCall&);  // null: nothing to do
  Status (*finish)(const RotationCall&, const Signer&);
};

constexpr std::array kKeyKinds = {
    KeyKind{"purpose", true, BeginPurpose, RunPurpose, FinishPurpose},
    KeyKind{"index", true, BeginIndex, RunIndex, FinishIndex},
    KeyKind{"storage", false, BeginStorage, nullptr, FinishStorage},
    KeyKind{"log", false, BeginLog, nullptr, FinishLog},
    KeyKind{"authority", false, BeginAuthority, nullptr, FinishAuthority},
};

struct KeyName {
  const KeyKind& kind;
  std::string_view name;
};

Result<KeyName> ParseKeyName(std::string_view key) {
  const size_t slash = key.find('/');
  const bool named = slash != std::string_view::npos && slash + 1 < key.size();
  const bool bare = slash == std::string_view::npos;
  for (const KeyKind& kind : kKeyKinds) {
    if (kind.word != key.substr(0, slash) || (kind.named ? !named : !bare)) continue;
    return KeyName{kind, bare ? std::string_view() : key.substr(slash + 1)};
  }
  return Status(Code::kUsage, "rotate.key-name", "that is not the name of a key",
                "name purpose/NAME, index/CATEGORY.FIELD/PURPOSE, storage, log or authority");
}

Result<Rotated> Act(VaultImpl& vault, std::string_view key, const RotateOptions& options,
                    const std::function<Status(const RotationCall&, const KeyKind&)>& act) {
  BAILEE_TRY(const KeyName parsed, ParseKeyName(key));
  Rotated rotated;
  rotated.state.key = std::string(key);
  const RotationCall call{vault, std::string(key), std::string(parsed.name), options, rotated};
  BAILEE_RETURN_IF_ERROR(act(call, parsed.kind));
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

Status NoVersionsLeft() {
  return Status(Code::kFull, "rotate.versions", "the key has had as many versions as it can");
}

Status CheckVersionsLeft(uint16_t version) {
  return version < std::numeric_limits<uint16_t>::max() ? Status() : NoVersionsLeft();
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

Status BeginLastStep(const RotationCall& call, const Frame& frame, RotationRow row) {
  row.step = RotationState::Step::kFinishing;
  row.cursor.clear();
  row.older.clear();
  call.rotated.state = StateOf(call.key, row);
  BAILEE_RETURN_IF_ERROR(PutRotation(*frame.transaction, call.key, row));
  return RecordRotation(call, frame, "finish", row, row.rows);
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

Status KeepAll(const RotationCall& call, const std::vector<KeyringFile>& files) {
  if (!call.options.keep) {
    return Status(Code::kUsage, "rotate.keep-missing",
                  "there is a new key, and nobody stores its keyring", "give RotateOptions::keep");
  }
  call.rotated.keyrings.clear();
  for (const KeyringFile& file : files) call.rotated.keyrings.push_back(file.name);
  return call.options.keep(files);
}

Status Keep(const RotationCall& call, const KeyringFile& file) {
  std::vector<KeyringFile> files;
  BAILEE_TRY(Secret bytes,
             file.bytes.RevealBytes([](ByteView content) { return Secret::From(content); }));
  files.push_back({file.name, std::move(bytes)});
  return KeepAll(call, files);
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
  return Act(vault, key, options, [&](const RotationCall& call, const KeyKind& kind) {
    return kind.begin(call, signer);
  });
}

Result<Rotated> RunRotation(VaultImpl& vault, std::string_view key, const RotateOptions& options) {
  return Act(vault, key, options, [&](const RotationCall& call, const KeyKind& kind) -> Status {
    {
      BAILEE_TRY(const Frame frame, vault.Begin());
      BAILEE_TRY(const RotationRow row, RequireRotation(call, *frame.snapshot));
      if (row.step == RotationState::Step::kFinishing) {
        return Status(Code::kConflict, "rotate.finishing", "the rotation is being finished",
                      "go on with it: bailee key rotate ... --finish");
      }
    }
    return kind.run == nullptr ? Status() : kind.run(call);
  });
}

Result<Rotated> FinishRotation(VaultImpl& vault, const keys::KeyringKeys& authority,
                               std::string_view key, const RotateOptions& options) {
  BAILEE_TRY(const crypto::SigningKey signer, SignerFor(vault, authority));
  return Act(vault, key, options, [&](const RotationCall& call, const KeyKind& kind) {
    return kind.finish(call, signer);
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
