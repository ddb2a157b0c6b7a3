// SPDX-License-Identifier: Apache-2.0
#include "bailee/audit_trail.h"
#include "keys/issue.h"
#include "rotate_world.h"
#include "support/child_process.h"
#include "vault/frame/authority.h"
#include "vault/next_policy.h"

// The next authority: who still believes the one before, and for how long.
namespace bailee {
namespace {

using store::Table;
using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;
using Step = RotationState::Step;

constexpr std::string_view kAuthority = "authority";
const auto kRetiredAuthority = ErrorIs(Code::kKey, "key.retired");
const auto kNotTrusted = ErrorIs(Code::kDamage, "manifest.damaged");

class RotateAuthority : public RotateWorld {
 protected:
  // Every keyring that Create wrote but the authority's.
  std::vector<Keyring> Kept(std::string_view without = {}) const {
    std::vector<Keyring> keyrings;
    for (const std::string& name : names_)
      if (name != without) keyrings.push_back(world_.Origin(name));
    return keyrings;
  }
  Result<Rotated> BeginWith(const std::vector<Keyring>& keyrings, bool leaked) {
    Vault vault = world_.Open({});
    RotateOptions options = Keeping(leaked);
    for (const Keyring& each : keyrings) options.keyrings.push_back(&each);
    return vault.BeginRotation(world_.Origin(kAuthority), kAuthority, options);
  }
  Status BeginAuthority(bool leaked = false) { return StatusOf(BeginWith(Kept(), leaked)); }
  void RotateAll(bool leaked = false) {
    ASSERT_THAT(BeginAuthority(leaked), IsOk());
    ASSERT_THAT(StatusOf(Finish(kAuthority, {})), IsOk());
  }
  Result<Vault> OpenWith(Keyring keyring) { return world_.TryOpen(std::move(keyring)); }

  RawRows::Row Manifest() const {
    return RawRows(world_.path()).Only(Table::kMeta, AsBytes("manifest"));
  }
  void PutManifestRow(ByteView row) const {
    RawRows(world_.path()).Put(Table::kMeta, AsBytes("manifest"), row);
  }
  static crypto::SigningKey SignerFrom(const Keyring& authority) {
    return *keys::SigningKeyOf(authority.keys());
  }
  // What a thief with the old authority's key states: everything as it is, under its own hand.
  Bytes Forged(uint64_t number) const {
    const crypto::SigningKey now = SignerFrom(world_.Origin(kAuthority));
    keys::Manifest manifest =
        *keys::ParseManifest(Manifest().second, world_.id(), now.verify_key(), 1);
    manifest.number = number;
    manifest.open_authority.reset();
    return keys::SignManifest(manifest, SignerFrom(stolen_));
  }

