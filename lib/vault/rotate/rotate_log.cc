// SPDX-License-Identifier: Apache-2.0
#include "audit/tree_store.h"
#include "audit/verify.h"
#include "base/try.h"
#include "keys/issue.h"
#include "vault/rotate/rotation.h"

namespace bailee::vault {
namespace {

using Step = RotationState::Step;
using Bound = keys::Manifest::EarlierLog::Bound;

// What the replaced key counts for from now on: the tree as it is in this transaction, or after a
// leak the last head that is known to be good.
Result<Bound> BoundNow(const RotationCall& call, const Frame& frame, bool leaked) {
  const keys::Manifest& manifest = frame.rules()->manifest;
  BAILEE_TRY(const audit::TreeReader tree, audit::TreeReader::Open(*frame.transaction));
  if (!leaked || call.options.checkpoint.empty())
    return Bound{.size = tree.size(), .root = tree.Root(), .leaked = leaked};
  BAILEE_TRY(const Checkpoint known,
             audit::VerifyExtends(
                 tree, {call.options.checkpoint, manifest.log_origin, LogKeysOf(manifest)}));
  for (const keys::Manifest::EarlierLog& each : manifest.earlier_logs) {
    if (!each.bound || each.bound->size <= known.size) continue;
    return Status(Code::kInvalidValue, "rotate.checkpoint",
                  "the checkpoint is from before the log's key was replaced the last time",
                  "name a later one, or none");
  }
  return Bound{.size = known.size, .root = known.root, .leaked = true};
}

// One beginning. The key is made once, however often the job runs.
class LogBeginning {
 public:
  LogBeginning(const RotationCall& call, const crypto::SigningKey& signer)
      : call_(call), signer_(signer) {}

  Status Run(Frame& frame) {
    keys::Manifest manifest = frame.rules()->manifest;
    BAILEE_TRY(const std::optional<RotationRow> there, ReadRotation(*frame.transaction, call_.key));
    if (there) return RotationUnderWay(call_);
    // Open already: the note of it was lost, and nothing else is.
    const bool open = manifest.log_is_open();
    if (!open) BAILEE_RETURN_IF_ERROR(State(frame, manifest));
    if (call_.options.leaked) {
      BAILEE_TRY(manifest.earlier_logs.back().bound, BoundNow(call_, frame, true));
    }
    if (!open || call_.options.leaked)
      BAILEE_RETURN_IF_ERROR(PutManifest(frame, manifest, signer_));
    return StartRotation(call_, frame,
                         {.step = Step::kReady,
                          .from = static_cast<uint16_t>(manifest.log_version() - 1),
                          .to = manifest.log_version(),
                          .leaked = call_.options.leaked,
                          .begun_at = frame.now});
  }

 private:
  Status State(Frame& frame, keys::Manifest& manifest) {
    if (manifest.earlier_logs.size() == keys::kEarlierLogsMax) return NoVersionsLeft();
    if (!made_ || for_manifest_ != manifest.number) {
      BAILEE_TRY(const keys::HeldRole next,
                 keys::GenerateRole(keys::Role::kLog, call_.vault.random()));
      BAILEE_TRY(const crypto::SigningKey log, keys::SignerOf(next));
      next_ = log.verify_key();
      // It opens nothing before the next manifest states it.
      for_manifest_ = manifest.number;
      BAILEE_TRY(origin_, keys::IssueRole(next,
                                          {.holder = call_.vault.keyring(),
                                           .authority = signer_,
                                           .suffix = {},
                                           .manifest_min = manifest.number + 1,
                                           .now = frame.now},
                                          call_.vault.random()));
      made_ = true;
    }
    BAILEE_RETURN_IF_ERROR(Keep(call_, *origin_));
    manifest.earlier_logs.push_back({manifest.log_public, std::nullopt});
    manifest.log_public = next_;
    return Status();
  }

  const RotationCall& call_;
  const crypto::SigningKey& signer_;
  crypto::VerifyKey next_;
  std::optional<KeyringFile> origin_;
  uint64_t for_manifest_ = 0;
  bool made_ = false;
};

// States what the old key counts for, unless the beginning did.
Status RetireLog(const RotationCall& call, const crypto::SigningKey& signer) {
  return call.vault.Write([&](Frame& frame) -> Status {
    BAILEE_TRY(RotationRow row, RequireRotation(call, *frame.transaction));
    if (row.step == Step::kFinishing) return Status();
    keys::Manifest manifest = frame.rules()->manifest;
    if (manifest.log_is_open()) {
      BAILEE_TRY(manifest.earlier_logs.back().bound, BoundNow(call, frame, call.options.leaked));
      BAILEE_RETURN_IF_ERROR(PutManifest(frame, manifest, signer));
    }
    return BeginLastStep(call, frame, std::move(row));
  });
}

}  // namespace

Status BeginLog(const RotationCall& call, const crypto::SigningKey& signer) {
  LogBeginning beginning(call, signer);
  return call.vault.Write([&](Frame& frame) { return beginning.Run(frame); });
}

Status FinishLog(const RotationCall& call, const crypto::SigningKey& signer) {
  BAILEE_RETURN_IF_ERROR(RetireLog(call, signer));
  return EndRotation(call);
}

}  // namespace bailee::vault
