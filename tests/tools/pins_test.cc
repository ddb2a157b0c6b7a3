// SPDX-License-Identifier: Apache-2.0
#include "pins.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "files.h"

namespace bailee::tool {
namespace {

namespace fs = std::filesystem;

// A directory that goes with the test.
class Pins : public testing::Test {
 protected:
  Pins() {
    std::string pattern = (fs::temp_directory_path() / "pins.XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~Pins() override { fs::remove_all(directory_); }

  std::string Path(const char* name) const { return directory_ + "/" + name; }
  std::string Write(std::string_view text) const {
    fs::remove(Path("file"));
    EXPECT_TRUE(WriteNewFile(Path("file"), text).ok());
    return Path("file");
  }
  std::string NameOf(std::string_view text) const {
    const auto read = ReadKept(Write(text), "acme");
    return read.ok() ? "ok" : std::string(read.status().name());
  }

  std::string directory_;
};

std::string Pin(uint64_t size) {
  TreeHead head{size, EmptyRoot()};
  if (size > 0) head.root[31] ^= 1U;
  return PinText("acme", head);
}

TEST_F(Pins, APinIsThreeLinesAndReadsBack) {
  const std::string text = Pin(7);
  EXPECT_EQ(Pin(0), "acme\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
  const auto claim = ParseKept(text);
  ASSERT_TRUE(claim.ok());
  EXPECT_EQ(claim->origin, "acme");
  EXPECT_EQ(claim->size, 7U);
  EXPECT_EQ(PinText(claim->origin, {claim->size, claim->root}), text);
}

TEST_F(Pins, EveryTruncationAndExtensionIsMalformed) {
  const std::string text = Pin(7);
  for (size_t length = 1; length < text.size(); ++length) {
    EXPECT_EQ(NameOf(text.substr(0, length)), "pin.malformed") << length;
  }
  EXPECT_EQ(NameOf(text + "x"), "pin.malformed");
  EXPECT_EQ(NameOf(text + "\n"), "pin.malformed");
}

TEST_F(Pins, EveryChangedBitIsMalformedOrAnotherClaim) {
  const std::string text = Pin(7);
  const Checkpoint right = *ParseKept(text);
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string changed = text;
    changed[bit / 8] =
        static_cast<char>(static_cast<unsigned char>(changed[bit / 8]) ^ 1U << bit % 8);
    const auto claim = ParseKept(changed);
    if (!claim.ok()) {
      EXPECT_EQ(claim.status().name(), "pin.malformed");
      continue;
    }
    EXPECT_FALSE(*claim == right) << bit;
  }
}

TEST_F(Pins, OnlyOneWayOfWritingANumberIsAccepted) {
  const std::string root = Pin(7).substr(7);
  for (const char* size : {"07", "+7", "-7", "7 ", "", "18446744073709551616", "0x7"}) {
    EXPECT_EQ(NameOf("acme\n" + std::string(size) + "\n" + root), "pin.malformed") << size;
  }
  EXPECT_EQ(NameOf("acme\n7\n" + root), "ok");
  EXPECT_EQ(NameOf("acme\n0\n" + root), "pin.malformed");  // the empty tree has one root
}

TEST_F(Pins, WhatIsNotThereIsEmptyAndNoError) {
  const auto read = ReadKept(Path("none"), "acme");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, "");
  EXPECT_EQ(ReadCheckpointFile(Path("none"), "acme").status().code(), Code::kNotFound);
}

TEST_F(Pins, AnEmptyFileIsMalformedAndNotAFirstLook) { EXPECT_EQ(NameOf(""), "pin.malformed"); }

TEST_F(Pins, ThatOfAnotherLogIsAnErrorOfItsOwn) {
  const auto read = ReadKept(Write(PinText("other", {0, EmptyRoot()})), "acme");
  EXPECT_EQ(read.status().code(), Code::kInvalidValue);
  EXPECT_EQ(read.status().name(), "pin.other-log");
}

TEST_F(Pins, WritingTakesThePlaceOfTheOldOneWithMode0600) {
  const std::string path = Path("state/bailee/x.pin");
  ASSERT_TRUE(WriteKept(path, Pin(1)).ok());
  ASSERT_TRUE(WriteKept(path, Pin(2)).ok());
  EXPECT_EQ(*ReadKept(path, "acme"), Pin(2));
  struct stat facts = {};
  ASSERT_EQ(stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0600U);
  ASSERT_EQ(stat(Path("state/bailee").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0700U);
  EXPECT_EQ(std::distance(fs::directory_iterator(Path("state/bailee")), fs::directory_iterator()),
            1);
}

TEST_F(Pins, AFileThatIsNotFinishedLeavesNothing) {
  {
    auto file = NewFile::Begin(Path("export"));
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->Write("half").ok());
  }
  EXPECT_TRUE(fs::is_empty(directory_));
  auto file = NewFile::Begin(Path("export"));
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->Write("whole").ok());
  EXPECT_FALSE(fs::exists(Path("export")));
  ASSERT_TRUE(file->Finish().ok());
  EXPECT_EQ(*ReadTextFile(Path("export"), 100, "file"), "whole");
  EXPECT_EQ(NewFile::Begin(Path("export")).status().name(), "io.exists");
}

TEST_F(Pins, TheirPlaceIsTheStateDirectoryOfTheUser) {
  const auto vault = VaultId::FromHex("0f3a2b4c5d6e6f1c0d5e0c2b4b6d9a1e");
  ASSERT_TRUE(vault.ok());
  ASSERT_EQ(setenv("XDG_STATE_HOME", "/state", 1), 0);
  EXPECT_EQ(*PathOfKept(*vault, Kept::kPin), "/state/bailee/0f3a2b4c5d6e6f1c0d5e0c2b4b6d9a1e.pin");
  ASSERT_EQ(setenv("XDG_STATE_HOME", "relative", 1), 0);  // the XDG rules: ignored
  ASSERT_EQ(setenv("HOME", "/home/ana", 1), 0);
  EXPECT_EQ(*PathOfKept(*vault, Kept::kCheckpoint),
            "/home/ana/.local/state/bailee/0f3a2b4c5d6e6f1c0d5e0c2b4b6d9a1e.checkpoint");
  ASSERT_EQ(unsetenv("HOME"), 0);
  EXPECT_EQ(PathOfKept(*vault, Kept::kPin).status().name(), "usage.no-state");
}

}  // namespace
}  // namespace bailee::tool
