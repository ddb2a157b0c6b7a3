// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "audit/checkpoint_sign.h"
#include "audit/checkpoint_text.h"
#include "crypto/init.h"
#include "keys/manifest.h"
#include "vault/forged_trail.h"

// Older and other vaults and checkpoints put in the place of the right ones.
namespace bailee {
namespace {

namespace fs = std::filesystem;
using testing::AttackedTrail;
using testing::ErrorIs;
using testing::IsBroken;
using testing::IsOk;
using testing::IsUnproven;
using testing::kNowhere;
using testing::LeafOf;
using testing::LeafType;
using testing::Leaves;
using testing::LeavesAt;
using testing::MakeLeaf;
using testing::StatusOf;
using testing::Table;

class TrailSplice : public AttackedTrail {
 protected:
  // Copies of the whole directory, kept by the attacker.
  void Copy(const std::string& name) {
    fs::remove_all(vault_.directory() / name);
    fs::copy(vault_.path(), vault_.directory() / name, fs::copy_options::recursive);
  }
  void PutBack(const std::string& name) {
    fs::remove_all(vault_.path());
    fs::copy(vault_.directory() / name, vault_.path(), fs::copy_options::recursive);
  }
  std::string Pin() { return *OpenTrail("auditor").Pin(); }
};

// --- Older and forked histories
// --------------------------------------------------------------------

TEST_F(TrailSplice, RollingTheWholeDirectoryBackIsFoundWithAPinAlone) {
  Copy("old");
  Use(vault_);
  const std::string pin = Pin();
  PutBack("old");
  EXPECT_THAT(Verify({true, {}}).ToStatus(), IsOk()) << "SECURITY.md says what a pin is for";
  EXPECT_THAT(Verify({false, pin}), IsBroken("trail.cut-off", kNowhere, kNowhere));
  // However much is done afterwards.
  Use(vault_, 4);
  EXPECT_THAT(Verify({false, pin}), IsBroken("trail.forked", kNowhere, kNowhere));
}

TEST_F(TrailSplice, TwoContinuationsCannotBothBeShownToWhoeverPinnedOne) {
  Copy("common");
  Use(vault_);
  const std::string first_pin = Pin();
  Copy("first");
  PutBack("common");
  Use(vault_);
  const std::string second_pin = Pin();
  Copy("second");
  for (int round = 0; round < 2; ++round) {
    PutBack("first");
    EXPECT_THAT(Verify({false, first_pin}).ToStatus(), IsOk());
    EXPECT_THAT(Verify({false, second_pin}), IsBroken("trail.forked", kNowhere, kNowhere));
    PutBack("second");
    EXPECT_THAT(Verify({false, second_pin}).ToStatus(), IsOk());
    EXPECT_THAT(Verify({false, first_pin}), IsBroken("trail.forked", kNowhere, kNowhere));
  }
}

TEST_F(TrailSplice, ATreeCutOffBetweenInstancesIsFoundWithAPinAlone) {
  Leaves leaves = leaves_;
  leaves.resize(At(1, LeafType::kOpened));
  Rewrite(leaves);
  EXPECT_THAT(VerifyEntries().ToStatus(), IsOk()) << "SECURITY.md says what a pin is for";
  EXPECT_THAT(VerifyPinned(), IsBroken("trail.cut-off", kNowhere, kNowhere));
}

TEST_F(TrailSplice, ATreeCutOffWithinAnInstanceLeavesItWithoutAJournal) {
  Leaves leaves = leaves_;
  leaves.resize(At(1, LeafType::kJournal, 2));
  Rewrite(leaves);
  EXPECT_THAT(VerifyPublic(), IsUnproven("trail.journal-missing", instances_[1]));
  EXPECT_THAT(VerifyPinned(), IsBroken("trail.cut-off", kNowhere, kNowhere));
}

TEST_F(TrailSplice, AnOlderHeadIsNotWrittenOver) {
  const RawRows::Row head = RawRows(vault_.path()).Only(Table::kMeta, AsBytes("tree"));
  Use(vault_);
  RawRows(vault_.path()).Put(Table::kMeta, head.first, head.second);
  EXPECT_THAT(StatusOf(TryOpenTrail(vault_, "auditor")),
              ErrorIs(Code::kDamage, "audit.tree-damaged"));
  EXPECT_EQ(StatusOf(vault_.TryOpen(vault_.Granted("web", {}))).code(), Code::kDamage);
}

// --- Of another vault
// ------------------------------------------------------------------------------

class TrailOfAnother : public TrailSplice {
 protected:
  void SetUp() override {
    TrailSplice::SetUp();
    Use(other_);
    theirs_ = LeavesAt(other_.path());
    them_ = LeafOf(theirs_[0]).instance;
  }
  TempVault other_{PolicyText("livelook_2013")};
  Leaves theirs_;
  InstanceId them_;
};

TEST_F(TrailOfAnother, AnInstanceIsFound) {
  Leaves leaves = leaves_;
  leaves.insert(leaves.end(), theirs_.begin(), theirs_.end());
  Rewrite(leaves);
  EXPECT_THAT(VerifyPublic(), IsBroken("trail.other-vault", leaves_.size(), them_));
  // Its head made to name this vault.
  constexpr size_t kVaultAt = audit::kLeafHeadBytes + 10;
  Bytes& head = leaves[leaves_.size()];
  const VaultId ours = vault_.id();
  std::copy(ours.bytes.begin(), ours.bytes.end(), head.begin() + kVaultAt);
  head = testing::WithHeadChecked(head);
  Rewrite(leaves);
  const size_t entry = leaves_.size() + testing::IndexOf(theirs_, them_, LeafType::kJournal);
  EXPECT_THAT(VerifyEntries(), IsBroken("trail.forged-head", entry, them_));
}

TEST_F(TrailOfAnother, EntriesAreFound) {
  const size_t entry = At(1, LeafType::kJournal, 2);
  const size_t write = At(1, LeafType::kWrite);
  Leaves leaves = leaves_;
  leaves[entry] = testing::MovedTo(theirs_[testing::IndexOf(theirs_, them_, LeafType::kJournal, 2)],
                                   instances_[1], 2);
  leaves[write] = testing::MovedTo(theirs_[testing::IndexOf(theirs_, them_, LeafType::kWrite)],
                                   instances_[1], 0);
  Rewrite(leaves);
  const TrailReport report = VerifyEntries();
  EXPECT_THAT(report, IsBroken("trail.forged-entry", entry, instances_[1]));
  EXPECT_THAT(report, IsBroken("trail.forged-entry", write, instances_[1]));
}

TEST_F(TrailOfAnother, CheckpointsAndProofsProveNothingHere) {
  std::string theirs;
  std::string proof;
  Bytes leaf;
  {
    auto trail = *TryOpenTrail(other_, "log");
    theirs = *trail.Sign("");
    const auto proven = trail.Prove(1, theirs);
    ASSERT_THAT(StatusOf(proven), IsOk());
    proof = proven->text;
    leaf = proven->leaf;
  }
  EXPECT_THAT(Verify({false, theirs}), IsBroken("trail.other-origin", kNowhere, kNowhere));
  AuditTrail trail = OpenTrail("auditor");
  EXPECT_THAT(StatusOf(VerifyProof(proof, LeafHash(leaf), trail.origin(), trail.log_key())),
              ErrorIs(Code::kAuditBroken, "checkpoint.other-origin"));
  EXPECT_THAT(StatusOf(trail.Prove(1, theirs)),
              ErrorIs(Code::kAuditBroken, "checkpoint.other-origin"));
  EXPECT_THAT(StatusOf(trail.Export(0, theirs, [](ByteView) { return Status(); })),
              ErrorIs(Code::kAuditBroken, "checkpoint.other-origin"));
}

// What a key of the vault does not stop: heads are sealed to a public key.
TEST_F(TrailSplice, WhoeverCanWriteTheFilesCanAddAnInstanceOfItsOwn) {
  const RawRows::Row row = RawRows(vault_.path()).Only(Table::kMeta, AsBytes("manifest"));
  const Keyring any = vault_.Granted("t", {});
  const keys::Manifest manifest =
      *keys::ParseManifest(row.second, vault_.id(), any.keys().header.authority, 1);
  const InstanceId mine{{1, 2, 3}};
  const audit::NewHead head =
      *audit::BuildHead(vault_.id(), mine, kJune2013, {.actor = "somebody else"},
                        manifest.auditor_public, crypto::SystemRandom());
  Leaves leaves = leaves_;
  leaves.push_back(MakeLeaf(LeafType::kOpened, mine, 0, head.bytes));
  Bytes end;
  audit::AppendLeafHead(LeafType::kAdopted, mine, 0, end);
  audit::AppendAdoption({.ends = {}, .adopter = instances_[0]}, end);
  leaves.push_back(end);
  Rewrite(leaves);
  EXPECT_THAT(Verify({true, pin_}), IsUnproven("trail.end-unproven", mine)) << "SECURITY.md";
}

// --- Keys
// ------------------------------------------------------------------------------------------

crypto::SigningKey SignerOf(const Keyring& keyring, keys::Role role) {
  const auto seed = keyring.keys().FindRole(role)->RevealBytes(
      [](ByteView bytes) { return crypto::SigningSeed::FromBytes(bytes); });
  return *crypto::SigningKey::FromSeed(*seed);
}

TEST_F(TrailOfAnother, AKeySignsNothing) {
  const crypto::SigningKey signer = SignerOf(other_.Origin("log"), keys::Role::kLog);
  std::string forged;
  {
    AuditTrail trail = OpenTrail("auditor");
    const Checkpoint head = *trail.Head();
    forged = *audit::SignCheckpoint(signer, trail.origin(), {head.size, head.root}, kJune2013);
  }
  EXPECT_THAT(Verify({false, forged}), IsBroken("trail.pin-forged", kNowhere, kNowhere));
  AuditTrail trail = OpenTrail("log");
  EXPECT_THAT(StatusOf(trail.Sign(forged)), ErrorIs(Code::kAuditBroken, "checkpoint.not-signed"));
}

TEST_F(TrailOfAnother, AKeyInTheManifestIsNeverTaken) {
  const Keyring authority = vault_.Origin("authority");
  const crypto::SigningKey right = SignerOf(authority, keys::Role::kAuthority);
  const crypto::SigningKey wrong = SignerOf(other_.Origin("authority"), keys::Role::kAuthority);
  const RawRows::Row row = RawRows(vault_.path()).Only(Table::kMeta, AsBytes("manifest"));
  const auto put = [&](const Bytes& manifest) {
    RawRows(vault_.path()).Put(Table::kMeta, row.first, manifest);
    return StatusOf(TryOpenTrail(vault_, "log"));
  };
  keys::Manifest manifest = *keys::ParseManifest(row.second, vault_.id(), right.verify_key(), 1);
  manifest.log_public = SignerOf(other_.Origin("log"), keys::Role::kLog).verify_key();
  EXPECT_THAT(put(keys::SignManifest(manifest, wrong)), ErrorIs(Code::kDamage, "manifest.damaged"));
  // Even with the authority's hand it is not the key that the keyring holds.
  EXPECT_THAT(put(keys::SignManifest(manifest, right)),
              ErrorIs(Code::kKey, "key.not-of-this-vault"));
  // An older one, of which the right authority signed every byte.
  manifest = *keys::ParseManifest(row.second, vault_.id(), right.verify_key(), 1);
  manifest.number = 0;
  EXPECT_THAT(put(keys::SignManifest(manifest, right)),
              ErrorIs(Code::kDamage, "manifest.rolled-back"));
  EXPECT_THAT(put(row.second), IsOk());
}

}  // namespace
}  // namespace bailee
