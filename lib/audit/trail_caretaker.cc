// SPDX-License-Identifier: Apache-2.0
#include <new>

#include "audit/adopt.h"
#include "audit/event_codec.h"
#include "audit/trail.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

// The caretaker drains when there is that much, or nothing was drained for so long.
constexpr uint64_t kDrainBytes = uint64_t{4} << 20;
constexpr auto kDrainEvery = std::chrono::seconds(1);
constexpr auto kAdoptEvery = std::chrono::seconds(1);

}  // namespace

Status Trail::RecordCounted(const std::vector<Floods::Counted>& counted) {
  Status first;
  for (const Floods::Counted& each : counted) {
    const std::string of = std::to_string(each.of.number);
    const Detail detail{What::kOf, of};
    const EventView view(each.event);
    Event event = view.event();
    event.repeats = each.repeats;
    event.details = {&detail, 1};
    const Status status = journal_->Append(event).status();
    if (first.ok()) first = status;
  }
  return first;
}

Status Trail::Tend() {
  BAILEE_RETURN_IF_ERROR(Owned());
  const std::lock_guard tending(tending_);
  const auto now = std::chrono::steady_clock::now();
  BAILEE_RETURN_IF_ERROR(journal_->Check());
  BAILEE_RETURN_IF_ERROR(RecordCounted(floods_.TakeEnded(now)));
  if (journal_->synced().offset < journal_->written().offset) {
    BAILEE_RETURN_IF_ERROR(journal_->SyncTo(journal_->written().offset));
  }
  bool due = false;
  {
    const uint64_t backlog = Backlog();
    const std::lock_guard lock(mutex_);
    due = backlog >= kDrainBytes || (backlog > 0 && now - drained_at_ >= kDrainEvery);
    if (backlog == 0) drained_at_ = now;
  }
  if (due) BAILEE_RETURN_IF_ERROR(Drain());
  if (now - adopted_at_ < kAdoptEvery) return Status();
  adopted_at_ = now;
  return AdoptJournals(engine_, *directory_, instance_);
}

// What fails here is found again where it matters: by the next event, write or look at health.
void Trail::TendAndReport(std::string& said) {
  Status status = Tend();
  if (options_.tend_too) {
    const Status too = options_.tend_too();
    if (status.ok()) status = too;
  }
  if (!status.ok() && status.name() != said && options_.report) options_.report(status);
  said = status.name();
}

void Trail::RunCaretaker() {
  std::string said;
  std::unique_lock lock(caretaker_mutex_);
  while (!stop_) {
    caretaker_wakes_.wait_for(lock, options_.tend_every, [&] { return stop_ || wanted_; });
    if (stop_) return;
    wanted_ = false;
    lock.unlock();
    try {
      TendAndReport(said);
    } catch (const std::bad_alloc&) {
      // Nobody is above this thread to hear of it. The next look does what this one could not.
    }
    lock.lock();
  }
}

void Trail::StopCaretaker() {
  {
    const std::lock_guard lock(caretaker_mutex_);
    stop_ = true;
    caretaker_wakes_.notify_one();
  }
  if (caretaker_ != nullptr && caretaker_->joinable()) caretaker_->join();
}

}  // namespace bailee::audit
