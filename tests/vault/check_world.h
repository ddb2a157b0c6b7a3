// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>

#include "bailee/audit_trail.h"
#include "support/checked.h"
#include "vault/stories.h"

// A vault in which everything has happened that can happen, copies of it to be damaged, and what
// check says of them.
namespace bailee {

inline const Who kCheckedAda = Who::Ref(kUser);

// Lives in a vault of the LiveLOOK policy.
class VaultLife {
 public:
  Handle ada;
  Handle last;                      // who came last
  std::vector<std::string> epochs;  // the file of epochs at several moments

  explicit VaultLife(TempVault& vault) : vault_(vault) {}

  void Live() {
    Collect();
    ChangeMinds();
    Answer();
    Leave();
    Prune();
    // Key work that waits: nobody who opens it from here on has the keys.
    Say({.kind = LedgerKind::kGiven, .purpose = "contact.news", .notice = "news-1"});
    // Somebody who comes last, by a collector: entries that wait, wraps that are write-only.
    Vault collector = vault_.Open({});
    const auto stored = StoreCard(collector, IdOf(9), kCardNumber, Who::Ref("user-last"));
    Must(stored.status());
    last = stored->handle;
    Must(StoreCard(collector, IdOf(10), kOtherCardNumber, Who::Ref("user-last")).status());
  }

 private:
  static void Must(const Status& status) { EXPECT_THAT(status, testing::IsOk()); }
  void Say(const LedgerEvent& event, const Who& who = kCheckedAda) {
    Vault vault = vault_.Open({});
    Must(vault.Record(who, event).status());
  }

  void Collect();
  void ChangeMinds();
  void Answer();
  void Leave();
  void Prune();

