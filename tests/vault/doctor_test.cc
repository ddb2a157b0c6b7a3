// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <filesystem>

#include "vault/check/doctor_facts.h"
#include "vault/stories.h"

// What doctor makes of what it sees, and that it sees what is there.
namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;
using Verdict = DoctorPoint::Verdict;

const DoctorPoint& Named(const std::vector<DoctorPoint>& points, std::string_view name) {
  for (const DoctorPoint& each : points) {
    if (each.name == name) return each;
  }
  ADD_FAILURE() << "no point " << name;
  std::abort();
}

constexpr Timestamp kNow{1'800'000'000'000};

vault::MachineFacts FitMachine() {
  vault::MachineFacts facts;
  facts.secrets_locked = true;
  facts.core_pattern = "core";
  facts.now = kNow;
  facts.lmdb_version[1] = 9;
  facts.lmdb_version[2] = 24;
  return facts;
}

vault::VaultFacts FitVault() {
  vault::VaultFacts facts;
  facts.files = {{.name = "data.mdb", .there = true, .mode = 0600, .ours = true}};
  facts.vault_filesystem = facts.epoch_filesystem = 0xEF53;  // ext4
  facts.free_bytes = uint64_t{1} << 40;
  facts.file_bytes = uint64_t{1} << 30;
  facts.latest = kNow;
  facts.readers_max = 1024;
  return facts;
}

void ExpectAllWell(const std::vector<DoctorPoint>& points) {
  for (const DoctorPoint& each : points) {
    EXPECT_EQ(each.verdict, Verdict::kOk) << each.name;
    EXPECT_FALSE(each.found.empty() || each.means.empty()) << each.name;
    EXPECT_TRUE(each.hint.empty()) << each.name;
  }
  EXPECT_THAT(DoctorStatus(points), IsOk());
}

void ExpectPoint(const std::vector<DoctorPoint>& points, std::string_view name, Verdict verdict) {
  const DoctorPoint& point = Named(points, name);
  EXPECT_EQ(point.verdict, verdict) << name << " " << point.found;
  EXPECT_FALSE(point.hint.empty()) << name;
  EXPECT_EQ(DoctorStatus(points).ok(), verdict != Verdict::kProblem) << name;
}

TEST(Doctor, OfWhatIsFitEverythingIsOk) {
  ExpectAllWell(vault::JudgeMachine(FitMachine()));
  ExpectAllWell(vault::JudgeVault(FitVault(), kNow));
  ExpectAllWell(vault::JudgeKeyring(
      {{.name = "a.keyring", .there = true, .mode = 0400, .ours = true}, kNow}, kNow));
}

TEST(Doctor, SaysWhatOfAMachineLetsSecretsOut) {
  vault::MachineFacts facts = FitMachine();
  facts.secrets_locked = false;
  ExpectPoint(vault::JudgeMachine(facts), "memory.locked", Verdict::kProblem);
  facts = FitMachine();
  facts.dumpable = true;
  ExpectAllWell(vault::JudgeMachine(facts));
  facts.core_pattern = "|/usr/bin/collector";
  ExpectPoint(vault::JudgeMachine(facts), "core.dumps", Verdict::kWarning);
  facts.core_pattern = "core";
  facts.core_bytes_max = 1;
  ExpectPoint(vault::JudgeMachine(facts), "core.dumps", Verdict::kWarning);
  facts = FitMachine();
  facts.swaps = {"/dev/sda2"};
  ExpectPoint(vault::JudgeMachine(facts), "swap", Verdict::kWarning);
  facts = FitMachine();
  facts.now = {0};
  ExpectPoint(vault::JudgeMachine(facts), "clock", Verdict::kProblem);
}

TEST(Doctor, KnowsTheVersionsOfLmdbWhoseLocksRace) {
  for (const int patch : {25, 26, 31, 32}) {
    vault::MachineFacts facts = FitMachine();
    facts.lmdb_version[2] = patch;
    const bool racy = patch == 26 || patch == 31;
    EXPECT_EQ(Named(vault::JudgeMachine(facts), "lmdb.version").verdict,
              racy ? Verdict::kWarning : Verdict::kOk)
        << patch;
  }
}

