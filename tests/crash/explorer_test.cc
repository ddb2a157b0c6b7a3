// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/uio.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <set>

#include "base/file.h"
#include "base/new_file.h"
#include "base/unique_fd.h"
#include "crash/crash_world.h"
#include "crash/explore.h"
#include "crash/recorder.h"
#include "support/error_is.h"
#include "support/temp_vault.h"

// That states which a disk may have are made, and that what is wrong in one of them is found.
namespace bailee {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using testing::CrashState;
using testing::CrashStates;
using testing::Disk;
using testing::DiskLog;
using ::testing::ElementsAre;
using testing::Explore;
using testing::Explored;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;
using testing::Recorder;
using testing::StatusOf;
using ::testing::UnorderedElementsAre;

class ExplorerTest : public ::testing::Test {
 protected:
  std::string File(std::string_view name) const { return directory_ / name; }
  void Write(const std::string& name, std::string_view text, bool sync, int flags = 0) const {
    const UniqueFd fd(open(File(name).c_str(), O_WRONLY | O_CREAT | flags, 0600));
    ASSERT_EQ(pwrite(fd.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    if (sync) {
      ASSERT_EQ(fdatasync(fd.get()), 0);
    }
  }
  void SyncNames() const {
    const UniqueFd fd(open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY));
    ASSERT_EQ(fsync(fd.get()), 0);
  }
  // What is in a file in each state that `log` may end in; "-" if it is not there.
  std::set<std::string> Contents(const DiskLog& log, const std::string& name, uint64_t told) {
    std::set<std::string> contents;
    CrashStates states(log, 0);
    for (const CrashState& each : states.all()) {
      if (each.told != told) continue;
      states.Make(each).WriteTo(directory_.path());
      contents.insert(fs::exists(File(name)) ? ReadFile(File(name)) : "-");
    }
    return contents;
  }

  TempDirectory directory_;
};

TEST_F(ExplorerTest, WhatWasSyncedIsThereAndOfTheRestAnything) {
  Recorder recorder(directory_.path());
  Write("a", "one", true);
  recorder.Told(1);
  SyncNames();
  recorder.Told(2);
  Write("a", "two", false);
  recorder.Told(3);
  const DiskLog log = recorder.Take();
  EXPECT_THAT(Contents(log, "a", 1), UnorderedElementsAre("-", "one"));
  EXPECT_THAT(Contents(log, "a", 2), UnorderedElementsAre("one", "two"));
  EXPECT_THAT(Contents(log, "a", 3), UnorderedElementsAre("one", "two"));
}

TEST_F(ExplorerTest, AFileMayHaveItsNameAndNotItsContent) {
  Recorder recorder(directory_.path());
  Write("a.new", "one", false);
  fs::rename(File("a.new"), File("a"));
  SyncNames();
  recorder.Told(1);
  EXPECT_THAT(Contents(recorder.Take(), "a", 1), Contains(""));
}

TEST_F(ExplorerTest, AWriteThatSyncsItselfSyncsNothingElse) {
  Write("a", "....", true);
  Recorder recorder(directory_.path());
  Write("a", "12", false);
  {
    const UniqueFd fd(open(File("a").c_str(), O_WRONLY | O_DSYNC));
    ASSERT_EQ(pwrite(fd.get(), "34", 2, 2), 2);
  }
  recorder.Told(1);
  EXPECT_THAT(Contents(recorder.Take(), "a", 1), UnorderedElementsAre("..34", "1234"));
}

TEST_F(ExplorerTest, AWriteMayBeThereInPart) {
  Write("a", std::string(1024, '.'), true);
  Recorder recorder(directory_.path());
  Write("a", std::string(512, '1') + std::string(512, '2'), false);
  const auto contents = Contents(recorder.Take(), "a", 0);
  EXPECT_THAT(contents, Contains(std::string(512, '1') + std::string(512, '.')));
  EXPECT_THAT(contents, Contains(std::string(512, '.') + std::string(512, '2')));
}

TEST_F(ExplorerTest, AFileMayHaveItsLengthAndNotItsContent) {
  Write("a", "", true);
  Recorder recorder(directory_.path());
  Write("a", "12", false);
  EXPECT_THAT(Contents(recorder.Take(), "a", 0),
              UnorderedElementsAre("", "12", std::string(2, '\0')));
}

// Take stops the test unless what was recorded explains what is there.
TEST_F(ExplorerTest, EveryCallIsRecorded) {
  Recorder recorder(directory_.path());
  Write("a", "0123456789", false);
  Write("a", "x", false, O_TRUNC);
  fs::create_directory(File("d"));
  ASSERT_EQ(link(File("a").c_str(), File("d/b").c_str()), 0);
  ASSERT_EQ(renameat(AT_FDCWD, File("d/b").c_str(), AT_FDCWD, File("c").c_str()), 0);
  ASSERT_EQ(truncate(File("c").c_str(), 5'000), 0);
  {
    const UniqueFd fd(open(File("c").c_str(), O_RDWR));
    ASSERT_EQ(write(fd.get(), "abc", 3), 3);
    char text[] = "defg";
    const iovec parts[] = {{text, 2}, {text + 2, 2}};
    ASSERT_EQ(writev(fd.get(), parts, 2), 4);
    ASSERT_EQ(ftruncate(fd.get(), 6'000), 0);
    ASSERT_EQ(fallocate(fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1, 3), 0);
  }
  ASSERT_EQ(rmdir(File("d").c_str()), 0);
  ASSERT_EQ(mkdirat(AT_FDCWD, File("e").c_str(), 0700), 0);
  ASSERT_THAT(SystemFiles().WriteNew(File("e/f"), AsBytes("content")), IsOk());
  ASSERT_THAT(SystemFiles().Replace(File("e/f"), AsBytes("other")), IsOk());
  ASSERT_EQ(unlink(File("a").c_str()), 0);
  const DiskLog log = recorder.Take();
  EXPECT_GT(log.operations.size(), 15u);
}

TEST_F(ExplorerTest, WhatItDoesNotSeeIsNotPassedOver) {
  EXPECT_DEATH(
      {
        Recorder recorder(directory_.path());
        std::FILE* file = std::fopen(File("a").c_str(), "w");
        std::fclose(file);
        (void)recorder.Take();
      },
      "does not see");
}

// A new file is whole under its name, in every state; and where its content or its name were not
// synced, that is found.
TEST_F(ExplorerTest, FindsWhatWasNotSynced) {
  const auto explore = [&](const DiskLog& log) {
    return Explore(log, {.root = directory_.path(), .findings = 1'000},
                   [&](const CrashState& state, const Disk&) {
                     if (state.told == 0 && !fs::exists(File("a"))) return;
                     EXPECT_EQ(ReadFile(File("a")), "content");
                   });
  };
  Recorder recorder(directory_.path());
  ASSERT_THAT(SystemFiles().WriteNew(File("a"), AsBytes("content")), IsOk());
  recorder.Told(1);
  const DiskLog log = recorder.Take();
  const Explored well = explore(log);
  // Before the name is synced a file may have it whose content was not, if it was never told of.
  EXPECT_GT(well.distinct, 2u);
  const Explored lying = explore(testing::WithoutSyncsOf(log, "a"));
  EXPECT_GT(lying.findings.size(), well.findings.size());
}

TEST_F(ExplorerTest, FindsSignalsHangsAndEnds) {
  Recorder recorder(directory_.path());
  for (const char* name : {"a", "b", "c", "d"}) {
    Write(name, "1", true);
    SyncNames();
  }
  const DiskLog log = recorder.Take();
  const Explored explored =
      Explore(log, {.root = directory_.path(), .findings = 1'000, .seconds = 1},
              [&](const CrashState&, const Disk& disk) {
                if (disk.Has("d")) {
                  for (;;) pause();
                }
                if (disk.Has("c")) raise(SIGSEGV);
                if (disk.Has("b")) _exit(0);
              });
  EXPECT_THAT(explored.findings, Contains(HasSubstr("hangs")));
  EXPECT_THAT(explored.findings, Contains(HasSubstr("Segmentation fault")));
  EXPECT_THAT(explored.findings, Contains(HasSubstr("ends by itself")));
  EXPECT_EQ(explored.states, explored.distinct);
  EXPECT_LT(explored.findings.size(), explored.states);
}

// The planted defect: a disk that says it has synced the data file and has not.
class LyingDisk : public CrashWorld {
 protected:
  LyingDisk() {
    Vault vault = OpenAll();
    EXPECT_THAT(StatusOf(StoreCard(vault, IdOf(1))), IsOk());
  }
  Explored FindingsOf(const DiskLog& log) {
    return ExploreLog(
        log,
        [&](uint64_t told, const Disk&) {
          ExpectNothingDamaged();
          Vault vault = OpenAll();
          for (uint8_t i = 2; i < 2 + told; ++i)
            EXPECT_TRUE(ReadCard(vault, "billing", IdOf(i), "pan").ok());
        },
        100);
  }
};

TEST_F(LyingDisk, IsFoundOut) {
  const DiskLog log = Record([&](const Steps& told) {
    Vault vault = OpenAll();
    for (uint8_t i = 2; i < 5; ++i) {
      ASSERT_THAT(StatusOf(StoreCard(vault, IdOf(i))), IsOk());
      told(i - 1u);
    }
  });
  EXPECT_THAT(FindingsOf(log).findings, IsEmpty());
  const Explored lying = FindingsOf(testing::WithoutSyncsOf(log, "data.mdb"));
  EXPECT_THAT(lying.findings, Not(IsEmpty()));
}

}  // namespace
}  // namespace bailee
