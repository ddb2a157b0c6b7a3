// SPDX-License-Identifier: Apache-2.0
#include "store/fork_guard.h"

#include <pthread.h>
#include <sys/mman.h>

#include <atomic>

#include "base/check.h"

namespace bailee::store {
namespace {

using Word = std::atomic<uint64_t>;

Word generations{0};
Word* current = nullptr;

// One page that the kernel zeroes in a forked child; where it cannot, a fork handler does.
Word* MapWord() {
  constexpr size_t kBytes = 4096;
  void* page = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  BAILEE_CHECK(page != MAP_FAILED);
  current = new (page) Word(0);
  if (madvise(page, kBytes, MADV_WIPEONFORK) != 0) {
    BAILEE_CHECK(pthread_atfork(nullptr, nullptr, [] { current->store(0); }) == 0);
  }
  return current;
}

}  // namespace

uint64_t ForkGeneration() {
  static Word* const word = MapWord();
  uint64_t seen = word->load(std::memory_order_relaxed);
  if (seen != 0) return seen;
  const uint64_t next = generations.fetch_add(1) + 1;
  return word->compare_exchange_strong(seen, next) ? next : seen;
}

Status ForkedError() {
  return {Code::kFailed, "store.forked", "the vault was opened before this process was forked",
          "open it in the child, after the fork"};
}

}  // namespace bailee::store
