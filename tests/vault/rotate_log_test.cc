// SPDX-License-Identifier: Apache-2.0
#include "audit/checkpoint_sign.h"
#include "bailee/audit_trail.h"
#include "keys/issue.h"
#include "rotate_world.h"
#include "support/child_process.h"

// The next key of the log: what each of its keys signs, and for what it counts.
namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;
using Step = RotationState::Step;

constexpr std::string_view kLog = "log";
const auto kLogRetired = ErrorIs(Code::kKey, "key.retired");
const auto kCountsNot = ErrorIs(Code::kAuditBroken, "checkpoint.key-retired");

crypto::SigningKey LogSigner(const Keyring& keyring) {
  return *keys::SignerOf(keyring.keys().roles.front());
}

class RotateLog : public RotateWorld {
 protected:
  Result<AuditTrail> TryTrail(Keyring keyring) {
    return AuditTrail::Open(world_.path(), std::move(keyring),
                            {.clock = &world_.clock(), .map_bytes = uint64_t{1} << 30});
  }
  AuditTrail Trail(std::string_view name) {
    auto trail = TryTrail(world_.Origin(name));
    EXPECT_THAT(StatusOf(trail), IsOk());
    if (!trail.ok()) std::abort();
    return *std::move(trail);
  }
  // Signs with the newest keyring, and keeps what was signed.
  std::string Sign() {
    AuditTrail trail = Trail(kLog);
    const auto text = trail.Sign(last_);
    EXPECT_THAT(StatusOf(text), IsOk());
    last_ = *text;
    origin_ = trail.origin();
    return last_;
  }
  void Use() {
    Vault vault = world_.Open({"billing"});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(++cards_))), IsOk());
  }
  LogKeys Keys() { return Trail("storage").log_keys(); }
  Status Check(const std::string& checkpoint, const LogKeys& keys) const {
    return VerifyCheckpoint(checkpoint, origin_, keys).status();
  }
  TrailReport Verified(const std::string& pinned) {
    auto report = Trail("auditor").Verify({.entries = true, .pinned = pinned});
    EXPECT_THAT(StatusOf(report), IsOk());
    return report.ok() ? *report : TrailReport{};
  }
  // What a thief with the key signs: the tree of that size, or one that never was.
  std::string Forged(const Keyring& stolen, uint64_t size, const TreeHash& root) const {
    return *audit::SignCheckpoint(LogSigner(stolen), origin_, {size, root}, kJune2013);
  }
  void RotateLeaked(const std::string& checkpoint) {
    {
      Vault vault = world_.Open({});
      RotateOptions options = Keeping(true);
      options.checkpoint = checkpoint;
      ASSERT_THAT(StatusOf(vault.BeginRotation(world_.Origin("authority"), kLog, options)), IsOk());
    }
    ASSERT_THAT(StatusOf(Finish(kLog, {})), IsOk());
  }

  std::string last_;
  std::string origin_;
  uint8_t cards_ = 0;
};

TEST_F(RotateLog, WhatWasSignedBeforeGoesOnCountingAndTheNewKeySigns) {
  Use();
  const std::string before = Sign();
  const std::string proof = Trail("auditor").Prove(1, before)->text;
  const Bytes leaf = Trail("auditor").Prove(1, before)->leaf;
  Keyring old = world_.Origin(kLog);
  Keyring again = world_.Origin(kLog);
  const auto begun = Begin(kLog, {});
  ASSERT_THAT(StatusOf(begun), IsOk());
  EXPECT_EQ(begun->state.step, Step::kReady);
  EXPECT_EQ(begun->state.from, 1);
  EXPECT_EQ(begun->state.to, 2);
  EXPECT_EQ(begun->keyrings, std::vector<std::string>{"log"});
  // Both sign until it is finished.
  {
    auto trail = TryTrail(std::move(old));
    ASSERT_THAT(StatusOf(trail), IsOk());
    last_ = *trail->Sign(last_);
  }
  const std::string meanwhile = last_;
  const std::string by_new = Sign();
  ASSERT_THAT(StatusOf(Finish(kLog, {})), IsOk());
  EXPECT_THAT(StatusOf(TryTrail(std::move(again))), kLogRetired);
  const LogKeys keys = Keys();
  ASSERT_EQ(keys.ranges.size(), 2u);
  for (const std::string& each : {before, meanwhile, by_new, Sign()})
    EXPECT_THAT(Check(each, keys), IsOk());
  EXPECT_THAT(StatusOf(VerifyProof(proof, LeafHash(leaf), origin_, keys)), IsOk());
  // Whoever knows the new key alone is shown nothing by the old one.
  EXPECT_THAT(Check(before, keys.ranges.back().key),
              ErrorIs(Code::kAuditBroken, "checkpoint.not-signed"));
  EXPECT_THAT(Verified(before).ToStatus(), IsOk());
  EXPECT_EQ(world_.Open({}).Rotations()->size(), 0u);
}

