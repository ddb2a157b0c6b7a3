// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "multiprocess/witness.h"
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

TEST(TrailRace, ShowsNoGrantedReadAfterTheCommitThatForbadeIt) {
  const size_t rounds = CountFrom("BAILEE_ROUNDS", 500);
  TempVault world{PolicyText("livelook_2013")};
  {
    Vault vault = world.Open({});
    ASSERT_THAT(Store(vault, true), IsOk());
  }
  {
    ChildProcess reader([&](const Channel& channel) {
      Vault vault = world.Open({"support"});
      Session session = *vault.As("support");
      channel.Send('o');
      for (;;) {
        const auto record =
            session.Read({.who = Who::Ref(kUser), .category = "account", .fields = {"name"}});
        if (!record.ok() && record.status().code() != Code::kRefused) return 1;
      }
    });
    ASSERT_EQ(reader.channel().Receive(), 'o');
    Vault vault = world.Open({});
    for (size_t i = 0; i < rounds; ++i) ASSERT_THAT(Store(vault, i % 2 == 1), IsOk());
  }
  // Every write alternates, so what held in each transaction is known from the writes alone.
  const auto leaves = TrailOf(world);
  std::map<uint64_t, bool> allowed_from;
  bool allowed = true;
  for (const auto& leaf : leaves) {
    if (leaf.type != LeafType::kWrite || leaf.event->kind != EventKind::kCollect) continue;
    EXPECT_TRUE(allowed_from.empty() || allowed_from.rbegin()->first < leaf.event->transaction);
    allowed_from[leaf.event->transaction] = allowed;
    allowed = !allowed;
  }
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
        << (grant ? "granted" : "refused");
  }
  EXPECT_GT(granted, rounds / 4);
  EXPECT_GT(refused, rounds / 4);
  std::printf("%zu changes, %zu reads granted, %zu refused\n", rounds, granted, refused);
}

}  // namespace
}  // namespace bailee
