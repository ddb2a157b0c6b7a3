// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "base/file.h"
#include "crash/crash_world.h"
#include "support/must.h"
#include "vault/next_policy.h"

// New versions of the policy and of keys, wherever the power goes: what was handed out opens the
// vault, and what was begun is brought to its end.
namespace bailee {
namespace {

namespace fs = std::filesystem;
using testing::Disk;
using testing::IsOk;
using testing::StatusOf;

class KeysCrash : public CrashWorld {
 protected:
  KeysCrash() {
    Vault vault = OpenAll();
    for (const char* user : {"user-1", "user-2"}) {
      EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(1), kCardNumber, Who::Ref(user))), IsOk());
      EXPECT_THAT(StoreAccount(vault, Who::Ref(user)), IsOk());
    }
    names_ = {"log", "auditor", "backup", "storage"};
    for (const auto& entry : fs::directory_iterator(world_.directory().path())) {
      const std::string name = entry.path().stem().string();
      const bool purpose =
          std::find(kEveryPurpose.begin(), kEveryPurpose.end(), name) != kEveryPurpose.end();
      if (purpose || name == "research") names_.push_back(name);
    }
  }

  std::vector<std::string> names_;  // of all keyrings but the authority's

  // Where what was handed out is kept; `waits`: until it is known that it opens the vault.
  std::string Place(const std::string& name, bool waits = false) const {
    return File(name + ".kept.keyring" + (waits ? ".next" : ""));
  }
  Status Keep(const std::vector<KeyringFile>& files, bool waits) const {
    for (const KeyringFile& file : files) {
      if (Status put = SystemFiles().ReplaceSecret(Place(file.name, waits), file.bytes); !put.ok())
        return put;
    }
    return Status();
  }
  Keyring Newest(const std::string& name, bool waiting = false) const {
    if (waiting && fs::exists(Place(name, true)))
      return Must(Keyring::Load(KeySource::File(Place(name, true))), name);
    if (fs::exists(Place(name))) return Must(Keyring::Load(KeySource::File(Place(name))), name);
    return world_.Origin(name);
  }
  Result<Vault> OpenNewest(bool waiting = false) {
    const Keyring authority = Newest("authority", waiting);
    const Keyring billing = Newest("billing", waiting);
    const Keyring storage = Newest("storage", waiting);
    const auto granted =
        Grant(authority, {&billing, &storage}, {.actor = "holder", .purposes = {"billing"}},
              Unlock::Nothing(), Clock::System());
    if (!granted.ok()) return granted.status();
    return world_.TryOpen(*Keyring::Open(*granted));
  }
  std::vector<std::string> Waiting() const {
    std::vector<std::string> paths;
    for (const auto& entry : fs::directory_iterator(world_.directory().path()))
      if (entry.path().string().ends_with(".next")) paths.push_back(entry.path().string());
    return paths;
  }
  // What waits takes its place, durably.
  void TakeWaiting() const {
    for (const std::string& path : Waiting()) {
      Must(SystemFiles().ReplaceSecret(
          path.substr(0, path.size() - std::string_view(".next").size()),
          Must(SystemFiles().ReadSecret(path, 65'536))));
      Must(SystemFiles().Delete(path));
    }
  }
  // After a crash: whether what waits opens the vault tells.
  void Settle() {
    if (Waiting().empty()) return;
    const bool opens = OpenNewest(true).ok();
    ASSERT_TRUE(opens || OpenNewest().ok()) << "neither the old keys open it nor the new";
    if (opens) {
      TakeWaiting();
    } else {
      for (const std::string& path : Waiting()) fs::remove(path);
    }
  }

  Result<Rotated> Begin(const std::string& key, bool leaked) {
    auto vault = OpenNewest();
    if (!vault.ok()) return vault.status();
    const bool waits = key == "storage" || key == "log" || key == "authority";
    std::vector<Keyring> kept;
    RotateOptions options{.leaked = leaked,
                          .keep = [this, waits](const auto& files) { return Keep(files, waits); }};
    if (key == "authority") {
      for (const std::string& name : names_) kept.push_back(Newest(name));
      for (const Keyring& each : kept) options.keyrings.push_back(&each);
    }
    return vault->BeginRotation(Newest("authority"), key, options);
  }
  Status Run(const std::string& key) {
    auto vault = OpenNewest();
    return vault.ok() ? StatusOf(vault->RunRotation(key)) : vault.status();
  }
  Status Finish(const std::string& key) {
    auto vault = OpenNewest();
    if (!vault.ok()) return vault.status();
    RotateOptions options{.keep = [this](const auto& files) { return Keep(files, false); }};
    return StatusOf(vault->FinishRotation(Newest("authority"), key, options));
  }

  void ExpectReadable() {
    auto vault = OpenNewest();
    ASSERT_THAT(StatusOf(vault), IsOk());
    for (const char* user : {"user-1", "user-2"}) {
      const auto pan = ReadCard(*vault, "billing", IdOf(1), "pan", Who::Ref(user));
      ASSERT_THAT(StatusOf(pan), IsOk());
      EXPECT_EQ(*pan, kCardNumber);
    }
    EXPECT_EQ(FindCard(*vault)->size(), 2u);
  }

  // Whoever is under way in it goes on to the end.
  void ExpectGoesOn(const std::string& key) {
    std::vector<RotationState> states;
    {
      auto vault = OpenNewest();
      ASSERT_THAT(StatusOf(vault), IsOk());
      states = *vault->Rotations();
    }
    if (states.empty()) return;
    if (states.front().step != RotationState::Step::kFinishing) {
      ASSERT_THAT(Run(key), IsOk());
    }
    ASSERT_THAT(Finish(key), IsOk());
    auto vault = OpenNewest();
    ASSERT_THAT(StatusOf(vault), IsOk());
    EXPECT_TRUE(vault->Rotations()->empty());
  }
  void ExpectSound() {
    const Keyring auditor = Newest("auditor");
    const Keyring authority = Newest("authority");
    const Keyring billing = Newest("billing");
    const Keyring storage = Newest("storage");
    const auto granted = Must(Grant(authority, {&billing, &storage}, {"holder", {"billing"}},
                                    Unlock::Nothing(), Clock::System()));
    const Checked checked = RunCheck(world_.path(), *Keyring::Open(granted),
                                     {.clock = &world_.clock(), .slices = 1, .auditor = &auditor});
    ASSERT_THAT(StatusOf(checked.report), IsOk());
    EXPECT_EQ(checked.report->damages, 0u) << ::testing::PrintToString(checked);
  }

  void ExploreRotation(const std::string& key, bool leaked) {
    Explore(
        [&](const Steps& told) {
          ASSERT_THAT(StatusOf(Begin(key, leaked)), IsOk());
          told(1);
          TakeWaiting();
          ASSERT_THAT(Run(key), IsOk());
          told(2);
          ASSERT_THAT(Finish(key), IsOk());
          told(3);
        },
        [&](uint64_t told, const Disk&) {
          ASSERT_NO_FATAL_FAILURE(Settle());
          ASSERT_NO_FATAL_FAILURE(ExpectReadable());
          {
            auto vault = OpenNewest();
            const auto states = vault->Rotations();
            ASSERT_THAT(StatusOf(states), IsOk());
            EXPECT_TRUE(told == 0 || told == 3 || states->size() == 1 ||
                        (told == 2 && states->empty()));
            EXPECT_TRUE(told < 3 || states->empty());
          }
          ExpectSound();
          ASSERT_NO_FATAL_FAILURE(ExpectGoesOn(key));
          ASSERT_NO_FATAL_FAILURE(ExpectReadable());
          ExpectSound();
        });
  }

  void ExplorePublishing(const std::string& text) {
    world_.clock().Set(kJuly2013);
    const auto publish = [&](Vault& vault) {
      PublishRequest request{.policy_text = text};
      request.notice = "change-2";
      request.announced_at = kAnnounced;
      request.keep = [this](const auto& files) { return Keep(files, false); };
      return StatusOf(vault.Publish(world_.Origin("authority"), request));
    };
    Explore(
        [&](const Steps& told) {
          Vault vault = OpenAll();
          ASSERT_THAT(publish(vault), IsOk());
          told(1);
          ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(2), kOtherCardNumber, Who::Ref("user-1"))),
                      IsOk());
          told(2);
        },
        [&](uint64_t told, const Disk&) {
          const size_t events = EventsOfWhole("publish");
          {
            Vault vault = OpenAll();
            const uint32_t version = vault.Info()->policy_version;
            EXPECT_TRUE(version == 2 || (version == 1 && told == 0)) << version;
            EXPECT_EQ(events, version - 1);
            const auto card = ReadCard(vault, "billing", IdOf(2), "pan", Who::Ref("user-1"));
            EXPECT_TRUE(card.ok() || told < 2);
            const Status again = publish(vault);
            EXPECT_TRUE(again.ok() ? version == 1 : again.name() == "publish.in-force")
                << again.name();
            EXPECT_EQ(FindCard(vault)->size(), 2u);
          }
          ExpectReadable();
          ExpectNothingDamaged();
        });
  }
};

TEST_F(KeysCrash, ANewVersionIsInForceWithItsKeysOrNot) {
  ExplorePublishing(Next(kNewLeaf, "contact.sms"));
}
TEST_F(KeysCrash, ANarrowerVersionIsInForceOrNot) { ExplorePublishing(Next(kNarrower)); }
TEST_F(KeysCrash, ANewIndexComesWithItsVersion) { ExplorePublishing(Next(kNewIndex, "security")); }

TEST_F(KeysCrash, OfAPurpose) { ExploreRotation("purpose/billing", false); }
TEST_F(KeysCrash, OfAPurposeThatLeaked) { ExploreRotation("purpose/billing", true); }
TEST_F(KeysCrash, OfAnIndex) { ExploreRotation("index/payment_card.pan/billing", true); }
TEST_F(KeysCrash, OfTheStorageKey) { ExploreRotation("storage", false); }
TEST_F(KeysCrash, OfAStorageKeyThatLeaked) { ExploreRotation("storage", true); }
TEST_F(KeysCrash, OfTheLog) { ExploreRotation("log", false); }
TEST_F(KeysCrash, OfTheAuthority) { ExploreRotation("authority", false); }

}  // namespace
}  // namespace bailee
