// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <random>

#include "crash/crash_world.h"
#include "crash/lost_disk.h"
#include "support/child.h"
#include "support/child_process.h"

// A real file system that loses power while somebody writes: what they were told is there. Where
// that cannot be done, it says so.
namespace bailee {
namespace {

using testing::Channel;
using testing::ChildProcess;
using testing::ExitCodeOfChild;
using testing::IsOk;
using testing::LostDisk;
using testing::StatusOf;

// Has a disk, and a directory for its file, before there is a vault on it.
class OnLostDisk {
 protected:
  TempDirectory place_;
  LostDisk disk_{place_.path()};
};

class PowerLoss : private OnLostDisk, public CrashWorld {
 protected:
  PowerLoss() : CrashWorld(disk_.problem().empty() ? disk_.path() : place_.path()) { ::sync(); }
  ~PowerLoss() override { unsetenv("TMPDIR"); }

  const std::string& problem() const { return disk_.problem(); }

  // The n-th thing that is done: somebody new, or one of those before says something or goes.
  static Status Do(Vault& vault, size_t number) {
    if (number % 7 == 6) return vault.Erase(Who::Ref(User(number - 3))).status();
    if (number % 5 == 4) {
      return vault.Record(Who::Ref(User(number - 2)), {.kind = LedgerKind::kRestricted}).status();
    }
    return StatusOf(StoreCard(vault, IdOf(1), kCardNumber, Who::Ref(User(number))));
  }
  static std::string User(size_t number) { return "user-" + std::to_string(number); }

  // Whether the card of user `number` may be read once `done` things are done.
  static bool Expected(size_t number, size_t done) {
    const auto erases = [](size_t each) { return each % 7 == 6; };
    const auto restricts = [&](size_t each) { return each % 5 == 4 && !erases(each); };
    return number < done && !erases(number) && !restricts(number) &&
           !(restricts(number + 2) && number + 2 < done) &&
           !(erases(number + 3) && number + 3 < done);
  }
  static bool Fits(Vault& vault, size_t number, size_t done) {
    const auto card = ReadCard(vault, "billing", IdOf(1), "pan", Who::Ref(User(number)));
    if (Expected(number, done)) return card.ok() && *card == kCardNumber;
    return card.status().code() == Code::kRefused || card.status().code() == Code::kNotFound;
  }

  static std::string Answer(Vault& vault, size_t number) {
    const Status said =
        StatusOf(ReadCard(vault, "billing", IdOf(1), "pan", Who::Ref(User(number))));
    return std::string(said.name()) + " " + std::string(said.message());
  }

  // In a child, since it may end by a signal: 0 if the vault is whole and everything that was told
  // is there, and of the next thing all or nothing.
  int Look(size_t told) {
    return ExitCodeOfChild([&] {
      ExpectNothingDamaged();
      auto vault = world_.TryOpen(Kept("all"));
      EXPECT_THAT(StatusOf(vault), IsOk());
      if (!vault.ok()) return 1;
      for (size_t number = 0; number <= told; ++number) {
        EXPECT_TRUE(Fits(*vault, number, told) || Fits(*vault, number, told + 1))
            << "thing " << number << " of " << told << ": " << Answer(*vault, number);
      }
      return HasFailure() ? 1 : 0;
    });
  }

  // Does one thing after the other from `from` on, until power goes after a while; returns how many
  // are known to be done then.
  size_t WorkUntilPowerGoes(size_t from, useconds_t after, bool lying) {
    size_t told = from;
    ChildProcess child([&](const Channel& channel) -> int {
      if (lying) testing::Recorder::LieAboutSyncs();
      auto vault = world_.TryOpen(Kept("all"));
      if (!vault.ok()) _exit(1);
      channel.Send('o');
      for (size_t number = from; Do(*vault, number).ok(); ++number) channel.Send('k');
      _exit(0);
    });
    EXPECT_EQ(child.channel().Receive(), 'o');
    ::usleep(after);
    EXPECT_TRUE(disk_.LosePower());
    while (child.channel().Receive() == 'k') ++told;
    child.Join();
    EXPECT_TRUE(disk_.ComeBack());
    return told;
  }
};

TEST_F(PowerLoss, LosesNothingThatWasTold) {
  if (!problem().empty()) GTEST_SKIP() << problem();
  const size_t losses = testing::CountFrom("BAILEE_KILLS", 5);
  std::mt19937 random(testing::Seed());
  size_t told = 0;
  for (size_t i = 0; i < losses; ++i) {
    // What was not told may be there; doing it again does no harm.
    told = WorkUntilPowerGoes(told, static_cast<useconds_t>(random() % 60'000), false);
    ASSERT_FALSE(HasFailure());
    ASSERT_EQ(Look(told), 0) << "after loss " << i << " of seed " << testing::Seed();
  }
  EXPECT_GT(told, 0u);
  testing::Tell(losses, "kills");
  std::printf("%zu losses of power, %zu things told\n", losses, told);
}

// The same where nothing is synced has to be seen to lose what was told.
TEST_F(PowerLoss, IsSeenWhereNothingIsSynced) {
  if (!problem().empty()) GTEST_SKIP() << problem();
  const size_t told = WorkUntilPowerGoes(0, 100'000, true);
  ASSERT_GT(told, 0u);
  const int looked = ExitCodeOfChild([&] {
    auto vault = world_.TryOpen(Kept("all"));
    if (!vault.ok()) return 1;
    for (size_t number = 0; number < told; ++number)
      if (!Fits(*vault, number, told)) return 1;
    return 0;
  });
  EXPECT_NE(looked, 0);
}

}  // namespace
}  // namespace bailee
