// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstdlib>
#include <new>

#include "policy/decide_support.h"

namespace {
std::atomic<size_t> allocations = 0;

void* Allocate(size_t size) {
  ++allocations;
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  return memory;
}
}  // namespace

// This test program counts what it allocates.
void* operator new(size_t size) { return Allocate(size); }
void* operator new[](size_t size) { return Allocate(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return Allocate(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return Allocate(size); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

namespace bailee::policy {
namespace {

TEST_F(DecideTest, AnAllowedAnswerAllocatesNothing) {
  const PolicyPtr v2 = Version2("days: 100 from", "days: 101 from");
  in_force = v2;
  Ask("contact.news");
  Choose(Choice::kGiven, "contact.news");
  standing.events = {{"closed", At(999)}};
  const size_t before = allocations;
  const Decision read = Decide(*in_force, &datum, standing, request);
  EXPECT_EQ(allocations, before);
  EXPECT_TRUE(read.allowed());
  Collect("card", "pan");
  const size_t before_collect = allocations;
  const Decision collect = Decide(*in_force, nullptr, standing, request);
  EXPECT_EQ(allocations, before_collect);
  EXPECT_TRUE(collect.allowed());
  EXPECT_GT(before, 0u) << "the counter counts";
}

}  // namespace
}  // namespace bailee::policy
