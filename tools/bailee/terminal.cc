// SPDX-License-Identifier: Apache-2.0
#include "terminal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "bailee/limits.h"
#include "output.h"

namespace bailee::tool {
namespace {

constexpr size_t kLineBytesMax = limits::kFieldBytesMax;

// /dev/tty for the length of a question, without echo if wanted; everything is put back at the end.
class TerminalFile {
 public:
  explicit TerminalFile(bool echo) : fd_(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (fd_ < 0 || echo || tcgetattr(fd_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
  }
  TerminalFile(const TerminalFile&) = delete;
  TerminalFile& operator=(const TerminalFile&) = delete;
  ~TerminalFile() {
    if (changed_) {
      (void)tcsetattr(fd_, TCSAFLUSH, &before_);
      Say("\n");
    }
    if (fd_ >= 0) close(fd_);
  }

  int fd() const { return fd_; }
  void Say(std::string_view text) const {
    // A prompt that cannot be shown is no reason not to read the answer.
    if (write(fd_, text.data(), text.size()) < 0) return;
  }

 private:
  int fd_;
  termios before_ = {};
  bool changed_ = false;
};

// The first line of `fd`, byte by byte: nothing beyond it is read, and no buffer keeps it.
Result<Secret> ReadLine(int fd) {
  auto secret = Secret::Allocate(kLineBytesMax);
  if (!secret.ok()) return secret.status();
  size_t have = 0;
  bool too_long = false;
  secret->RevealMutable([&](std::span<uint8_t> room) {
    while (true) {
      uint8_t byte = 0;
      const ssize_t count = read(fd, &byte, 1);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0 || byte == '\n') return;
      if (have == room.size()) {
        too_long = true;
        return;
      }
      room[have++] = byte;
    }
  });
  if (too_long) {
    return Status(Code::kInvalidValue, "input.too-long", "the line is longer than any value",
                  "give one value on one line");
  }
  if (have == 0) {
    return Status(Code::kInvalidValue, "input.empty", "no value was given",
                  "give one value on one line of standard input");
  }
  return secret->Reveal([&](std::string_view all) { return Secret::From(all.substr(0, have)); });
}

}  // namespace

bool HasTerminal() { return TerminalFile(true).fd() >= 0; }

Result<Secret> AskSecret(std::string_view prompt) {
  const TerminalFile terminal(false);
  if (terminal.fd() < 0) {
    return Status(Code::kUnconfirmed, "terminal.none", "there is no terminal to ask on",
                  "add --passphrase-file FILE");
  }
  terminal.Say(prompt);
  return ReadLine(terminal.fd());
}

Result<Secret> AskValue(std::string_view prompt) {
  if (isatty(STDIN_FILENO) != 1) return ReadLine(STDIN_FILENO);
  const TerminalFile terminal(true);
  if (terminal.fd() < 0) return ReadLine(STDIN_FILENO);
  terminal.Say(prompt);
  return ReadLine(terminal.fd());
}

Status Confirm(std::string_view what, std::string_view name, std::string_view given) {
  const Status other(Code::kUnconfirmed, "confirm.other",
                     "it was not confirmed: that is not its name",
                     fmt::format("its name is {}; nothing was done", name));
  if (!given.empty()) return given == name ? Status() : other;
  const TerminalFile terminal(true);
  if (terminal.fd() < 0) {
    return {Code::kUnconfirmed, "confirm.none",
            "this needs a confirmation and there is no terminal to ask on",
            fmt::format("add --confirm={}", name)};
  }
  terminal.Say(fmt::format("{}. Type {} to go on: ", what, name));
  const auto typed = ReadLine(terminal.fd());
  if (!typed.ok()) return other;
  return typed->Reveal([&](std::string_view text) { return text == name ? Status() : other; });
}

Status ShowOnTerminal(std::string_view label, const Secret& secret) {
  if (isatty(STDOUT_FILENO) != 1) {
    return {Code::kUsage, "reveal.not-a-terminal", "--reveal shows values on a terminal only",
            "write them to a file of yours: --out FILE"};
  }
  std::string head = SafeCell(label) + "  ";
  const bool shown = secret.Reveal([&](std::string_view text) {
    if (write(STDOUT_FILENO, head.data(), head.size()) < 0) return false;
    // Byte by byte, escaped: a stored value must not drive the terminal, and no copy is kept.
    for (const char c : text) {
      const std::string safe = SafeCell(std::string_view(&c, 1));
      if (write(STDOUT_FILENO, safe.data(), safe.size()) < 0) return false;
    }
    return write(STDOUT_FILENO, "\n", 1) == 1;
  });
  if (shown) return {};
  return {Code::kFailed, "io.stdout", "the value could not be shown", "try again"};
}

}  // namespace bailee::tool
