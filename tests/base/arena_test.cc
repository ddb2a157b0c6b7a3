// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/child.h"
#include "support/sanitized.h"

namespace bailee {
namespace {

constexpr size_t kSizes[] = {1,     31,     32,     33,     128,     129,           512,    2'048,
                             2'049, 32'768, 32'769, 65'536, 1 << 20, (1 << 20) + 1, 9 << 20};

bool AllZero(const uint8_t* data, size_t size) {
  return std::all_of(data, data + size, [](uint8_t byte) { return byte == 0; });
}

TEST(Arena, GivesZeroedWritableMemoryOfEverySize) {
  for (const size_t size : kSizes) {
    for (int round = 0; round < 3; ++round) {
      uint8_t* data = arena::Allocate(size);
      ASSERT_NE(data, nullptr) << size;
      EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % 32, 0U);
      EXPECT_TRUE(AllZero(data, size)) << size;
      std::memset(data, 0xAB, size);
      arena::Free(data, size);
    }
  }
}

TEST(Arena, WipesWhatIsFreed) {
  uint8_t* data = arena::Allocate(100);
  std::memset(data, 0xAB, 100);
  arena::Free(data, 100);
  EXPECT_TRUE(AllZero(data, 100));
}

TEST(Arena, BlocksDoNotOverlap) {
  std::vector<std::pair<uint8_t*, size_t>> blocks;
  for (size_t size = 1; size < 3'000; size += 7) blocks.emplace_back(arena::Allocate(size), size);
  for (size_t i = 0; i < blocks.size(); ++i) {
    std::memset(blocks[i].first, static_cast<int>(i % 255 + 1), blocks[i].second);
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    const auto [data, size] = blocks[i];
    EXPECT_TRUE(std::all_of(data, data + size, [&](uint8_t b) { return b == i % 255 + 1; }));
    arena::Free(data, size);
  }
}

TEST(Arena, CountsWhatIsInUse) {
  const size_t before = arena::Health().bytes_in_use;
  uint8_t* small = arena::Allocate(32);
  uint8_t* middle = arena::Allocate(4'096);
  uint8_t* large = arena::Allocate(1 << 20);
  EXPECT_EQ(arena::Health().bytes_in_use, before + 32 + 4'096 + (1 << 20));
  EXPECT_GE(arena::Health().bytes_reserved, arena::Health().bytes_in_use);
  arena::Free(small, 32);
  arena::Free(middle, 4'096);
  arena::Free(large, 1 << 20);
  EXPECT_EQ(arena::Health().bytes_in_use, before);
}

TEST(Arena, ReusesWhatWasFreed) {
  arena::Free(arena::Allocate(1 << 20), 1 << 20);
  arena::Free(arena::Allocate(300), 300);
  const size_t reserved = arena::Health().bytes_reserved;
  for (int i = 0; i < 10'000; ++i) {
    arena::Free(arena::Allocate(300), 300);
    arena::Free(arena::Allocate(1 << 20), 1 << 20);
  }
  EXPECT_EQ(arena::Health().bytes_reserved, reserved);
}

TEST(Arena, GivesLargeBlocksBackToTheSystem) {
  std::vector<uint8_t*> blocks;
  for (int i = 0; i < 5; ++i) blocks.push_back(arena::Allocate(4 << 20));
  const size_t full = arena::Health().bytes_reserved;
  for (uint8_t* block : blocks) arena::Free(block, 4 << 20);
  EXPECT_LE(arena::Health().bytes_reserved, full - (3U * 4 << 20));
}

TEST(Arena, SaysNullWhenItCannotGrowAndRecovers) {
  const size_t unbounded = arena::SetLimit(arena::Health().bytes_reserved);
  EXPECT_EQ(arena::Allocate(30 << 20), nullptr);
  std::vector<uint8_t*> blocks;
  while (uint8_t* block = arena::Allocate(2'048)) blocks.push_back(block);
  EXPECT_EQ(arena::Allocate(2'048), nullptr);
  for (uint8_t* block : blocks) arena::Free(block, 2'048);
  uint8_t* again = arena::Allocate(2'048);
  EXPECT_NE(again, nullptr);
  arena::Free(again, 2'048);
  arena::SetLimit(unbounded);
  EXPECT_EQ(arena::Allocate(size_t{1} << 62), nullptr) << "more than there is address space";
  EXPECT_EQ(arena::Allocate(~size_t{0}), nullptr);
}

TEST(Arena, GuardPagesStopAnOverrunOfALargeBlock) {
  EXPECT_EQ(testing::ExitCodeOfChild([] {
              std::signal(SIGSEGV, SIG_DFL);
              volatile uint8_t* block = arena::Allocate(1 << 20);
              block[1 << 20] = 1;
              return 0;
            }),
            -SIGSEGV);
  EXPECT_EQ(testing::ExitCodeOfChild([] {
              std::signal(SIGSEGV, SIG_DFL);
              volatile uint8_t* block = arena::Allocate(1 << 20);
              *(block - 1) = 1;
              return 0;
            }),
            -SIGSEGV);
}

TEST(Arena, ThreadsShareItAndFreeEachOthersBlocks) {
  const size_t before = arena::Health().bytes_in_use;
  constexpr size_t kThreads = 4;
  constexpr size_t kBlocks = 5'000;
  std::vector<std::vector<uint8_t*>> made(kThreads);
  const auto size_of = [](size_t i) { return 1 + i % 700; };
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < kBlocks; ++i) {
        uint8_t* block = arena::Allocate(size_of(i));
        std::memset(block, static_cast<int>(t + 1), size_of(i));
        made[t].push_back(block);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<uint8_t*> distinct;
  for (const auto& blocks : made) distinct.insert(blocks.begin(), blocks.end());
  EXPECT_EQ(distinct.size(), kThreads * kBlocks);
  threads.clear();
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const auto& blocks = made[(t + 1) % kThreads];
      for (size_t i = 0; i < kBlocks; ++i) arena::Free(blocks[i], size_of(i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(arena::Health().bytes_in_use, before);
}

// A debugger writes zeros for what is reserved and not marked: a core of 64 GiB.
TEST(Arena, AddressSpaceThatIsOnlyReservedIsInNoCore) {
  if (testing::kSanitized) GTEST_SKIP() << "a sanitizer reserves address space of its own";
  constexpr size_t kLarge = 9 << 20;
  std::vector<uint8_t*> blocks;  // more than are retained, so that some are given back
  for (int i = 0; i < 3; ++i) blocks.push_back(arena::Allocate(kLarge));
  for (uint8_t* block : blocks) arena::Free(block, kLarge);
  std::ifstream mappings("/proc/self/smaps");
  if (!mappings) GTEST_SKIP() << "the system does not say how memory is mapped";
  size_t reserved_bytes = 0;
  size_t mapping_bytes = 0;
  bool of_ours = false;
  for (std::string line; std::getline(mappings, line);) {
    uintptr_t first = 0;
    uintptr_t last = 0;
    char permissions[5] = {};
    if (std::sscanf(line.c_str(), "%zx-%zx %4s", &first, &last, permissions) == 3) {
      const auto block = reinterpret_cast<uintptr_t>(blocks.front());
      mapping_bytes = last - first;
      // Threads of the C library reserve less than 64 MiB each.
      of_ours = std::string_view(permissions) == "---p" &&
                (mapping_bytes >= size_t{64} << 20 || (first <= block && block < last));
    } else if (of_ours && line.starts_with("VmFlags:")) {
      reserved_bytes += mapping_bytes;
      EXPECT_NE((line + " ").find(" dd "), std::string::npos) << mapping_bytes << " " << line;
    }
  }
  EXPECT_GT(reserved_bytes, size_t{32} << 20);
}

TEST(Arena, AChildDoesNotInheritSecrets) {
  for (const size_t size : {size_t{32}, size_t{1} << 20}) {
    uint8_t* data = arena::Allocate(size);
    std::memset(data, 0xAB, size);
    EXPECT_EQ(testing::ExitCodeOfChild([&] {
                std::signal(SIGSEGV, SIG_DFL);
                return static_cast<int>(*static_cast<volatile uint8_t*>(data));
              }),
              -SIGSEGV);
    arena::Free(data, size);
  }
}

TEST(Arena, AChildMayFreeWhatItsParentHeldAndStartsAnew) {
  uint8_t* small = arena::Allocate(32);
  uint8_t* large = arena::Allocate(1 << 20);
  std::memset(small, 0xAB, 32);
  EXPECT_EQ(testing::ExitCodeOfChild([&] {
              arena::Free(small, 32);
              if (arena::Health().bytes_in_use != 0) return 1;
              uint8_t* own = arena::Allocate(32);
              if (own == nullptr || !AllZero(own, 32)) return 2;
              own[0] = 1;
              arena::Free(large, 1 << 20);
              if (arena::Health().bytes_in_use != 32) return 3;
              // And a child of the child.
              if (testing::ExitCodeOfChild([&] {
                    arena::Free(own, 32);
                    arena::Free(small, 32);
                    return arena::Allocate(32) == nullptr ? 1 : 0;
                  }) != 0) {
                return 4;
              }
              return own[0] == 1 ? 0 : 5;
            }),
            0);
  EXPECT_EQ(small[31], 0xAB) << "the parent's copy is untouched";
  arena::Free(small, 32);
  arena::Free(large, 1 << 20);
}

TEST(Arena, ForkingWhileThreadsAllocateLeavesTheChildWorking) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      while (!stop) arena::Free(arena::Allocate(4'096), 4'096);
    });
  }
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(testing::ExitCodeOfChild([] {
                ::alarm(10);
                for (const size_t size : kSizes) {
                  uint8_t* data = arena::Allocate(size);
                  if (data == nullptr) return 1;
                  arena::Free(data, size);
                }
                return 0;
              }),
              0);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

TEST(Arena, WithoutLockedMemoryItWorksAndSaysSo) {
  EXPECT_EQ(testing::ExitCodeOfChild([] {
              // An ordinary user: root may lock whatever the limit.
              if (::geteuid() == 0 && ::setresuid(65'534, 65'534, 65'534) != 0) return 1;
              const rlimit none{0, 0};
              if (::setrlimit(RLIMIT_MEMLOCK, &none) != 0) return 2;
              const ArenaHealth health = arena::Health();
              if (health.locked) return 3;
              if (health.kind != ArenaKind::kAnonymous) return 4;
              uint8_t* data = arena::Allocate(32);
              if (data == nullptr) return 5;
              data[0] = 1;
              arena::Free(data, 32);
              return data[0] == 0 ? 0 : 6;
            }),
            0);
}

TEST(Arena, ReportsLockedMemoryWhereTheSystemLocksIt) {
  // In a fresh child, so that other tests' large blocks play no part.
  EXPECT_EQ(testing::ExitCodeOfChild([] {
              void* probe = ::mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              const bool can_lock = ::mlock(probe, 1 << 20) == 0;
              ::munmap(probe, 1 << 20);
              return arena::Health().locked == can_lock ? 0 : 1;
            }),
            0);
}

}  // namespace
}  // namespace bailee
