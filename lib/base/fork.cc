// SPDX-License-Identifier: Apache-2.0
#include "base/fork.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>

#include "base/check.h"

namespace bailee {
namespace {

using Stamp = std::atomic<uint64_t>;

// In a page the kernel zeroes in every forked child: no handler to register, none to be skipped.
std::atomic<Stamp*> g_stamp{nullptr};
std::atomic<uint64_t> g_last{0};

Stamp* MapStamp() {
  const auto page_bytes = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  void* page =
      ::mmap(nullptr, page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  BAILEE_CHECK(page != MAP_FAILED);
  BAILEE_CHECK(::madvise(page, page_bytes, MADV_WIPEONFORK) == 0);  // Linux 4.14
  auto* mine = new (page) Stamp(0);
  Stamp* first = nullptr;
  if (g_stamp.compare_exchange_strong(first, mine)) return mine;
  ::munmap(page, page_bytes);
  return first;
}

}  // namespace

uint64_t ProcessStamp() {
  Stamp* stamp = g_stamp.load(std::memory_order_acquire);
  if (stamp == nullptr) [[unlikely]]
    stamp = MapStamp();
  uint64_t now = stamp->load(std::memory_order_acquire);
  if (now != 0) [[likely]]
    return now;
  const uint64_t fresh = g_last.fetch_add(1) + 1;
  return stamp->compare_exchange_strong(now, fresh) ? fresh : now;
}

}  // namespace bailee
