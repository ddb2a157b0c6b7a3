// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <span>
#include <utility>

#include "audit/instance_world.h"
#include "audit/journal_directory.h"
#include "support/fail_nth.h"
#include "support/temp_vault.h"
#include "support/temporary_directory.h"

// Every call below a directory of journals and a journal's file, failing in turn.
namespace bailee::audit {
namespace {

namespace fs = std::filesystem;
using testing::ErrorIs;
using testing::FailEach;
using testing::FailNth;
using testing::InstanceWorld;
using testing::Interrupt;
using testing::IoFaults;
using testing::IsOk;
using testing::StatusOf;
using Operation = IoFaults::Operation;
using Verdict = IoFaults::Verdict;

const auto kIo = ErrorIs(Code::kFailed, "journal.io");
const auto kFull = ErrorIs(Code::kFull, "journal.disk-full");
const auto kGone = ErrorIs(Code::kFailed, "journal.gone");
const auto kAlive = ErrorIs(Code::kBusy, "journal.alive");
const auto kNotFound = ErrorIs(Code::kNotFound, "journal.not-found");

class JournalFaults : public ::testing::Test {
 protected:
  std::string PathOf(const InstanceId& instance, const char* suffix = ".journal") const {
    return directory_.path() + "/journal/" + instance.ToHex() + suffix;
  }
  Result<std::unique_ptr<JournalFile>> Create() const {
    return journals_->Create(world_.instance, world_.head.bytes);
  }
  // What `run` returns while `judge` decides.
  Status With(IoFaults::Judge judge, const std::function<Status()>& run) const {
    const IoFaults faults(IoFaults::Below{.directory = directory_.path(), .looks = true},
                          std::move(judge));
    return run();
  }
  Status FailingCreate(Operation operation, int error, size_t nth = 0) const {
    return With(FailNth(operation, error, nth), [&] { return StatusOf(Create()); });
  }
  // The first write takes no byte; errno is still what something else left there.
  static IoFaults::Judge NothingIsTaken(Operation which, int left) {
    return [which, left, first = true](Operation operation, size_t) mutable -> Verdict {
      if (operation != which || !std::exchange(first, false)) return {};
      return {.error = left, .nothing = true};
    };
  }
  bool NothingIsThere() const { return fs::is_empty(directory_.path() + "/journal"); }
  void MakeOld(const std::string& path) const {
    const struct timespec times[2] = {{.tv_sec = 1'000'000}, {.tv_sec = 1'000'000}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }

  testing::TemporaryDirectory directory_;
  InstanceWorld world_;
  std::unique_ptr<JournalDirectory> journals_ = *JournalDirectory::Open(directory_.path());
};

// --- The directory
// --------------------------------------------------------------------------------

TEST_F(JournalFaults, OfOpeningTheDirectoryAreSaid) {
  const auto open = [&] { return StatusOf(JournalDirectory::Open(directory_.path())); };
  const auto open_first = [&](Operation operation, int error, size_t nth = 0) {
    fs::remove_all(directory_.path() + "/journal");
    return With(FailNth(operation, error, nth), open);
  };
  EXPECT_THAT(open_first(Operation::kOpen, EACCES), kIo);
  EXPECT_THAT(open_first(Operation::kMake, EROFS), kIo);
  EXPECT_THAT(open_first(Operation::kMake, ENOSPC), kFull);
  EXPECT_THAT(open_first(Operation::kMake, EDQUOT), kFull);
  EXPECT_THAT(open_first(Operation::kOpen, EMFILE, 1), kIo);
  EXPECT_THAT(open_first(Operation::kSync, EIO), kIo);
  EXPECT_THAT(open_first(Operation::kSync, EINTR), IsOk());
  EXPECT_THAT(With(FailNth(Operation::kSync, EIO), open), kIo) << "also if it was there";
}

TEST_F(JournalFaults, OfMakingAJournalLeaveNothingBehind) {
  EXPECT_THAT(FailingCreate(Operation::kOpen, EACCES), kIo);
  EXPECT_THAT(FailingCreate(Operation::kOpen, ENOSPC), kFull);
  EXPECT_THAT(FailingCreate(Operation::kMode, EPERM), kIo);
  EXPECT_THAT(FailingCreate(Operation::kControl, EIO), kIo);
  EXPECT_THAT(FailingCreate(Operation::kData, EIO), kIo);
  EXPECT_THAT(FailingCreate(Operation::kData, ENOSPC), kFull);
  EXPECT_THAT(FailingCreate(Operation::kSync, EIO), kIo);
  EXPECT_THAT(FailingCreate(Operation::kName, EIO), kIo);
  EXPECT_THAT(FailingCreate(Operation::kSync, EIO, 1), kIo);
  for (const int left : {0, EINTR, ENOSPC}) {
    EXPECT_THAT(With(NothingIsTaken(Operation::kData, left), [&] { return StatusOf(Create()); }),
                kIo);
  }
  EXPECT_TRUE(NothingIsThere());
  EXPECT_THAT(StatusOf(Create()), IsOk());
}

// It is durable by then; whoever comes next looks after it.
TEST_F(JournalFaults, AfterAJournalWasMadeLeaveItToTheNext) {
  const auto take_over = [&] { return StatusOf(journals_->TryTakeOver(world_.instance)); };
  for (const auto& [operation, nth] :
       {std::pair(Operation::kLook, size_t{1}), std::pair(Operation::kOpen, size_t{1})}) {
    EXPECT_THAT(FailingCreate(operation, EMFILE, nth), kIo);
    EXPECT_EQ(ReadFile(PathOf(world_.instance)), AsText(world_.head.bytes));
    EXPECT_THAT(take_over(), IsOk());
    ASSERT_THAT(journals_->Remove(world_.instance), IsOk());
  }
}

TEST_F(JournalFaults, AreNoneWhenASignalComesOrLessIsWritten) {
  EXPECT_THAT(With(Interrupt(2), [&] { return StatusOf(Create()); }), IsOk());
  EXPECT_EQ(ReadFile(PathOf(world_.instance)), AsText(world_.head.bytes));
  ASSERT_THAT(journals_->Remove(world_.instance), IsOk());
  EXPECT_THAT(With([](Operation, size_t) { return Verdict{.cut_short = true}; },
                   [&] { return StatusOf(Create()); }),
              IsOk());
  EXPECT_EQ(ReadFile(PathOf(world_.instance)), AsText(world_.head.bytes));
  EXPECT_THAT(With(Interrupt(1), [&] { return StatusOf(journals_->TryTakeOver(world_.instance)); }),
              IsOk());
  EXPECT_THAT(With(Interrupt(1), [&] { return journals_->Remove(world_.instance); }), IsOk());
}

// A lock that cannot be asked for is not one that somebody holds.
TEST_F(JournalFaults, OfTakingOverTellALiveOwnerFromAFailure) {
  ASSERT_THAT(StatusOf(Create()), IsOk());
  const auto take_over = [&](IoFaults::Judge judge) {
    return With(std::move(judge),
                [&] { return StatusOf(journals_->TryTakeOver(world_.instance)); });
  };
  EXPECT_THAT(take_over(FailNth(Operation::kControl, EAGAIN)), kAlive);
  EXPECT_THAT(take_over(FailNth(Operation::kControl, EACCES)), kAlive);
  EXPECT_THAT(take_over(FailNth(Operation::kControl, ENOLCK)), kIo);
  EXPECT_THAT(take_over(FailNth(Operation::kOpen, EACCES)), kIo);
  EXPECT_THAT(take_over(FailNth(Operation::kLook, EIO)), kIo);
  EXPECT_THAT(take_over(FailNth(Operation::kOpen, ENOENT)), kNotFound);
  EXPECT_THAT(take_over(FailEach(Operation::kData, EIO)), IsOk());
  EXPECT_THAT(take_over([&](Operation operation, size_t) {
                if (operation == Operation::kControl) fs::remove(PathOf(world_.instance));
                return Verdict{};
              }),
              kNotFound)
      << "its owner finished between the opening and the lock";
}

TEST_F(JournalFaults, OfLookingListingAndDeletingAreSaid) {
  ASSERT_THAT(StatusOf(Create()), IsOk());
  const auto look = [&] { return StatusOf(journals_->Look(world_.instance)); };
  EXPECT_THAT(With(FailNth(Operation::kOpen, EACCES), look), kIo);
  EXPECT_THAT(With(FailNth(Operation::kOpen, ENOENT), look), kNotFound);
  const auto list = [&] { return StatusOf(journals_->List()); };
  EXPECT_THAT(With(FailNth(Operation::kOpen, EMFILE), list), kIo);
  // Half of the journals is not all of them: the first name, and a later one.
  EXPECT_THAT(With(FailNth(Operation::kLook, EIO), list), kIo);
  EXPECT_THAT(With(FailNth(Operation::kLook, EIO, 2), list), kIo);
  const auto remove = [&] { return journals_->Remove(world_.instance); };
  EXPECT_THAT(With(FailNth(Operation::kRemove, EPERM), remove), kIo);
  EXPECT_TRUE(fs::exists(PathOf(world_.instance)));
  EXPECT_THAT(With(FailNth(Operation::kSync, EIO), remove), kIo);
}

TEST_F(JournalFaults, WhatIsNoFileIsNoJournal) {
  ASSERT_EQ(::mkfifo(PathOf({{8}}).c_str(), 0600), 0);
  EXPECT_THAT(StatusOf(journals_->Look({{8}})), kIo);
  ASSERT_EQ(::mkdir(PathOf({{9}}).c_str(), 0700), 0);
  EXPECT_THAT(StatusOf(journals_->Look({{9}})), kIo);
}

TEST_F(JournalFaults, OfRemovingWhatIsStaleLeaveItForTheNextTime) {
  const std::string stale = PathOf({{1}}, ".new");
  const std::string pipe = PathOf({{2}}, ".new");
  std::ofstream(stale) << "x";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  MakeOld(stale);
  MakeOld(pipe);
  const auto remove = [&](IoFaults::Judge judge) {
    (void)With(std::move(judge), [&] {
      journals_->RemoveStale();
      return Status();
    });
    return !fs::exists(stale);
  };
  EXPECT_FALSE(remove(FailNth(Operation::kOpen, EMFILE)));
  EXPECT_FALSE(remove([](Operation operation, size_t number) {
    return Verdict{.error = operation == Operation::kOpen && number > 0 ? EACCES : 0};
  }));
  EXPECT_FALSE(remove([opened = 0](Operation operation, size_t) mutable {
    opened += operation == Operation::kOpen ? 1 : 0;
    return Verdict{.error = operation == Operation::kLook && opened > 1 ? EIO : 0};
  })) << "nobody knows how old it is";
  EXPECT_FALSE(remove(FailEach(Operation::kControl, EIO)));
  EXPECT_TRUE(remove([](Operation, size_t) { return Verdict{}; }));
  EXPECT_TRUE(fs::exists(pipe)) << "a file is what was made";
}

// --- A journal's file
// -----------------------------------------------------------------------------

class JournalFileFaults : public JournalFaults {
 protected:
  const std::unique_ptr<JournalFile> file_ = *Create();
};

TEST_F(JournalFileFaults, SayWhatCanBeDoneAboutThem) {
  const auto sync = [&] { return file_->Sync(); };
  for (const int error : {ENOSPC, EDQUOT, EFBIG}) {
    EXPECT_THAT(With(FailNth(Operation::kSync, error), sync), kFull) << error;
  }
  EXPECT_THAT(With(FailNth(Operation::kSync, EBADF), sync), kGone);
  for (const int error : {EACCES, EPERM, EROFS, EIO, EINVAL}) {
    EXPECT_THAT(With(FailNth(Operation::kSync, error), sync), kIo) << error;
  }
  EXPECT_TRUE(With(FailNth(Operation::kSync, EROFS), sync).hint().find("owner") !=
              std::string::npos);
  EXPECT_TRUE(With(FailNth(Operation::kSync, EIO), sync).hint().find("disk") != std::string::npos);
}

TEST_F(JournalFileFaults, OfReadingAndWritingAreSaidAndSignalsAreNone) {
  const uint64_t end = *file_->Size();
  const Bytes bytes(10'000, 'x');
  const auto write = [&] { return file_->WriteAt(end, bytes); };
  // What is written at the front counts as a page of LMDB's head.
  EXPECT_THAT(With(FailNth(Operation::kMeta, EIO), write), kIo);
  EXPECT_THAT(With(FailNth(Operation::kMeta, EINTR), write), IsOk());
  for (const int left : {0, EINTR, ENOSPC}) {
    EXPECT_THAT(With(NothingIsTaken(Operation::kMeta, left), write), kIo) << left;
  }
  EXPECT_THAT(With([](Operation, size_t) { return Verdict{.cut_short = true}; }, write), IsOk());
  Bytes read(20'000);
  const auto read_all = [&] {
    const auto got = file_->ReadAt(end, read);
    EXPECT_TRUE(!got.ok() || *got == bytes.size());
    return StatusOf(got);
  };
  EXPECT_THAT(With(FailNth(Operation::kRead, EIO), read_all), kIo);
  EXPECT_THAT(With(FailNth(Operation::kRead, EIO, 1), read_all), kIo);
  EXPECT_THAT(With(FailNth(Operation::kRead, EINTR), read_all), IsOk());
  read.resize(bytes.size());
  EXPECT_EQ(read, bytes);
  // Nothing is read into what lies behind, however many reads it takes.
  Bytes room(bytes.size(), 'r');
  EXPECT_THAT(With([](Operation, size_t) { return Verdict{.read_less = true}; },
                   [&] {
                     const auto got = file_->ReadAt(end, std::span(room).first(5'000));
                     EXPECT_TRUE(got.ok() && *got == 5'000);
                     return StatusOf(got);
                   }),
              IsOk());
  EXPECT_EQ(std::count(room.begin(), room.end(), 'x'), 5'000);
  EXPECT_EQ(std::count(room.begin() + 5'000, room.end(), 'r'), 5'000);
  EXPECT_THAT(With(FailNth(Operation::kSync, EINTR), [&] { return file_->Sync(); }), IsOk());
  EXPECT_THAT(With(FailNth(Operation::kLook, EIO), [&] { return StatusOf(file_->Size()); }), kIo);
}

// Where a file system cannot promise space, writing itself will say.
TEST_F(JournalFileFaults, OfReservingAreSaidUnlessNothingCanBePromised) {
  const auto reserve = [&](int error) {
    return With(FailNth(Operation::kLength, error), [&] { return file_->Reserve(0, 1 << 20); });
  };
  EXPECT_THAT(reserve(EOPNOTSUPP), IsOk());
  EXPECT_THAT(reserve(ENOSYS), IsOk());
  EXPECT_THAT(reserve(EINTR), IsOk());
  EXPECT_THAT(reserve(ENOSPC), kFull);
  EXPECT_THAT(reserve(EIO), kIo);
  const auto release = [&](uint64_t bytes) {
    (void)With(FailEach(Operation::kLength, EIO), [&] {
      file_->Release(0, bytes);
      return Status();
    });
    return IoFaults::seen().size();
  };
  EXPECT_EQ(release(0), 0u) << "of nothing, nobody is asked";
  EXPECT_EQ(release(4'096), 1u);
}

TEST_F(JournalFileFaults, WhatCannotBeLookedAtIsNotTheFileItWas) {
  const auto check = [&] { return file_->Check(); };
  EXPECT_THAT(check(), IsOk());
  EXPECT_THAT(With(FailNth(Operation::kLook, EIO), check), kGone);
  EXPECT_THAT(With(FailNth(Operation::kLook, EIO, 1), check), kGone);
}

}  // namespace
}  // namespace bailee::audit
