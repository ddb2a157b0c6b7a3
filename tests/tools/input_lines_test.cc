// SPDX-License-Identifier: Apache-2.0
#include "input_lines.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>

namespace bailee::tool {
namespace {

using testing::ElementsAre;

struct Seen {
  uint64_t number = 0;
  std::string text;
  bool too_long = false;

  bool operator==(const Seen&) const = default;
};

// A file of these bytes, read from its beginning.
class TextFile {
 public:
  explicit TextFile(std::string_view text) : fd_(memfd_create("lines", MFD_CLOEXEC)) {
    EXPECT_EQ(write(fd_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    EXPECT_EQ(lseek(fd_, 0, SEEK_SET), 0);
  }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
  ~TextFile() { close(fd_); }

  int fd() const { return fd_; }

 private:
  int fd_;
};

std::vector<Seen> LinesOf(std::string_view text) {
  const TextFile file(text);
  Output out(stdout, stderr);
  std::vector<Seen> seen;
  const Status read = ForEachLine(out, {.fd = file.fd()}, [&](const InputLine& line) {
    seen.push_back({line.number, std::string(line.text), line.too_long});
    return Status();
  });
  EXPECT_TRUE(read.ok()) << read.message();
  return seen;
}

TEST(InputLines, AreGivenWithTheirNumbersButForBlankOnes) {
  EXPECT_THAT(LinesOf("one\n\n three\r\n"), ElementsAre(Seen{1, "one"}, Seen{3, " three\r"}));
  EXPECT_THAT(LinesOf("no newline"), ElementsAre(Seen{1, "no newline"}));
  EXPECT_THAT(LinesOf(""), ElementsAre());
  EXPECT_THAT(LinesOf("\n\n"), ElementsAre());
}

TEST(InputLines, TheLongestIsGivenWholeAndOneLongerHasNoText) {
  const std::string longest(kInputLineBytesMax, 'x');
  EXPECT_THAT(LinesOf(longest + "\nnext"), ElementsAre(Seen{1, longest}, Seen{2, "next"}));
  const std::string longer(3 * kInputLineBytesMax, 'x');
  EXPECT_THAT(LinesOf(longer + "\nnext"), ElementsAre(Seen{1, "", true}, Seen{2, "next"}));
}

TEST(InputLines, EndWhereWhoeverTakesThemSaysSo) {
  const TextFile file("one\ntwo\nthree\n");
  Output out(stdout, stderr);
  int taken = 0;
  const Status read = ForEachLine(out, {.fd = file.fd()}, [&](const InputLine& line) -> Status {
    ++taken;
    return line.number < 2 ? Status() : Status(Code::kFull, "disk.full", "no room");
  });
  EXPECT_EQ(read.name(), "disk.full");
  EXPECT_EQ(taken, 2);
}

TEST(InputLines, SayWhatCouldNotBeRead) {
  const int write_only = open("/dev/null", O_WRONLY | O_CLOEXEC);
  Output out(stdout, stderr);
  const Status read =
      ForEachLine(out, {.fd = write_only, .rule = "io.read", .unreadable = "no log"},
                  [](const InputLine&) { return Status(); });
  close(write_only);
  EXPECT_EQ(read.code(), Code::kFailed);
  EXPECT_EQ(read.name(), "io.read");
  EXPECT_EQ(read.message(), "no log");
}

}  // namespace
}  // namespace bailee::tool
