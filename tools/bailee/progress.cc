// SPDX-License-Identifier: Apache-2.0
#include "progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace bailee::tool {
namespace {

std::atomic<bool> interrupted{false};

extern "C" void OnSignal(int /*signal*/) { interrupted.store(true); }

std::chrono::milliseconds LineInterval() {
  int seconds = 10;
  if (const char* text = std::getenv("BAILEE_PROGRESS_SECONDS")) {
    std::from_chars(text, text + std::strlen(text), seconds);
  }
  return std::chrono::seconds(std::clamp(seconds, 0, 86'400));
}

}  // namespace

Progress::Progress(Output& out, std::string what, uint64_t total)
    : out_(out),
      what_(std::move(what)),
      total_(total),
      bar_(out.options().err_terminal),
      interval_(bar_ ? std::chrono::milliseconds(100) : LineInterval()),
      next_(std::chrono::steady_clock::now() + interval_) {}

Progress::~Progress() {
  if (shown_ && bar_) out_.Raw("\r\x1b[K");
}

void Progress::Show(uint64_t done, uint64_t items) {
  const auto now = std::chrono::steady_clock::now();
  if (out_.json() || interval_.count() == 0 || now < next_) return;
  next_ = now + interval_;
  shown_ = true;
  const double part =
      total_ == 0 ? 0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
  if (!bar_) {
    const std::string percent = total_ == 0 ? "" : fmt::format(", {:.0f} %", part * 100);
    out_.Raw(fmt::format("bailee: {}: {}{}\n", what_, items, percent));
    return;
  }
  constexpr size_t kWidth = 20;
  const auto full = static_cast<size_t>(part * kWidth);
  const std::string bar = total_ == 0 ? "" : fmt::format("[{:<20}] ", std::string(full, '#'));
  out_.Raw(fmt::format("\r\x1b[K{}{} {}", bar, items, what_));
}

bool Interrupted() {
  static const bool listening = [] {
    struct sigaction action = {};
    action.sa_handler = OnSignal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    (void)sigaction(SIGINT, &action, nullptr);
    (void)sigaction(SIGTERM, &action, nullptr);
    return true;
  }();
  return listening && interrupted.load();
}

void Pause(std::chrono::seconds length) {
  // A signal between the question and the wait must not cost the whole length.
  constexpr std::chrono::milliseconds kStep(100);
  const auto end = std::chrono::steady_clock::now() + length;
  while (!Interrupted()) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds(0)) return;
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, kStep));
  }
}

}  // namespace bailee::tool
