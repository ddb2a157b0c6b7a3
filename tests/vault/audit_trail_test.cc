// SPDX-License-Identifier: Apache-2.0
#include "bailee/audit_trail.h"

#include <fstream>

#include "vault/stories.h"

// What auditor and signer do with the trail of a vault that others use.
namespace bailee {
namespace {

using testing::ErrorIs;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusOf;

class AuditTrailTest : public ::testing::Test {
 protected:
  AuditTrail Open(std::string_view keyring) {
    Result<AuditTrail> trail = TryOpen(vault_.Origin(keyring));
    EXPECT_THAT(StatusOf(trail), IsOk());
    if (!trail.ok()) std::abort();
    return *std::move(trail);
  }
  Result<AuditTrail> TryOpen(Keyring keyring) {
    return AuditTrail::Open(vault_.path(), std::move(keyring),
                            {.clock = &vault_.clock(), .map_bytes = uint64_t{1} << 30});
  }
  // Somebody stores a card and reads it `reads` times.
  void Use(size_t reads = 1) {
    Vault vault = vault_.Open({"billing"});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(++cards_))), IsOk());
    for (size_t i = 0; i < reads; ++i) {
      ASSERT_THAT(StatusOf(ReadCard(vault, "billing", IdOf(cards_), "pan")), IsOk());
    }
  }
  static std::vector<TrailEntry> All(AuditTrail& trail, const TrailFilter& filter = {},
                                     uint64_t from = 0) {
    std::vector<TrailEntry> entries;
    const auto next = trail.Entries(filter, from, [&](const TrailEntry& entry) {
      entries.push_back(entry);
      return true;
    });
    EXPECT_THAT(StatusOf(next), IsOk());
    return entries;
  }
  static std::vector<std::string> KindsOf(const std::vector<TrailEntry>& entries) {
    std::vector<std::string> kinds;
    for (const TrailEntry& entry : entries) kinds.push_back(entry.kind);
    return kinds;
  }
  static TrailReport Verified(AuditTrail& trail, const std::string& pinned = {},
                              bool entries = false) {
    auto report = trail.Verify({.entries = entries, .pinned = pinned});
    EXPECT_THAT(StatusOf(report), IsOk());
    return report.ok() ? *report : TrailReport{};
  }

  TempVault vault_{PolicyText("livelook_2013")};
  uint8_t cards_ = 0;
};

TEST_F(AuditTrailTest, OpensWithEveryKeyringOfTheVaultAndNoOther) {
  for (const char* name : {"auditor", "log", "authority", "backup", "storage", "billing"}) {
    AuditTrail trail = Open(name);
    EXPECT_EQ(trail.vault(), vault_.id());
    EXPECT_THAT(Verified(trail).ToStatus(), IsOk());
  }
  const TempVault other(PolicyText("livelook_2013"));
  EXPECT_THAT(StatusOf(TryOpen(other.Origin("auditor"))), ErrorIs(Code::kKey, "key.other-vault"));
}

TEST_F(AuditTrailTest, ShowsWhoDidWhatAndThatItWasLookedAt) {
  Use();
  AuditTrail trail = Open("auditor");
  const std::vector<TrailEntry> entries = All(trail);
  EXPECT_THAT(KindsOf(entries),
              ::testing::ElementsAre("open", "collect", "read", "close", "trail-log"));
  EXPECT_EQ(entries[2].actor, "tester");
  EXPECT_EQ(entries[2].purpose, "billing");
  EXPECT_EQ(entries[2].category, "payment_card");
  EXPECT_THAT(entries[2].fields, ::testing::ElementsAre("pan"));
  ASSERT_EQ(entries[1].records.size(), 1u);
  EXPECT_EQ(entries[1].records[0].category, "payment_card");
  EXPECT_EQ(entries[1].records[0].record, IdOf(1));
  EXPECT_EQ(entries[4].actor, "auditor");
}