TEST_F(RotateLog, AStolenOldKeySignsNoLaterHistory) {
  Use();
  Sign();
  const Keyring stolen = world_.Origin(kLog);
  Rotate(kLog, {});
  const LogKeys keys = Keys();
  const uint64_t bound = keys.ranges.front().size_max;
  EXPECT_THAT(Check(Forged(stolen, bound + 1, LeafHash({})), keys), kCountsNot);
  EXPECT_THAT(Check(Forged(stolen, UINT64_MAX, LeafHash({})), keys), kCountsNot);
  Use();
  // Not even of the true head, nor as the one before the next.
  const Checkpoint head = *Trail("auditor").Head();
  const std::string forged = Forged(stolen, head.size, head.root);
  EXPECT_THAT(Check(forged, keys), kCountsNot);
  EXPECT_EQ(Verified(forged).ToStatus().code(), Code::kAuditBroken);
  AuditTrail trail = Trail(kLog);
  EXPECT_THAT(StatusOf(trail.Sign(forged)), kCountsNot);
  EXPECT_THAT(StatusOf(trail.Prove(1, forged)), kCountsNot);
}

TEST_F(RotateLog, OfAKeyThatLeakedTheLastGoodHeadAloneCountsOutside) {
  Use();
  const std::string older = Sign();
  const std::string good = Sign();
  const Checkpoint known = *VerifyCheckpoint(good, origin_, Keys());
  const Keyring stolen = world_.Origin(kLog);
  Use();
  RotateLeaked(good);
  const LogKeys keys = Keys();
  EXPECT_EQ(keys.ranges.front().size_max, known.size);
  EXPECT_EQ(keys.ranges.front().only_root, known.root);
  EXPECT_THAT(Check(good, keys), IsOk());
  EXPECT_EQ(VerifyCheckpoint(good, origin_, keys)->time, std::nullopt);
  EXPECT_THAT(Check(older, keys), kCountsNot);
  EXPECT_THAT(Check(Forged(stolen, known.size, LeafHash({})), keys), kCountsNot);
  EXPECT_THAT(Check(Forged(stolen, known.size - 1, LeafHash({})), keys), kCountsNot);
  EXPECT_THAT(Check(Forged(stolen, known.size + 1, LeafHash({})), keys), kCountsNot);
  // Within the vault the tree says what is so.
  EXPECT_THAT(Verified(older).ToStatus(), IsOk());
  EXPECT_THAT(Verified(Forged(stolen, known.size - 1, LeafHash({}))).ToStatus().code(),
              Code::kAuditBroken);
  last_ = good;
  EXPECT_THAT(Check(Sign(), keys), IsOk());
}

TEST_F(RotateLog, OneThatLeakedIsRetiredAsSoonAsItIsBegun) {
  Use();
  const std::string good = Sign();
  Keyring stolen = world_.Origin(kLog);
  {
    Vault vault = world_.Open({});
    ASSERT_THAT(StatusOf(vault.BeginRotation(world_.Origin("authority"), kLog, Keeping(true))),
                IsOk());
  }
  EXPECT_THAT(StatusOf(TryTrail(std::move(stolen))), kLogRetired);
  // No checkpoint was named: outside the vault nothing of the old key counts.
  EXPECT_THAT(Check(good, Keys()), kCountsNot);
  EXPECT_THAT(Verified(good).ToStatus(), IsOk());
  EXPECT_THAT(StatusOf(Finish(kLog, {})), IsOk());
}

TEST_F(RotateLog, IsStatedByTheAuthority) {
  Use();
  const Keyring before = world_.Origin(kLog);
  Rotate(kLog, {});
  const RawRows rows(world_.path());
  const keys::Manifest manifest =
      *keys::ParseManifest(rows.Only(store::Table::kMeta, AsBytes("manifest")).second, world_.id(),
                           world_.Origin("authority").keys().header.authority, 1);
  ASSERT_EQ(manifest.earlier_logs.size(), 1u);
  EXPECT_EQ(manifest.earlier_logs[0].log_public, LogSigner(before).verify_key());
  EXPECT_EQ(manifest.log_public, LogSigner(world_.Origin(kLog)).verify_key());
  EXPECT_TRUE(manifest.earlier_logs[0].bound.has_value());
}

// The process that signs, open since before.
TEST_F(RotateLog, WhoeverSignsIsToldOnceItIsRetired) {
  Use();
  testing::ChildProcess signer([&](const testing::Channel& channel) {
    AuditTrail trail = Trail(kLog);
    channel.Send(trail.Sign("").ok() ? 's' : 'f');
    while (channel.Receive() == 'a') {
      const Status status = StatusOf(trail.Sign(""));
      channel.Send(status.ok() ? 's' : status.name() == "key.retired" ? 'r' : 'f');
    }
    return 0;
  });
  EXPECT_EQ(signer.channel().Receive(), 's');
  ASSERT_THAT(StatusOf(Begin(kLog, {})), IsOk());
  signer.channel().Send('a');
  EXPECT_EQ(signer.channel().Receive(), 's');
  ASSERT_THAT(StatusOf(Finish(kLog, {})), IsOk());
  for (int i = 0; i < 2; ++i) {
    signer.channel().Send('a');
    EXPECT_EQ(signer.channel().Receive(), 'r');
  }
  signer.channel().Send('e');
  EXPECT_EQ(signer.Join(), 0);
}

