// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "store_test_util.h"
#include "support/campaign.h"
#include "support/fail_nth.h"
#include "support/io_faults.h"

namespace bailee::store {
namespace {

using testing::IoFaults;
using Operation = IoFaults::Operation;
using Verdict = IoFaults::Verdict;

class LmdbFaults : public ::testing::Test {
 protected:
  LmdbFaults() { EXPECT_THAT(PutRow(*engine_, "before", "v"), IsOk()); }

  // What a fresh engine finds in the file.
  std::string GetReopened(std::string_view key) {
    engine_.reset();
    engine_ = Must(OpenLmdb(vault_, SmallOptions()));
    return GetText(*engine_, key);
  }
  // After whatever happened: old rows are there and new ones can be written.
  void ExpectHealthy() {
    EXPECT_EQ(GetText(*engine_, "before"), "v");
    EXPECT_THAT(PutRow(*engine_, "after", "v"), IsOk());
    EXPECT_EQ(GetText(*engine_, "after"), "v");
  }

  testing::TemporaryDirectory directory_;
  const std::string vault_ = directory_ / "vault";
  const std::string data_ = vault_ + "/data.mdb";
  std::unique_ptr<Engine> engine_ = Must(CreateLmdb(vault_, SmallOptions()));
};

// Fails the writes to the meta pages numbered in `fail`, counting those alone.
IoFaults::Judge FailMeta(std::vector<Verdict> verdicts) {
  return [verdicts = std::move(verdicts), next = size_t{0}](Operation operation,
                                                            size_t) mutable -> Verdict {
    if (operation != Operation::kMeta || next >= verdicts.size()) return {};
    return verdicts[next++];
  };
}

TEST_F(LmdbFaults, EveryCommitIsSyncedBeforeItsHeadIsWritten) {
  const IoFaults faults(data_, [](Operation, size_t) { return Verdict{}; });
  ASSERT_THAT(PutRow(*engine_, "k", "v"), IsOk());
  const auto& seen = IoFaults::seen();
  ASSERT_GE(seen.size(), 3u);
  EXPECT_EQ(seen.front(), Operation::kData);
  EXPECT_EQ(seen[seen.size() - 2], Operation::kSync);
  // The head itself goes through a descriptor opened O_DSYNC.
  EXPECT_EQ(seen.back(), Operation::kMeta);
}

TEST_F(LmdbFaults, ADiskFullOnDataIsFullAndLeavesNothing) {
  for (const int error : {ENOSPC, EDQUOT}) {
    {
      const IoFaults faults(data_, [&](Operation operation, size_t) {
        return Verdict{operation == Operation::kData ? error : 0};
      });
      EXPECT_THAT(PutRow(*engine_, "k", "v"), Fails(Code::kFull, "store.disk-full"));
      EXPECT_EQ(GetText(*engine_, "k"), "(none)");
    }
    ExpectHealthy();
    EXPECT_EQ(GetReopened("k"), "(none)");
  }
}

TEST_F(LmdbFaults, AFailedSyncFailsTheCommitAlone) {
  {
    const IoFaults faults(data_, [&](Operation operation, size_t) {
      return Verdict{operation == Operation::kSync ? EIO : 0};
    });
    EXPECT_THAT(PutRow(*engine_, "k", "v"), Fails(Code::kFailed, "store.io"));
    EXPECT_EQ(GetText(*engine_, "k"), "(none)");
  }
  ExpectHealthy();
  EXPECT_EQ(GetReopened("k"), "(none)");
}

TEST_F(LmdbFaults, AHeadThatWasNotWrittenIsAFailure) {
  {
    const IoFaults faults(data_, FailMeta({{EIO}}));
    EXPECT_THAT(PutRow(*engine_, "k", "v"), Fails(Code::kFailed, "store.io"));
  }
  EXPECT_EQ(GetText(*engine_, "k"), "(none)");
  ExpectHealthy();
  EXPECT_EQ(GetReopened("k"), "(none)");
}

TEST_F(LmdbFaults, AHeadThatWasWrittenIsASuccessWhateverWasReported) {
  {
    // The second is LMDB's attempt to put the old head back.
    const IoFaults faults(data_, FailMeta({{EIO, true}, {EIO}}));
    EXPECT_THAT(PutRow(*engine_, "k", "v"), IsOk());
  }
  EXPECT_EQ(GetText(*engine_, "k"), "v");
  ExpectHealthy();
  EXPECT_EQ(GetReopened("k"), "v");
}

TEST_F(LmdbFaults, WithAnotherProcessOpenTheTruthIsWhatThatOneSees) {
  engine_.reset();
  testing::ChildProcess child([&](const testing::Channel& line) {
    const auto engine = OpenLmdb(vault_, PatientOptions());
    line.Send(engine.ok() ? 'y' : 'n');
    line.Receive();
    return engine.ok() ? (GetText(**engine, "k") == "v" ? 1 : 0) : 2;
  });
  ASSERT_EQ(child.channel().Receive(), 'y');
  engine_ = Must(OpenLmdb(vault_, PatientOptions()));
  Status status;
  {
    const IoFaults faults(data_, FailMeta({{EIO, true}, {EIO}}));
    status = PutRow(*engine_, "k", "v");
  }
  child.channel().Send('g');
  EXPECT_EQ(child.Join(), status.ok() ? 1 : 0);
  ExpectHealthy();
  EXPECT_EQ(GetReopened("k"), status.ok() ? "v" : "(none)");
}

TEST_F(LmdbFaults, WhileASnapshotLivesItIsUnclearAndNewWorkWaits) {
  auto snapshot = *engine_->Read();
  {
    const IoFaults faults(data_, FailMeta({{EIO}}));
    EXPECT_THAT(PutRow(*engine_, "k", "v"), Fails(Code::kFailed, "store.commit-unclear"));
  }
  EXPECT_EQ(GetText(*snapshot, "before"), "v") << "the snapshot goes on";
  EXPECT_THAT(engine_->Read().status(), Fails(Code::kFailed, "store.reopen"));
  EXPECT_THAT(PutRow(*engine_, "l", "v"), Fails(Code::kFailed, "store.reopen"));
  EXPECT_THAT(engine_->Measure().status(), Fails(Code::kFailed, "store.reopen"));
  snapshot.reset();
  EXPECT_EQ(GetText(*engine_, "k"), "(none)");
  ExpectHealthy();
}

TEST_F(LmdbFaults, WhileTheDeviceStaysBrokenItIsUnclearAndThenWorksAgain) {
  {
    const IoFaults faults(data_, [](Operation, size_t) { return Verdict{EIO}; });
    EXPECT_FALSE(PutRow(*engine_, "k", "v").ok());
  }
  ExpectHealthy();
  {
    const IoFaults faults(data_, [broken = false](Operation operation, size_t) mutable {
      broken = broken || operation == Operation::kMeta;
      return Verdict{broken ? EIO : 0};
    });
    EXPECT_THAT(PutRow(*engine_, "k", "v"), Fails(Code::kFailed, "store.commit-unclear"));
    EXPECT_FALSE(engine_->Read().ok()) << "nothing is shown that may not be on disk";
  }
  EXPECT_EQ(GetText(*engine_, "k"), "(none)");
  ExpectHealthy();
}

// The old map is gone by the time at which the new one cannot be made.
TEST_F(LmdbFaults, AMapThatCannotGrowClosesTheStoreUntilItCan) {
  const std::string large(400'000, 'x');
  const IoFaults::Below file{.directory = data_, .looks = true};
  {
    const IoFaults faults(file, testing::FailNth(Operation::kMap, ENOMEM));
    EXPECT_THAT(PutRow(*engine_, "k0", large), IsOk()) << "there is room";
    EXPECT_THAT(PutRow(*engine_, "k1", large), IsOk());
    EXPECT_THAT(PutRow(*engine_, "k2", large), Fails(Code::kFailed, "store.memory"));
  }
  ExpectHealthy();
  {
    const IoFaults faults(file, testing::FailEach(Operation::kMap, ENOMEM));
    EXPECT_THAT(PutRow(*engine_, "k3", large), Fails(Code::kFailed, "store.memory"));
    EXPECT_THAT(engine_->Read().status(), Fails(Code::kFailed, "store.memory"))
        << "nor can it be opened again";
    EXPECT_THAT(PutRow(*engine_, "small", "v"), Fails(Code::kFailed, "store.memory"));
  }
  ExpectHealthy();
  EXPECT_THAT(PutRow(*engine_, "k4", large), IsOk());
  EXPECT_EQ(GetText(*engine_, "k0"), large);
  EXPECT_EQ(GetText(*engine_, "k1"), large);
  EXPECT_EQ(GetText(*engine_, "k2"), "(none)");
  EXPECT_EQ(GetText(*engine_, "k3"), "(none)");
  EXPECT_EQ(GetText(*engine_, "k4"), large);
}

TEST_F(LmdbFaults, AfterAWriteErrorThePagesAreWalkedByWhoeverReopens) {
  int asked = 0;
  LmdbOptions options = SmallOptions();
  options.preflight = [&](const PreflightRequest& request) {
    asked += request.unclean_shutdown && request.held_in_place ? 1 : 100;
    return Status();
  };
  engine_.reset();
  engine_ = Must(OpenLmdb(vault_, options));
  EXPECT_EQ(asked, 0);
  {
    const IoFaults faults(data_, FailMeta({{EIO}}));
    EXPECT_FALSE(PutRow(*engine_, "k", "v").ok());
  }
  ExpectHealthy();
  EXPECT_EQ(asked, 1) << "by the engine itself";
  auto snapshot = *engine_->Read();
  {
    const IoFaults faults(data_, FailMeta({{EIO}}));
    EXPECT_FALSE(PutRow(*engine_, "k", "v").ok());
  }
  snapshot.reset();
  engine_.reset();
  engine_ = Must(OpenLmdb(vault_, options));
  EXPECT_EQ(asked, 2) << "by the next opening";
  ExpectHealthy();
  engine_.reset();
  engine_ = Must(OpenLmdb(vault_, options));
  EXPECT_EQ(asked, 2) << "once";
}

TEST_F(LmdbFaults, EveryFaultAtEveryOperationIsAnsweredTruthfully) {
  constexpr size_t kOperations = 14;
  size_t faults_hit = 0;
  for (const int error : {EIO, ENOSPC}) {
    for (const bool sticky : {false, true}) {
      for (const bool do_it_too : {false, true}) {
        for (size_t at = 0; at < kOperations; ++at) {
          const std::string key = "k" + std::to_string(error) + (sticky ? "s" : "o") +
                                  (do_it_too ? "d" : "n") + std::to_string(at);
          Status status;
          {
            const IoFaults faults(data_, [&](Operation, size_t number) {
              const bool fail = sticky ? number >= at : number == at;
              faults_hit += fail ? 1 : 0;
              return fail ? Verdict{error, do_it_too} : Verdict{};
            });
            status = PutRow(*engine_, key, std::string(20'000, 'x'));
          }
          const std::string found = GetReopened(key);
          const bool present = found.size() == 20'000;
          ASSERT_TRUE(present || found == "(none)") << found;
          if (status.ok()) {
            ASSERT_TRUE(present) << key;
          }
          if (!status.ok() && status.name() != "store.commit-unclear") {
            ASSERT_FALSE(present) << key << " " << status.name();
          }
          ASSERT_EQ(GetText(*engine_, "before"), "v");
          ASSERT_THAT(PutRow(*engine_, "after", key), IsOk());
        }
      }
    }
  }
  testing::Tell(faults_hit, "faults");
  EXPECT_GT(faults_hit, 30u);
}

TEST_F(LmdbFaults, AMakingThatFailsCanBeRepeated) {
  engine_.reset();
  for (size_t at = 0; at < 8; ++at) {
    const testing::TemporaryDirectory directory;
    std::filesystem::create_directory(directory / "vault");
    std::ofstream(directory / "vault/data.mdb").flush();
    {
      const IoFaults faults(directory / "vault/data.mdb", [&](Operation, size_t number) {
        return Verdict{number >= at ? ENOSPC : 0};
      });
      (void)CreateLmdb(directory / "vault", SmallOptions());
      if (IoFaults::seen().size() <= at) break;
    }
    EXPECT_THAT(CreateLmdb(directory / "vault", SmallOptions()).status(), IsOk()) << at;
  }
}

TEST(LmdbFaultsDeath, LmdbsOwnInvariantsAreReportedBeforeItAborts) {
  const testing::TemporaryDirectory directory;
  const std::string vault = directory / "vault";
  const std::string data = vault + "/data.mdb";
  {
    const auto engine = Must(CreateLmdb(vault, SmallOptions()));
    ASSERT_THAT(PutRow(*engine, "findme-key", "v"), IsOk());
  }
  std::ifstream in(data, std::ios::binary);
  std::string file{std::istreambuf_iterator<char>(in), {}};
  in.close();
  // The leaf with the one row becomes a branch with one child, which cannot be.
  for (size_t page = 8192; page + 4096 <= file.size(); page += 4096) {
    const bool has_row = file.substr(page, 4096).find("findme-key") != std::string::npos;
    if (has_row && file[page + 10] == 2) file[page + 10] = 1;
  }
  std::ofstream(data, std::ios::binary) << file;
  EXPECT_DEATH(
      {
        const auto engine = Must(OpenLmdb(vault, SmallOptions()));
        (void)GetText(*engine, "findme-key");
      },
      "bailee: store: LMDB found its file or memory inconsistent");
}

}  // namespace
}  // namespace bailee::store
