// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "bailee/limits.h"
#include "keys/issued.h"

namespace bailee {
namespace {

using testing::ErrorIs;
using testing::IsOk;
using testing::StatusOf;

class Sources : public ::testing::Test {
 protected:
  Status Load(const std::string& text) {
    const Result<KeySource> source = KeySource::Parse(text);
    return source.ok() ? Keyring::Load(*source).status() : source.status();
  }

  TempDirectory directory_;
  Bytes file_ = Issued().FileOf("billing");
  std::string path_ = SavePrivate(directory_, "billing.keyring", file_);
};

TEST_F(Sources, ReadAFileWithAndWithoutItsPrefix) {
  EXPECT_THAT(Load("file:" + path_), IsOk());
  EXPECT_THAT(Load(path_), IsOk());
}

TEST_F(Sources, RefuseAFileThatOthersMayRead) {
  for (const mode_t mode : {0644u, 0640u, 0604u, 0660u}) {
    chmod(path_.c_str(), mode);
    EXPECT_THAT(Load(path_), ErrorIs(Code::kKey, "key.file-mode")) << mode;
  }
  chmod(path_.c_str(), 0400);
  EXPECT_THAT(Load(path_), IsOk());
}

TEST_F(Sources, RefuseDirectoriesAndWhatIsNotThere) {
  EXPECT_FALSE(Load(directory_.path()).ok());
  EXPECT_EQ(Load(directory_ / "none").code(), Code::kNotFound);
}

TEST_F(Sources, ReadACredential) {
  unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_THAT(Load("cred:billing.keyring"), ErrorIs(Code::kKey, "key.source-failed"));
  setenv("CREDENTIALS_DIRECTORY", directory_.path().c_str(), 1);
  EXPECT_THAT(Load("cred:billing.keyring"), IsOk());
  EXPECT_EQ(Load("cred:none").code(), Code::kNotFound);
  EXPECT_THAT(Load("cred:../billing.keyring"), ErrorIs(Code::kUsage, "key.source-unknown"));
  unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_F(Sources, ReadADescriptorToItsEnd) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], file_.data(), file_.size()), static_cast<ssize_t>(file_.size()));
  close(ends[1]);
  EXPECT_THAT(Load("fd:" + std::to_string(ends[0])), IsOk());
  close(ends[0]);
  EXPECT_THAT(Load("fd:" + std::to_string(ends[0])), ErrorIs(Code::kKey, "key.source-failed"));
  EXPECT_THAT(Load("fd:x"), ErrorIs(Code::kKey, "key.source-failed"));
  EXPECT_THAT(Load("fd:-1"), ErrorIs(Code::kKey, "key.source-failed"));
}

TEST_F(Sources, ReadWhatACommandPrints) {
  const std::string script = directory_ / "print";
  std::ofstream(script) << "#!/bin/sh\nexec cat " << path_ << "\n";
  chmod(script.c_str(), 0700);
  EXPECT_THAT(Load("cmd:" + script), IsOk());
  const std::string failing = directory_ / "fail";
  std::ofstream(failing) << "#!/bin/sh\ncat " << path_ << "\nexit 1\n";
  chmod(failing.c_str(), 0700);
  EXPECT_THAT(Load("cmd:" + failing), ErrorIs(Code::kKey, "key.source-failed"));
  EXPECT_THAT(Load("cmd:" + (directory_ / "none")), ErrorIs(Code::kKey, "key.source-failed"));
}

TEST_F(Sources, RefuseMoreThanAKeyringCanHold) {
  const std::string huge =
      SavePrivate(directory_, "huge", Bytes(limits::kKeyringBytesMax + 1, 'x'));
  EXPECT_FALSE(Load(huge).ok());
  const std::string script = directory_ / "endless";
  std::ofstream(script) << "#!/bin/sh\nexec cat /dev/zero\n";
  chmod(script.c_str(), 0700);
  EXPECT_THAT(Load("cmd:" + script), ErrorIs(Code::kKey, "key.source-failed"));
}

TEST_F(Sources, RefuseTextsThatNameNone) {
  for (const char* text : {"", "fd:", "file:", "http:x", "cmd:"}) {
    EXPECT_THAT(Load(text), ErrorIs(Code::kUsage, "key.source-unknown")) << text;
  }
  EXPECT_THAT(Load(std::string("a\0b", 3)), ErrorIs(Code::kUsage, "key.source-unknown"));
}

}  // namespace
}  // namespace bailee
