// SPDX-License-Identifier: Apache-2.0
#include "interrupt.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>

namespace bailee::tool {
namespace {

std::atomic<bool> interrupted{false};
// Readable once interrupted: a flag alone would be missed by a read that begins just after it was
// asked for. Negative, which poll ignores, until Listen or if there is none to be had.
std::array<int, 2> wake{-1, -1};

extern "C" void OnSignal(int /*signal*/) {
  const int before = errno;
  interrupted.store(true);
  const char byte = 0;
  // A full pipe is readable as well.
  if (write(wake[1], &byte, 1) < 0) errno = before;
}

void Listen() {
  if (pipe2(wake.data(), O_CLOEXEC | O_NONBLOCK) != 0) wake = {-1, -1};
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  (void)sigaction(SIGINT, &action, nullptr);
  (void)sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

bool Interrupted() {
  static const bool listening = [] {
    Listen();
    return true;
  }();
  return listening && interrupted.load();
}

bool WaitToRead(int fd) {
  while (!Interrupted()) {
    std::array<pollfd, 2> either{{{fd, POLLIN, 0}, {wake[0], POLLIN, 0}}};
    const int ready = poll(either.data(), either.size(), -1);
    // What cannot be waited for is left to read, which says why.
    if (ready < 0 && errno != EINTR) return true;
    if (ready > 0 && either[1].revents == 0) return true;
  }
  return false;
}

void Pause(std::chrono::milliseconds length) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + length;
  while (!Interrupted()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) return;
    // Without a pipe to be woken by, only often.
    const int64_t most = wake[0] < 0 ? 100 : 60'000;
    pollfd poller{wake[0], POLLIN, 0};
    (void)poll(&poller, 1, static_cast<int>(std::min<int64_t>(left.count(), most)));
  }
}

}  // namespace bailee::tool
