// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_queue.h"

#include "base/check.h"

namespace bailee::store {

Status CommitQueue::Submit(const Engine::Job& job) {
  PendingJob self;
  self.job = &job;
  std::unique_lock lock(mutex_);
  Append(self);
  self.turn.wait(lock, [&] { return self.done || head_ == &self; });
  if (self.done) return self.status;
  std::array<PendingJob*, kJobsPerGroupMax> all{};
  const std::span<PendingJob* const> group(all.data(), Collect(all));
  lock.unlock();
  run_(group);
  lock.lock();
  RemoveFinished(group);
  return self.status;
}

size_t CommitQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  size_t count = 0;
  for (const PendingJob* job = head_; job != nullptr; job = job->next) ++count;
  return count;
}

void CommitQueue::Append(PendingJob& pending) {
  (tail_ != nullptr ? tail_->next : head_) = &pending;
  tail_ = &pending;
}

size_t CommitQueue::Collect(std::array<PendingJob*, kJobsPerGroupMax>& group) const {
  size_t count = 0;
  for (PendingJob* job = head_; job != nullptr && count < group.size(); job = job->next) {
    job->deferred = false;
    group[count++] = job;
  }
  return count;
}

// Under the lock to the last line: a job told that it is done is gone when its thread gets the
// lock.
void CommitQueue::RemoveFinished(std::span<PendingJob* const> group) {
  BAILEE_CHECK(!group.front()->deferred);
  for (PendingJob* job : group) {
    if (job->deferred) break;
    BAILEE_CHECK(head_ == job);
    head_ = job->next;
    if (head_ == nullptr) tail_ = nullptr;
    job->done = true;
    job->turn.notify_one();
  }
  if (head_ != nullptr) head_->turn.notify_one();
}

}  // namespace bailee::store
