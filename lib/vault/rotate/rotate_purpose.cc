// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <set>

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/box.h"
#include "keys/issue.h"
#include "keys/pending.h"
#include "vault/disclose/disclosure_row.h"
#include "vault/erase/shred.h"
#include "vault/report/report_cells.h"
#include "vault/retention/upkeep.h"
#include "vault/rotate/rewrap.h"
#include "vault/rotate/rotation.h"

namespace bailee::vault {
namespace {

using keys::HeldIndex;
using keys::HeldPurpose;
using store::Table;
using Step = RotationState::Step;

std::vector<const HeldIndex*> IndexesOf(const RotationCall& call) {
  std::vector<const HeldIndex*> indexes;
  for (const HeldIndex& index : call.vault.keyring().indexes)
    if (index.name.ends_with("/" + call.name)) indexes.push_back(&index);
  return indexes;
}

// The purpose's origin, with these versions of its key.
Result<KeyringFile> OriginOf(const RotationCall& call, const crypto::SigningKey& signer,
                             const Frame& frame, std::vector<const HeldPurpose*> purposes,
                             uint64_t manifest_min) {
  return IssueOrigin(call, signer, frame, call.name,
                     {.purposes = std::move(purposes), .indexes = IndexesOf(call)}, manifest_min);
}

// One beginning. Keys are made once, however often the job runs.
class Beginning {
 public:
  Beginning(const RotationCall& call, const crypto::SigningKey& signer)
      : call_(call), signer_(signer) {}

  Status Run(Frame& frame) {
    keys::Manifest manifest = frame.rules()->manifest;
    keys::Manifest::Purpose* purpose = manifest.FindPurpose(call_.name);
    if (purpose == nullptr) return UnknownKey(call_.key);
    BAILEE_TRY(const std::optional<RotationRow> there, ReadRotation(*frame.transaction, call_.key));
    if (there) return RotationUnderWay(call_);
    // Open already: the note of it was lost, and nothing else is.
    if (purpose->open_version == 0) BAILEE_RETURN_IF_ERROR(State(frame, manifest, *purpose));
    return StartRotation(call_, frame,
                         {.from = purpose->open_version,
                          .to = purpose->version,
                          .leaked = call_.options.leaked,
                          .begun_at = frame.now});
  }

 private:
  Status State(Frame& frame, keys::Manifest& manifest, keys::Manifest::Purpose& purpose) {
    const HeldPurpose* old = call_.vault.keyring().FindPurpose(purpose.id, purpose.version);
    if (old == nullptr) return RotationKeyMissing("purpose " + call_.name);
    BAILEE_RETURN_IF_ERROR(CheckVersionsLeft(old->version));
    if (!next_ || next_->version != old->version + 1) {
      BAILEE_TRY(next_, keys::NextVersion(*old, call_.vault.random()));
      // It must open the vault also if this is never committed.
      BAILEE_TRY(origin_, OriginOf(call_, signer_, frame, {old, &*next_}, manifest.number));
    }
    BAILEE_RETURN_IF_ERROR(Keep(call_, *origin_));
    BAILEE_TRY(const crypto::BoxSecret secret, crypto::DeriveBoxSecret(next_->key, next_->version));
    purpose.open_version = purpose.version;
    purpose.open_box_public = purpose.box_public;
    purpose.version = next_->version;
    purpose.box_public = crypto::PublicKeyOf(secret);
    return PutManifest(frame, manifest, signer_);
  }

