// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace bailee {

// The one place of a process where secrets live: address space reserved once, filled chunk by chunk
// with guard pages around each, kept out of core dumps, out of swap where the system permits, and
// out of forked children. Everything else about a secret is in class Secret, the only caller of
// Allocate and Free.
//
// After fork the child starts with an empty arena of its own: what the parent held is not mapped
// there, and freeing it in the child does nothing.

// Where the chunks come from; the weakest kind among them.
enum class ArenaKind : uint8_t {
  kMemfdSecret,  // memfd_secret: not even mapped by the kernel, never swapped
  kAnonymous,    // guarded anonymous memory, locked if `locked` says so
};

struct ArenaHealth {
  ArenaKind kind;
  bool locked;          // no chunk can reach swap; false for instance if RLIMIT_MEMLOCK is too low
  size_t bytes_in_use;  // handed out now, rounded up to the sizes the arena deals in
  size_t bytes_reserved;  // in chunks now
};

// All functions are thread-safe.
namespace arena {

// `size_bytes` zero bytes, 32-byte aligned; null if the arena cannot grow.
// REQUIRES: size_bytes > 0.
uint8_t* Allocate(size_t size_bytes);

// Wipes and takes back what Allocate gave for the same `size_bytes`.
void Free(uint8_t* data, size_t size_bytes);

// The state now. Makes the first chunk if there is none, so that `locked` means something.
ArenaHealth Health();

// Bounds `bytes_reserved` from now on and returns the bound it had; for tests. Chunks that exist
// stay.
size_t SetLimit(size_t bytes_max);

// Asked before each Allocate, from its thread; to say yes is to be out of memory. Null, as at the
// beginning: nobody is asked. For tests.
using Refusal = bool (*)(size_t size_bytes);
void SetRefusal(Refusal refusal);

}  // namespace arena
}  // namespace bailee
