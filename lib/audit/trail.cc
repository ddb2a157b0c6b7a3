// SPDX-License-Identifier: Apache-2.0
#include "audit/trail.h"

#include <algorithm>

#include "audit/trail_writes.h"
#include "base/brief_lock.h"
#include "base/check.h"
#include "base/fork.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

using Steady = std::chrono::steady_clock;

// A write takes at most so much along; more goes ahead of it in transactions of its own.
constexpr uint64_t kEntriesAlong = 1'000;
constexpr uint64_t kBytesAlong = uint64_t{16} << 20;
constexpr auto kRoomWait = std::chrono::seconds(1);
// Space of what is in the tree is given back in steps of this.
constexpr uint64_t kReleaseBytes = uint64_t{1} << 20;

}  // namespace

Status Trail::Owned() const {
  if (ProcessStamp() == process_) return Status();
  return Status(Code::kAuditDown, "trail.forked",
                "this process was forked from the one that opened it",
                "open the vault after the fork, in the child");
}

uint64_t Trail::Backlog() const {
  const uint64_t written = journal_->written_bytes();
  return written - std::min(written, drained_bytes_.load(std::memory_order_relaxed));
}

Status Trail::WaitForRoom() {
  if (Backlog() <= kBacklogBytesMax) return Status();
  {
    const std::lock_guard lock(caretaker_mutex_);
    wanted_ = true;
    caretaker_wakes_.notify_one();
  }
  const uint64_t written = journal_->written().offset;
  std::unique_lock lock(mutex_);
  const bool room = drained_more_.wait_for(lock, kRoomWait, [&] {
    return written - std::min(written, drained_.offset) <= kBacklogBytesMax;
  });
  if (room) return Status();
  return Status(Code::kAuditDown, "trail.backlog",
                "events are recorded faster than they go into the tree",
                "look whether the disk is full or another process holds the vault's write lock");
}

Result<DecisionId> Trail::Append(const Event& event) {
  BAILEE_RETURN_IF_ERROR(Owned());
  const bool refusal = event.outcome != Outcome::kAllowed;
  if (refusal) {
    if (const std::optional<DecisionId> of = floods_.Count(event, Steady::now())) {
      BAILEE_RETURN_IF_ERROR(journal_->closed());
      return *of;
    }
  }
  BAILEE_RETURN_IF_ERROR(WaitForRoom());
  BAILEE_TRY(const uint64_t number, journal_->Append(event));
  if (options_.durability == Durability::kSynced) {
    BAILEE_RETURN_IF_ERROR(journal_->SyncTo(journal_->written().offset));
  }
  const DecisionId id{instance_, false, number};
  if (refusal) floods_.Recorded(event, id, Steady::now());
  return id;
}

Result<WriteMark> Trail::BeginWrite() {
  BAILEE_RETURN_IF_ERROR(Owned());
  BAILEE_RETURN_IF_ERROR(journal_->closed());
  const Journal::Position written = journal_->written();
  while (true) {
    {
      const BriefLock lock(mutex_);
      if (written.number <= drained_.number + kEntriesAlong &&
          written.offset <= drained_.offset + kBytesAlong) {
        return WriteMark{written.number};
      }
    }
    BAILEE_RETURN_IF_ERROR(DrainSome());
  }
}

std::unique_ptr<WriteEvents> Trail::EventsOf(store::WriteTransaction& transaction,
                                             const WriteMark& mark) {
  return std::make_unique<TrailWrites>(*this, transaction, mark);
}

void Trail::Committed(const DecisionId& last) {
  BAILEE_CHECK(last.write && last.instance == instance_);
  Journal::Position reached;
  {
    const BriefLock lock(mutex_);
    const auto end = awaited_.upper_bound(last.number);
    for (auto each = awaited_.begin(); each != end; ++each) {
      if (each->second.offset > reached.offset) reached = each->second;
    }
    awaited_.erase(awaited_.begin(), end);
    // Cannot fail: the key of this number was made before. If it did, the keys would only be kept
    // for longer.
    if (writes_->number() <= last.number) (void)writes_->AdvanceTo(last.number + 1);
  }
  Reached(reached);
}

void Trail::Reached(const Journal::Position& position) {
  uint64_t from = 0;
  uint64_t to = 0;
  {
    const BriefLock lock(mutex_);
    if (position.offset <= drained_.offset) return;
    drained_ = position;
    drained_bytes_.store(position.offset, std::memory_order_relaxed);
    drained_at_ = Steady::now();
    if (drained_.offset - released_to_ >= kReleaseBytes) {
      from = released_to_;
      to = released_to_ = drained_.offset;
    }
  }
  drained_more_.notify_all();
  if (to > from) journal_->file().Release(from, to - from);
}

// What is known of the tree may lag behind it, for instance after a commit of unclear outcome; what
// the transaction says counts.
Status Trail::DrainSome() {
  const uint64_t end = journal_->written().number;
  Watermark reached;
  BAILEE_RETURN_IF_ERROR(engine_.Write([&](store::WriteTransaction& transaction) -> Status {
    BAILEE_TRY(reached, OpenWatermark(transaction, instance_));
    if (reached.ends.journal_number >= end) return Status();
    BAILEE_TRY(TreeWriter tree, TreeWriter::Begin(transaction));
    BAILEE_RETURN_IF_ERROR(
        DrainOwnJournal(journal_->file(), instance_, {.number_end = end}, tree, reached));
    BAILEE_RETURN_IF_ERROR(tree.Finish());
    return PutWatermark(transaction, instance_, reached);
  }));
  Reached({reached.ends.journal_number, reached.offset});
  return Status();
}

Status Trail::Drain() {
  BAILEE_RETURN_IF_ERROR(Owned());
  const uint64_t end = journal_->written().number;
  while (true) {
    {
      const BriefLock lock(mutex_);
      if (drained_.number >= end) return Status();
    }
    BAILEE_RETURN_IF_ERROR(DrainSome());
  }
}

Trail::State Trail::Look() const {
  State state;
  state.writable = Owned();
  if (!state.writable.ok()) return state;
  state.writable = journal_->closed();
  if (state.writable.ok() && journal_->low_on_space()) {
    state.writable = Status(Code::kAuditDown, "trail.full", "there is no space for the journal",
                            "free space on the file system of the vault");
  }
  state.backlog_bytes = Backlog();
  state.doubtful = journal_->doubtful();
  return state;
}

}  // namespace bailee::audit