TEST_F(AuditTrailTest, FiltersAndFollows) {
  Use();
  AuditTrail trail = Open("auditor");
  EXPECT_EQ(All(trail, {.kind = "read"}).size(), 1u);
  EXPECT_EQ(All(trail, {.purpose = "billing"}).size(), 1u);
  EXPECT_EQ(All(trail, {.actor = "tester"}).size(), 4u);
  EXPECT_THAT(All(trail, {.outcome = "refused"}), IsEmpty());
  EXPECT_EQ(All(trail, {.category = "payment_card"}).size(), 2u);
  EXPECT_THAT(All(trail, {.until = kJune2013}), IsEmpty());
  const TrailEntry read = All(trail, {.kind = "read"})[0];
  EXPECT_EQ(All(trail, {.kind = "read", .handle = read.handle}).size(), 1u);
  // Stops where it is told to and goes on from there.
  size_t seen = 0;
  const auto next = trail.Entries({}, 0, [&](const TrailEntry&) { return ++seen < 2; });
  ASSERT_THAT(StatusOf(next), IsOk());
  EXPECT_EQ(KindsOf(All(trail, {}, *next))[0], "read");
  EXPECT_THAT(StatusOf(trail.Entries({}, 1'000, [](const TrailEntry&) { return true; })),
              ErrorIs(Code::kNotFound, "audit.beyond-tree"));
}

// Whoever has looked before sees the same as somebody who has not, wherever they look.
TEST_F(AuditTrailTest, LooksInAnyOrderShowTheSame) {
  const auto texts = [](const std::vector<TrailEntry>& entries) {
    std::vector<std::string> ids;
    for (const TrailEntry& entry : entries) ids.push_back(entry.id.ToText() + " " + entry.kind);
    return ids;
  };
  for (const size_t reads : {size_t{300}, size_t{700}, size_t{400}}) Use(reads);
  std::vector<std::pair<uint64_t, std::vector<std::string>>> looks;
  for (const uint64_t from : {uint64_t{1400}, uint64_t{800}, uint64_t{1390}, uint64_t{1100},
                              uint64_t{0}, uint64_t{801}, uint64_t{1057}, uint64_t{1402}}) {
    AuditTrail fresh = Open("auditor");
    looks.emplace_back(from, texts(All(fresh, {.actor = "tester"}, from)));
    EXPECT_FALSE(looks.back().second.empty());
  }
  AuditTrail old = Open("auditor");
  for (int round = 0; round < 2; ++round) {
    for (const auto& [from, expected] : looks)
      EXPECT_EQ(texts(All(old, {.actor = "tester"}, from)), expected) << from;
  }
}

TEST_F(AuditTrailTest, FindsADecision) {
  Use();
  AuditTrail trail = Open("auditor");
  const TrailEntry collected = All(trail, {.kind = "collect"})[0];
  const auto found = trail.Find(collected.id);
  ASSERT_THAT(StatusOf(found), IsOk());
  EXPECT_EQ(found->index, collected.index);
  EXPECT_EQ(found->kind, "collect");
  DecisionId unknown = collected.id;
  unknown.number = 99;
  EXPECT_THAT(StatusOf(trail.Find(unknown)), ErrorIs(Code::kNotFound, "audit.no-such-decision"));
  // What was asked about is recorded.
  EXPECT_EQ(All(trail, {.kind = "explain"})[0].details[0].second, collected.id.ToText());
}

TEST_F(AuditTrailTest, RefusesWhoeverLacksTheSecretAndRecordsIt) {
  {
    AuditTrail trail = Open("log");
    EXPECT_THAT(StatusOf(trail.Entries({}, 0, [](const TrailEntry&) { return true; })),
                ErrorIs(Code::kKey, "key.auditor-missing"));
    EXPECT_THAT(StatusOf(trail.Verify({.entries = true})),
                ErrorIs(Code::kKey, "key.auditor-missing"));
    EXPECT_THAT(StatusOf(trail.Find({})), ErrorIs(Code::kKey, "key.auditor-missing"));
    EXPECT_THAT(StatusOf(trail.Prune({})), ErrorIs(Code::kKey, "key.auditor-missing"));
  }
  AuditTrail trail = Open("auditor");
  EXPECT_THAT(StatusOf(trail.Sign("")), ErrorIs(Code::kKey, "key.log-missing"));
  EXPECT_THAT(
      KindsOf(All(trail, {.outcome = "failed"})),
      ::testing::ElementsAre("trail-log", "trail-verify", "explain", "trail-prune", "trail-sign"));
}

TEST_F(AuditTrailTest, SignsWhatExtendsTheLastCheckpointAndNothingElse) {
  Use();
  std::string first;
  std::string second;
  {
    AuditTrail trail = Open("log");
    const auto signed_head = trail.Sign("");
    ASSERT_THAT(StatusOf(signed_head), IsOk());
    first = *signed_head;
    const auto checkpoint = VerifyCheckpoint(first, trail.origin(), trail.log_key());
    ASSERT_THAT(StatusOf(checkpoint), IsOk());
    EXPECT_EQ(checkpoint->time, kJune2013);
  }
  Use();
  {
    AuditTrail trail = Open("log");
    const auto signed_head = trail.Sign(first);
    ASSERT_THAT(StatusOf(signed_head), IsOk());
    second = *signed_head;
    EXPECT_THAT(Verified(trail, first).findings, IsEmpty());
    EXPECT_THAT(Verified(trail, second).findings, IsEmpty());
  }
  const TempVault other(PolicyText("livelook_2013"));
  auto elsewhere = AuditTrail::Open(other.path(), other.Origin("log"),
                                    {.clock = &vault_.clock(), .map_bytes = uint64_t{1} << 30});
  ASSERT_THAT(StatusOf(elsewhere), IsOk());
  EXPECT_EQ(StatusOf(elsewhere->Sign(second)).code(), Code::kAuditBroken);
}

TEST_F(AuditTrailTest, SignsNothingWithATimeBeforeTheLastCheckpoint) {
  vault_.clock().AdvanceDays(1);
  AuditTrail trail = Open("log");
  const auto first = trail.Sign("");
  ASSERT_THAT(StatusOf(first), IsOk());
  vault_.clock().AdvanceDays(-1);
  EXPECT_THAT(StatusOf(trail.Sign(*first)), ErrorIs(Code::kFailed, "clock.backwards"));
}

TEST_F(AuditTrailTest, FindsThatAnOlderVaultWasPutBack) {
  Use();
  const std::string old = ReadFile(vault_.path() + "/data.mdb");
  std::string pin;
  std::string checkpoint;
  {
    AuditTrail trail = Open("log");
    checkpoint = *trail.Sign("");
    pin = *trail.Pin();
    EXPECT_THAT(Verified(trail, pin).ToStatus(), IsOk());
  }
  {
    std::ofstream out(vault_.path() + "/data.mdb", std::ios::binary | std::ios::trunc);
    out << old;
  }
  AuditTrail trail = Open("log");
  const TrailReport report = Verified(trail, pin);
  ASSERT_FALSE(report.findings.empty());
  EXPECT_THAT(report.ToStatus(), ErrorIs(Code::kAuditBroken, "trail.broken"));
  EXPECT_EQ(StatusOf(trail.Sign(checkpoint)).code(), Code::kAuditBroken);
}

TEST_F(AuditTrailTest, AddsUpFindingsByTheWeightiest) {
  TrailReport report;
  EXPECT_THAT(report.ToStatus(), IsOk());
  report.findings.push_back({TrailFinding::Weight::kKnown, "a.b", "c", {}, {}});
  EXPECT_THAT(report.ToStatus(), IsOk());
  report.findings.push_back({TrailFinding::Weight::kUnproven, "a.b", "c", {}, {}});
  EXPECT_THAT(report.ToStatus(), ErrorIs(Code::kFindings, "trail.unproven"));
  report.findings.push_back({TrailFinding::Weight::kBroken, "a.b", "c", {}, {}});
  EXPECT_THAT(report.ToStatus(), ErrorIs(Code::kAuditBroken, "trail.broken"));
}

TEST_F(AuditTrailTest, ProvesExportsAndPrunesAYearLater) {
  Use(300);
  std::string checkpoint;
  {
    AuditTrail trail = Open("log");
    checkpoint = *trail.Sign("");
  }
  AuditTrail trail = Open("auditor");
  const auto proof = trail.Prove(270, checkpoint);
  ASSERT_THAT(StatusOf(proof), IsOk());
  const auto proven =
      VerifyProof(proof->text, LeafHash(proof->leaf), trail.origin(), trail.log_key());
  ASSERT_THAT(StatusOf(proven), IsOk());
  EXPECT_EQ(proven->index, 270u);
  EXPECT_THAT(StatusOf(trail.Prove(100'000, checkpoint)),
              ErrorIs(Code::kNotFound, "audit.beyond-tree"));
  uint64_t bytes = 0;
  const auto exported = trail.Export(0, checkpoint, [&](ByteView piece) {
    bytes += piece.size();
    return Status();
  });
  ASSERT_THAT(StatusOf(exported), IsOk());
  EXPECT_EQ(*exported, ParseCheckpoint(checkpoint)->size);
  EXPECT_GT(bytes, 10'000u);

  const Timestamp everything{kJune2013.unix_ms + 1'000 * kMillisPerDay};
  const AuditTrail::PruneOptions options{.checkpoint = checkpoint, .older_than = everything};
  EXPECT_THAT(StatusOf(trail.Prune(options)), ErrorIs(Code::kNotFound, "audit.nothing-to-prune"));
  vault_.clock().AdvanceDays(365);
  EXPECT_THAT(StatusOf(trail.Prune(options)), ErrorIs(Code::kNotFound, "audit.nothing-to-prune"));
  vault_.clock().AdvanceDays(1);
  const auto gone = trail.Prune(options);
  ASSERT_THAT(StatusOf(gone), IsOk());
  EXPECT_EQ(*gone, 256u);
  const TrailReport report = Verified(trail, checkpoint, true);
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.pruned, 256u);
  EXPECT_TRUE(report.entries_opened);
  EXPECT_EQ(All(trail)[0].index, 256u);
  EXPECT_THAT(StatusOf(trail.Prove(270, checkpoint)), IsOk());
  EXPECT_THAT(StatusOf(trail.Prove(255, checkpoint)),
              ErrorIs(Code::kNotFound, "audit.leaf-pruned"));
  EXPECT_EQ(All(trail, {.outcome = "allowed", .kind = "trail-prune"}).size(), 1u);
}

}  // namespace
}  // namespace bailee
