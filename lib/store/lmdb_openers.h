// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bailee/result.h"
#include "base/unique_fd.h"
#include "store/engine.h"

namespace bailee::store {

// The file `openers` of a vault's directory: who has it open. After a head of 64 bytes come slots
// of 64 bytes each; a slot belongs to the process that holds the lock on its bytes (an open file
// description lock: gone with its holder, and not to be dropped by closing another descriptor). The
// lock on the head serialises opening and closing. The content is for others to read and is rebuilt
// at each open: PID namespace inode 8 ‖ process id 8 ‖ instance 16 ‖ said 8 ‖ 24 bytes zero,
// big-endian. A
// slot with content and no lock was left by a process that did not close.
class Openers {
 public:
  static constexpr uint16_t kSlotsMax = 256;
  using Instance = std::array<uint8_t, 16>;

  // The lock on the head; nobody opens or closes the vault while it lives.
  class HeadLock {
   public:
    HeadLock(HeadLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    HeadLock& operator=(HeadLock&&) = delete;
    ~HeadLock();

   private:
    friend class Openers;
    explicit HeadLock(int fd) : fd_(fd) {}
    int fd_;
  };

  // Opens or creates the file in `directory`. `wait` bounds every later wait for the head.
  // Errors: kFailed (I/O, permission).
  static Result<std::unique_ptr<Openers>> Open(const std::string& directory,
                                               std::chrono::milliseconds wait);
  // Leaves and closes.
  ~Openers();
  Openers(const Openers&) = delete;
  Openers& operator=(const Openers&) = delete;

  // Errors: kBusy "store.opening": another process is opening or closing; try again.
  Result<HeadLock> LockHead();

  // Takes a slot. `pid_namespace` is ours, 0 if unknown.
  // Errors: kBusy "store.foreign-pid-namespace" (a live opener is of another PID namespace: LMDB
  // would take its readers for dead or ours for its own); kBusy "store.openers-full".
  // REQUIRES: the head is locked; not joined yet.
  Status Join(uint64_t pid_namespace);

  // Empties the slots of those who left without closing; errors do not matter.
  // REQUIRES: the head is locked; joined.
  void ForgetDead();

  // Empties the own slot and gives it back; nothing if not joined.
  void Leave();
  // Gives the slot back as it is, so that the next to join finds an unclean shutdown.
  void Abandon();

  // Writes the number that others see. REQUIRES: joined. Errors: kFailed; kFull.
  Status Say(uint64_t number);
  // Everybody who is live. REQUIRES: joined. Errors: kFailed.
  Result<std::vector<Engine::Opener>> Live() const;

  // Of the slot taken. REQUIRES: joined.
  uint16_t slot() const { return slot_; }
  const Instance& instance() const { return instance_; }
  // As seen by Join: somebody else is live; somebody left without closing.
  bool others_live() const { return others_live_; }
  bool unclean() const { return unclean_; }

 private:
  static constexpr uint16_t kNoSlot = 0xFFFF;

  Openers(UniqueFd file, std::chrono::milliseconds wait) : file_(std::move(file)), wait_(wait) {}

  const UniqueFd file_;
  std::chrono::milliseconds wait_;
  uint16_t slot_ = kNoSlot;
  Instance instance_{};
  bool others_live_ = false;
  bool unclean_ = false;
};

}  // namespace bailee::store
