// SPDX-License-Identifier: Apache-2.0
#include "terminal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>

#include "bailee/limits.h"
#include "safe_text.h"

namespace bailee::tool {
namespace {

constexpr size_t kLineBytesMax = limits::kFieldBytesMax;

// What the terminal was like before a question hid the answer.
int hidden_fd = -1;
termios hidden_before = {};

extern "C" void ShowAgain(int signal) {
  (void)tcsetattr(hidden_fd, TCSANOW, &hidden_before);
  (void)raise(signal);  // by now what it would have done without us
}

// While it lives, a signal that ends the process leaves a terminal that shows what is typed.
class EchoGuard {
 public:
  EchoGuard(int fd, const termios& before) {
    hidden_fd = fd;
    hidden_before = before;
    struct sigaction action = {};
    action.sa_handler = ShowAgain;
    sigemptyset(&action.sa_mask);
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (size_t i = 0; i < kSignals.size(); ++i) {
      (void)sigaction(kSignals[i], nullptr, &before_[i]);
      const bool ignored = before_[i].sa_handler == SIG_IGN;
      if (!ignored) (void)sigaction(kSignals[i], &action, nullptr);
    }
  }
  EchoGuard(const EchoGuard&) = delete;
  EchoGuard& operator=(const EchoGuard&) = delete;
  ~EchoGuard() {
    for (size_t i = 0; i < kSignals.size(); ++i) {
      (void)sigaction(kSignals[i], &before_[i], nullptr);
    }
  }

 private:
  static constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  std::array<struct sigaction, kSignals.size()> before_ = {};
};

// /dev/tty for the length of a question, without echo if wanted; everything is put back at the end.
class TerminalFile {
 public:
  explicit TerminalFile(bool echo) : fd_(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (fd_ < 0 || echo || tcgetattr(fd_, &before_) != 0) return;
    guard_.emplace(fd_, before_);
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
    guard_.reset();
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
  std::optional<EchoGuard> guard_;
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
    // Piece by piece, escaped: a stored value must not drive the terminal, and no copy is kept.
    while (!text.empty()) {
      const std::string safe = TakeSafe(text);
      if (write(STDOUT_FILENO, safe.data(), safe.size()) < 0) return false;
    }
    return write(STDOUT_FILENO, "\n", 1) == 1;
  });
  if (shown) return {};
  return {Code::kFailed, "io.stdout", "the value could not be shown", "try again"};
}

}  // namespace bailee::tool
