// SPDX-License-Identifier: Apache-2.0
#include "audit/journal.h"

#include <algorithm>
#include <new>
#include <utility>

#include "audit/event_codec.h"
#include "audit/journal_format.h"
#include "base/brief_lock.h"
#include "base/check.h"
#include "base/fork.h"
#include "base/try.h"
#include "crypto/hash.h"

namespace bailee::audit {
namespace {

constexpr uint64_t kAheadBytes = uint64_t{1}
                                 << 20;  // always reserved, so that a full disk is early
constexpr uint64_t kReserveBytes = 2 * kAheadBytes;  // so that reserving is rare
constexpr uint64_t kLastWordsBytes = 4096;           // kept for the event that says so
constexpr size_t kFrameKeptBytes = size_t{1} << 20;  // more is given back after a large event

Status Forked() {
  return Status(Code::kFailed, "trail.forked",
                "the vault was opened before this process was forked",
                "open it in the child, after the fork");
}

Status Full() {
  return Status(Code::kAuditDown, "trail.full", "the disk is full, so nothing can be recorded",
                "free some space on the file system of the vault");
}

Status WriteFailed() {
  return Status(Code::kAuditDown, "trail.write-failed", "the journal cannot be written",
                "try again; if it goes on, check the disk");
}

Status SyncFailed() {
  return Status(Code::kAuditDown, "trail.sync-failed",
                "the disk did not take what was recorded, and nobody can tell how much",
                "check the disk, then open the vault again");
}

Status JournalGone() {
  return Status(Code::kAuditDown, "trail.journal-gone",
                "the journal was deleted, replaced or closed by somebody else",
                "nobody but bailee may touch VAULT/journal; open the vault again");
}

bool IsGone(const Status& status) { return status.name() == "journal.gone"; }

}  // namespace

Result<std::unique_ptr<Journal>> Journal::Start(std::unique_ptr<JournalFile> file,
                                                uint64_t head_bytes, const InstanceId& instance,
                                                KeyChain chain, Now now) {
  BAILEE_CHECK(chain.number() == 0);
  std::unique_ptr<Journal> journal(
      new Journal(std::move(file), head_bytes, instance, std::move(chain), now));
  const std::lock_guard lock(journal->mutex_);
  BAILEE_RETURN_IF_ERROR(journal->ReserveFor(0));
  return journal;
}

Journal::Journal(std::unique_ptr<JournalFile> file, uint64_t head_bytes, const InstanceId& instance,
                 KeyChain chain, Now now)
    : file_(std::move(file)),
      instance_(instance),
      process_(ProcessStamp()),
      now_(now),
      chain_(std::move(chain)),
      written_{0, head_bytes},
      written_bytes_(head_bytes),
      synced_{0, head_bytes},
      reserved_to_(head_bytes),
      there_at_(now()),
      sync_failed_(SyncFailed()) {}

Journal::~Journal() = default;

Result<uint64_t> Journal::Append(const Event& event) {
  if (forked()) return Forked();
  const size_t ciphertext = CiphertextSize(EventSize(event));
  const BriefLock lock(mutex_);
  if (!closed_.ok()) return closed_;
  BAILEE_RETURN_IF_ERROR(LookIfDue());
  if (ciphertext > kEntryBytesMax) {
    return Status(Code::kInvalidValue, "trail.event-too-large",
                  "the event of this operation does not fit the audit trail",
                  "ask for fewer things at once");
  }
  if (const Status space = ReserveFor(kEntryHeadBytes + ciphertext); !space.ok()) {
    if (space.name() == "trail.full") SayFull(event);
    return space;
  }
  const uint64_t number = written_.number;
  BAILEE_RETURN_IF_ERROR(Write(event, kEntryHeadBytes + ciphertext));
  said_full_ = false;
  return number;
}

// Whoever calls Check may be late, under load or at a long drain: what is appended does not wait
// for it.
Status Journal::LookIfDue() {
  const auto now = now_();
  if (now - there_at_ < kGoneUnnoticedMax) return Status();
  if (!file_->Check().ok()) return CloseForEver(JournalGone());
  there_at_ = now;
  return Status();
}

// Makes sure that an entry can be written and that there is room for the last one after it.
Status Journal::ReserveFor(uint64_t entry_bytes) {
  const uint64_t end = written_.offset + entry_bytes;
  if (reserved_to_ < end + kAheadBytes) {
    const Status status = file_->Reserve(reserved_to_, end + kReserveBytes - reserved_to_);
    low_on_space_ = !status.ok();
    if (IsGone(status)) return CloseForEver(JournalGone());
    if (status.ok()) {
      reserved_to_ = end + kReserveBytes;
    } else if (end + kLastWordsBytes > reserved_to_) {
      return status.code() == Code::kFull ? Full() : WriteFailed();
    }
  }
  return Status();
}

// Encodes, seals and writes; the event is counted once its bytes are in the kernel.
Status Journal::Write(const Event& event, size_t size) {
  // All the memory at once: growing would leave copies of the event behind.
  if (frame_.capacity() > kFrameKeptBytes) frame_ = Bytes();
  frame_.reserve(size);
  frame_.resize(kEntryHeadBytes);
  BAILEE_RETURN_IF_ERROR(AppendEvent(event, frame_));
  // The key comes again for what takes this number next, whatever ends this attempt, an exception
  // too: its nonce must not.
  const uint32_t attempt = attempt_;
  if (++attempt_ == 0) return CloseForEver(WriteFailed());
  const Status status = chain_.Next([&](ByteView key) {
    SealEntry(key, instance_, written_.number, attempt, frame_);
    return file_->WriteAt(written_.offset, frame_);
  });
  if (status.ok()) {
    written_ = {written_.number + 1, written_.offset + frame_.size()};
    written_bytes_.store(written_.offset, std::memory_order_relaxed);
    attempt_ = 0;
    return Status();
  }
  if (IsGone(status)) return CloseForEver(JournalGone());
  return status.code() == Code::kFull ? Full() : WriteFailed();
}

// The last event that fits, in the space kept for it; `refused` is the one that did not fit.
void Journal::SayFull(const Event& refused) {
  const Event last = {.kind = EventKind::kAuditFull,
                      .outcome = Outcome::kFailed,
                      .at = refused.at,
                      .policy_version = refused.policy_version,
                      .transaction = refused.transaction};
  const uint64_t size = kEntryHeadBytes + CiphertextSize(EventSize(last));
  if (said_full_ || written_.offset + size > reserved_to_) return;
  said_full_ = Write(last, size).ok();
}

Status Journal::SyncTo(uint64_t offset) {
  if (forked()) return Forked();
  std::unique_lock lock(mutex_);
  BAILEE_CHECK(offset <= written_.offset);
  while (synced_.offset < offset) {
    if (!closed_.ok()) return closed_;
    if (syncing_) {
      sync_done_.wait(lock);
    } else {
      SyncAll(lock);
    }
  }
  return Status();
}

// One sync for everybody who waits by now; entries go on being appended meanwhile.
void Journal::SyncAll(std::unique_lock<std::mutex>& lock) {
  syncing_ = true;
  const Position covered = written_;
  lock.unlock();
  Status status = sync_failed_;
  Status there;
  try {
    status = file_->Sync();
    // What is safe in a file that was deleted is not safe.
    there = file_->Check();
  } catch (const std::bad_alloc&) {
    // There was an error to tell, and no memory to say which: the worst it can be.
    status = sync_failed_;
  }
  lock.lock();
  syncing_ = false;
  if (!closed_.ok()) {
    // Somebody else noticed first; waking the others is all that is left to do.
  } else if (!there.ok() || IsGone(status)) {
    (void)CloseForEver(JournalGone());
  } else if (!status.ok()) {
    // The kernel reports lost pages once and then forgets them: a second sync would lie.
    (void)CloseForEver(sync_failed_);
    doubtful_ = {synced_.number, written_.number};
  } else {
    synced_ = covered;
  }
  sync_done_.notify_all();
}

Status Journal::Check() {
  if (forked()) return Forked();
  const auto now = now_();
  const Status status = file_->Check();
  const BriefLock lock(mutex_);
  if (!closed_.ok()) return closed_;
  if (!status.ok()) return CloseForEver(JournalGone());
  there_at_ = std::max(there_at_, now);
  return Status();
}

Status Journal::CloseForEver(Status why) {
  closed_ = std::move(why);
  crypto::Wipe(frame_);
  sync_done_.notify_all();
  return closed_;
}

Journal::Position Journal::written() const {
  if (forked()) return {};
  const BriefLock lock(mutex_);
  return written_;
}

Journal::Position Journal::synced() const {
  if (forked()) return {};
  const BriefLock lock(mutex_);
  return synced_;
}

Status Journal::closed() const {
  if (forked()) return Forked();
  const BriefLock lock(mutex_);
  return closed_;
}

std::optional<Journal::Doubtful> Journal::doubtful() const {
  if (forked()) return std::nullopt;
  const BriefLock lock(mutex_);
  return doubtful_;
}

bool Journal::low_on_space() const {
  if (forked()) return false;
  const BriefLock lock(mutex_);
  return low_on_space_;
}

// A child's copies of the mutex and the keys must not be touched: the one may be held by a thread
// that is not there, the others are not mapped.
bool Journal::forked() const { return ProcessStamp() != process_; }

}  // namespace bailee::audit
