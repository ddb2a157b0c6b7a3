// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <filesystem>
#include <random>

#include "bailee/audit_trail.h"
#include "base/file.h"
#include "support/campaign.h"
#include "support/child.h"
#include "support/child_process.h"
#include "support/io_faults.h"
#include "vault/rotate_world.h"

// New keys of the log and the authority, made by processes that end anywhere.
namespace bailee {
namespace {

using testing::IsOk;
using testing::StatusOf;

namespace fs = std::filesystem;

constexpr int kEnded = 42;

class SignerRotations : public RotateWorld {
 protected:
  SignerRotations() {
    Vault vault = world_.Open({"billing"});
    EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
  }

  // Where what a child was handed is for its parent and the next child to find.
  std::string KeptPath(const std::string& name) const {
    return world_.directory() / (name + ".kept.keyring");
  }
  static constexpr const char* kWaits = ".next";
  std::vector<std::string> Waiting() const {
    std::vector<std::string> paths;
    for (const auto& entry : fs::directory_iterator(world_.directory().path()))
      if (entry.path().string().ends_with(kWaits)) paths.push_back(entry.path().string());
    return paths;
  }
  Status KeepOnDisk(const std::vector<KeyringFile>& files) const {
    for (const KeyringFile& file : files) {
      const std::string draft = KeptPath(file.name) + "." + std::to_string(getpid());
      fs::remove(draft);
      if (Status put = SystemFiles().WriteNewSecret(draft, file.bytes); !put.ok()) return put;
      fs::rename(draft, KeptPath(file.name) + kWaits);
    }
    return Status();
  }
  // The newest that took its place, or with `waiting` the one that has not yet.
  Keyring Newest(const std::string& name, bool waiting = false) const {
    for (const std::string& path : {KeptPath(name) + kWaits, KeptPath(name)}) {
      const bool skip = !waiting && path.ends_with(kWaits);
      if (!skip && fs::exists(path)) return *Keyring::Load(KeySource::File(path));
    }
    return world_.Origin(name);
  }
  Result<Vault> OpenAsHolder(bool waiting = false) {
    const Keyring authority = Newest("authority", waiting);
    const Keyring billing = Newest("billing", waiting);
    const Keyring storage = Newest("storage", waiting);
    const auto granted =
        Grant(authority, {&billing, &storage}, {.actor = "holder", .purposes = {"billing"}},
              Unlock::Nothing(), Clock::System());
    if (!granted.ok()) return granted.status();
    return world_.TryOpen(*Keyring::Open(*granted));
  }
  Result<AuditTrail> TrailOf(const std::string& name, bool waiting = false) {
    return AuditTrail::Open(world_.path(), Newest(name, waiting),
                            {.clock = &world_.clock(), .map_bytes = uint64_t{1} << 30});
  }

  void Take() const {
    for (const std::string& path : Waiting())
      fs::rename(path, path.substr(0, path.size() - std::string_view(kWaits).size()));
  }
  // As the tool does: whether keyrings that have not taken their places open it tells.
  void Settle() {
    if (Waiting().empty()) return;
    const Status opens = StatusOf(OpenAsHolder(true));
    if (opens.ok() && StatusOf(TrailOf("log", true)).ok()) {
      Take();
      return;
    }
    ASSERT_THAT(StatusOf(OpenAsHolder()), IsOk());
    for (const std::string& path : Waiting()) fs::remove(path);
  }

  Status RotateToTheEnd(const std::string& key, bool leaked) {
    Settle();
    {
      Result<Vault> vault = OpenAsHolder();
      if (!vault.ok()) return vault.status();
      if (vault->Rotations()->empty()) {
        std::vector<Keyring> kept;
        for (const std::string& name : names_) kept.push_back(Newest(name));
        RotateOptions options{.leaked = leaked,
                              .keep = [this](const auto& files) { return KeepOnDisk(files); }};
        for (const Keyring& each : kept) options.keyrings.push_back(&each);
        const Status begun = vault->BeginRotation(Newest("authority"), key, options).status();
        if (!begun.ok()) return begun;
      }
    }
    Take();
    return End(key);
  }
  Status End(const std::string& key) {
    Result<Vault> vault = OpenAsHolder();
    if (!vault.ok() || vault->Rotations()->empty()) return vault.status();
    return vault->FinishRotation(Newest("authority"), key).status();
  }

