// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/campaign.h"
#include "support/checked.h"
#include "support/kept_export.h"
#include "vault/next_policy.h"

// Threads of one process that do everything that can be done to a vault, all at once.
namespace bailee {
namespace {

using testing::IsOk;
using testing::StatusOf;

constexpr size_t kDoers = 6;
constexpr int kTriesMax = 10;

// What one thread does, on people of its own and on one whom all share.
class Doer {
 public:
  Doer(Vault& vault, TempVault& world, size_t number)
      : vault_(vault),
        world_(world),
        number_(number),
        own_("thread-" + std::to_string(number)),
        random_(static_cast<unsigned>(testing::Seed() * 100 + number)) {}

  // Empty, or what was answered that must not be.
  std::string Step() {
    const auto& [name, does, also] = acts_[random_() % acts_.size()];
    Status status = does();
    // Where the map has to grow while a starved thread keeps its snapshot, the answer is to try
    // again.
    for (int tries = 1; tries < kTriesMax && status.name() == "store.snapshots-open"; ++tries)
      status = does();
    const bool expected =
        status.ok() || std::find(also.begin(), also.end(), status.code()) != also.end();
    return expected ? "" : std::string(name) + ": " + std::string(status.name());
  }

 private:
  struct Act {
    std::string_view name;
    std::function<Status()> does;
    std::vector<Code> also;  // what may be answered, too
  };

  Who Anybody() { return Who::Ref(random_() % 2 == 0 ? std::string_view(own_) : kUser); }
  Session As(std::string_view purpose) { return *vault_.As(purpose); }
  Status Account() {
    return vault_
        .Collect({.who = Anybody(), .notice = "signup-1", .source = "web", .on_behalf_of = {}})
        .Put("account", {{"name", MakeSecret("Ada")}, {"email", MakeSecret("ada@example.org")}})
        .Commit()
        .status();
  }
  Status Many() {
    Batch batch = vault_.CollectBatch();
    for (const uint8_t id : {uint8_t{1}, uint8_t{2}, uint8_t{3}})
      batch.Add(Checkout(Anybody()))
          .Put("payment_card", {{"pan", MakeSecret(kCardNumber)}, {"expiry", MakeSecret("12/15")}},
               IdOf(id));
    return batch.Commit().status();
  }
  Status Read() {
    const auto pan = ReadCard(vault_, "billing", IdOf(1), "pan", Anybody());
    if (pan.ok() && *pan != kCardNumber) return {Code::kFailed, "test.wrong-value", "wrong"};
    return pan.status();
  }
  Status Rectify() {
    std::vector<FieldInput> fields;
    fields.emplace_back("name", MakeSecret("Ada Lovelace"));
    return As("rights")
        .Rectify({.who = Anybody(), .category = "account", .fields = std::move(fields)})
        .status();
  }
  Status Say(LedgerKind kind) {
    const bool given = kind == LedgerKind::kGiven;
    return vault_
        .Record(Anybody(),
                {.kind = kind, .purpose = "contact.news", .notice = given ? "news-1" : ""})
        .status();
  }
  Status Export() {
    KeptExport kept;
    return vault_.Export(Anybody(), {}, kept).status();
  }
  Status BackUp() {
    const std::string file = world_.directory() / ("keys-" + std::to_string(number_));
    return vault_.BackUpKeys({.file = file}).status();
  }
  Status LookAround() {
    for (const Status& status :
         {vault_.Info().status(), vault_.CheckHealth().status(), vault_.Rotations().status(),
          vault_.PolicyHistory().status(), vault_.Reports().status(), vault_.Disregards().status(),
          vault_.Subjects({}, 10).status(), vault_.Suppressions({}, 10).status(),
          vault_.FoldPendingLookups().status()}) {
      if (!status.ok()) return status;
    }
    return Status();
  }
  Status Ask() {
    (void)vault_.MayContact("contact.news", Anybody(), address_);
    const Status added = vault_.Suppress({&address_, 1}).status();
    return added.ok() ? vault_.Unsuppress({&address_, 1}).status() : added;
  }

