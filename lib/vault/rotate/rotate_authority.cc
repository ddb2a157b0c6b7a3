// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/try.h"
#include "crypto/box.h"
#include "keys/issue.h"
#include "vault/frame/authority.h"
#include "vault/rotate/rotation.h"

namespace bailee::vault {
namespace {

using keys::HeldRole;
using keys::KeyringKeys;
using keys::Role;
using store::Table;
using Step = RotationState::Step;

Status Lacking(const std::string& what) {
  return Status(Code::kKey, "key.source-missing",
                "none of the given keyrings holds the vault's key of " + what,
                "bring all keyrings that init and later rotations wrote together: what is not "
                "signed anew is lost once the old authority is retired");
}

template <typename Holds>
bool AnyOf(const std::vector<const Keyring*>& keyrings, Holds&& holds) {
  return std::ranges::any_of(keyrings, [&](const Keyring* each) { return holds(each->keys()); });
}

// Whether a secret is the vault's of that role.
Result<bool> IsRoleOf(const keys::Manifest& manifest, const HeldRole& held) {
  if (held.role == Role::kLog) {
    BAILEE_TRY(const crypto::SigningKey log, keys::SignerOf(held));
    return log.verify_key() == manifest.log_public;
  }
  BAILEE_TRY(const crypto::BoxSecret secret, held.secret.RevealBytes([](ByteView bytes) {
    return crypto::BoxSecret::FromBytes(bytes);
  }));
  const crypto::BoxPublicKey mine = crypto::PublicKeyOf(secret);
  return mine == (held.role == Role::kAuditor ? manifest.auditor_public : manifest.backup_public);
}

Status CheckRoles(const keys::Manifest& manifest, const std::vector<const Keyring*>& keyrings) {
  for (const Role role : {Role::kLog, Role::kAuditor, Role::kBackup}) {
    bool found = false;
    for (const Keyring* keyring : keyrings) {
      for (const HeldRole& held : keyring->keys().roles) {
        if (held.role != role) continue;
        BAILEE_TRY(const bool is, IsRoleOf(manifest, held));
        found = found || is;
      }
    }
    if (!found) return Lacking(std::string(keys::RoleWord(role)));
  }
  return Status();
}

Result<bool> IsPurposeOf(const keys::Manifest::Purpose& known, const KeyringKeys& keyring) {
  const keys::HeldPurpose* held = keyring.FindPurpose(known.id, known.version);
  if (held == nullptr) return false;
  BAILEE_TRY(const crypto::BoxSecret secret, crypto::DeriveBoxSecret(held->key, held->version));
  return crypto::PublicKeyOf(secret) == known.box_public;
}

// One beginning. Keys and keyrings are made once, however often the job runs.
class AuthorityBeginning {
 public:
  AuthorityBeginning(const RotationCall& call, const crypto::SigningKey& signer)
      : call_(call), signer_(signer) {}

  Status Run(Frame& frame) {
    keys::Manifest manifest = frame.rules()->manifest;
    BAILEE_TRY(const std::optional<RotationRow> there, ReadRotation(*frame.transaction, call_.key));
    if (there) return RotationUnderWay(call_);
    // Open already: the note of it was lost, and nothing else is.
    if (!manifest.open_authority) {
      BAILEE_RETURN_IF_ERROR(State(frame, manifest));
    } else if (call_.options.leaked) {
      manifest.open_authority.reset();
      BAILEE_RETURN_IF_ERROR(PutManifest(frame, manifest, signer_));
    }
    return StartRotation(call_, frame,
                         {.step = Step::kReady,
                          .from = static_cast<uint16_t>(manifest.authority_version - 1),
                          .to = manifest.authority_version,
                          .leaked = call_.options.leaked,
                          .begun_at = frame.now});
  }

 private:
  // Each key of the vault must be in one of the keyrings: nobody could sign for it later.
  Status CheckKeyrings(const Frame& frame) const {
    const keys::Manifest& manifest = frame.rules()->manifest;
    const std::vector<const Keyring*>& keyrings = call_.options.keyrings;
    for (const Keyring* each : keyrings) {
      BAILEE_RETURN_IF_ERROR(each->keys().BelongHere());
      const keys::KeyringHeader& header = each->keys().header;
      const bool of_this = header.vault == call_.vault.id() &&
                           header.authority == signer_.verify_key() &&
                           each->keys().FindRole(Role::kAuthority) == nullptr;
      if (of_this) continue;
      return Status(
          Code::kKey, "key.other-authority",
          "a keyring that is to be signed anew is not one that this authority signed",
          "use the keyrings that init and later rotations wrote, without the authority's");
    }
    BAILEE_RETURN_IF_ERROR(CheckRoles(manifest, keyrings));
    for (const keys::Manifest::Purpose& known : manifest.purposes) {
      bool found = false;
      for (const Keyring* each : keyrings) {
        BAILEE_TRY(const bool is, IsPurposeOf(known, each->keys()));
        found = found || is;
      }
      if (!found) return Lacking("purpose " + known.name);
    }
    for (const keys::Manifest::Index& known : manifest.indexes) {
      const bool found = AnyOf(keyrings, [&](const KeyringKeys& keyring) {
        return keyring.FindIndex(known.id, known.version) != nullptr;
      });
      if (!found) return Lacking("index " + known.name);
    }
    const bool storage = AnyOf(keyrings, [&](const KeyringKeys& keyring) {
      return keyring.header.storage_version == call_.vault.storage().version;
    });
    return storage ? Status() : Lacking("the storage");
  }