  TempVault& vault_;
};

inline void VaultLife::Collect() {
  {
    Vault vault = vault_.Open({});
    Must(vault.Collect({.who = kCheckedAda, .notice = "signup-1", .source = "web"})
             .Put("account", {{"name", MakeSecret("Ada Lovelace")},
                              {"email", MakeSecret("ada@analytical.example")},
                              {"password", MakeSecret("correct horse battery")}})
             .Commit()
             .status());
    const auto stored = StoreCard(vault, IdOf(1));
    Must(stored.status());
    ada = stored->handle;
    Must(vault
             .Collect({.who = kCheckedAda,
                       .notice = "inquiry-1",
                       .source = "mail",
                       .on_behalf_of = "technology-partner"})
             .Put("communication", {{"body", MakeSecret("it stays dark")}}, IdOf(2))
             .Commit()
             .status());
    Must(vault.Collect({.who = Who::Tag("browser-1"), .notice = "visit-1", .source = "web"})
             .Put("browser_preferences", {{"language", MakeSecret("en")}})
             .Commit()
             .status());
  }
  Vault vault = vault_.Open({"billing", "service", "security"});
  Must(StoreCard(vault, IdOf(2), kOtherCardNumber).status());
  Must(StoreCard(vault, IdOf(2), kCardNumber).status());  // overwritten
  Must(StoreCard(vault, IdOf(7), "378282246310005", Who::Ref("user-eve")).status());
  const auto visit = [&](std::string_view who, Timestamp at) {
    Must(vault
             .Collect(
                 {.who = Who::Ref(who), .notice = "visit-1", .source = "web", .collected_at = at})
             .Put("web_log", {{"request", MakeSecret("https://example.org/a")},
                              {"ip", MakeSecret("192.0.2.7")},
                              {"at", MakeSecret("2013-05-30T10:00:00Z")}})
             .Commit()
             .status());
  };
  visit(kUser, kJune2013);
  visit("user-old", {kJune2013.unix_ms - 179 * kMillisPerDay});
  visit(kUser, {kJune2013.unix_ms - 179 * kMillisPerDay});
  for (int i = 0; i < 300; ++i) Must(ReadCard(vault, "billing", IdOf(1), "pan").status());
}

inline void VaultLife::ChangeMinds() {
  epochs.push_back(ReadFile(vault_.path() + "/epoch"));
  Say({.kind = LedgerKind::kGiven, .purpose = "contact.news", .notice = "news-1"});
  {
    Vault vault = vault_.Open({"upkeep"});
    Must(vault.Upkeep().status());
  }
  Say({.kind = LedgerKind::kWithdrawn, .purpose = "contact.news"});
  Say({.kind = LedgerKind::kObjected, .purpose = "improve.combined", .method = "web-form"});
  Say({.kind = LedgerKind::kRestricted}, Who::Ref("user-eve"));
  Say({.kind = LedgerKind::kUnrestricted}, Who::Ref("user-eve"));
  Vault vault = vault_.Open({"rights"});
  auto session = vault.As("rights");
  std::vector<FieldInput> fields;
  fields.emplace_back("email", MakeSecret("ada@lovelace.example"));
  Must(session->Rectify({.who = kCheckedAda, .category = "account", .fields = std::move(fields)})
           .status());
}

inline void VaultLife::Answer() {
  Vault vault = vault_.Open({"billing", "tally"});
  Must(DiscloseCard(vault, IdOf(1)));
  Must(DiscloseCard(vault, IdOf(2)));
  Must(vault
           .Report({.id = "sessions_by_region_day",
                    .from = {kJune2013.unix_ms - 2 * kMillisPerDay},
                    .until = {kJune2013.unix_ms - kMillisPerDay},
                    .recipient = "public"})
           .status());
  const Secret address = MakeSecret("nobody@example.org");
  Must(vault.Suppress({&address, 1}).status());
}

inline void VaultLife::Leave() {
  epochs.push_back(ReadFile(vault_.path() + "/epoch"));
  {
    Vault vault = vault_.Open({"rights", "billing", "upkeep"});
    Must(DiscloseCard(vault, IdOf(7), Who::Ref("user-eve")));
    Must(vault.Erase(Who::Ref("user-eve")).status());
    epochs.push_back(ReadFile(vault_.path() + "/epoch"));
    vault_.clock().AdvanceDays(5);
    Must(vault.Upkeep().status());
    const auto plan = vault.PlanRetention();
    Must(plan.status());
    const auto done = vault.RunRetention(*plan);
    Must(done.status());
    EXPECT_EQ(done->deleted, 2u);
  }
  // A shard is owed a new key.
  Vault vault = vault_.Open({"rights"});
  Must(StoreCard(vault, IdOf(3), kCardNumber, Who::Ref("user-gone")).status());
  Must(vault.Erase(Who::Ref("user-gone"), {.defer = true}).status());
  Must(vault.Compact().status());
}

inline void VaultLife::Prune() {
  std::string checkpoint;
  {
    auto log = AuditTrail::Open(vault_.path(), vault_.Origin("log"), {.clock = &vault_.clock()});
    Must(log.status());
    checkpoint = *log->Sign("");
  }
  auto trail =
      AuditTrail::Open(vault_.path(), vault_.Origin("auditor"), {.clock = &vault_.clock()});
  Must(trail.status());
  vault_.clock().AdvanceDays(1);
  const auto pruned =
      trail->Prune({.checkpoint = checkpoint, .older_than = vault_.clock().Now(), .keep_days = 0});
  Must(pruned.status());
  EXPECT_EQ(*pruned, 256u);
}

// A copy of the vault that was lived in for each test, to be damaged.
class CheckTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    sound_ = new TempVault(PolicyText("livelook_2013"));
    life_ = new VaultLife(*sound_);
    life_->Live();
  }
  static void TearDownTestSuite() {
    delete life_;
    delete sound_;
  }

  CheckTest() { CopyAnew(); }

  // The copy as the sound vault is.
  void CopyAnew() {
    std::filesystem::remove_all(path());
    std::filesystem::create_directory(path());
    for (const char* name : {"data.mdb", "epoch"})
      std::filesystem::copy_file(sound_->path() + "/" + name, path() + "/" + name);
  }

  std::string path() const { return copy_ / "vault"; }

  Checked Run(CheckOptions options = {},
              const std::vector<std::string>& purposes = kEveryPurpose) const {
    options.clock = &sound_->clock();
    return RunCheck(path(), sound_->Granted("checker", purposes), std::move(options));
  }

  Vault Open(const std::vector<std::string>& purposes) const {
    auto vault = Vault::Open(path(), sound_->Granted("writer", purposes),
                             {.clock = &sound_->clock(), .map_bytes = uint64_t{1} << 30});
    if (!vault.ok()) std::abort();
    return *std::move(vault);
  }

  TempDirectory copy_;
  static inline TempVault* sound_ = nullptr;
  static inline VaultLife* life_ = nullptr;
};

}  // namespace bailee
