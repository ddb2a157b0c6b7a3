// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "base/arena_pages.h"
#include "base/check.h"
#include "base/fork.h"

namespace bailee::arena {
namespace {

// Small blocks come in classes, four to a doubling, all multiples of 32 bytes: 32, 64, 96, 128,
// 160, 192, 224, 256, 320, … 32,768. Larger ones have pages of their own.
constexpr size_t kUnitBytes = 32;
constexpr size_t kClasses = 36;
constexpr size_t kSmallBytesMax = 32'768;
// Classes of which every thread keeps some.
constexpr size_t kCachedClasses = 20;
constexpr size_t kCachedBlockBytesMax = 2'048;
constexpr size_t kCacheSlots = 32;
constexpr size_t kCacheBytesPerClass = 4'096;

constexpr size_t kChunkBytesMin = size_t{256} << 10;
constexpr size_t kChunkBytesMax = size_t{4} << 20;
// Free large blocks up to this much in all stay mapped for the next who asks.
constexpr size_t kRetainedBytesMax = size_t{8} << 20;

constexpr size_t ClassOf(size_t bytes) {
  const size_t units = (bytes - 1) / kUnitBytes;
  if (units < 4) return units;
  const auto exponent = static_cast<size_t>(std::bit_width(units)) - 3;
  return 4 * exponent + (units >> exponent);
}

constexpr size_t BlockBytes(size_t size_class) {
  if (size_class < 4) return (size_class + 1) * kUnitBytes;
  const size_t exponent = size_class / 4 - 1;
  return ((size_class % 4 + 5) << exponent) * kUnitBytes;
}
static_assert(BlockBytes(kClasses - 1) == kSmallBytesMax &&
              ClassOf(kSmallBytesMax) + 1 == kClasses);
static_assert(BlockBytes(kCachedClasses - 1) == kCachedBlockBytesMax);
static_assert(ClassOf(129) == 4 && BlockBytes(4) == 160 && ClassOf(288) == 8);

constexpr size_t CacheLimit(size_t size_class) {
  return std::clamp<size_t>(kCacheBytesPerClass / BlockBytes(size_class), 2, kCacheSlots);
}

// Free blocks of one size, linked through their own first bytes: to take one back needs no memory,
// so that wiping a secret cannot fail.
class FreeList {
 public:
  bool empty() const { return first_ == nullptr; }
  void Push(uint8_t* block) {
    std::memcpy(block, &first_, kLinkBytes);
    first_ = block;
  }
  // All zero again. REQUIRES: not empty.
  uint8_t* Pop() {
    uint8_t* const block = first_;
    std::memcpy(&first_, block, kLinkBytes);
    std::memset(block, 0, kLinkBytes);
    return block;
  }

 private:
  static constexpr size_t kLinkBytes = sizeof(uint8_t*);
  static_assert(kLinkBytes <= kUnitBytes);
  uint8_t* first_ = nullptr;
};

class Central;

// Wiped blocks of one thread, so that most calls take no lock.
struct Cache {
  explicit Cache(Central& owner) : central(owner) {}

  struct Stack {
    std::array<uint8_t*, kCacheSlots> blocks;
    size_t count = 0;
  };
  Central& central;
  std::array<Stack, kCachedClasses> stacks;
  // Written by its thread alone; may be below zero, for a block may be freed by another thread than
  // it was made by.
  std::atomic<int64_t> bytes_in_use{0};

  void Count(int64_t bytes) {
    bytes_in_use.store(bytes_in_use.load(std::memory_order_relaxed) + bytes,
                       std::memory_order_relaxed);
  }
};

std::atomic<size_t> g_bytes_max{std::numeric_limits<size_t>::max()};
std::atomic<Refusal> g_refusal{nullptr};

// What the threads of one process share. Never destroyed: threads and static destructors may free
// secrets until the very end.
class Central {
 public:
  // `inherited` is what the process had when it was forked: unusable, maybe locked by a thread that
  // does not exist here, and kept only so that it is no leak.
  explicit Central(Central* inherited) : stamp_(ProcessStamp()), inherited_(inherited) {}

  uint64_t stamp() const { return stamp_; }
  bool Owns(const uint8_t* data) const { return pages_.Contains(data); }

  // The size of the large block for `bytes`: whole pages, eight sizes to a doubling, so that what
  // one leaves fits the next.
  size_t LargeBytes(size_t bytes) const {
    const size_t step = std::max(pages_.page_bytes(), std::bit_floor(bytes) / 8);
    return (bytes + step - 1) / step * step;
  }