  Status Make(const Frame& frame) {
    BAILEE_RETURN_IF_ERROR(CheckKeyrings(frame));
    BAILEE_TRY(const HeldRole next, keys::GenerateRole(Role::kAuthority, call_.vault.random()));
    BAILEE_TRY(crypto::SigningKey key, keys::SignerOf(next));
    next_.emplace(std::move(key));
    const keys::OriginRequest request{.holder = call_.vault.keyring(),
                                      .authority = *next_,
                                      .suffix = {},
                                      .manifest_min = frame.rules()->manifest.number + 1,
                                      .now = frame.now};
    files_.clear();
    BAILEE_TRY(KeyringFile authority, keys::IssueRole(next, request, call_.vault.random()));
    files_.push_back(std::move(authority));
    for (const Keyring* each : call_.options.keyrings) {
      BAILEE_TRY(KeyringFile file, keys::IssueAgain(each->keys(), request, call_.vault.random()));
      files_.push_back(std::move(file));
    }
    made_for_ = frame.rules()->manifest.number;
    return Status();
  }

  Status State(Frame& frame, keys::Manifest& manifest) {
    BAILEE_RETURN_IF_ERROR(CheckVersionsLeft(manifest.authority_version));
    if (!next_ || made_for_ != manifest.number) BAILEE_RETURN_IF_ERROR(Make(frame));
    BAILEE_RETURN_IF_ERROR(KeepAll(call_, files_));
    store::WriteTransaction& transaction = *frame.transaction;
    BAILEE_RETURN_IF_ERROR(
        transaction.Put(Table::kMeta, SuccessorKeyOf(signer_.verify_key()),
                        keys::SignSuccessor(call_.vault.id(),
                                            {manifest.number + 1, next_->verify_key()}, signer_)));
    for (const auto& published : manifest.policies) {
      std::array<uint8_t, 4> key{};
      StoreBigEndian(published.version, key.data());
      BAILEE_TRY(const std::optional<ByteView> row, transaction.Get(Table::kPolicies, key));
      BAILEE_TRY(const ByteView policy,
                 keys::VerifyPolicy(row.value_or(ByteView()), manifest, published.version,
                                    signer_.verify_key()));
      const Bytes anew = keys::SignPolicy(call_.vault.id(), published.version, policy, *next_);
      BAILEE_RETURN_IF_ERROR(transaction.Put(Table::kPolicies, key, anew));
    }
    ++manifest.authority_version;
    if (!call_.options.leaked) manifest.open_authority = signer_.verify_key();
    return PutManifest(frame, manifest, *next_);
  }

  const RotationCall& call_;
  const crypto::SigningKey& signer_;
  std::optional<crypto::SigningKey> next_;
  std::vector<KeyringFile> files_;
  uint64_t made_for_ = 0;  // the number of the manifest before
};

// States that keyrings of the old authority are taken no longer, unless the beginning did.
Status RetireAuthority(const RotationCall& call, const crypto::SigningKey& signer) {
  return call.vault.Write([&](Frame& frame) -> Status {
    BAILEE_TRY(RotationRow row, RequireRotation(call, *frame.transaction));
    // It could not go on itself.
    if (call.vault.keyring().header.authority != frame.rules()->authority)
      return RotationKeyMissing("the new authority");
    if (row.step == Step::kFinishing) return Status();
    keys::Manifest manifest = frame.rules()->manifest;
    if (manifest.open_authority) {
      manifest.open_authority.reset();
      BAILEE_RETURN_IF_ERROR(PutManifest(frame, manifest, signer));
    }
    return BeginLastStep(call, frame, std::move(row));
  });
}

}  // namespace

Status BeginAuthority(const RotationCall& call, const crypto::SigningKey& signer) {
  AuthorityBeginning beginning(call, signer);
  return call.vault.Write([&](Frame& frame) { return beginning.Run(frame); });
}

Status FinishAuthority(const RotationCall& call, const crypto::SigningKey& signer) {
  BAILEE_RETURN_IF_ERROR(RetireAuthority(call, signer));
  return EndRotation(call);
}

}  // namespace bailee::vault
