// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "support/child.h"
#include "support/error_is.h"

namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "bailee-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  void Put(const std::string& name, const std::string& content) const {
    std::ofstream(Path(name)) << content;
  }
  std::string Content(const std::string& name) {
    const Result<Bytes> read = files_.Read(Path(name), 1 << 20);
    return read.ok() ? std::string(AsText(*read)) : std::string(read.status().name());
  }
  size_t Count() const {
    const auto entries = std::filesystem::directory_iterator(directory_);
    return static_cast<size_t>(std::distance(begin(entries), end(entries)));
  }

  std::string directory_;
  FileSystem& files_ = SystemFiles();
};

TEST_F(Files, ReadsAFileUpToTheBound) {
  Put("a", "12345");
  EXPECT_EQ(Content("a"), "12345");
  EXPECT_TRUE(files_.Read(Path("a"), 5).ok());
  EXPECT_THAT(StatusOf(files_.Read(Path("a"), 4)), ErrorIs(Code::kInvalidValue, "file.too-large"));
  EXPECT_THAT(StatusOf(files_.ReadSecret(Path("a"), 4)),
              ErrorIs(Code::kInvalidValue, "file.too-large"));
}

TEST_F(Files, ReadsASecretFile) {
  Put("a", "a key");
  const Result<Secret> secret = files_.ReadSecret(Path("a"), 100);
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret->Reveal([](std::string_view text) { return std::string(text); }), "a key");
  Put("empty", "");
  EXPECT_TRUE(files_.ReadSecret(Path("empty"), 100)->empty());
}

TEST_F(Files, SaysWhatIsNotThereOrNotAFile) {
  EXPECT_THAT(StatusOf(files_.Read(Path("none"), 9)), ErrorIs(Code::kNotFound, "file.not-found"));
  EXPECT_THAT(StatusOf(files_.Read(directory_, 9)), ErrorIs(Code::kFailed, "file.not-regular"));
  ASSERT_EQ(::mkfifo(Path("pipe").c_str(), 0600), 0);
  EXPECT_THAT(StatusOf(files_.ReadSecret(Path("pipe"), 9)),
              ErrorIs(Code::kFailed, "file.not-regular"));
  EXPECT_THAT(StatusOf(files_.Stat(Path("none"))), ErrorIs(Code::kNotFound, "file.not-found"));
  EXPECT_THAT(files_.Delete(Path("none")), ErrorIs(Code::kNotFound, "file.not-found"));
}

TEST_F(Files, WritesANewFileThatOnlyTheOwnerReads) {
  const mode_t before = ::umask(0);
  EXPECT_THAT(files_.WriteNew(Path("a"), AsBytes("content")), IsOk());
  ::umask(0777);
  EXPECT_THAT(files_.WriteNewSecret(Path("b"), *Secret::From("secret")), IsOk());
  ::umask(before);
  for (const char* name : {"a", "b"}) {
    const Result<FileSystem::Info> info = files_.Stat(Path(name));
    ASSERT_TRUE(info.ok());
    EXPECT_EQ(info->mode, 0600U);
    EXPECT_TRUE(info->regular && info->owned_by_us);
  }
  EXPECT_EQ(Content("a"), "content");
  EXPECT_EQ(Content("b"), "secret");
  EXPECT_EQ(Count(), 2U);
}

TEST_F(Files, NeverWritesANewFileOverAnother) {
  Put("a", "old");
  EXPECT_THAT(files_.WriteNew(Path("a"), AsBytes("new")), ErrorIs(Code::kConflict, "file.exists"));
  EXPECT_EQ(Content("a"), "old");
  std::filesystem::create_symlink(Path("elsewhere"), Path("link"));
  EXPECT_FALSE(files_.WriteNew(Path("link"), AsBytes("new")).ok());
  EXPECT_FALSE(*files_.Exists(Path("elsewhere")));
}

