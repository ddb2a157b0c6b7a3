// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "record/region_file.h"
#include "support/child.h"
#include "support/error_is.h"
#include "support/fail_nth.h"
#include "support/mmdb_file.h"
#include "support/sanitized.h"
#include "support/temporary_directory.h"

// A file of regions that cannot be read is not one that is malformed.
namespace bailee::record {
namespace {

using testing::ErrorIs;
using testing::FailNth;
using testing::IoFaults;
using testing::IsOk;
using testing::StatusOf;
using Operation = IoFaults::Operation;

const auto kIo = ErrorIs(Code::kFailed, "regions.io");

// What /proc calls the copy that is mapped, and where it is opened by name.
constexpr std::string_view kCopy = "/memfd:regions (deleted)";
constexpr std::string_view kDescriptors = "/proc/self/fd";

class RegionFaults : public ::testing::Test {
 protected:
  RegionFaults() {
    MmdbFile file;
    file.Add({83, 149, 0, 0}, 16, "RU");
    file.Write(path_);
  }
  Status Open(std::string_view below, IoFaults::Judge judge) const {
    const IoFaults faults(IoFaults::Below{.directory = below, .looks = true}, std::move(judge));
    const auto file = RegionFile::Open(path_);
    if (!file.ok()) return file.status();
    std::array<char, 8> out{};
    EXPECT_EQ(std::string(out.data(), (*file)->RegionOf("83.149.9.216", out)), "RU");
    return Status();
  }

  testing::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "regions.mmdb";
};

TEST_F(RegionFaults, OfTheFileAreNoDamage) {
  EXPECT_THAT(Open(directory_.path(), FailNth(Operation::kOpen, EACCES)), kIo);
  EXPECT_THAT(Open(directory_.path(), FailNth(Operation::kOpen, EMFILE)), kIo);
  EXPECT_THAT(Open(directory_.path(), FailNth(Operation::kLook, EIO)), kIo);
  EXPECT_THAT(Open(directory_.path(), FailNth(Operation::kRead, EIO)), kIo);
  EXPECT_THAT(Open(directory_.path(), FailNth(Operation::kRead, EIO, 1)), kIo);
  const auto not_found = ErrorIs(Code::kNotFound, "regions.not-found");
  EXPECT_THAT(Open(directory_.path(), FailNth(Operation::kOpen, ENOENT)), not_found);
  EXPECT_THAT(Open(directory_.path(), FailNth(Operation::kOpen, ENOTDIR)), not_found);
}

TEST_F(RegionFaults, OfTheCopyAreNoDamage) {
  EXPECT_THAT(Open(kCopy, FailNth(Operation::kData, ENOSPC)), kIo);
  EXPECT_THAT(Open(kCopy, FailNth(Operation::kControl, EPERM)), kIo);
  EXPECT_THAT(Open(kCopy, FailNth(Operation::kLook, EIO)), kIo);
  // It is mapped to be measured, and then by the library.
  for (const size_t nth : {size_t{0}, size_t{1}}) {
    EXPECT_THAT(Open(kCopy, FailNth(Operation::kMap, ENOMEM, nth)), kIo) << nth;
    EXPECT_THAT(Open(kCopy, FailNth(Operation::kMap, EIO, nth)), kIo) << nth;
  }
  EXPECT_THAT(Open(kCopy, FailNth(Operation::kMap, EIO, 2)), IsOk());
  EXPECT_THAT(Open(kDescriptors, FailNth(Operation::kOpen, EMFILE)), kIo);
}

TEST_F(RegionFaults, AreNoneWhenASignalComesOrLessIsWritten) {
  EXPECT_THAT(Open(directory_.path(), testing::Interrupt(2)), IsOk());
  EXPECT_THAT(Open(kCopy, FailNth(Operation::kData, EINTR)), IsOk());
  EXPECT_THAT(Open(kCopy, [](Operation, size_t) { return IoFaults::Verdict{.cut_short = true}; }),
              IsOk());
}

TEST_F(RegionFaults, TheLastDescriptorIsNotEnough) {
  if (testing::kSanitized) GTEST_SKIP() << "a sanitizer needs a descriptor to look at memory";
  EXPECT_EQ(testing::ExitCodeOfChild([&] {
              const rlimit few{128, 128};
              if (::setrlimit(RLIMIT_NOFILE, &few) != 0) return 1;
              int last = -1;
              for (int fd = 0; fd >= 0; fd = ::dup(0)) last = fd;
              if (RegionFile::Open(path_).status().name() != "regions.io") return 2;
              ::close(last);
              return RegionFile::Open(path_).status().name() == "regions.io" ? 0 : 3;
            }),
            0);
}

TEST_F(RegionFaults, AreNoneInAProcessWithoutStandardInput) {
  EXPECT_EQ(testing::ExitCodeOfChild([&] {
              ::close(STDIN_FILENO);  // the file then has its number
              return RegionFile::Open(path_).ok() ? 0 : 1;
            }),
            0);
}

}  // namespace
}  // namespace bailee::record
