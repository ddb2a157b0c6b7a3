// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_gate.h"

namespace bailee::store {

using Clock = std::chrono::steady_clock;

TransactionGate::Pass TransactionGate::Enter(std::chrono::milliseconds wait) {
  const auto is_open = [this] { return (state_.load() & kClosed) == 0; };
  for (auto deadline = Clock::time_point::min();;) {
    if ((state_.fetch_add(1) & kClosed) == 0) return Pass(this);
    Leave();
    if (deadline == Clock::time_point::min()) deadline = Clock::now() + wait;
    std::unique_lock lock(mutex_);
    if (!changed_.wait_until(lock, deadline, [&] { return is_open() || held_; })) return Pass();
    if (!held_) continue;
    changed_.wait(lock, [&] { return !held_; });
    deadline = Clock::time_point::min();
  }
}

void TransactionGate::Leave() {
  if ((state_.fetch_sub(1) & kClosed) == 0) return;
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

TransactionGate::Closure TransactionGate::Close(std::chrono::milliseconds wait) {
  const auto deadline = Clock::now() + wait;
  std::unique_lock lock(mutex_);
  const auto is_open = [this] { return (state_.load() & kClosed) == 0; };
  if (!changed_.wait_until(lock, deadline, is_open)) return Closure(nullptr);
  state_.fetch_or(kClosed);
  if (changed_.wait_until(lock, deadline, [this] { return inside() == 0; })) {
    held_ = true;
    changed_.notify_all();
    return Closure(this);
  }
  state_.fetch_and(~kClosed);
  changed_.notify_all();
  return Closure(nullptr);
}

void TransactionGate::Reopen() {
  const std::lock_guard lock(mutex_);
  held_ = false;
  state_.fetch_and(~kClosed);
  changed_.notify_all();
}

}  // namespace bailee::store