TEST_F(Files, ReplacesAFileWholeAndPrivate) {
  Put("a", "old content");
  ASSERT_EQ(::chmod(Path("a").c_str(), 0644), 0);
  EXPECT_THAT(files_.Replace(Path("a"), AsBytes("new")), IsOk());
  EXPECT_EQ(Content("a"), "new");
  EXPECT_EQ(files_.Stat(Path("a"))->mode, 0600U);
  EXPECT_THAT(files_.ReplaceSecret(Path("b"), *Secret::From("made")), IsOk());
  EXPECT_EQ(Content("b"), "made");
  EXPECT_EQ(Count(), 2U) << "no temporary file is left";
}

TEST_F(Files, ReplacesALinkAndNotWhatItPointsTo) {
  Put("target", "untouched");
  std::filesystem::create_symlink(Path("target"), Path("link"));
  EXPECT_THAT(files_.Replace(Path("link"), AsBytes("new")), IsOk());
  EXPECT_EQ(Content("target"), "untouched");
  EXPECT_EQ(Content("link"), "new");
}

TEST_F(Files, AFailedWriteLeavesNothingBehind) {
  Put("a", "old");
  std::filesystem::create_directory(Path("directory"));
  EXPECT_FALSE(files_.Replace(Path("directory"), AsBytes("x")).ok());
  EXPECT_FALSE(files_.WriteNew(Path("none/a"), AsBytes("x")).ok());
  // A limit on file sizes makes the write itself fail after the file was made.
  EXPECT_EQ(testing::ExitCodeOfChild([&] {
              std::signal(SIGXFSZ, SIG_IGN);
              const rlimit small{10, 10};
              ::setrlimit(RLIMIT_FSIZE, &small);
              const Bytes large(1'000);
              if (files_.WriteNew(Path("b"), large).name() != "file.disk-full") return 1;
              if (files_.Replace(Path("a"), large).name() != "file.disk-full") return 2;
              return 0;
            }),
            0);
  EXPECT_EQ(Content("a"), "old");
  EXPECT_EQ(Count(), 2U);
}

TEST_F(Files, DeletesAndSaysWhatExists) {
  Put("a", "x");
  std::filesystem::create_symlink(Path("nowhere"), Path("dangling"));
  EXPECT_TRUE(*files_.Exists(Path("a")));
  EXPECT_TRUE(*files_.Exists(Path("dangling")));
  EXPECT_THAT(files_.Delete(Path("a")), IsOk());
  EXPECT_FALSE(*files_.Exists(Path("a")));
  EXPECT_FALSE(*files_.Exists(Path("a/b")));
}

TEST_F(Files, FindsAFileThatOthersCanRead) {
  Put("a", "x");
  for (const mode_t mode : {0600U, 0400U, 0700U}) {
    ::chmod(Path("a").c_str(), mode);
    EXPECT_THAT(files_.CheckPrivate(Path("a")), IsOk()) << mode;
  }
  for (const mode_t mode : {0640U, 0604U, 0620U, 0601U}) {
    ::chmod(Path("a").c_str(), mode);
    EXPECT_THAT(files_.CheckPrivate(Path("a")), ErrorIs(Code::kFailed, "file.not-private"));
  }
}

TEST_F(Files, FindsAFileThatBelongsToSomebodyElse) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  Put("a", "x");
  ::chmod(Path("a").c_str(), 0600);
  ASSERT_EQ(::chown(Path("a").c_str(), 65'534, 65'534), 0);
  EXPECT_THAT(files_.CheckPrivate(Path("a")), ErrorIs(Code::kFailed, "file.not-private"));
}

TEST_F(Files, SaysWhenAFileMayNotBeRead) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs to become another user";
  Put("a", "x");
  ::chmod(Path("a").c_str(), 0600);
  EXPECT_EQ(testing::ExitCodeOfChild([&] {
              if (::chmod(directory_.c_str(), 0755) != 0) return 1;
              if (::setresuid(65'534, 65'534, 65'534) != 0) return 2;
              return files_.Read(Path("a"), 9).status().name() == "file.permission" ? 0 : 3;
            }),
            0);
}

}  // namespace
}  // namespace bailee
