// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "base/file.h"
#include "base/file_errors.h"
#include "base/new_file.h"
#include "support/error_is.h"
#include "support/fail_nth.h"
#include "support/temporary_directory.h"

// The real files of base/file.h, with every call below them failing in turn.
namespace bailee {
namespace {

using testing::ErrorIs;
using testing::FailEach;
using testing::FailNth;
using testing::IoFaults;
using testing::IsOk;
using testing::StatusOf;
using Operation = IoFaults::Operation;
using Verdict = IoFaults::Verdict;

const auto kIo = ErrorIs(Code::kFailed, "file.io");

class FileFaults : public ::testing::Test {
 protected:
  struct Step {
    Operation operation;
    size_t nth;
  };

  void Put(const std::string& content) const { std::ofstream(path_) << content; }
  // What `run` returns while `judge` decides.
  Status With(IoFaults::Judge judge, const std::function<Status()>& run) const {
    const IoFaults faults(IoFaults::Below{.directory = directory_.path(), .looks = true},
                          std::move(judge));
    return run();
  }
  std::string Content() const {
    const Result<Bytes> read = files_.Read(path_, 1 << 20);
    return read.ok() ? std::string(AsText(*read)) : std::string(read.status().name());
  }
  size_t Count() const {
    const auto entries = std::filesystem::directory_iterator(directory_.path());
    return static_cast<size_t>(std::distance(begin(entries), end(entries)));
  }