  // Fills `out` with up to out.size() blocks and returns how many there were.
  size_t TakeSmall(size_t size_class, uint8_t** out, size_t wanted, bool counted);
  void GiveSmall(size_t size_class, uint8_t* const* blocks, size_t count, bool counted);
  uint8_t* TakeLarge(size_t bytes);
  void GiveLarge(uint8_t* data, size_t bytes);

  Cache* NewCache();
  void DeleteCache(Cache* cache);
  ArenaHealth Health();

 private:
  uint8_t* Carve(size_t bytes);
  bool NewChunk(size_t bytes);

  const uint64_t stamp_;
  [[maybe_unused]] Central* const inherited_;
  std::mutex mutex_;
  Pages pages_;
  std::array<FreeList, kClasses> free_;
  uint8_t* chunk_ = nullptr;  // where the next block is cut from
  size_t chunk_left_ = 0;
  std::map<size_t, FreeList> retained_;  // free large blocks, by size: all that ever were
  size_t retained_bytes_ = 0;
  std::vector<Cache*> caches_;
  int64_t bytes_in_use_ = 0;  // but for what the caches count
};

bool Central::NewChunk(size_t bytes) {
  const size_t page_bytes = pages_.page_bytes();
  const size_t least = (bytes + page_bytes - 1) / page_bytes * page_bytes;
  const size_t grown = std::clamp(std::bit_floor(pages_.Health().bytes_reserved / 2 + 1),
                                  kChunkBytesMin, kChunkBytesMax);
  for (const size_t size : {std::max(grown, least), least}) {
    uint8_t* chunk = pages_.Map(size, g_bytes_max.load());
    if (chunk == nullptr) continue;
    chunk_ = chunk;  // the rest of the last chunk, smaller than one block, stays unused
    chunk_left_ = size;
    return true;
  }
  return false;
}

uint8_t* Central::Carve(size_t bytes) {
  if (chunk_left_ < bytes && !NewChunk(bytes)) return nullptr;
  uint8_t* block = chunk_;
  chunk_ += bytes;
  chunk_left_ -= bytes;
  return block;
}

size_t Central::TakeSmall(size_t size_class, uint8_t** out, size_t wanted, bool counted) {
  const std::lock_guard lock(mutex_);
  FreeList& free = free_[size_class];
  size_t taken = 0;
  for (; taken < wanted; ++taken) {
    if (!free.empty()) {
      out[taken] = free.Pop();
    } else if (out[taken] = Carve(BlockBytes(size_class)); out[taken] == nullptr) {
      break;
    }
  }
  if (counted) bytes_in_use_ += static_cast<int64_t>(taken * BlockBytes(size_class));
  return taken;
}

void Central::GiveSmall(size_t size_class, uint8_t* const* blocks, size_t count, bool counted) {
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < count; ++i) free_[size_class].Push(blocks[i]);
  if (counted) bytes_in_use_ -= static_cast<int64_t>(count * BlockBytes(size_class));
}

uint8_t* Central::TakeLarge(size_t bytes) {
  const std::lock_guard lock(mutex_);
  FreeList& retained = retained_[bytes];
  uint8_t* data = nullptr;
  if (!retained.empty()) {
    data = retained.Pop();
    retained_bytes_ -= bytes;
  } else {
    data = pages_.Map(bytes, g_bytes_max.load());
  }
  if (data != nullptr) bytes_in_use_ += static_cast<int64_t>(bytes);
  return data;
}

void Central::GiveLarge(uint8_t* data, size_t bytes) {
  const std::lock_guard lock(mutex_);
  bytes_in_use_ -= static_cast<int64_t>(bytes);
  if (bytes <= kRetainedBytesMax - retained_bytes_) {
    retained_.find(bytes)->second.Push(data);  // TakeLarge made it
    retained_bytes_ += bytes;
  } else {
    pages_.Unmap(data);
  }
}

Cache* Central::NewCache() {
  const std::lock_guard lock(mutex_);
  caches_.reserve(caches_.size() + 1);
  caches_.push_back(new Cache(*this));
  return caches_.back();
}

void Central::DeleteCache(Cache* cache) {
  for (size_t i = 0; i < kCachedClasses; ++i) {
    GiveSmall(i, cache->stacks[i].blocks.data(), cache->stacks[i].count, false);
  }
  const std::lock_guard lock(mutex_);
  bytes_in_use_ += cache->bytes_in_use.load();
  std::erase(caches_, cache);
  delete cache;
}

ArenaHealth Central::Health() {
  const std::lock_guard lock(mutex_);
  if (pages_.Health().bytes_reserved == 0) NewChunk(kUnitBytes);
  ArenaHealth health = pages_.Health();
  int64_t in_use = bytes_in_use_;
  for (const Cache* cache : caches_) in_use += cache->bytes_in_use.load();
  health.bytes_in_use = static_cast<size_t>(std::max<int64_t>(in_use, 0));
  return health;
}

std::atomic<Central*> g_central{nullptr};

Central& CurrentCentral() {
  Central* central = g_central.load(std::memory_order_acquire);
  while (central == nullptr || central->stamp() != ProcessStamp()) [[unlikely]] {
      auto* fresh = new Central(central);
      if (g_central.compare_exchange_strong(central, fresh)) return *fresh;
      delete fresh;
    }
  return *central;
}

// The same, or null if this process has made none: what was forked has made nothing yet.
Central* OwnCentral() {
  Central* const central = g_central.load(std::memory_order_acquire);
  return central != nullptr && central->stamp() == ProcessStamp() ? central : nullptr;
}

// Both outlive every destructor of the thread, for they have none.
thread_local Cache* t_cache = nullptr;
thread_local bool t_thread_ends = false;

struct CacheReturner {
  bool armed = false;
  ~CacheReturner() {
    t_thread_ends = true;
    Cache* cache = std::exchange(t_cache, nullptr);
    if (cache != nullptr && &cache->central == OwnCentral()) cache->central.DeleteCache(cache);
  }
};
thread_local CacheReturner t_returner;

// This thread's cache, or null at its end.
Cache* CurrentCache(Central& central) {
  if (t_cache != nullptr && &t_cache->central == &central) [[likely]]
    return t_cache;
  if (t_thread_ends) return nullptr;
  t_returner.armed = true;  // the first use registers its destructor
  t_cache = central.NewCache();
  return t_cache;
}

uint8_t* AllocateCached(Central& central, Cache& cache, size_t size_class) {
  Cache::Stack& stack = cache.stacks[size_class];
  if (stack.count == 0) [[unlikely]] {
    stack.count =
        central.TakeSmall(size_class, stack.blocks.data(), CacheLimit(size_class) / 2, false);
    if (stack.count == 0) return nullptr;
  }
  cache.Count(static_cast<int64_t>(BlockBytes(size_class)));
  return stack.blocks[--stack.count];
}

void FreeCached(Central& central, Cache& cache, size_t size_class, uint8_t* data) {
  Cache::Stack& stack = cache.stacks[size_class];
  if (stack.count == CacheLimit(size_class)) [[unlikely]] {
    const size_t half = stack.count / 2;
    central.GiveSmall(size_class, stack.blocks.data() + half, stack.count - half, false);
    stack.count = half;
  }
  cache.Count(-static_cast<int64_t>(BlockBytes(size_class)));
  stack.blocks[stack.count++] = data;
}

}  // namespace

