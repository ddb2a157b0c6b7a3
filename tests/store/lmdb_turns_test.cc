// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_turns.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <random>
#include <thread>

#include "base/unique_fd.h"
#include "store_test_util.h"
#include "support/campaign.h"

// Writers of several processes, one of which is killed. LMDB's mutex alone leaves one asleep for
// good beside a free lock, once in some hundred rounds.
namespace bailee::store {
namespace {

using std::chrono::steady_clock;
using testing::Channel;
using testing::ChildProcess;

constexpr size_t kSurvivors = 3;
constexpr int kWritesPerRound = 20;
constexpr auto kWaitMax = std::chrono::seconds(30);

struct Shared {
  std::atomic<size_t> round{0};  // that is under way, from 1
  std::atomic<size_t> ready{0};  // who has ended it
  std::atomic<bool> over{false};
};

// A directory where commits are quick, so that much of the time is passing the lock on.
class QuickDirectory {
 protected:
  QuickDirectory() {
    if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 1);
    directory_ = std::make_unique<testing::TemporaryDirectory>();
    unsetenv("TMPDIR");
  }
  std::unique_ptr<testing::TemporaryDirectory> directory_;
};

class LmdbTurnsOfProcesses : private QuickDirectory, public ::testing::Test {
 protected:
  static Shared& NewShared() {
    void* memory =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    return *new (memory) Shared;
  }
  // What a victim has done does not count.
  std::unique_ptr<ChildProcess> Start(bool survives) {
    auto child = std::make_unique<ChildProcess>([this, survives](const Channel& channel) {
      const auto engine = Must(OpenLmdb(vault_, PatientOptions()));
      size_t done = shared_.round;
      channel.Send('o');
      for (;;) {
        while (shared_.round == done && !shared_.over) std::this_thread::yield();
        if (shared_.over) return 0;
        done = shared_.round;
        for (int i = 0; i < kWritesPerRound; ++i)
          if (!PutRow(*engine, "key", "value").ok()) return 1;
        if (survives) ++shared_.ready;
      }
    });
    EXPECT_EQ(child->channel().Receive(), 'o');
    return child;
  }
  bool SurvivorsEnd() {
    const auto end = steady_clock::now() + kWaitMax;
    while (shared_.ready < kSurvivors) {
      if (steady_clock::now() > end) return false;
      usleep(50);
    }
    return true;
  }

  const std::string vault_ = *directory_ / "vault";
  Shared& shared_ = NewShared();
};

TEST(LmdbTurns, PassOnWhenWhoHasOneDies) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "file";
  LmdbTurns turns;
  const UniqueFd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  turns.Use(file.get());
  ChildProcess child([&](const Channel& channel) {
    const LmdbTurns::Turn turn = turns.Take(LmdbTurns::Of::kWriters);
    channel.Send('o');
    (void)channel.Receive();
    return 0;
  });
  ASSERT_EQ(child.channel().Receive(), 'o');
  (void)turns.Take(LmdbTurns::Of::kReaderTable);  // another turn, which nobody has
  std::atomic<bool> taken{false};
  std::thread waiter([&] {
    (void)turns.Take(LmdbTurns::Of::kWriters);
    taken = true;
  });
  usleep(50'000);
  EXPECT_FALSE(taken);
  child.Kill();
  waiter.join();
  EXPECT_TRUE(taken);
}

TEST(LmdbTurns, AreOneThreadsAfterTheOther) {
  LmdbTurns turns;
  int count = 0;  // counted right only by one at a time
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10'000; ++j) {
        const LmdbTurns::Turn turn = turns.Take(LmdbTurns::Of::kReaderTable);
        ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, 40'000);
}

TEST(LmdbTurns, AreGivenWhereTheKernelHasNoLock) {
  LmdbTurns turns;
  turns.Use(-1);
  (void)turns.Take(LmdbTurns::Of::kWriters);
  (void)turns.Take(LmdbTurns::Of::kWriters);
}

TEST_F(LmdbTurnsOfProcesses, LeaveNobodyAsleepBesideAFreeLockWhenOneIsKilled) {
  const size_t kills = testing::CountFrom("BAILEE_KILLS", 1'000);
  std::mt19937 random(testing::Seed());
  ASSERT_THAT(CreateLmdb(vault_, PatientOptions()).status(), IsOk());
  std::vector<std::unique_ptr<ChildProcess>> survivors;
  for (size_t i = 0; i < kSurvivors; ++i) survivors.push_back(Start(true));
  std::chrono::microseconds took(1'000);
  for (size_t i = 0; i < kills; ++i) {
    const auto victim = Start(false);
    shared_.ready = 0;
    const auto begun = steady_clock::now();
    ++shared_.round;
    usleep(static_cast<useconds_t>(random() % (static_cast<unsigned>(took.count()) + 1)));
    victim->Kill();
    ASSERT_TRUE(SurvivorsEnd()) << "kill " << i << " of seed " << testing::Seed();
    took = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begun);
  }
  shared_.over = true;
  for (const auto& survivor : survivors) EXPECT_EQ(survivor->Join(), 0);
  testing::Tell(kills, "kills");
}

}  // namespace
}  // namespace bailee::store
