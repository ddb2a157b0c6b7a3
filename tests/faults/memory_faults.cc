// SPDX-License-Identifier: Apache-2.0
#include "faults/memory_faults.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>

#include "base/arena.h"
#include "support/sanitized.h"

namespace bailee::faults {
namespace {

// No allocation of any kind here: this is asked within every one of them.
std::atomic<bool> g_armed{false};
std::atomic<size_t> g_seen{0};
MemoryFaults::Plan g_plan;
thread_local bool t_this_thread = false;

bool Counts() {
  switch (g_plan.of) {
    case MemoryFaults::Of::kThisThread:
      return t_this_thread;
    case MemoryFaults::Of::kOtherThreads:
      return !t_this_thread;
    case MemoryFaults::Of::kEverybody:
      return true;
  }
  return true;
}

bool Fails() {
  if (!g_armed.load(std::memory_order_acquire) || !Counts()) [[likely]]
    return false;
  const size_t number = g_seen.fetch_add(1);
  return number == g_plan.nth || (g_plan.for_ever && number > g_plan.nth);
}

bool FailsSecret(size_t) { return Fails(); }

[[maybe_unused]] void* OutOfMemory() {
  errno = ENOMEM;
  return nullptr;
}

}  // namespace

MemoryFaults::MemoryFaults(const Plan& plan) {
  g_plan = plan;
  g_seen = 0;
  t_this_thread = true;
  arena::SetRefusal(FailsSecret);
  g_armed.store(true, std::memory_order_release);
}

MemoryFaults::~MemoryFaults() {
  g_armed.store(false, std::memory_order_release);
  arena::SetRefusal(nullptr);
  t_this_thread = false;
}

size_t MemoryFaults::seen() { return g_seen.load(); }

}  // namespace bailee::faults

// NOLINTBEGIN: the names are those of the C library and of the language.
using bailee::faults::Fails;
using bailee::faults::OutOfMemory;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BAILEE_FAULTS_OF_NEW
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BAILEE_FAULTS_OF_NEW
#endif
#endif

#ifdef BAILEE_FAULTS_OF_NEW

void* operator new(size_t size) {
  void* const made = Fails() ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (made == nullptr) throw std::bad_alloc();
  return made;
}
void* operator new[](size_t size) { return operator new(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return Fails() ? nullptr : std::malloc(size == 0 ? 1 : size);
}
void* operator new[](size_t size, const std::nothrow_t& no) noexcept {
  return operator new(size, no);
}
void operator delete(void* made) noexcept { std::free(made); }
void operator delete[](void* made) noexcept { std::free(made); }
void operator delete(void* made, size_t) noexcept { std::free(made); }
void operator delete[](void* made, size_t) noexcept { std::free(made); }

#else

extern "C" {

void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* old, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) { return Fails() ? OutOfMemory() : __libc_malloc(size); }
void* calloc(size_t count, size_t size) {
  return Fails() ? OutOfMemory() : __libc_calloc(count, size);
}
void* realloc(void* old, size_t size) {
  return Fails() ? OutOfMemory() : __libc_realloc(old, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  return Fails() ? OutOfMemory() : __libc_memalign(alignment, size);
}
int posix_memalign(void** made, size_t alignment, size_t size) {
  if (Fails()) return ENOMEM;
  *made = __libc_memalign(alignment, size);
  return *made == nullptr ? ENOMEM : 0;
}

}  // extern "C"

#endif
// NOLINTEND