uint8_t* Allocate(size_t size_bytes) {
  BAILEE_CHECK(size_bytes > 0);
  if (const Refusal refuses = g_refusal.load(std::memory_order_relaxed);
      refuses != nullptr && refuses(size_bytes)) [[unlikely]]
    return nullptr;
  Central& central = CurrentCentral();
  if (size_bytes > kSmallBytesMax) {
    if (size_bytes > (std::numeric_limits<size_t>::max() >> 2)) return nullptr;
    return central.TakeLarge(central.LargeBytes(size_bytes));
  }
  const size_t size_class = ClassOf(size_bytes);
  if (size_class < kCachedClasses) {
    if (Cache* cache = CurrentCache(central)) return AllocateCached(central, *cache, size_class);
  }
  uint8_t* block = nullptr;
  central.TakeSmall(size_class, &block, 1, true);
  return block;
}

void Free(uint8_t* data, size_t size_bytes) {
  Central* const own = OwnCentral();
  // What a parent process held is not mapped here.
  if (own == nullptr || !own->Owns(data)) return;
  Central& central = *own;
  sodium_memzero(data, size_bytes);
  if (size_bytes > kSmallBytesMax) return central.GiveLarge(data, central.LargeBytes(size_bytes));
  const size_t size_class = ClassOf(size_bytes);
  // A thread that has no cache yet gets none here: there may be no memory for it.
  if (size_class < kCachedClasses && t_cache != nullptr && &t_cache->central == &central) {
    return FreeCached(central, *t_cache, size_class, data);
  }
  central.GiveSmall(size_class, &data, 1, true);
}

ArenaHealth Health() { return CurrentCentral().Health(); }

size_t SetLimit(size_t bytes_max) { return g_bytes_max.exchange(bytes_max); }

void SetRefusal(Refusal refusal) { g_refusal.store(refusal); }

}  // namespace bailee::arena
