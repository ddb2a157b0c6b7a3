// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

namespace bailee::store {

// Counts the live transactions of this process, and can be closed for as long as none may be live:
// LMDB moves its map without looking whether somebody still reads through it. Thread-safe; passing
// an open gate costs two atomic additions.
class TransactionGate {
 public:
  // The right to hold one transaction; given back when it goes. Movable.
  class Pass {
   public:
    Pass() = default;
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&& other) noexcept {
      std::swap(gate_, other.gate_);
      return *this;
    }
    ~Pass() { Release(); }
    void Release() {
      if (gate_ != nullptr) std::exchange(gate_, nullptr)->Leave();
    }
    explicit operator bool() const { return gate_ != nullptr; }

   private:
    friend class TransactionGate;
    explicit Pass(TransactionGate* gate) : gate_(gate) {}
    TransactionGate* gate_ = nullptr;
  };

  // The gate closed and nobody inside; opens again when it goes.
  class Closure {
   public:
    Closure(Closure&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Closure& operator=(Closure&&) = delete;
    ~Closure() {
      if (gate_ != nullptr) gate_->Reopen();
    }
    explicit operator bool() const { return gate_ != nullptr; }

   private:
    friend class TransactionGate;
    explicit Closure(TransactionGate* gate) : gate_(gate) {}
    TransactionGate* gate_;
  };

  // Passes, once whoever closed the gate has opened it again, however long that takes: a large file
  // takes its time to be written anew. While somebody still waits for it to close, waits at most
  // `wait`, for that may be for a transaction of this very thread; then an empty Pass.
  // REQUIRES: this thread has no Closure.
  Pass Enter(std::chrono::milliseconds wait);

  // Closes the gate and waits at most `wait` until nobody is inside; an empty Closure, and the gate
  // as before, if somebody stayed. A thread that is inside itself waits in vain.
  Closure Close(std::chrono::milliseconds wait);

  // How many are inside.
  uint64_t inside() const { return state_.load() & ~kClosed; }

 private:
  static constexpr uint64_t kClosed = uint64_t{1} << 63;

  void Leave();
  void Reopen();

  std::atomic<uint64_t> state_{0};  // kClosed or nothing, plus the count inside
  std::mutex mutex_;
  bool held_ = false;  // by a Closure
  std::condition_variable changed_;
};

}  // namespace bailee::store
