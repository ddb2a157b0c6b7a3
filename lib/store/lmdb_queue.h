// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <span>

#include "store/engine.h"

namespace bailee::store {

// A job on its way; lives on the stack of the thread that submitted it.
struct PendingJob {
  const Engine::Job* job = nullptr;
  Status status;          // set by whoever runs it
  bool deferred = false;  // not run to an end: stays in the queue, with all behind it
  bool done = false;
  PendingJob* next = nullptr;
  std::condition_variable turn;
};

// Where writers meet: whoever comes to the head of the queue runs, on its own thread, all jobs that
// are waiting then, while later ones gather for the next group. Thread-safe; allocates nothing.
class CommitQueue {
 public:
  static constexpr size_t kJobsPerGroupMax = 128;

  // Runs a group, in order, at least the first to an end; those it deferred are its last. Never
  // throws. Never called twice at once.
  using Runner = std::function<void(std::span<PendingJob* const> group)>;
  explicit CommitQueue(Runner run) : run_(std::move(run)) {}

  // Returns when `job` was run to its end, by this thread or another.
  Status Submit(const Engine::Job& job);

  // Jobs submitted that have not returned, the running ones included.
  size_t waiting() const;

 private:
  void Append(PendingJob& pending);
  size_t Collect(std::array<PendingJob*, kJobsPerGroupMax>& group) const;
  void RemoveFinished(std::span<PendingJob* const> group);

  const Runner run_;
  mutable std::mutex mutex_;
  PendingJob* head_ = nullptr;
  PendingJob* tail_ = nullptr;
};

}  // namespace bailee::store
