// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_host.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "store_test_util.h"

namespace bailee::store {
namespace {

TEST(LmdbHost, TakesLocalFilesystemsAndRefusesSharedOnes) {
  for (const int64_t local : {0xEF53L, 0x58465342L, 0x9123683EL, 0x01021994L, 0x794C7630L}) {
    EXPECT_THAT(CheckFilesystem(local), IsOk()) << local;
  }
  // NFS, CIFS (also as a negative number), SMB2, 9P, FUSE, AFS, Ceph.
  for (const int64_t shared : {0x6969L, 0xFF534D42L, static_cast<long>(int32_t(0xFF534D42)),
                               0xFE534D42L, 0x01021997L, 0x65735546L, 0x5346414FL, 0x00C36400L}) {
    EXPECT_THAT(CheckFilesystem(shared), Fails(Code::kFailed, "store.network-filesystem"));
    EXPECT_FALSE(CheckFilesystem(shared).hint().empty());
  }
}

TEST(LmdbHost, RefusesAVaultOnANetworkFilesystemBeforeTouchingIt) {
  const testing::TemporaryDirectory directory;
  LmdbOptions options = SmallOptions();
  options.filesystem_type = [](const std::string&) -> Result<int64_t> { return 0x6969; };
  EXPECT_THAT(CreateLmdb(directory / "vault", options).status(),
              Fails(Code::kFailed, "store.network-filesystem"));
  EXPECT_TRUE(std::filesystem::is_empty(directory / "vault"));
}

// Runs `body` as the first process of a new PID namespace; its result, or -1 if there can be none.
int RunInNewPidNamespace(const std::function<int()>& body) {
  testing::ChildProcess outer([&](const testing::Channel&) {
    if (unshare(CLONE_NEWPID) != 0) return 255;
    testing::ChildProcess inner([&](const testing::Channel&) { return body(); });
    return inner.Join();
  });
  const int result = outer.Join();
  return result == 255 ? -1 : result;
}

int TryOpen(const std::string& vault) {
  const auto engine = OpenLmdb(vault, PatientOptions());
  if (engine.ok()) return 10;
  return engine.status().name() == "store.foreign-pid-namespace" && !engine.status().hint().empty()
             ? 20
             : 30;
}

TEST(LmdbHost, RefusesALiveOpenerOfAnotherPidNamespace) {
  const testing::TemporaryDirectory directory;
  const std::string vault = directory / "vault";
  auto engine = Must(CreateLmdb(vault, SmallOptions()));
  const int result = RunInNewPidNamespace([&] { return TryOpen(vault); });
  if (result == -1) {
    std::printf("no right to make a PID namespace here: only the injected one is tested\n");
  } else {
    EXPECT_EQ(result, 20);
    engine.reset();
    EXPECT_EQ(RunInNewPidNamespace([&] { return TryOpen(vault); }), 10) << "nobody else is live";
  }
}

TEST(LmdbHost, RefusesAnInjectedForeignOrUnknownPidNamespace) {
  const testing::TemporaryDirectory directory;
  const std::string vault = directory / "vault";
  testing::ChildProcess child([&](const testing::Channel& line) {
    const auto engine = CreateLmdb(vault, PatientOptions());
    line.Send(engine.ok() ? 'y' : 'n');
    return line.Receive();
  });
  ASSERT_EQ(child.channel().Receive(), 'y');
  LmdbOptions options = PatientOptions();
  for (const uint64_t other : {uint64_t{1}, uint64_t{0}}) {
    options.pid_namespace = other;
    EXPECT_THAT(OpenLmdb(vault, options).status(),
                Fails(Code::kBusy, "store.foreign-pid-namespace"));
  }
  options.pid_namespace.reset();
  EXPECT_THAT(OpenLmdb(vault, options).status(), IsOk());
  child.channel().Send('\0');
  EXPECT_EQ(child.Join(), 0);
  options.pid_namespace = 1;
  EXPECT_THAT(OpenLmdb(vault, options).status(), IsOk()) << "the other has left";
}

class LmdbFork : public ::testing::Test {
 protected:
  testing::TemporaryDirectory directory_;
  const std::string vault_ = directory_ / "vault";
  std::unique_ptr<Engine> engine_ = Must(CreateLmdb(vault_, PatientOptions()));
};

TEST_F(LmdbFork, TheChildsEngineAnswersForked) {
  auto snapshot = *engine_->Read();
  testing::ChildProcess child([&](const testing::Channel&) {
    const auto forked = [](const Status& status) { return status.name() == "store.forked"; };
    std::optional<ByteView> value;
    const ByteView key = AsBytes("k");
    const bool all =
        forked(engine_->Read().status()) && forked(PutRow(*engine_, "k", "v")) &&
        forked(engine_->Measure().status()) && forked(snapshot->Get(Table::kMeta, key).status()) &&
        forked(snapshot->GetMany(Table::kMeta, {&key, 1}, {&value, 1})) &&
        forked(snapshot->Scan(Table::kMeta, {}, {}, [](ByteView, ByteView) { return true; }));
    return all ? 0 : 1;
  });
  EXPECT_EQ(child.Join(), 0);
}

TEST_F(LmdbFork, TheChildsDestructorsLeaveTheParentsSnapshotAndLocksAlone) {
  ASSERT_THAT(PutRow(*engine_, "k", "old"), IsOk());
  auto snapshot = *engine_->Read();
  testing::ChildProcess child([&](const testing::Channel&) {
    snapshot.reset();
    engine_.reset();
    return 0;
  });
  ASSERT_EQ(child.Join(), 0);
  // Were the slot free or the lock file's lock gone, these pages would now be used again.
  testing::ChildProcess other([&](const testing::Channel&) {
    const auto engine = OpenLmdb(vault_, PatientOptions());
    if (!engine.ok()) return 1;
    for (int i = 0; i < 50; ++i) {
      if (!PutRow(**engine, "k", std::string(3000, 'n')).ok()) return 2;
    }
    return (*engine)->Measure()->readers_used == 2 ? 0 : 3;
  });
  EXPECT_EQ(other.Join(), 0);
  EXPECT_EQ(GetText(*snapshot, "k"), "old");
  EXPECT_EQ(GetText(*engine_, "k"), std::string(3000, 'n'));
  EXPECT_THAT(PutRow(*engine_, "l", "v"), IsOk());
}

TEST_F(LmdbFork, TheChildMayOpenTheVaultItself) {
  testing::ChildProcess child([&](const testing::Channel&) {
    engine_.reset();
    const auto mine = OpenLmdb(vault_, PatientOptions());
    return mine.ok() && PutRow(**mine, "child", "v").ok() ? 0 : 1;
  });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_EQ(GetText(*engine_, "child"), "v");
}

}  // namespace
}  // namespace bailee::store
