// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <deque>
#include <thread>

#include "bailee/limits.h"
#include "store/lmdb_commit.h"
#include "store/lmdb_queue.h"
#include "store/lmdb_snapshot.h"
#include "store_test_util.h"

namespace bailee::store {
namespace {

using ::testing::ElementsAre;

// Runs groups exactly as given, without threads.
class LmdbGroup : public ::testing::Test {
 protected:
  void Add(Engine::Job job) { jobs_.push_back(std::move(job)); }
  void AddPut(const std::string& key, const std::string& value = "v") {
    Add([=](WriteTransaction& write) {
      return write.Put(Table::kRecords, AsBytes(key), AsBytes(value));
    });
  }
  // The name of each job's status, or "deferred".
  std::vector<std::string> Run() {
    std::deque<PendingJob> pending(jobs_.size());
    std::vector<PendingJob*> group;
    for (size_t i = 0; i < jobs_.size(); ++i) {
      pending[i].job = &jobs_[i];
      group.push_back(&pending[i]);
    }
    committer_.Run(group);
    std::vector<std::string> names;
    for (const PendingJob& job : pending) {
      names.emplace_back(job.deferred ? "deferred" : job.status.name());
    }
    jobs_.clear();
    return names;
  }
  std::string Get(std::string_view key) { return GetText(**BeginSnapshot(*core_), key); }
  uint64_t TransactionId() { return (*BeginSnapshot(*core_))->transaction_id(); }

  static LmdbOptions Options() {
    LmdbOptions options = SmallOptions();
    options.map_bytes_max = uint64_t{4} << 20;
    return options;
  }

