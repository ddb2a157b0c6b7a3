// SPDX-License-Identifier: Apache-2.0
#include "crypto/random.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "bailee/secret.h"
#include "base/check.h"
#include "base/fork.h"
#include "crypto/hash.h"

namespace bailee::crypto {
namespace {

// The most that getrandom gives without being interrupted.
constexpr size_t kBlockBytes = 256;
constexpr size_t kSmallBytesMax = 64;
constexpr int64_t kBlockMillisMax = 1000;

void FillFromKernel(std::span<uint8_t> out) {
  while (!out.empty()) {
    const ssize_t count = ::getrandom(out.data(), std::min(out.size(), kBlockBytes), 0);
    if (count < 0 && errno == EINTR) continue;
    BAILEE_CHECK(count > 0);
    out = out.subspan(static_cast<size_t>(count));
  }
}

int64_t CoarseMillis() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

thread_local bool t_thread_ends = false;

// Bytes this thread got but has not used. They are tomorrow's salts and keys, hence a Secret.
struct Block {
  Secret bytes;
  size_t left = 0;
  uint64_t stamp = 0;
  int64_t filled_at_ms = 0;

  ~Block() { t_thread_ends = true; }

  // Makes sure of `size` bytes; false if there is no guarded memory.
  bool Ready(size_t size) {
    const uint64_t process = ProcessStamp();
    const int64_t now_ms = CoarseMillis();
    if (stamp == process && left >= size && now_ms - filled_at_ms < kBlockMillisMax) return true;
    if (stamp != process) {
      Result<Secret> fresh = Secret::Allocate(kBlockBytes);
      if (!fresh.ok()) return false;
      bytes = *std::move(fresh);
    }
    bytes.RevealMutable(FillFromKernel);
    left = kBlockBytes;
    stamp = process;
    filled_at_ms = now_ms;
    return true;
  }

  void Take(std::span<uint8_t> out) {
    bytes.RevealMutable([&](std::span<uint8_t> block) {
      const std::span<uint8_t> next = block.subspan(left - out.size(), out.size());
      std::memcpy(out.data(), next.data(), out.size());
      Wipe(next);
    });
    left -= out.size();
  }
};

class KernelRandom final : public Random {
 public:
  void Fill(std::span<uint8_t> out) override {
    if (out.empty()) return;
    if (out.size() > kSmallBytesMax || t_thread_ends) return FillFromKernel(out);
    thread_local Block block;
    if (!block.Ready(out.size())) return FillFromKernel(out);
    block.Take(out);
  }
};

}  // namespace

Random& SystemRandom() {
  static KernelRandom random;
  return random;
}

}  // namespace bailee::crypto