  testing::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "file";
  FileSystem& files_ = SystemFiles();
};

TEST_F(FileFaults, SayWhatCanBeDoneAboutThem) {
  Put("content");
  struct Named {
    int error;
    Code code;
    const char* name;
  };
  for (const Named& each :
       {Named{ENOENT, Code::kNotFound, "file.not-found"},
        Named{ENOTDIR, Code::kNotFound, "file.not-found"},
        Named{EEXIST, Code::kConflict, "file.exists"},
        Named{EACCES, Code::kFailed, "file.permission"},
        Named{EPERM, Code::kFailed, "file.permission"},
        Named{EROFS, Code::kFailed, "file.permission"},
        Named{EISDIR, Code::kFailed, "file.not-regular"},
        Named{ELOOP, Code::kFailed, "file.not-regular"},
        Named{ENOSPC, Code::kFull, "file.disk-full"}, Named{EDQUOT, Code::kFull, "file.disk-full"},
        Named{EFBIG, Code::kFull, "file.disk-full"}, Named{EMFILE, Code::kFailed, "file.io"},
        Named{EIO, Code::kFailed, "file.io"}}) {
    const auto fail = FailNth(Operation::kOpen, each.error);
    EXPECT_THAT(With(fail, [&] { return StatusOf(files_.Read(path_, 99)); }),
                ErrorIs(each.code, each.name))
        << each.error;
    EXPECT_THAT(With(fail, [&] { return files_.WriteNew(directory_ / "new", AsBytes("x")); }),
                ErrorIs(each.code, each.name))
        << each.error;
  }
  EXPECT_EQ(Count(), 1u);
}

TEST_F(FileFaults, OfReadingGiveNothing) {
  Put("content");
  for (const Step& step :
       {Step{Operation::kOpen, 0}, Step{Operation::kLook, 0}, Step{Operation::kRead, 0},
        Step{Operation::kRead, 1}}) {  // the second looks for more than there was
    const auto fail = FailNth(step.operation, EIO, step.nth);
    EXPECT_THAT(With(fail, [&] { return StatusOf(files_.Read(path_, 99)); }), kIo) << step.nth;
    EXPECT_THAT(With(fail, [&] { return StatusOf(files_.ReadSecret(path_, 99)); }), kIo);
  }
  EXPECT_EQ(Content(), "content");
}

TEST_F(FileFaults, OfMakingAFileLeaveNone) {
  for (const Step& step :
       {Step{Operation::kOpen, 0}, Step{Operation::kMode, 0}, Step{Operation::kData, 0},
        Step{Operation::kSync, 0}, Step{Operation::kOpen, 1}, Step{Operation::kSync, 1}}) {
    EXPECT_THAT(With(FailNth(step.operation, EIO, step.nth),
                     [&] { return files_.WriteNew(path_, AsBytes("content")); }),
                kIo);
    EXPECT_EQ(Count(), 0u) << step.nth;
  }
  EXPECT_THAT(files_.WriteNew(path_, AsBytes("content")), IsOk());
}

TEST_F(FileFaults, OfReplacingAFileLeaveTheOldOne) {
  Put("old");
  for (const Step& step :
       {Step{Operation::kOpen, 0}, Step{Operation::kMode, 0}, Step{Operation::kData, 0},
        Step{Operation::kSync, 0}, Step{Operation::kName, 0}}) {
    EXPECT_THAT(With(FailNth(step.operation, EIO, step.nth),
                     [&] { return files_.Replace(path_, AsBytes("new")); }),
                kIo);
    EXPECT_EQ(Content(), "old");
    EXPECT_EQ(Count(), 1u) << "no temporary file is left";
  }
  // Which of the two is on the disk is not known; here it is the new one, whole.
  for (const Step& step : {Step{Operation::kOpen, 1}, Step{Operation::kSync, 1}}) {
    EXPECT_THAT(With(FailNth(step.operation, EIO, step.nth),
                     [&] { return files_.Replace(path_, AsBytes("new")); }),
                kIo);
    EXPECT_EQ(Content(), "new");
    EXPECT_EQ(Count(), 1u);
  }
}

TEST_F(FileFaults, OfDeletingAndLookingAreToldApartFromWhatIsNotThere) {
  Put("content");
  const auto looks = [&](int error) { return FailNth(Operation::kLook, error); };
  const auto exists = [&] { return StatusOf(files_.Exists(path_)); };
  EXPECT_THAT(With(looks(EACCES), exists), ErrorIs(Code::kFailed, "file.permission"));
  EXPECT_THAT(With(looks(EIO), exists), kIo);
  for (const int error : {ENOENT, ENOTDIR}) {
    EXPECT_THAT(With(looks(error),
                     [&] {
                       const auto there = files_.Exists(path_);
                       EXPECT_TRUE(there.ok() && !*there);
                       return StatusOf(there);
                     }),
                IsOk());
  }
  EXPECT_THAT(With(looks(EIO), [&] { return StatusOf(files_.Stat(path_)); }), kIo);
  EXPECT_THAT(With(looks(EIO), [&] { return files_.CheckPrivate(path_); }), kIo);
  EXPECT_THAT(With(FailNth(Operation::kRemove, EPERM), [&] { return files_.Delete(path_); }),
              ErrorIs(Code::kFailed, "file.permission"));
  EXPECT_EQ(Content(), "content");
  EXPECT_THAT(With(FailNth(Operation::kSync, EIO), [&] { return files_.Delete(path_); }), kIo);
}

TEST_F(FileFaults, AreNoneWhenASignalComes) {
  const std::string content(10'000, 'c');
  EXPECT_THAT(With(testing::FailNth(Operation::kData, EINTR),
                   [&] { return files_.WriteNew(path_, AsBytes(content)); }),
              IsOk());
  EXPECT_EQ(Content(), content);
  for (const size_t nth : {size_t{0}, size_t{1}}) {
    EXPECT_THAT(With(FailNth(Operation::kRead, EINTR, nth),
                     [&] {
                       const auto read = files_.Read(path_, 10'000);
                       EXPECT_TRUE(read.ok() && AsText(*read) == content);
                       return StatusOf(read);
                     }),
                IsOk());
  }
}

TEST_F(FileFaults, AreNoneWhenLessIsWrittenAtATime) {
  const std::string content(10'000, 'c');
  EXPECT_THAT(With([](Operation, size_t) { return Verdict{.cut_short = true}; },
                   [&] { return files_.WriteNew(path_, AsBytes(content)); }),
              IsOk());
  EXPECT_EQ(Content(), content);
}

// Somebody writes to the file between a look at how long it is and the reading of it.
TEST_F(FileFaults, AFileThatChangesWhileItIsReadIsNotRead) {
  for (const std::string& changed :
       {std::string("content+"), std::string("conten"), std::string()}) {
    for (const bool secret : {false, true}) {
      Put("content");
      const auto change = [&](Operation operation, size_t) {
        if (operation == Operation::kRead) Put(changed);
        return Verdict{};
      };
      EXPECT_THAT(With(change,
                       [&] {
                         return secret ? StatusOf(files_.ReadSecret(path_, 99))
                                       : StatusOf(files_.Read(path_, 99));
                       }),
                  kIo)
          << changed;
    }
  }
}

TEST_F(FileFaults, TheDirectoryThatIsSyncedIsThatOfTheFile) {
  const std::string before = std::filesystem::current_path();
  std::filesystem::current_path(directory_.path());
  EXPECT_THAT(With(FailNth(Operation::kSync, EIO, 1),
                   [&] { return files_.WriteNew("file", AsBytes("x")); }),
              kIo)
      << "of a name without a directory, the one where the process is";
  EXPECT_THAT(files_.WriteNew("file", AsBytes("x")), IsOk());
  std::filesystem::current_path(before);
  EXPECT_EQ(Content(), "x");
  const IoFaults root(IoFaults::Below{.directory = "/"}, FailEach(Operation::kSync, EIO));
  EXPECT_THAT(SyncDirectoryOf("/file"), kIo);
  EXPECT_EQ(IoFaults::seen(), (std::vector{Operation::kOpen, Operation::kSync}));
}

// --- Files that appear whole
// ----------------------------------------------------------------------

class NewFileFaults : public FileFaults {
 protected:
  // Makes a file of `content` bit by bit; `replace`: in the place of another.
  Status Make(std::string_view content, bool replace) const {
    auto file = NewFile::Create(path_);
    if (!file.ok()) return file.status();
    for (const std::string_view half :
         {content.substr(0, content.size() / 2), content.substr(content.size() / 2)}) {
      if (Status written = file->Write(AsBytes(half)); !written.ok()) return written;
    }
    EXPECT_EQ(file->bytes_written(), content.size());
    if (Status synced = file->Sync(); !synced.ok()) return synced;
    return replace ? file->CommitReplace() : file->CommitNew();
  }
};

TEST_F(NewFileFaults, LeaveNothingUnderItsNameNorBesideIt) {
  for (const Step& step :
       {Step{Operation::kOpen, 0}, Step{Operation::kMode, 0}, Step{Operation::kData, 0},
        Step{Operation::kData, 1}, Step{Operation::kSync, 0}, Step{Operation::kName, 0}}) {
    EXPECT_THAT(With(FailNth(step.operation, EIO, step.nth), [&] { return Make("new", false); }),
                kIo);
    EXPECT_EQ(Count(), 0u);
  }
  Put("old");
  for (const Step& step :
       {Step{Operation::kData, 1}, Step{Operation::kSync, 0}, Step{Operation::kName, 0}}) {
    EXPECT_THAT(With(FailNth(step.operation, EIO, step.nth), [&] { return Make("new", true); }),
                kIo);
    EXPECT_EQ(Content(), "old");
    EXPECT_EQ(Count(), 1u);
  }
  EXPECT_THAT(Make("new", false), ErrorIs(Code::kConflict, "file.exists"));
  EXPECT_EQ(Content(), "old");
}

TEST_F(NewFileFaults, AreNoneWhenASignalComesOrLessIsWritten) {
  EXPECT_THAT(With(FailNth(Operation::kData, EINTR), [&] { return Make("content", false); }),
              IsOk());
  EXPECT_EQ(Content(), "content");
  EXPECT_THAT(With([](Operation, size_t) { return Verdict{.cut_short = true}; },
                   [&] { return Make("another", true); }),
              IsOk());
  EXPECT_EQ(Content(), "another");
}

// What was there is still what somebody may find on the disk, unless it goes by another name.
TEST_F(NewFileFaults, WhatIsReplacedIsOverwrittenWhereNobodyElseHasIt) {
  const auto replaced = [&](IoFaults::Judge judge) {
    Put("old secret");
    const int old = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    const Status made = With(std::move(judge), [&] { return Make("new", true); });
    std::string left(20, '?');
    const ssize_t got = ::pread(old, left.data(), left.size(), 0);
    ::close(old);
    left.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
    EXPECT_EQ(Content(), "new");
    return std::pair(made, left);
  };
  const auto none = [](Operation, size_t) { return Verdict{}; };
  EXPECT_EQ(replaced(none).second, std::string(10, '\0'));
  // Until the new one's name is durable a crash may bring the old one back: it stays whole.
  const auto not_durable = replaced(FailNth(Operation::kSync, EIO, 1));
  EXPECT_THAT(not_durable.first, kIo);
  EXPECT_EQ(not_durable.second, "old secret");
  const std::string other = directory_ / "other";
  const auto keep = [&](Operation operation, size_t) {
    if (operation == Operation::kName) std::filesystem::create_hard_link(path_, other);
    return Verdict{};
  };
  EXPECT_EQ(replaced(keep).second, "old secret");
  std::filesystem::remove(other);
  // The new file is in its place whatever becomes of the old one.
  for (const Operation operation : {Operation::kLook, Operation::kMeta}) {
    const auto kept = replaced(FailNth(operation, EIO));
    EXPECT_THAT(kept.first, IsOk());
    EXPECT_EQ(kept.second, "old secret");
  }
}

}  // namespace
}  // namespace bailee