  testing::TemporaryDirectory directory_;
  std::unique_ptr<LmdbCore> core_ = *LmdbCore::Open(directory_ / "vault", Options(), true);
  GroupCommitter committer_{*core_};
  std::deque<Engine::Job> jobs_;
};

TEST_F(LmdbGroup, SharesOneCommit) {
  const uint64_t before = TransactionId();
  for (int i = 0; i < 50; ++i) AddPut("k" + std::to_string(i));
  EXPECT_THAT(Run(), ::testing::Each("ok"));
  EXPECT_EQ(TransactionId(), before + 1);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Get("k" + std::to_string(i)), "v");
}

TEST_F(LmdbGroup, CommitsNothingWhenNothingChanged) {
  const uint64_t before = TransactionId();
  for (int i = 0; i < 2; ++i) Add([](WriteTransaction&) { return Status(); });
  Add([](WriteTransaction&) { return Status(Code::kUsage, "test.no", "no"); });
  EXPECT_THAT(Run(), ElementsAre("ok", "ok", "test.no"));
  EXPECT_EQ(TransactionId(), before);
}

TEST_F(LmdbGroup, AFailingOrThrowingJobLeavesTheOthersIntact) {
  for (int i = 0; i < 4; ++i) {
    Add([i](WriteTransaction& write) -> Status {
      const Status put = write.Put(Table::kRecords, AsBytes(std::to_string(i)), AsBytes("v"));
      if (i == 1) return {Code::kUsage, "test.no", "no"};
      if (i == 2) throw std::bad_alloc();
      return put;
    });
  }
  EXPECT_THAT(Run(), ElementsAre("ok", "test.no", "store.memory", "ok"));
  EXPECT_EQ(Get("0") + Get("1") + Get("2") + Get("3"), "v(none)(none)v");
}

TEST_F(LmdbGroup, JobsSeeTheOnesBeforeThemAndNotTheFailed) {
  for (int i = 0; i < 6; ++i) {
    Add([i](WriteTransaction& write) -> Status {
      const std::string seen = GetText(write, "n");
      const std::string next = (seen == "(none)" ? "" : seen) + std::to_string(i);
      const Status put = write.Put(Table::kRecords, AsBytes("n"), AsBytes(next));
      return i % 2 == 0 ? put : Status(Code::kUsage, "test.no", "no");
    });
  }
  Run();
  EXPECT_EQ(Get("n"), "024");
}

TEST_F(LmdbGroup, DefersWhatWouldMakeItTooLarge) {
  constexpr size_t kRows = limits::kTransactionRowsMax / 2 + 1;
  for (const std::string prefix : {"a", "b", "c"}) {
    Add([prefix](WriteTransaction& write) -> Status {
      for (size_t i = 0; i < kRows; ++i) {
        const std::string key = prefix + std::to_string(i);
        const Status put = write.Put(Table::kRecords, AsBytes(key), {});
        if (!put.ok()) return put;
      }
      return {};
    });
  }
  EXPECT_THAT(Run(), ElementsAre("ok", "deferred", "deferred"));
  EXPECT_EQ(Get("a0") + Get("b0") + Get("c0"), "(none)(none)");
}

TEST_F(LmdbGroup, AJobTooLargeByItselfFailsAloneWhereverItStands) {
  const auto too_large = [](WriteTransaction& write) -> Status {
    for (size_t i = 0; i <= limits::kTransactionRowsMax; ++i) {
      (void)write.Put(Table::kDue, AsBytes(std::to_string(i)), {});
    }
    return {};
  };
  Add(too_large);
  AddPut("k");
  EXPECT_THAT(Run(), ElementsAre("store.transaction-too-large", "ok"));
  EXPECT_EQ(Get("k"), "v");
}

TEST_F(LmdbGroup, GrowsTheMapForAllOfItTogether) {
  for (int i = 0; i < 9; ++i) AddPut("k" + std::to_string(i), std::string(300'000, 'x'));
  EXPECT_THAT(Run(), ::testing::Each("ok"));
  for (int i = 0; i < 9; ++i) EXPECT_EQ(Get("k" + std::to_string(i)).size(), 300'000u);
}

TEST_F(LmdbGroup, AFullMapCostsOnlyTheJobThatDoesNotFit) {
  AddPut("a");
  AddPut("large", std::string(5'000'000, 'x'));
  AddPut("b");
  EXPECT_THAT(Run(), ElementsAre("ok", "store.map-full", "ok"));
  EXPECT_EQ(Get("a") + Get("large") + Get("b"), "v(none)v");
}

// Lets threads gather behind a first group that waits.
TEST(CommitQueue, WhoGathersWhileAGroupRunsFormsTheNextInOrder) {
  constexpr size_t kJobs = 10;
  std::vector<std::vector<const Engine::Job*>> groups;
  CommitQueue* queue_seen = nullptr;
  CommitQueue queue([&](std::span<PendingJob* const> group) {
    groups.emplace_back();
    for (const PendingJob* pending : group) groups.back().push_back(pending->job);
    while (groups.size() == 1 && queue_seen->waiting() < kJobs + 1) std::this_thread::yield();
    // The last of a group of several stays for the next.
    if (group.size() > 1) group.back()->deferred = true;
    for (PendingJob* pending : group) pending->status = Status(Code::kUsage, "test.ran", "ran");
  });
  queue_seen = &queue;
  std::vector<Engine::Job> jobs(kJobs + 1);
  std::vector<std::thread> threads;
  std::atomic<int> returned{0};
  for (size_t i = 0; i <= kJobs; ++i) {
    threads.emplace_back(
        [&, i] { returned += queue.Submit(jobs[i]).name() == "test.ran" ? 1 : 0; });
    while (queue.waiting() < i + 1 && returned.load() == 0) std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(returned.load(), static_cast<int>(kJobs + 1));
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_THAT(groups[0], ElementsAre(&jobs[0]));
  ASSERT_EQ(groups[1].size(), kJobs);
  for (size_t i = 0; i < kJobs; ++i) EXPECT_EQ(groups[1][i], &jobs[i + 1]);
  EXPECT_THAT(groups[2], ElementsAre(&jobs[kJobs]));
  EXPECT_EQ(queue.waiting(), 0u);
}

TEST(LmdbEngineJobs, AJobMayNotCallItsEngine) {
  const testing::TemporaryDirectory directory;
  const auto engine = Must(CreateLmdb(directory / "vault", SmallOptions()));
  Status read;
  Status write_again;
  Status measure;
  EXPECT_THAT(engine->Write([&](WriteTransaction&) {
    read = engine->Read().status();
    write_again = PutRow(*engine, "k", "v");
    measure = engine->Measure().status();
    return Status();
  }),
              IsOk());
  for (const Status& status : {read, write_again, measure}) {
    EXPECT_THAT(status, Fails(Code::kUsage, "store.inside-job"));
  }
  EXPECT_THAT(PutRow(*engine, "k", "v"), IsOk());
}

// Many threads must need fewer commits than writes, and no more than one each.
TEST(LmdbEngineJobs, ThreadsShareCommits) {
  const testing::TemporaryDirectory directory;
  const auto engine = Must(CreateLmdb(directory / "vault", PatientOptions()));
  const uint64_t before = (*engine->Read())->transaction_id();
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string key = std::to_string(t) + "." + std::to_string(i);
        failures += PutRow(*engine, key, "v").ok() ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures.load(), 0);
  EXPECT_EQ(engine->Measure()->rows[static_cast<size_t>(Table::kRecords)], 800u);
  EXPECT_LT((*engine->Read())->transaction_id() - before, 800u);
}

}  // namespace
}  // namespace bailee::store
