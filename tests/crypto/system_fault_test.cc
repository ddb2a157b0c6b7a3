// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <functional>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "bailee/bytes.h"
#include "crypto/init.h"
#include "crypto/random.h"
#include "support/child.h"
#include "support/error_is.h"

// What the kernel and libsodium answer, when they answer otherwise than they always do.
namespace bailee::crypto {
namespace {

using testing::ErrorIs;
using testing::ExitCodeOfChild;

// Null or nothing: what is really there answers.
std::function<ssize_t(std::span<uint8_t> out, unsigned flags)> g_kernel;
std::optional<int64_t> g_coarse_ms;
std::optional<int> g_started;
std::optional<std::pair<int, int>> g_version;

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

extern "C" ssize_t getrandom(void* out, size_t size, unsigned flags) {
  static auto* const real = Real<ssize_t(void*, size_t, unsigned)>("getrandom");
  return g_kernel ? g_kernel({static_cast<uint8_t*>(out), size}, flags) : real(out, size, flags);
}

extern "C" int clock_gettime(clockid_t clock, timespec* now) noexcept {
  static auto* const real = Real<int(clockid_t, timespec*)>("clock_gettime");
  if (!g_coarse_ms || clock != CLOCK_MONOTONIC_COARSE) return real(clock, now);
  *now = {.tv_sec = *g_coarse_ms / 1000, .tv_nsec = *g_coarse_ms % 1000 * 1'000'000};
  return 0;
}

extern "C" int sodium_init() { return g_started ? *g_started : Real<int()>("sodium_init")(); }

extern "C" int sodium_library_version_major() {
  return g_version ? g_version->first : Real<int()>("sodium_library_version_major")();
}

extern "C" int sodium_library_version_minor() {
  return g_version ? g_version->second : Real<int()>("sodium_library_version_minor")();
}

// Of a process that has not begun yet.
bool Begins() {
  const int exit_code = ExitCodeOfChild([] {
    const Status status = Init();
    if (status.ok()) return 0;
    return status.code() == Code::kFailed && status.name() == "crypto.unavailable" ? 1 : 2;
  });
  EXPECT_LT(static_cast<unsigned>(exit_code), 2U);
  return exit_code == 0;
}

TEST(Init, TakesLibsodiumFrom1018On) {
  for (const auto& [major, minor] : {std::pair(10, 3), {10, 4}, {11, 0}, {26, 2}}) {
    g_version = {major, minor};
    EXPECT_TRUE(Begins()) << major << '.' << minor;
  }
  for (const auto& [major, minor] : {std::pair(10, 2), {10, 0}, {9, 6}}) {
    g_version = {major, minor};
    EXPECT_FALSE(Begins()) << major << '.' << minor;
  }
  g_version.reset();
}

TEST(Init, NeedsALibsodiumThatStartsOrThatSomebodyElseHasStarted) {
  for (const int started : {-1, 0, 1}) {
    g_started = started;
    EXPECT_EQ(Begins(), started >= 0) << started;
  }
  g_started.reset();
}

class SystemRandomFaults : public ::testing::Test {
 protected:
  SystemRandomFaults() {
    EXPECT_TRUE(Init().ok());
    RandomArray<24>(SystemRandom());
    g_kernel = [this](std::span<uint8_t> out, unsigned flags) {
      ++calls_;
      EXPECT_EQ(flags, 0U) << "it waits for the kernel to have enough, and takes no less";
      std::fill(out.begin(), out.end(), uint8_t{0x5A});
      return static_cast<ssize_t>(out.size());
    };
  }
  ~SystemRandomFaults() override {
    g_kernel = nullptr;
    g_coarse_ms.reset();
  }

  size_t calls_ = 0;
};

TEST_F(SystemRandomFaults, ASignalOrFewerBytesAreAskedForAgain) {
  g_kernel = [this](std::span<uint8_t> out, unsigned) -> ssize_t {
    errno = EINTR;
    if (++calls_ % 2 == 1) return -1;
    const std::span<uint8_t> few = out.first(std::min<size_t>(out.size(), 7));
    std::fill(few.begin(), few.end(), uint8_t{0x5A});
    return static_cast<ssize_t>(few.size());
  };
  Bytes out(300);
  SystemRandom().Fill(out);
  EXPECT_EQ(out, Bytes(300, 0x5A));
  EXPECT_EQ(calls_, 2 * 43U);
}

// A salt or a key of what happened to lie there would be worse than no process.
TEST_F(SystemRandomFaults, WithoutRandomnessNothingGoesOn) {
  for (const ssize_t answer : {-1, 0}) {
    for (const int error : {EINTR, ENOSYS}) {
      if (answer < 0 && error == EINTR) continue;
      g_kernel = [&, failed = false](std::span<uint8_t> out, unsigned) mutable {
        errno = error;
        return std::exchange(failed, true) ? static_cast<ssize_t>(out.size()) : answer;
      };
      Bytes out(300);
      EXPECT_DEATH(SystemRandom().Fill(out), "broken invariant") << answer << ' ' << error;
    }
  }
}

TEST_F(SystemRandomFaults, WhatIsDrawnAheadIsNotKeptForASecond) {
  const auto calls_for_a_salt = [this] {
    const size_t before = calls_;
    RandomArray<24>(SystemRandom());
    return calls_ - before;
  };
  // Its clock has never said anything else to a new thread.
  std::thread([&] {
    g_coarse_ms = 3'600'500;
    EXPECT_EQ(calls_for_a_salt(), 1U);
    EXPECT_EQ(calls_for_a_salt(), 0U);
    *g_coarse_ms += 999;
    EXPECT_EQ(calls_for_a_salt(), 0U);
    *g_coarse_ms += 1;
    EXPECT_EQ(calls_for_a_salt(), 1U);
    EXPECT_EQ(calls_for_a_salt(), 0U);
  }).join();
}

// It may be a key.
TEST_F(SystemRandomFaults, WhatIsHandedOutIsNotKept) {
  std::thread([] {
    std::span<uint8_t> block;
    const auto kernel = g_kernel;
    g_kernel = [&](std::span<uint8_t> out, unsigned flags) {
      block = out;
      return kernel(out, flags);
    };
    RandomArray<24>(SystemRandom());
    Bytes left(block.size(), 0x5A);
    std::fill(left.end() - 24, left.end(), uint8_t{0});
    EXPECT_EQ(Bytes(block.begin(), block.end()), left);
  }).join();
}

// What a thread has drawn ahead is wiped when it ends, maybe before the last that it does.
TEST_F(SystemRandomFaults, AThreadThatEndsAsksTheKernel) {
  static Bytes late;
  struct Last {
    ~Last() { SystemRandom().Fill(late); }
  };
  late.assign(24, 0);
  std::thread([] {
    static thread_local Last last;
    (void)&last;
    RandomArray<24>(SystemRandom());
  }).join();
  EXPECT_EQ(late, Bytes(24, 0x5A));
  EXPECT_EQ(calls_, 2U);
}

}  // namespace
}  // namespace bailee::crypto

// Not the one of all: it begins before a test could say otherwise.
int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
