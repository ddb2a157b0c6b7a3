// SPDX-License-Identifier: Apache-2.0
#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/suite1.h"
#include "vault/erase/shred.h"
#include "vault/frame/due.h"
#include "vault/frame/storage_keys.h"
#include "vault/rotate/rotation.h"

namespace bailee::vault {
namespace {

using store::Table;
using Step = RotationState::Step;

constexpr int kEpochBeginningsMax = 3;

// One beginning. The key is made once, however often the job runs.
class StorageBeginning {
 public:
  StorageBeginning(const RotationCall& call, const crypto::SigningKey& signer)
      : call_(call), signer_(signer) {}

  // False: an epoch has to end first.
  Result<bool> Run(Frame& frame) {
    VaultImpl& vault = call_.vault;
    const keys::StorageKeyRef mine = vault.storage();
    BAILEE_TRY(const std::optional<RotationRow> there, ReadRotation(*frame.transaction, call_.key));
    BAILEE_TRY(const std::vector<uint16_t> open, OpenStorageVersions(*frame.transaction));
    const bool lost = !there && open.size() == 2 && open.back() == mine.version;
    if (lost) {  // the note of it: it can be finished all the same
      BAILEE_RETURN_IF_ERROR(StartRotation(call_, frame,
                                           {.step = Step::kReady,
                                            .from = open.front(),
                                            .to = open.back(),
                                            .leaked = call_.options.leaked,
                                            .begun_at = frame.now}));
      return true;
    }
    if (there || open.size() != 1) return RotationUnderWay(call_);
    BAILEE_RETURN_IF_ERROR(CheckVersionsLeft(mine.version));
    const auto to = static_cast<uint16_t>(mine.version + 1);
    if (!made_) {
      BAILEE_TRY(next_, crypto::StorageKey::Generate(vault.random()));
      BAILEE_TRY(origin_, IssueOrigin(call_, signer_, frame, call_.key,
                                      {.storage_version = to, .storage = &next_},
                                      frame.rules()->manifest.number));
      made_ = true;
    }
    BAILEE_RETURN_IF_ERROR(Keep(call_, *origin_));
    const keys::StorageKeyRef both[] = {mine, {to, next_}};
    BAILEE_TRY(const bool begun, BeginEpochIn(vault, frame, both));
    if (!begun) return false;
    BAILEE_TRY(Bytes secrets, SealStorageSecrets(vault.id(), mine.version, mine.key,
                                                 vault.secrets(), vault.random()));
    BAILEE_TRY(const Bytes under_next,
               SealStorageSecrets(vault.id(), to, next_, vault.secrets(), vault.random()));
    secrets.insert(secrets.end(), under_next.begin(), under_next.end());
    BAILEE_RETURN_IF_ERROR(frame.transaction->Put(Table::kMeta, AsBytes(kMetaSecrets), secrets));
    RotationRow row{.step = Step::kReady,
                    .from = mine.version,
                    .to = to,
                    .leaked = call_.options.leaked,
                    .begun_at = frame.now};
    mine.key.Reveal([&](ByteView key) {
      crypto::SealAppend(next_, OlderKeyBinding(vault.id(), to), key, vault.random(), row.older);
    });
    BAILEE_RETURN_IF_ERROR(StartRotation(call_, frame, row));
    return true;
  }

 private:
  const RotationCall& call_;
  const crypto::SigningKey& signer_;
  crypto::StorageKey next_;
  std::optional<KeyringFile> origin_;
  bool made_ = false;
};

// Leaves the newer key alone.
Status RetireStorage(const RotationCall& call) {
  VaultImpl& vault = call.vault;
  return vault.Write([&](Frame& frame) -> Status {
    BAILEE_TRY(RotationRow row, RequireRotation(call, *frame.transaction));
    if (vault.storage().version != row.to) return RotationKeyMissing("the new storage");
    if (row.step == Step::kFinishing) return Status();
    BAILEE_TRY(const Bytes secrets, SealStorageSecrets(vault.id(), row.to, vault.storage().key,
                                                       vault.secrets(), vault.random()));
    BAILEE_RETURN_IF_ERROR(frame.transaction->Put(Table::kMeta, AsBytes(kMetaSecrets), secrets));
    BAILEE_RETURN_IF_ERROR(PutDue(*frame.transaction, Due::kEpoch, {}));
    for (uint16_t shard = 0; row.leaked && shard < keys::kShardCount; ++shard) {
      std::array<uint8_t, 2> id{};
      StoreBigEndian(shard, id.data());
      BAILEE_RETURN_IF_ERROR(PutDue(*frame.transaction, Due::kShard, id));
    }
    return BeginLastStep(call, frame, std::move(row));
  });
}

// Whether anything in the file of epochs may still open with the older key.
Result<bool> OldEpochIsThere(VaultImpl& vault) {
  BAILEE_TRY(const Frame frame, vault.Begin());
  for (const Due due : {Due::kShard, Due::kShardRows, Due::kEpoch}) {
    BAILEE_TRY(const std::vector<Bytes> owed, ListDue(*frame.snapshot, due, 1));
    if (!owed.empty()) return true;
  }
  return vault.epoch_file().Holds(frame.shards()->epoch() - 1);
}

}  // namespace

Status BeginStorage(const RotationCall& call, const crypto::SigningKey& signer) {
  StorageBeginning beginning(call, signer);
  bool begun = false;
  for (int tries = 0; !begun && tries < kEpochBeginningsMax; ++tries) {
    std::vector<uint64_t> waiting_for;
    BAILEE_RETURN_IF_ERROR(EndEpochs(call.vault, std::chrono::steady_clock::now(), waiting_for));
    BAILEE_RETURN_IF_ERROR(call.vault.Write([&](Frame& frame) -> Status {
      BAILEE_TRY(begun, beginning.Run(frame));
      return Status();
    }));
  }
  if (begun) return Status();
  return Status(Code::kBusy, "rotate.epoch-busy", "others keep beginning epochs", "try again");
}

Status FinishStorage(const RotationCall& call, const crypto::SigningKey&) {
  BAILEE_RETURN_IF_ERROR(RetireStorage(call));
  BAILEE_TRY(call.rotated.shredded, Shred(call.vault, call.options.shred));
  BAILEE_TRY(const bool left, OldEpochIsThere(call.vault));
  if (left) {
    call.rotated.stopped = true;
    return Status();
  }
  return EndRotation(call);
}

}  // namespace bailee::vault