  // As the vault was made; never replaced.
  const Keyring stolen_ = world_.Origin(kAuthority);
  const std::vector<std::string> names_ = KeptNames(world_);
};

TEST_F(RotateAuthority, KeyringsOfTheOldOneAreTakenUntilItIsFinished) {
  StoreCards();
  Keyring old = world_.Granted("old", {"billing"});
  Keyring again = world_.Granted("old", {"billing"});
  Keyring old_auditor = world_.Origin("auditor");
  const auto begun = BeginWith(Kept(), false);
  ASSERT_THAT(StatusOf(begun), IsOk());
  EXPECT_EQ(begun->state.step, Step::kReady);
  EXPECT_EQ(begun->state.to, 2);
  EXPECT_EQ(begun->keyrings.size(), names_.size() + 1);
  {
    Vault vault = *OpenWith(std::move(old));
    ExpectReadable(vault);
    EXPECT_EQ(vault.Rotations()->size(), 1u);
  }
  {
    Vault vault = world_.Open({"billing"});
    ExpectReadable(vault);
  }
  ASSERT_THAT(StatusOf(Finish(kAuthority, {})), IsOk());
  EXPECT_THAT(StatusOf(OpenWith(std::move(again))), kRetiredAuthority);
  EXPECT_THAT(
      StatusOf(AuditTrail::Open(world_.path(), std::move(old_auditor), {.clock = &world_.clock()})),
      kRetiredAuthority);
  Vault vault = world_.Open({"billing"});
  ExpectReadable(vault);
  EXPECT_EQ(FindCard(vault)->size(), size_t{kUsers});
}

TEST_F(RotateAuthority, EveryKeyringThatWasSignedAnewDoesWhatItDid) {
  StoreCards();
  RotateAll();
  const auto trail = [&](std::string_view name) {
    return AuditTrail::Open(world_.path(), world_.Origin(name), {.clock = &world_.clock()});
  };
  EXPECT_THAT(StatusOf(trail("log")->Sign("")), IsOk());
  const auto report = trail("auditor")->Verify({.entries = true});
  ASSERT_THAT(StatusOf(report), IsOk());
  EXPECT_THAT(report->ToStatus(), IsOk());
  {
    Vault vault = world_.Open({"rights", "upkeep"});
    EXPECT_THAT(StatusOf(vault.Upkeep()), IsOk());
    world_.clock().Set(kJuly2013);
    EXPECT_THAT(
        StatusOf(vault.Publish(
            world_.Origin(kAuthority),
            {.policy_text = Next(kNarrower),
             .keep = [&](const std::vector<KeyringFile>& files) { return world_.Keep(files); }})),
        IsOk());
  }
  Vault vault = world_.Open({"billing"});
  ExpectReadable(vault);
}

TEST_F(RotateAuthority, OneThatLeakedIsBelievedByNobodyAsSoonAsItIsBegun) {
  StoreCards();
  Keyring old = world_.Granted("old", {"billing"});
  ASSERT_THAT(BeginAuthority(true), IsOk());
  EXPECT_THAT(StatusOf(OpenWith(std::move(old))), kRetiredAuthority);
  ASSERT_THAT(StatusOf(Finish(kAuthority, {})), IsOk());
  Vault vault = world_.Open({"billing"});
  ExpectReadable(vault);
}

TEST_F(RotateAuthority, AStolenOldKeyStatesNothingToKeyringsSignedAnew) {
  const crypto::VerifyKey old = stolen_.keys().header.authority;
  for (const bool finished : {false, true}) {
    if (finished) {
      ASSERT_THAT(StatusOf(Finish(kAuthority, {})), IsOk());
    } else {
      ASSERT_THAT(BeginAuthority(), IsOk());
    }
    const Bytes right = Manifest().second;
    PutManifestRow(Forged(1'000));
    EXPECT_THAT(StatusOf(OpenWith(world_.Granted("new", {"billing"}))), kNotTrusted);
    // Nor with a successor of its own choosing.
    const Bytes statement =
        RawRows(world_.path()).Only(Table::kMeta, vault::SuccessorKeyOf(old)).second;
    const auto put = [&](ByteView row) {
      RawRows(world_.path()).Put(Table::kMeta, vault::SuccessorKeyOf(old), row);
    };
    put(keys::SignSuccessor(world_.id(), {1'000, old}, SignerFrom(stolen_)));
    EXPECT_THAT(StatusOf(OpenWith(world_.Granted("new", {"billing"}))), kNotTrusted);
    put(statement);
    PutManifestRow(right);
    EXPECT_THAT(StatusOf(OpenWith(world_.Granted("new", {"billing"}))), IsOk());
  }
}

TEST_F(RotateAuthority, TheOldOneSignsNoKeyringsAndNoPoliciesAnyMore) {
  const Keyring storage = world_.Origin("storage");
  ASSERT_THAT(BeginAuthority(), IsOk());
  {
    Vault vault = world_.Open({});
    EXPECT_THAT(StatusOf(vault.BeginRotation(stolen_, "log", Keeping())),
                ErrorIs(Code::kKey, "key.other-authority"));
  }
  ASSERT_THAT(StatusOf(Finish(kAuthority, {})), IsOk());
  // A keyring that the thief makes up names whom it likes, and opens nothing.
  const auto granted =
      Grant(stolen_, {&storage}, {.actor = "thief"}, Unlock::Nothing(), Clock::System());
  ASSERT_THAT(StatusOf(granted), IsOk());
  EXPECT_THAT(StatusOf(OpenWith(*Keyring::Open(*granted))), kRetiredAuthority);
}

// What is in the files may be moved by whoever writes them: each is refused.
TEST_F(RotateAuthority, RowsThatArePutBackRemovedOrChangedAreRefused) {
  const Keyring storage = world_.Origin("storage");
  const Keyring billing = world_.Origin("billing");
  const auto old = [&] {
    return *Keyring::Open(*Grant(stolen_, {&storage, &billing},
                                 {.actor = "old", .purposes = {"billing"}}, Unlock::Nothing(),
                                 Clock::System()));
  };
  const Bytes first = Manifest().second;
  ASSERT_THAT(BeginAuthority(), IsOk());
  const Bytes open = Manifest().second;
  const Bytes key = vault::SuccessorKeyOf(stolen_.keys().header.authority);
  const Bytes statement = RawRows(world_.path()).Only(Table::kMeta, key).second;
  EXPECT_THAT(StatusOf(OpenWith(old())), IsOk());
  // Without the statement, or with a bit of it changed, nobody follows.
  RawRows(world_.path()).Delete(Table::kMeta, key);
  EXPECT_THAT(StatusOf(OpenWith(old())), kNotTrusted);
  for (size_t byte = 0; byte < statement.size(); byte += 7) {
    Bytes changed = statement;
    changed[byte] ^= 1;
    RawRows(world_.path()).Put(Table::kMeta, key, changed);
    EXPECT_THAT(StatusOf(OpenWith(old())), kNotTrusted) << byte;
  }
  RawRows(world_.path()).Put(Table::kMeta, key, statement);
  // With the statement the manifest of before is none.
  PutManifestRow(first);
  EXPECT_THAT(StatusOf(OpenWith(old())), kNotTrusted);
  PutManifestRow(open);
  ASSERT_THAT(StatusOf(Finish(kAuthority, {})), IsOk());
  EXPECT_THAT(StatusOf(OpenWith(old())), kRetiredAuthority);
  RawRows(world_.path()).Delete(Table::kMeta, key);
  EXPECT_THAT(StatusOf(OpenWith(old())), kNotTrusted);
}

// A process that has seen the new authority, and has an old keyring, does not go back.
TEST_F(RotateAuthority, WhoeverFollowedDoesNotGoBack) {
  StoreCards();
  const Bytes key = vault::SuccessorKeyOf(stolen_.keys().header.authority);
  testing::ChildProcess service([&](const testing::Channel& channel) {
    Vault vault = world_.Open({"billing"});
    for (;;) {
      const auto pan = ReadCard(vault, "billing", IdOf(2), "pan", Who::Ref(UserName(0)));
      channel.Send(pan.ok() ? 'o' : pan.status().name() == "manifest.rolled-back" ? 'b' : 'x');
      if (channel.Receive() != 'a') return 0;
    }
  });
  EXPECT_EQ(service.channel().Receive(), 'o');
  ASSERT_THAT(BeginAuthority(), IsOk());
  service.channel().Send('a');
  EXPECT_EQ(service.channel().Receive(), 'o');
  // The thief takes the statement away and signs as before.
  const Bytes right = Manifest().second;
  const Bytes statement = RawRows(world_.path()).Only(Table::kMeta, key).second;
  RawRows(world_.path()).Delete(Table::kMeta, key);
  PutManifestRow(Forged(1'000));
  service.channel().Send('a');
  EXPECT_EQ(service.channel().Receive(), 'b');
  RawRows(world_.path()).Put(Table::kMeta, key, statement);
  PutManifestRow(right);
  service.channel().Send('a');
  EXPECT_EQ(service.channel().Receive(), 'o');
  ASSERT_THAT(StatusOf(Finish(kAuthority, {})), IsOk());
  service.channel().Send('a');
  EXPECT_EQ(service.channel().Receive(), 'x');
  service.channel().Send('e');
  EXPECT_EQ(service.Join(), 0);
}

TEST_F(RotateAuthority, NothingIsBegunUnlessEveryKeyIsThere) {
  for (const std::string& name : names_) {
    if (name == "storage") continue;  // every purpose's has that key too
    EXPECT_THAT(StatusOf(BeginWith(Kept(name), false)), ErrorIs(Code::kKey, "key.source-missing"))
        << name;
  }
  // Nor with keyrings of others, nor with the old authority among them.
  std::vector<Keyring> more = Kept();
  more.push_back(world_.Origin(kAuthority));
  EXPECT_THAT(StatusOf(BeginWith(more, false)), ErrorIs(Code::kKey, "key.other-authority"));
  const TempVault other(PolicyText("livelook_2013"));
  std::vector<Keyring> theirs = Kept();
  theirs.push_back(other.Origin("storage"));
  EXPECT_THAT(StatusOf(BeginWith(theirs, false)), ErrorIs(Code::kKey, "key.other-authority"));
  EXPECT_EQ(world_.Open({}).Rotations()->size(), 0u);
}

TEST_F(RotateAuthority, IsOneAtATimeAndFinishedWithANewKeyringAlone) {
  Keyring old = world_.Granted("old", {});
  const Keyring old_authority = world_.Origin(kAuthority);
  EXPECT_THAT(StatusOf(Finish(kAuthority, {})), ErrorIs(Code::kNotFound, "rotate.none"));
  ASSERT_THAT(BeginAuthority(), IsOk());
  EXPECT_THAT(BeginAuthority(), ErrorIs(Code::kConflict, "rotate.under-way"));
  EXPECT_THAT(StatusOf(Run(kAuthority, {})), IsOk());
  {
    Vault vault = *OpenWith(std::move(old));
    EXPECT_THAT(StatusOf(vault.FinishRotation(old_authority, kAuthority, Keeping())),
                ErrorIs(Code::kKey, "key.other-authority"));
    EXPECT_THAT(StatusOf(vault.FinishRotation(world_.Origin(kAuthority), kAuthority, Keeping())),
                ErrorIs(Code::kKey, "key.source-missing"));
  }
  RawRows(world_.path()).Delete(Table::kMeta, AsBytes("rotateauthority"));
  ASSERT_THAT(BeginAuthority(), IsOk());
  ASSERT_THAT(StatusOf(Finish(kAuthority, {})), IsOk());
}

TEST_F(RotateAuthority, IsFollowedByOthersOfEveryKind) {
  StoreCards();
  Keyring first = world_.Granted("first", {"billing"});
  RotateAll();
  Keyring second = world_.Granted("second", {"billing"});
  Rotate("log", {});
  Rotate("purpose/billing", {"billing"});
  Rotate("storage", {});
  RotateAll(true);
  EXPECT_THAT(StatusOf(OpenWith(std::move(first))), ErrorIs(Code::kKey, "key.retired"));
  EXPECT_THAT(StatusOf(OpenWith(std::move(second))), ErrorIs(Code::kKey, "key.retired"));
  Vault vault = world_.Open({"billing"});
  ExpectReadable(vault);
}

}  // namespace
}  // namespace bailee
