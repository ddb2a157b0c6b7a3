// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace bailee {

inline constexpr size_t kLanes = 8;

// Always the same for a thread; the first threads of a process each have another one.
inline size_t LaneOfThread() {
  static std::atomic<size_t> threads{0};
  constexpr size_t kNone = ~size_t{0};
  thread_local size_t lane = kNone;
  if (lane == kNone) lane = threads.fetch_add(1, std::memory_order_relaxed) % kLanes;
  return lane;
}

// One T for each of the threads that run at once: they wait neither for one another's mutex nor for
// a line of memory that another processor has just written. More threads than lanes share some, so
// a T must be safe for several.
template <typename T>
class Lanes {
 public:
  T& mine() { return lanes_[LaneOfThread()].value; }
  T& operator[](size_t lane) { return lanes_[lane].value; }

 private:
  static constexpr size_t kApartBytes = 128;  // processors fetch lines of 64 in pairs

  struct alignas(kApartBytes) Lane {
    T value;
  };
  const std::unique_ptr<Lane[]> lanes_ = std::make_unique<Lane[]>(kLanes);
};

}  // namespace bailee