  const RotationCall& call_;
  const crypto::SigningKey& signer_;
  std::optional<HeldPurpose> next_;
  std::optional<KeyringFile> origin_;
};

Rewrap RewrapOf(const RotationCall& call, const RotationRow& row) {
  return {crypto::NameIdOf(call.name), row.from, row.to};
}

// States that the old version is retired, and leaves it to the backup keyring.
Status Retire(const RotationCall& call, const crypto::SigningKey& signer) {
  const HeldPurpose* none = nullptr;
  return call.vault.Write([&](Frame& frame) -> Status {
    BAILEE_TRY(RotationRow row, RequireRotation(call, *frame.transaction));
    if (row.step == Step::kFinishing) return Status();
    keys::Manifest manifest = frame.rules()->manifest;
    keys::Manifest::Purpose* purpose = manifest.FindPurpose(call.name);
    const bool open = purpose != nullptr && purpose->open_version == row.from;
    if (!open) return UnknownKey(call.key);
    const HeldPurpose* old = call.vault.keyring().FindPurpose(purpose->id, row.from);
    const HeldPurpose* now = call.vault.keyring().FindPurpose(purpose->id, row.to);
    if (old == none || now == none)
      return RotationKeyMissing("both versions of purpose " + call.name);
    Bytes key;
    Writer(key).Put(AsBytes(kMetaRetired)).Put(purpose->id.view()).Put(row.from);
    const auto binding = crypto::Encode(crypto::WrapBinding{
        {.label = crypto::Label::kRetiredKey, .vault = call.vault.id()}, purpose->id, row.from});
    BAILEE_TRY(crypto::BoxSender sender, crypto::BoxSender::Create(call.vault.random()));
    BAILEE_TRY(const Bytes box, old->key.Reveal([&](ByteView bytes) {
      return sender.Seal(manifest.backup_public, binding, bytes, call.vault.random());
    }));
    BAILEE_RETURN_IF_ERROR(frame.transaction->Put(Table::kMeta, key, box));
    purpose->open_version = 0;
    purpose->open_box_public = {};
    BAILEE_RETURN_IF_ERROR(BeginLastStep(call, frame, std::move(row)));
    return PutManifest(frame, manifest, signer);
  });
}

// Entries that wait for a holder of the old key, left for the new one.
PassPart MovePending(const RotationCall& call, const Frame& frame, const RotationRow& row) {
  std::set<crypto::NameId> indexes;
  for (const keys::Manifest::Index& index : frame.rules()->manifest.indexes)
    if (index.name.ends_with("/" + call.name)) indexes.insert(index.id);
  VaultImpl& vault = call.vault;
  const Rewrap rewrap = RewrapOf(call, row);
  return {
      .number = 2,
      .table = Table::kLookup,
      .prefix = keys::PendingPrefix(),
      .look = [indexes, rewrap](Frame&, ByteView key, ByteView value) -> Result<bool> {
        BAILEE_TRY(const keys::PendingKey parsed, keys::ParsePendingKey(key));
        if (!indexes.contains(parsed.index.id)) return false;
        BAILEE_TRY(const uint16_t version, keys::PendingPurposeVersion(value));
        return version == rewrap.from;
      },
      .work = [&vault, rewrap](Frame& in, ByteView key, ByteView value) -> Status {
        BAILEE_TRY(const keys::PendingKey parsed, keys::ParsePendingKey(key));
        BAILEE_TRY(const auto subject, vault.LoadSubject(in, parsed.handle));
        if (subject == nullptr) return in.transaction->Delete(Table::kLookup, key);
        const HeldPurpose* old = vault.keyring().FindPurpose(rewrap.purpose, rewrap.from);
        if (old == nullptr) return RotationKeyMissing("the old version");
        keys::PendingPlace place{.vault = vault.id(),
                                 .handle = parsed.handle,
                                 .index = parsed.index,
                                 .purpose = rewrap.purpose,
                                 .purpose_version = rewrap.from};
        BAILEE_TRY(const keys::Pending pending,
                   keys::OpenPending(place, parsed.nonce, subject->subject().key, old->key, value));
        const HeldPurpose* now = vault.keyring().FindPurpose(rewrap.purpose, rewrap.to);
        if (now == nullptr) return RotationKeyMissing("the new version");
        BAILEE_TRY(const crypto::BoxSecret secret, crypto::DeriveBoxSecret(now->key, now->version));
        BAILEE_TRY(crypto::BoxSender sender, crypto::BoxSender::Create(vault.random()));
        place.purpose_version = rewrap.to;
        BAILEE_RETURN_IF_ERROR(pending.index_form.RevealBytes([&](ByteView form) {
          return keys::PutPending(*in.transaction, place, subject->subject().key,
                                  crypto::PublicKeyOf(secret), pending.record, form, sender,
                                  vault.random());
        }));
        return in.transaction->Delete(Table::kLookup, key);
      }};
}

PassPart MoveAccounting(const RotationCall& call, const RotationRow& row) {
  VaultImpl& vault = call.vault;
  const Rewrap rewrap = RewrapOf(call, row);
  return {.number = 3,
          .table = Table::kDisclosures,
          .prefix = {},
          .look = [rewrap](Frame&, ByteView key, ByteView value) -> Result<bool> {
            if (key.size() != kDisclosureKeyBytes || !IsKeptDisclosure(value)) return false;
            BAILEE_TRY(const uint16_t version, KeptDisclosureVersion(value));
            return version == rewrap.from;
          },
          .work = [&vault, rewrap](Frame& in, ByteView key, ByteView value) -> Status {
            const HeldPurpose* now = vault.keyring().FindPurpose(rewrap.purpose, rewrap.to);
            if (now == nullptr) return RotationKeyMissing("the new version");
            Reader reader(key);
            const Handle handle{reader.GetArray<16>()};
            BAILEE_TRY(const Bytes moved,
                       ResealKeptDisclosure(vault.id(), handle, reader.Get<uint64_t>(),
                                            vault.keyring(), value, *now, vault.random()));
            return in.transaction->Put(Table::kDisclosures, key, moved);
          }};
}

PassPart MoveCells(const RotationCall& call, const RotationRow& row) {
  VaultImpl& vault = call.vault;
  const Rewrap rewrap = RewrapOf(call, row);
  return {.number = 4,
          .table = Table::kReports,
          .prefix = {},
          .look = [rewrap](Frame&, ByteView key, ByteView value) -> Result<bool> {
            return ResultKeyVersion(key, value) == rewrap.from;
          },
          .work = [&vault, rewrap](Frame& in, ByteView key, ByteView value) -> Status {
            const HeldPurpose* now = vault.keyring().FindPurpose(rewrap.purpose, rewrap.to);
            if (now == nullptr) return RotationKeyMissing("the new version");
            BAILEE_TRY(const Bytes moved,
                       ResealResult(vault.id(), key, value, vault.keyring(), *now, vault.random()));
            return in.transaction->Put(Table::kReports, key, moved);
          }};
}

// Everything that names the old version.
Result<std::vector<PassPart>> WhatIsOld(const RotationCall& call, const RotationRow& row) {
  BAILEE_TRY(const Frame frame, call.vault.Begin());
  std::vector<PassPart> parts = DropWraps(call.vault, RewrapOf(call, row), row.leaked);
  parts.push_back(MovePending(call, frame, row));
  if (call.name == keys::kRights) parts.push_back(MoveAccounting(call, row));
  if (call.name == keys::kTally) parts.push_back(MoveCells(call, row));
  return parts;
}

// The origin without the old key, for granting from now on.
Status KeepNewOrigin(const RotationCall& call, const crypto::SigningKey& signer,
                     const RotationRow& row) {
  if (!call.options.keep) return Status();
  BAILEE_TRY(const Frame frame, call.vault.Begin());
  const HeldPurpose* now = call.vault.keyring().FindPurpose(crypto::NameIdOf(call.name), row.to);
  if (now == nullptr) return RotationKeyMissing("the new version of purpose " + call.name);
  BAILEE_TRY(const KeyringFile file,
             OriginOf(call, signer, frame, {now}, frame.rules()->manifest.number));
  return Keep(call, file);
}

Result<RotationRow> RowNow(const RotationCall& call) {
  BAILEE_TRY(const Frame frame, call.vault.Begin());
  return RequireRotation(call, *frame.snapshot);
}

}  // namespace

Status BeginPurpose(const RotationCall& call, const crypto::SigningKey& signer) {
  Beginning beginning(call, signer);
  return call.vault.Write([&](Frame& frame) { return beginning.Run(frame); });
}

Status RunPurpose(const RotationCall& call) {
  BAILEE_TRY(const RotationRow row, RowNow(call));
  return RunPass(call, Step::kRunning, Step::kReady, AddWraps(call.vault, RewrapOf(call, row)))
      .status();
}

Status FinishPurpose(const RotationCall& call, const crypto::SigningKey& signer) {
  BAILEE_TRY(RotationRow row, RowNow(call));
  if (row.step != Step::kFinishing) {
    // Looked at once more from the first row: the note that says so is not authenticated.
    BAILEE_TRY(const uint64_t left, CountLeft(call, AddWraps(call.vault, RewrapOf(call, row))));
    if (left > 0) return NotReady(left);
    BAILEE_RETURN_IF_ERROR(Retire(call, signer));
    BAILEE_TRY(row, RowNow(call));
  }
  BAILEE_TRY(const std::vector<PassPart> parts, WhatIsOld(call, row));
  BAILEE_TRY(const bool all, RunPass(call, Step::kFinishing, Step::kFinishing, parts));
  if (!all) return Status();
  BAILEE_TRY(const uint64_t left, CountLeft(call, parts));
  if (left > 0) return NotReady(left);
  if (row.leaked) {
    BAILEE_RETURN_IF_ERROR(RunKeywork(call.vault, std::numeric_limits<size_t>::max()).status());
  }
  BAILEE_RETURN_IF_ERROR(KeepNewOrigin(call, signer, row));
  BAILEE_RETURN_IF_ERROR(EndRotation(call));
  if (!row.leaked) {
    BAILEE_TRY(call.rotated.shredded, ShreddedSoFar(call.vault));
    return Status();
  }
  BAILEE_TRY(call.rotated.shredded, Shred(call.vault, call.options.shred));
  return Status();
}

}  // namespace bailee::vault
