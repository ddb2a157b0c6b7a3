// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "audit/chain.h"
#include "audit/event.h"
#include "audit/journal_file.h"
#include "bailee/bytes.h"
#include "bailee/ids.h"
#include "bailee/result.h"

namespace bailee::audit {

// The journal of this instance, as its owner writes it (FORMAT.md §13.2). Thread-safe. In a forked
// child everything that returns a Status gives kFailed "trail.forked" and the rest nothing; neither
// keys nor file are touched.
//
// Closed for ever means: what may have happened to the file is unknown, so nothing is written to it
// again; the instance must end and the next one adopts it.
class Journal {
 public:
  // How far the journal is: `number` entries, which end at byte `offset`.
  struct Position {
    uint64_t number = 0;
    uint64_t offset = 0;

    bool operator==(const Position&) const = default;
  };

  // Entries that may or may not be on the disk after a failed sync: from first to before end.
  struct Doubtful {
    uint64_t first = 0;
    uint64_t end = 0;

    bool operator==(const Doubtful&) const = default;
  };

  // Nothing is recorded in a file that was deleted, moved or replaced for longer than that.
  static constexpr auto kGoneUnnoticedMax = std::chrono::milliseconds(100);
  using Now = std::chrono::steady_clock::time_point (*)();

  // Takes over `file`, which holds a durable head of `head_bytes` and nothing else, and `chain`, of
  // kind kJournal at number 0. Reserves space. `now` is for tests. Errors: kAuditDown "trail.full",
  // "trail.write-failed".
  static Result<std::unique_ptr<Journal>> Start(std::unique_ptr<JournalFile> file,
                                                uint64_t head_bytes, const InstanceId& instance,
                                                KeyChain chain,
                                                Now now = &std::chrono::steady_clock::now);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Records `event` and returns its number. Returned means: in the kernel, safe from the end of
  // this process, not from that of the machine (see SyncTo). Allocates nothing once warm. Looks
  // itself whether the file is still there if Check was not called within kGoneUnnoticedMax.
  // Errors, and then the event is not counted: kInvalidValue "trail.event-too-large" (see
  // AppendEvent; or an entry above 16 MiB); kAuditDown "trail.full" if the disk is: works again
  // once there is space; kAuditDown "trail.write-failed": worth trying again; kAuditDown
  // "trail.sync-failed", "trail.journal-gone": closed for ever.
  Result<uint64_t> Append(const Event& event);

  // Everything appended.
  Position written() const;
  // Its end, or nearly: without waiting for an entry that is being written.
  uint64_t written_bytes() const { return written_bytes_.load(std::memory_order_relaxed); }
  // What is known to be on the disk.
  Position synced() const;

  // Returns once everything before byte `offset` is on the disk. Threads that wait share one sync.
  // REQUIRES: offset ≤ written().offset.
  // Errors: kAuditDown "trail.sync-failed", "trail.journal-gone": closed for ever.
  Status SyncTo(uint64_t offset);

  // Looks whether the file is still there and ours; to be called now and then, so that this is
  // noticed also where nothing is appended.
  // Errors: kAuditDown "trail.journal-gone", "trail.sync-failed": closed for ever.
  Status Check();

  // Success, or why the journal is closed for ever.
  Status closed() const;
  // What a failed sync leaves in doubt; nothing otherwise.
  std::optional<Doubtful> doubtful() const;
  // Space could not be reserved ahead: the disk is all but full, or full.
  bool low_on_space() const;

  // The file, for reading entries back and releasing bytes that are in the tree. Lives as long as
  // this.
  JournalFile& file() { return *file_; }

 private:
  Journal(std::unique_ptr<JournalFile> file, uint64_t head_bytes, const InstanceId& instance,
          KeyChain chain, Now now);

  bool forked() const;

  // Each with mutex_ held.
  Status LookIfDue();
  Status ReserveFor(uint64_t entry_bytes);
  // `size` is that of its entry in bytes.
  Status Write(const Event& event, size_t size);
  void SayFull(const Event& refused);
  void SyncAll(std::unique_lock<std::mutex>& lock);
  Status CloseForEver(Status why);

  const std::unique_ptr<JournalFile> file_;
  const InstanceId instance_;
  const uint64_t process_;  // the stamp of the process that made it
  const Now now_;

  mutable std::mutex mutex_;
  std::condition_variable sync_done_;
  KeyChain chain_;
  Bytes frame_;           // reused; holds the entry being made
  uint32_t attempt_ = 0;  // failed writes of the next number
  Position written_;
  std::atomic<uint64_t> written_bytes_{0};  // written_.offset
  Position synced_;
  uint64_t reserved_to_ = 0;  // bytes before this can be written
  bool low_on_space_ = false;
  bool said_full_ = false;
  bool syncing_ = false;
  std::chrono::steady_clock::time_point there_at_;  // the file was there then, or later
  const Status sync_failed_;  // made early, for there may be no memory when it is to be said
  Status closed_;
  std::optional<Doubtful> doubtful_;
};

}  // namespace bailee::audit