  Vault& vault_;
  TempVault& world_;
  const size_t number_;
  const std::string own_;
  const Secret address_ = MakeSecret("ada@example.org");
  std::mt19937 random_;
  // The policy, or who holds which key, changed in between: to be made again.
  const std::vector<Code> may_change_ = {Code::kConflict};
  const std::vector<Code> may_lack_ = {Code::kNotFound, Code::kErased};
  const std::vector<Act> acts_ = {
      {"collect a card",
       [this] { return StoreCard(vault_, IdOf(1), kCardNumber, Anybody()).status(); }, may_change_},
      {"collect an account", [this] { return Account(); }, may_change_},
      {"collect many", [this] { return Many(); }, may_change_},
      {"read", [this] { return Read(); }, may_lack_},
      {"find", [this] { return FindCard(vault_).status(); }, {}},
      {"list", [this] { return As("billing").List(Anybody()).status(); }, may_lack_},
      {"scan",
       [this] {
         return As("billing").Scan({.category = "payment_card", .fields = {"pan"}},
                                   [](const Record&) { return true; });
       },
       {}},
      {"disclose", [this] { return DiscloseCard(vault_, IdOf(1), Anybody()); }, may_lack_},
      {"disclosures", [this] { return As("rights").Disclosures(Anybody()).status(); }, may_lack_},
      {"rectify", [this] { return Rectify(); }, may_lack_},
      {"give", [this] { return Say(LedgerKind::kGiven); }, {}},
      {"withdraw", [this] { return Say(LedgerKind::kWithdrawn); }, {}},
      {"ledger", [this] { return vault_.Ledger(Anybody()).status(); }, may_lack_},
      {"export", [this] { return Export(); }, may_lack_},
      {"erase",
       [this] { return vault_.Erase(Anybody(), {.defer = random_() % 2 == 0}).status(); },
       {}},
      {"upkeep", [this] { return vault_.Upkeep().status(); }, {}},
      {"review", [this] { return vault_.Review().status(); }, {}},
      {"plan retention", [this] { return vault_.PlanRetention().status(); }, {}},
      {"back up keys", [this] { return BackUp(); }, {}},
      {"compact", [this] { return vault_.Compact().status(); }, {Code::kBusy}},
      {"look around", [this] { return LookAround(); }, {}},
      {"ask for contact", [this] { return Ask(); }, {}}};
};

TEST(MixedThreads, DoEverythingAtOnce) {
  const size_t rounds = testing::CountFrom("BAILEE_ROUNDS", 25);
  TempVault world{PolicyText("livelook_2013")};
  std::atomic<size_t> steps = 0;
  {
    Vault vault = world.Open({"service", "billing", "support", "contact.news", "rights", "upkeep"});
    std::mutex mutex;
    std::set<std::string> wrong;
    std::vector<std::thread> threads;
    for (size_t i = 0; i < kDoers; ++i) {
      threads.emplace_back([&, i] {
        Doer doer(vault, world, i);
        for (size_t round = 0; round < rounds; ++round, ++steps) {
          const std::string said = doer.Step();
          if (said.empty()) continue;
          const std::lock_guard lock(mutex);
          wrong.insert(said);
        }
      });
    }
    // A key is replaced meanwhile.
    const RotateOptions keeping{
        .keep = [&](const std::vector<KeyringFile>& files) { return world.Keep(files); }};
    const Keyring authority = world.Origin("authority");
    EXPECT_THAT(StatusOf(vault.BeginRotation(authority, "purpose/support", keeping)), IsOk());
    for (std::thread& thread : threads) thread.join();
    EXPECT_THAT(wrong, ::testing::IsEmpty());
  }
  ExpectNoDamage(world);
  testing::Tell(steps, "inputs");
}

}  // namespace
}  // namespace bailee