  // Wherever a process ended: everybody with the newest keyrings goes on, and so does the rotation.
  void ExpectWhole(const std::string& key) {
    ASSERT_NO_FATAL_FAILURE(Settle());
    {
      Result<Vault> vault = OpenAsHolder();
      ASSERT_THAT(StatusOf(vault), IsOk());
      EXPECT_EQ(*ReadCard(*vault, "billing", IdOf(1), "pan"), kCardNumber);
    }
    ASSERT_THAT(End(key), IsOk());
    {
      Result<Vault> vault = OpenAsHolder();
      ASSERT_THAT(StatusOf(vault), IsOk());
      EXPECT_EQ(vault->Rotations()->size(), 0u);
    }
    {
      auto trail = TrailOf("log");
      ASSERT_THAT(StatusOf(trail), IsOk());
      const auto signed_one = trail->Sign(last_);
      ASSERT_THAT(StatusOf(signed_one), IsOk());
      if (!last_.empty()) {
        EXPECT_THAT(StatusOf(VerifyCheckpoint(last_, trail->origin(), trail->log_keys())), IsOk());
      }
      last_ = *signed_one;
    }
    auto trail = TrailOf("auditor");
    ASSERT_THAT(StatusOf(trail), IsOk());
    const auto report = trail->Verify({.entries = true, .pinned = last_});
    ASSERT_THAT(StatusOf(report), IsOk());
    EXPECT_NE(report->ToStatus().code(), Code::kAuditBroken);
  }

  void CrashEverywhere(const std::string& key) {
    ASSERT_NO_FATAL_FAILURE(ExpectWhole(key));
    const std::string file = world_.path() + "/data.mdb";
    size_t crashes = 0;
    for (;; crashes += testing::CountFrom("BAILEE_STRIDE", 11)) {
      const int code = testing::ExitCodeOfChild([&] {
        const testing::IoFaults faults(file, [&](testing::IoFaults::Operation, size_t number) {
          if (number == crashes) _exit(kEnded);
          return testing::IoFaults::Verdict{};
        });
        return RotateToTheEnd(key, false).ok() ? 0 : 1;
      });
      ASSERT_TRUE(code == 0 || code == kEnded) << code << " at write " << crashes;
      ASSERT_NO_FATAL_FAILURE(ExpectWhole(key)) << crashes;
      if (code == 0) break;
    }
    std::printf("%zu writes\n", crashes);
    EXPECT_GT(crashes, 2u);
  }

  void KillAtRandom(const std::string& key) {
    std::mt19937 random(11);
    for (size_t i = 0; i < testing::CountFrom("BAILEE_KILLS", 2); ++i) {
      testing::ChildProcess child([&](const testing::Channel& channel) {
        channel.Send('r');
        for (bool leaked = false; RotateToTheEnd(key, leaked).ok(); leaked = !leaked) {
        }
        return 1;
      });
      ASSERT_EQ(child.channel().Receive(), 'r');
      usleep(static_cast<useconds_t>(random() % 300'000));
      child.Kill();
      // What the last one signed may count no more, if a key leaked meanwhile.
      last_.clear();
      ASSERT_NO_FATAL_FAILURE(ExpectWhole(key)) << i;
    }
  }

  std::string last_;  // checkpoint
  const std::vector<std::string> names_ = KeptNames(world_);
};

TEST_F(SignerRotations, ACrashAtAnyWriteLosesNothingOfTheLog) { CrashEverywhere("log"); }

TEST_F(SignerRotations, ACrashAtAnyWriteLosesNothingOfTheAuthority) {
  CrashEverywhere("authority");
}

TEST_F(SignerRotations, OfTheLogKilledAtRandomGoOnWhereTheyWere) { KillAtRandom("log"); }

TEST_F(SignerRotations, OfTheAuthorityKilledAtRandomGoOnWhereTheyWere) {
  KillAtRandom("authority");
}

}  // namespace
}  // namespace bailee