TEST_F(RotateLog, AnOlderManifestIsRefusedByTheNewKeyring) {
  Use();
  const Bytes older = RawRows(world_.path()).Only(store::Table::kMeta, AsBytes("manifest")).second;
  Keyring old = world_.Origin(kLog);
  Rotate(kLog, {});
  const RawRows::Row now = RawRows(world_.path()).Only(store::Table::kMeta, AsBytes("manifest"));
  RawRows(world_.path()).Put(store::Table::kMeta, now.first, older);
  EXPECT_THAT(StatusOf(TryTrail(world_.Origin(kLog))),
              ErrorIs(Code::kDamage, "manifest.rolled-back"));
  RawRows(world_.path()).Put(store::Table::kMeta, now.first, now.second);
  EXPECT_THAT(StatusOf(TryTrail(world_.Origin(kLog))), IsOk());
}

// The authority's own word on what the tree was is a pin that lies in the vault.
TEST_F(RotateLog, ATreeThatDoesNotBeginWithWhatWasStatedIsBroken) {
  Use();
  Rotate(kLog, {});
  const Keyring authority = world_.Origin("authority");
  const RawRows::Row row = RawRows(world_.path()).Only(store::Table::kMeta, AsBytes("manifest"));
  keys::Manifest manifest =
      *keys::ParseManifest(row.second, world_.id(), authority.keys().header.authority, 1);
  manifest.earlier_logs[0].bound->root[0] ^= 1;
  RawRows(world_.path())
      .Put(store::Table::kMeta, row.first,
           keys::SignManifest(manifest, *keys::SigningKeyOf(authority.keys())));
  EXPECT_EQ(Verified("").ToStatus().code(), Code::kAuditBroken);
}

TEST_F(RotateLog, AfterEachOtherEveryKeyCountsForItsOwnTime) {
  std::vector<std::string> signed_ones;
  std::vector<Keyring> stolen;
  for (int i = 0; i < 3; ++i) {
    Use();
    signed_ones.push_back(Sign());
    stolen.push_back(world_.Origin(kLog));
    Rotate(kLog, {});
  }
  const LogKeys keys = Keys();
  ASSERT_EQ(keys.ranges.size(), 4u);
  for (const std::string& each : signed_ones) EXPECT_THAT(Check(each, keys), IsOk());
  for (size_t i = 0; i < stolen.size(); ++i) {
    const uint64_t bound = keys.ranges[i].size_max;
    EXPECT_THAT(Check(Forged(stolen[i], bound + 1, LeafHash({})), keys), kCountsNot) << i;
  }
  EXPECT_THAT(Verified(signed_ones.front()).ToStatus(), IsOk());
}

TEST_F(RotateLog, IsOneAtATimeAndGoesOnWithoutItsNote) {
  Use();
  Keyring old = world_.Origin(kLog);
  EXPECT_THAT(StatusOf(Finish(kLog, {})), ErrorIs(Code::kNotFound, "rotate.none"));
  ASSERT_THAT(StatusOf(Begin(kLog, {})), IsOk());
  EXPECT_THAT(StatusOf(Begin(kLog, {})), ErrorIs(Code::kConflict, "rotate.under-way"));
  EXPECT_THAT(StatusOf(Run(kLog, {})), IsOk());
  // The note is lost: beginning finds the key that is open, and makes no other.
  RawRows(world_.path()).Delete(store::Table::kMeta, AsBytes("rotatelog"));
  const auto again = Begin(kLog, {});
  ASSERT_THAT(StatusOf(again), IsOk());
  EXPECT_EQ(again->keyrings.size(), 0u);
  ASSERT_THAT(StatusOf(Finish(kLog, {})), IsOk());
  EXPECT_EQ(Keys().ranges.size(), 2u);
  EXPECT_THAT(StatusOf(TryTrail(std::move(old))), kLogRetired);
}

TEST_F(RotateLog, TakesACheckpointOfThisHistoryAlone) {
  Use();
  const std::string first = Sign();
  Rotate(kLog, {});
  const Keyring mine = world_.Origin(kLog);
  const auto begin = [&](const std::string& checkpoint) {
    Vault vault = world_.Open({});
    RotateOptions options = Keeping(true);
    options.checkpoint = checkpoint;
    return StatusOf(vault.BeginRotation(world_.Origin("authority"), kLog, options));
  };
  EXPECT_THAT(begin(Forged(mine, 3, LeafHash({}))), ErrorIs(Code::kAuditBroken, "trail.forked"));
  EXPECT_THAT(begin(first), ErrorIs(Code::kInvalidValue, "rotate.checkpoint"));
  EXPECT_THAT(begin("nonsense"), ErrorIs(Code::kInvalidValue, "checkpoint.malformed"));
  EXPECT_EQ(world_.Open({}).Rotations()->size(), 0u);
}

}  // namespace
}  // namespace bailee
