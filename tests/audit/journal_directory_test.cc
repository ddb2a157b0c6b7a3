// SPDX-License-Identifier: Apache-2.0
#include "audit/journal_directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

#include "audit/instance_world.h"
#include "support/error_is.h"
#include "support/temp_vault.h"
#include "support/temporary_directory.h"

namespace bailee::audit {
namespace {

namespace fs = std::filesystem;
using testing::ErrorIs;
using testing::EventAt;
using testing::InstanceWorld;
using testing::IsOk;
using testing::kJournalGone;
using testing::StatusOf;

const auto kFileGone = ErrorIs(Code::kFailed, "journal.gone");

class JournalDirectoryTest : public ::testing::Test {
 protected:
  std::string PathOf(const InstanceId& instance, const char* suffix = ".journal") const {
    return directory_.path() + "/journal/" + instance.ToHex() + suffix;
  }
  std::unique_ptr<JournalFile> Create() {
    return *journals_->Create(world_.instance, world_.head.bytes);
  }
  std::unique_ptr<Journal> StartJournal() {
    return *Journal::Start(Create(), world_.head.bytes.size(), world_.instance,
                           world_.JournalChain());
  }
  mode_t ModeOf(const std::string& path) const {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0);
    return info.st_mode & 07777;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_.path() + "/journal")) {
      names.push_back(entry.path().filename());
    }
    return names;
  }
  // The descriptor of this process that has `path` open.
  int DescriptorOf(const std::string& path) const {
    for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
      std::error_code ignored;
      if (fs::read_symlink(entry.path(), ignored) == path) {
        return std::stoi(entry.path().filename());
      }
    }
    return -1;
  }

  testing::TemporaryDirectory directory_;
  InstanceWorld world_;
  std::unique_ptr<JournalDirectory> journals_ = *JournalDirectory::Open(directory_.path());
};

// --- Making
// ---------------------------------------------------------------------------------------

TEST_F(JournalDirectoryTest, MakesAJournalWithItsHeadForTheOwnerAlone) {
  const mode_t before = ::umask(0);
  const auto file = Create();
  ::umask(before);
  EXPECT_EQ(Names(), std::vector{world_.instance.ToHex() + ".journal"});
  EXPECT_EQ(ReadFile(PathOf(world_.instance)), AsText(world_.head.bytes));
  EXPECT_EQ(ModeOf(PathOf(world_.instance)), 0600u);
  EXPECT_EQ(ModeOf(directory_ / "journal"), 0700u);
  EXPECT_EQ(*file->Size(), world_.head.bytes.size());
  EXPECT_THAT(file->Check(), IsOk());
}