TEST(Doctor, SaysWhatOfAVaultsPlaceIsNotFit) {
  const auto with = [](const auto& change) {
    vault::VaultFacts facts = FitVault();
    change(facts);
    return vault::JudgeVault(facts, kNow);
  };
  ExpectPoint(with([](auto& f) { f.files[0].mode = 0640; }), "file.mode", Verdict::kProblem);
  ExpectPoint(with([](auto& f) { f.files[0].ours = false; }), "file.mode", Verdict::kWarning);
  ExpectPoint(with([](auto& f) { f.vault_filesystem = 0x6969; }), "filesystem.vault",
              Verdict::kProblem);
  ExpectPoint(with([](auto& f) { f.vault_filesystem = 0x01021994; }), "filesystem.vault",
              Verdict::kWarning);
  for (const int64_t copies : std::vector<int64_t>{0x9123683E, 0x2FC12FC1, 0x794C7630}) {
    ExpectPoint(with([&](auto& f) { f.epoch_filesystem = copies; }), "filesystem.epoch",
                Verdict::kProblem);
    EXPECT_EQ(
        Named(with([&](auto& f) { f.vault_filesystem = copies; }), "filesystem.vault").verdict,
        Verdict::kOk);
  }
  ExpectPoint(with([](auto& f) { f.free_bytes = 1; }), "space", Verdict::kProblem);
  ExpectPoint(with([](auto& f) { f.free_bytes = f.file_bytes - 1; }), "space", Verdict::kWarning);
  ExpectPoint(with([](auto& f) { f.readers_used = 513; }), "readers", Verdict::kWarning);
  ExpectPoint(with([](auto& f) { f.due = 1; }), "upkeep", Verdict::kWarning);
  ExpectPoint(with([](auto& f) { f.keywork = 1; }), "upkeep", Verdict::kWarning);
  ExpectPoint(with([](auto& f) { f.latest = {kNow.unix_ms + 1'000}; }), "clock.vault",
              Verdict::kWarning);
  ExpectPoint(with([](auto& f) { f.latest = {kNow.unix_ms + 400'000}; }), "clock.vault",
              Verdict::kProblem);
  ExpectPoint(with([](auto& f) { f.opened = Status(Code::kDamage, "store.damaged", "a", "b"); }),
              "vault.opens", Verdict::kProblem);
}

TEST(Doctor, KnowsAnOldKeyringAndOneThatIsNone) {
  vault::KeyringFacts facts{{.name = "a.keyring", .there = true, .mode = 0600, .ours = true},
                            Timestamp{kNow.unix_ms - 366 * kMillisPerDay}};
  ExpectPoint(vault::JudgeKeyring(facts, kNow), "keyring.age", Verdict::kWarning);
  facts.issued_at.reset();
  ExpectPoint(vault::JudgeKeyring(facts, kNow), "keyring.age", Verdict::kProblem);
}

// With what is really there.
class DoctorAtAVault : public ::testing::Test {
 protected:
  std::vector<DoctorPoint> Look(std::vector<std::string> keyrings = {}) {
    const auto points = Diagnose(
        {.directory = vault_.path(), .keyrings = std::move(keyrings), .clock = &vault_.clock()});
    EXPECT_THAT(StatusOf(points), IsOk());
    return *points;
  }
  TempVault vault_{PolicyText("livelook_2013")};
};

TEST_F(DoctorAtAVault, FindsItsFilesAsTheyWereMade) {
  { Vault vault = vault_.Open({}); }
  const std::vector<DoctorPoint> points = Look({vault_.directory() / "upkeep.keyring"});
  size_t files = 0;
  for (const DoctorPoint& each : points) {
    if (each.name != "file.mode") continue;
    ++files;
    EXPECT_EQ(each.verdict, Verdict::kOk) << each.found;
    EXPECT_EQ(each.found.find("is not there"), std::string::npos) << each.found;
  }
  EXPECT_EQ(files, 7u) << "data.mdb lock.mdb openers journal, the directory, epoch, the keyring";
  for (const char* name : {"vault.opens", "clock.vault", "readers", "upkeep", "keyring.age"})
    EXPECT_EQ(Named(points, name).verdict, Verdict::kOk) << name;
}

TEST_F(DoctorAtAVault, FindsAFileThatOthersMayReadAndWhatIsOwed) {
  {
    Vault vault = vault_.Open({"rights"});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
    ASSERT_THAT(StatusOf(vault.Erase(Who::Ref(kUser), {.defer = true})), IsOk());
  }
  ASSERT_EQ(chmod((vault_.path() + "/epoch").c_str(), 0644), 0);
  const std::vector<DoctorPoint> points = Look();
  EXPECT_THAT(DoctorStatus(points), ErrorIs(Code::kFindings, "doctor.problems"));
  EXPECT_EQ(Named(points, "upkeep").verdict, Verdict::kWarning);
  bool found = false;
  for (const DoctorPoint& each : points)
    found =
        found || (each.verdict == Verdict::kProblem && each.found == vault_.path() + "/epoch 0644");
  EXPECT_TRUE(found);
}

TEST_F(DoctorAtAVault, ComparesTheClockWithTheTimeThatTheVaultHasSeen) {
  {
    Vault vault = vault_.Open({});
    ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
  }
  vault_.clock().AdvanceDays(-1);
  EXPECT_EQ(Named(Look(), "clock.vault").verdict, Verdict::kProblem);
}

TEST_F(DoctorAtAVault, SaysThatADamagedOneDoesNotOpenAndNoneIsNone) {
  std::filesystem::resize_file(vault_.path() + "/data.mdb", 8192);
  EXPECT_EQ(Named(Look(), "vault.opens").verdict, Verdict::kProblem);
  EXPECT_THAT(StatusOf(Diagnose({.directory = vault_.directory().path()})),
              ErrorIs(Code::kNoVault, "store.not-a-vault"));
  EXPECT_THAT(StatusOf(Diagnose({.clock = &vault_.clock()})), IsOk()) << "the machine alone";
}

}  // namespace
}  // namespace bailee
