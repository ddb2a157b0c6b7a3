// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <functional>
#include <iostream>
#include <map>
#include <set>

#include "multiprocess/witness.h"
#include "support/campaign.h"
#include "support/child_process.h"

// A process that reads while another takes the permission away and gives it back.
namespace bailee {
namespace {

using audit::EventKind;
using audit::LeafType;
using audit::Outcome;
using testing::Channel;
using testing::ChildProcess;
using testing::IsOk;
using testing::StatusOf;

Status Store(Vault& vault, bool for_support) {
  return vault
      .Collect({.who = Who::Ref(kUser),
                .notice = for_support ? "signup-1" : "partner-1",
                .source = for_support ? "web" : "partner-site"})
      .Put("account", {{"name", MakeSecret("Ada")}, {"email", MakeSecret("ada@example.org")}})
      .Commit()
      .status();
}

// Who reads what while somebody else forbids and allows it in turn, beginning with what holds.
struct Race {
  std::string purpose;          // of the reader
  std::string_view field;       // of the account
  std::string writer;           // the purpose of the other's keyring, or none
  std::set<EventKind> changes;  // of the other's writes
  std::function<Status(Vault&, bool allow)> make;
};

// What held in each transaction, from the writes alone: they alternate.
std::map<uint64_t, bool> AllowedFrom(const std::vector<testing::ReadLeaf>& leaves,
                                     const std::set<EventKind>& changes) {
  std::map<uint64_t, bool> allowed_from;
  bool allowed = true;
  for (const auto& leaf : leaves) {
    if (leaf.type != LeafType::kWrite || !changes.contains(leaf.event->kind)) continue;
    EXPECT_TRUE(allowed_from.empty() || allowed_from.rbegin()->first < leaf.event->transaction);
    allowed_from[leaf.event->transaction] = allowed;
    allowed = !allowed;
  }
  return allowed_from;
}

void RunRace(TempVault& world, const Race& race) {
  const size_t rounds = testing::CountFrom("BAILEE_ROUNDS", 500);
  {
    ChildProcess reader([&](const Channel& channel) {
      Vault vault = world.Open({race.purpose});
      Session session = *vault.As(race.purpose);
      channel.Send('o');
      for (;;) {
        const auto record =
            session.Read({.who = Who::Ref(kUser), .category = "account", .fields = {race.field}});
        const bool refused =
            record.status().code() == Code::kRefused || record.status().code() == Code::kNotFound;
        if (!record.ok() && !refused) {
          std::cerr << record.status().name() << ": " << record.status().message() << "\n";
          return 1;
        }
      }
    });
    ASSERT_EQ(reader.channel().Receive(), 'o');
    Vault vault = world.Open(race.writer.empty() ? std::vector<std::string>{}
                                                 : std::vector<std::string>{race.writer});
    for (size_t i = 0; i < rounds; ++i) ASSERT_THAT(race.make(vault, i % 2 == 1), IsOk());
    kill(reader.pid(), SIGKILL);
    EXPECT_EQ(reader.Join(), -SIGKILL) << "it read until then";
  }
  const auto leaves = TrailOf(world);
  const std::map<uint64_t, bool> allowed_from = AllowedFrom(leaves, race.changes);
  ASSERT_EQ(allowed_from.size(), rounds + 1);
  size_t granted = 0;
  size_t refused = 0;
  for (const auto& leaf : leaves) {
    if (!leaf.event || leaf.event->kind != EventKind::kRead) continue;
    const auto after = allowed_from.upper_bound(leaf.event->transaction);
    ASSERT_NE(after, allowed_from.begin());
    const bool grant = leaf.event->outcome == Outcome::kAllowed;
    ++(grant ? granted : refused);
    EXPECT_EQ(grant, std::prev(after)->second)
        << "a read of transaction " << leaf.event->transaction << " was "
        << (grant ? "granted" : "refused") << ", outcome " << static_cast<int>(leaf.event->outcome)
        << ", "
        << (leaf.event->reasons.empty() ? 0 : static_cast<int>(leaf.event->reasons.front()));
  }
  EXPECT_GT(granted, rounds / 10);
  // Refusals that are the same are counted in one.
  EXPECT_GT(refused, 5u);
  testing::Tell(rounds, "inputs");
  std::printf("%zu changes, %zu reads granted, %zu refused\n", rounds, granted, refused);
}

TEST(TrailRace, ShowsNoGrantedReadAfterTheCommitThatForbadeIt) {
  TempVault world{PolicyText("livelook_2013")};
  {
    Vault vault = world.Open({});
    ASSERT_THAT(Store(vault, true), IsOk());
  }
  RunRace(world, {.purpose = "support",
                  .field = "name",
                  .writer = {},
                  .changes = {EventKind::kCollect},
                  .make = Store});
}

// Withdrawing takes the wrap away and has the data sealed under a new key in the same transaction;
// giving again makes both.
TEST(TrailRace, ShowsNoGrantedReadAfterAWithdrawal) {
  TempVault world{PolicyText("livelook_2013")};
  const auto say = [](Vault& vault, bool allow) {
    const LedgerEvent given{
        .kind = LedgerKind::kGiven, .purpose = "develop", .notice = "develop-1"};
    const LedgerEvent withdrawn{.kind = LedgerKind::kWithdrawn, .purpose = "develop"};
    return vault.Record(Who::Ref(kUser), allow ? given : withdrawn).status();
  };
  {
    Vault vault = world.Open({"service"});
    ASSERT_THAT(Store(vault, true), IsOk());
    ASSERT_THAT(say(vault, true), IsOk());
  }
  RunRace(world, {.purpose = "develop",
                  .field = "email.domain",
                  .writer = "service",
                  .changes = {EventKind::kLedger},
                  .make = say});
}

// Whoever comes back after being erased is somebody new; nobody reads in between.
TEST(TrailRace, ShowsNoGrantedReadAfterAnErasure) {
  TempVault world{PolicyText("livelook_2013")};
  const auto change = [](Vault& vault, bool there) {
    return there ? Store(vault, true) : vault.Erase(Who::Ref(kUser), {.defer = true}).status();
  };
  {
    Vault vault = world.Open({});
    ASSERT_THAT(Store(vault, true), IsOk());
  }
  RunRace(world, {.purpose = "support",
                  .field = "name",
                  .writer = "rights",
                  .changes = {EventKind::kCollect, EventKind::kErase},
                  .make = change});
}

}  // namespace
}  // namespace bailee