TEST_F(JournalDirectoryTest, KeepsItsDescriptorsFromProgramsThatAreExecuted) {
  const auto file = Create();
  const int fd = DescriptorOf(PathOf(world_.instance));
  ASSERT_GE(fd, 0);
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(DescriptorOf(directory_ / "journal"), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(JournalDirectoryTest, MakesNoJournalTwice) {
  const auto file = Create();
  EXPECT_THAT(StatusOf(journals_->Create(world_.instance, world_.head.bytes)),
              ErrorIs(Code::kConflict, "journal.exists"));
  EXPECT_EQ(Names().size(), 1u);
  EXPECT_THAT(file->Check(), IsOk());
}

TEST_F(JournalDirectoryTest, FollowsNoSymbolicLink) {
  const std::string target = directory_ / "elsewhere";
  std::ofstream(target) << "untouched";
  ASSERT_EQ(::symlink(target.c_str(), PathOf(world_.instance, ".new").c_str()), 0);
  EXPECT_FALSE(journals_->Create(world_.instance, world_.head.bytes).ok());
  ASSERT_EQ(::symlink(target.c_str(), PathOf({{8}}).c_str()), 0);
  EXPECT_FALSE(journals_->TryTakeOver({{8}}).ok());
  EXPECT_EQ(ReadFile(target), "untouched");
}

TEST_F(JournalDirectoryTest, IsNotALinkToAnotherDirectory) {
  const testing::TemporaryDirectory other;
  ASSERT_EQ(::symlink(directory_.path().c_str(), (other / "journal").c_str()), 0);
  EXPECT_FALSE(JournalDirectory::Open(other.path()).ok());
  EXPECT_FALSE(JournalDirectory::Open(other / "nothing").ok());
}

// --- Owners
// ---------------------------------------------------------------------------------------

TEST_F(JournalDirectoryTest, ListsJournalsInOrderAndNothingElse) {
  EXPECT_TRUE(journals_->List()->empty());
  for (const uint8_t first : Bytes{9, 3, 7}) {
    ASSERT_THAT(StatusOf(journals_->Create({{first}}, world_.head.bytes)), IsOk());
  }
  for (const char* name : {"notes.txt", ".journal", "00.journal", "3.journal"}) {
    std::ofstream(directory_ / "journal" + "/" + name) << "x";
  }
  std::ofstream(PathOf({{4}}, ".new")) << "x";
  EXPECT_EQ(*journals_->List(), (std::vector<InstanceId>{{{3}}, {{7}}, {{9}}}));
}

TEST_F(JournalDirectoryTest, GivesAJournalToNobodyWhileItsOwnerLivesAndToOneAfterwards) {
  auto owner = Create();
  const auto alive = ErrorIs(Code::kBusy, "journal.alive");
  EXPECT_THAT(StatusOf(journals_->TryTakeOver(world_.instance)), alive);
  owner.reset();
  auto adopter = journals_->TryTakeOver(world_.instance);
  ASSERT_THAT(StatusOf(adopter), IsOk());
  EXPECT_THAT(StatusOf(journals_->TryTakeOver(world_.instance)), alive);
  Bytes content(world_.head.bytes.size() + 100);
  EXPECT_EQ(*(*adopter)->ReadAt(0, content), world_.head.bytes.size());
  content.resize(world_.head.bytes.size());
  EXPECT_EQ(content, world_.head.bytes);
}

TEST_F(JournalDirectoryTest, KeepsTheLockWhenTheProcessClosesAnotherDescriptorOfTheFile) {
  const auto owner = Create();
  (void)ReadFile(PathOf(world_.instance));
  EXPECT_THAT(StatusOf(journals_->TryTakeOver(world_.instance)),
              ErrorIs(Code::kBusy, "journal.alive"));
}

TEST_F(JournalDirectoryTest, GivesUpAJournalWhoseProcessDied) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto file = journals_->Create(world_.instance, world_.head.bytes);
    ::_exit(file.ok() ? 0 : 1);  // without closing anything
  }
  int result = -1;
  ASSERT_EQ(::waitpid(child, &result, 0), child);
  ASSERT_EQ(result, 0);
  EXPECT_THAT(StatusOf(journals_->TryTakeOver(world_.instance)), IsOk());
}

TEST_F(JournalDirectoryTest, RemovesAJournal) {
  auto file = Create();
  EXPECT_THAT(journals_->Remove(world_.instance), IsOk());
  EXPECT_THAT(file->Check(), kFileGone);
  EXPECT_TRUE(Names().empty());
  EXPECT_THAT(journals_->Remove(world_.instance), IsOk());
  EXPECT_THAT(StatusOf(journals_->TryTakeOver(world_.instance)),
              ErrorIs(Code::kNotFound, "journal.not-found"));
}

TEST_F(JournalDirectoryTest, RemovesTemporaryFilesThatAreOldAndThatNobodyLocks) {
  const auto make_temporary = [&](uint8_t id, bool old) {
    std::ofstream(PathOf({{id}}, ".new")) << "x";
    if (!old) return;
    const struct timespec times[2] = {{.tv_sec = 1'000'000}, {.tv_sec = 1'000'000}};
    ASSERT_EQ(::utimensat(AT_FDCWD, PathOf({{id}}, ".new").c_str(), times, 0), 0);
  };
  make_temporary(1, true);
  make_temporary(2, false);
  make_temporary(3, true);
  const int locked = ::open(PathOf({{3}}, ".new").c_str(), O_RDWR | O_CLOEXEC);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  ASSERT_EQ(::fcntl(locked, F_OFD_SETLK, &lock), 0);
  const auto journal = journals_->Create({{4}}, world_.head.bytes);
  journals_->RemoveStale();
  EXPECT_FALSE(fs::exists(PathOf({{1}}, ".new")));
  EXPECT_TRUE(fs::exists(PathOf({{2}}, ".new")));
  EXPECT_TRUE(fs::exists(PathOf({{3}}, ".new")));
  EXPECT_TRUE(fs::exists(PathOf({{4}})));
  ::close(locked);
}

// --- What others do to the file
// -------------------------------------------------------------------

TEST_F(JournalDirectoryTest, WritesWhatTheAuditorReads) {
  const auto journal = StartJournal();
  for (int64_t i = 0; i < 20; ++i) ASSERT_THAT(StatusOf(journal->Append(EventAt(i))), IsOk());
  EXPECT_THAT(journal->SyncTo(journal->written().offset), IsOk());
  EXPECT_EQ(world_.Decode(AsBytes(ReadFile(PathOf(world_.instance)))).size(), 20u);
}

TEST_F(JournalDirectoryTest, ReservesSpaceWithoutMakingTheFileLonger) {
  const auto journal = StartJournal();
  struct stat info {};
  ASSERT_EQ(::stat(PathOf(world_.instance).c_str(), &info), 0);
  EXPECT_EQ(static_cast<size_t>(info.st_size), world_.head.bytes.size());
  EXPECT_GE(info.st_blocks * 512, 1 << 20);
}

TEST_F(JournalDirectoryTest, GivesReleasedBytesBack) {
  const auto file = Create();
  ASSERT_THAT(file->WriteAt(0, Bytes(size_t{1} << 20, 'x')), IsOk());
  struct stat before {};
  ASSERT_EQ(::stat(PathOf(world_.instance).c_str(), &before), 0);
  file->Release(0, 512 << 10);
  struct stat after {};
  ASSERT_EQ(::stat(PathOf(world_.instance).c_str(), &after), 0);
  EXPECT_LT(after.st_blocks, before.st_blocks);
  EXPECT_EQ(after.st_size, before.st_size);
  Bytes byte(1);
  ASSERT_EQ(*file->ReadAt(512 << 10, byte), 1u);
  EXPECT_EQ(byte[0], 'x');
}

TEST_F(JournalDirectoryTest, NoticesThatTheFileWasDeleted) {
  const auto journal = StartJournal();
  ASSERT_THAT(StatusOf(journal->Append(EventAt(0))), IsOk());
  ASSERT_EQ(::unlink(PathOf(world_.instance).c_str()), 0);
  EXPECT_THAT(journal->SyncTo(journal->written().offset), kJournalGone);
  EXPECT_THAT(StatusOf(journal->Append(EventAt(1))), kJournalGone);
}

TEST_F(JournalDirectoryTest, NoticesThatTheFileWasReplacedOrMoved) {
  const auto journal = StartJournal();
  EXPECT_THAT(journal->Check(), IsOk());
  const std::string path = PathOf(world_.instance);
  fs::rename(path, path + ".bak");
  fs::copy_file(path + ".bak", path);
  EXPECT_THAT(journal->Check(), kJournalGone);
}

TEST_F(JournalDirectoryTest, NoticesThatTheFileWasCut) {
  const auto journal = StartJournal();
  ASSERT_THAT(StatusOf(journal->Append(EventAt(0))), IsOk());
  const auto size = static_cast<off_t>(journal->written().offset);
  ASSERT_EQ(::truncate(PathOf(world_.instance).c_str(), size - 1), 0);
  EXPECT_THAT(journal->Check(), kJournalGone);
}

TEST_F(JournalDirectoryTest, NoticesThatItsDescriptorWasClosed) {
  const auto journal = StartJournal();
  ASSERT_EQ(::close(DescriptorOf(PathOf(world_.instance))), 0);
  EXPECT_THAT(StatusOf(journal->Append(EventAt(0))), kJournalGone);
  EXPECT_THAT(journal->Check(), kJournalGone);
}

TEST_F(JournalDirectoryTest, NeverWritesToNorClosesAnotherFileThatGotItsDescriptor) {
  auto journal = StartJournal();
  ASSERT_THAT(StatusOf(journal->Append(EventAt(0))), IsOk());
  const std::string other = directory_ / "other";
  std::ofstream(other) << "mine";
  const int fd = DescriptorOf(PathOf(world_.instance));
  const int mine = ::open(other.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::dup2(mine, fd), fd);
  EXPECT_THAT(journal->Check(), kJournalGone);
  for (int64_t i = 0; i < 10; ++i) EXPECT_THAT(StatusOf(journal->Append(EventAt(i))), kJournalGone);
  journal.reset();
  EXPECT_EQ(ReadFile(other), "mine");
  EXPECT_EQ(::fcntl(fd, F_GETFD), 0) << "the descriptor is still open";
  ::close(fd);
  ::close(mine);
}

}  // namespace
}  // namespace bailee::audit
