// SPDX-License-Identifier: Apache-2.0
#include "audit/trail.h"

#include <algorithm>

#include "audit/adopt.h"
#include "audit/journal_format.h"
#include "audit/origin.h"
#include "audit/trail_writes.h"
#include "base/check.h"
#include "base/fork.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

using Steady = std::chrono::steady_clock;

// A write takes at most so much along; more goes ahead of it in transactions of its own.
constexpr uint64_t kEntriesAlong = 1'000;
constexpr uint64_t kBytesAlong = uint64_t{16} << 20;
// The caretaker drains when there is that much, or nothing was drained for so long.
constexpr uint64_t kDrainBytes = uint64_t{4} << 20;
constexpr auto kDrainEvery = std::chrono::seconds(1);
constexpr auto kAdoptEvery = std::chrono::seconds(1);
constexpr auto kRoomWait = std::chrono::seconds(1);
// Space of what is in the tree is given back in steps of this.
constexpr uint64_t kReleaseBytes = uint64_t{1} << 20;

Status Forked() {
  return Status(Code::kAuditDown, "trail.forked",
                "this process was forked from the one that opened it",
                "open the vault after the fork, in the child");
}

// Whatever it was: nothing could be recorded.
Status NoJournal(const Status& why) {
  return Status(Code::kAuditDown, "trail.no-journal",
                "no journal can be made in the vault: " + std::string(why.message()),
                "look at VAULT/journal: its owner, its mode, and the space left on its disk");
}

InstanceId NewInstance(crypto::Random& random) {
  InstanceId instance;
  random.Fill(instance.bytes);
  return instance;
}

}  // namespace

Trail::Trail(store::Engine& engine, const TrailOptions& options, const InstanceId& instance)
    : engine_(engine), options_(options), instance_(instance), process_(ProcessStamp()) {}

Result<std::shared_ptr<Trail>> Trail::Start(store::Engine& engine, const TrailOptions& options) {
  const InstanceId instance = NewInstance(*options.random);
  BAILEE_TRY(NewHead head, BuildHead(options.vault, instance, options.clock->Now(),
                                     ThisProcess(options.actor, options.keyring_id),
                                     options.auditor, *options.random));
  // In a forked child nothing is destroyed: threads that are not there wait on what is in it.
  std::shared_ptr<Trail> trail(new Trail(engine, options, instance), [](Trail* ended) {
    if (ProcessStamp() == ended->process_) delete ended;
  });
  Result<std::unique_ptr<JournalDirectory>> directory = JournalDirectory::Open(options.vault_path);
  if (!directory.ok()) return NoJournal(directory.status());
  trail->directory_ = *std::move(directory);
  Result<std::unique_ptr<JournalFile>> file = trail->directory_->Create(instance, head.bytes);
  if (!file.ok()) return NoJournal(file.status());
  BAILEE_TRY(KeyChain journal_keys, KeyChain::Start(ChainKind::kJournal, options.vault, instance,
                                                    std::move(head.journal_first)));
  BAILEE_TRY(KeyChain write_keys, KeyChain::Start(ChainKind::kWrites, options.vault, instance,
                                                  std::move(head.writes_first)));
  trail->writes_.emplace(std::move(write_keys));
  BAILEE_TRY(trail->journal_, Journal::Start(*std::move(file), head.bytes.size(), instance,
                                             std::move(journal_keys)));
  BAILEE_RETURN_IF_ERROR(trail->Register(head.bytes));
  // What cannot be adopted now stays for later and hides nothing: it is not in the tree.
  (void)AdoptJournals(engine, *trail->directory_, instance);
  trail->adopted_at_ = trail->drained_at_ = Steady::now();
  if (options.tend_every.count() > 0) {
    trail->caretaker_ = std::make_unique<std::thread>([raw = trail.get()] { raw->RunCaretaker(); });
  }
  return trail;
}

Trail::~Trail() { (void)Close(); }

Status Trail::Register(ByteView head) {
  Watermark watermark;
  watermark.offset = head.size();
  watermark.ends.journal_chain = watermark.ends.write_chain = ChainStart(head);
  BAILEE_RETURN_IF_ERROR(engine_.Write([&](store::WriteTransaction& transaction) -> Status {
    BAILEE_RETURN_IF_ERROR(ForgetEnded(transaction, *directory_));
    BAILEE_TRY(TreeWriter tree, TreeWriter::Begin(transaction));
    Bytes leaf;
    AppendLeafHead(LeafType::kOpened, instance_, 0, leaf);
    leaf.insert(leaf.end(), head.begin(), head.end());
    BAILEE_RETURN_IF_ERROR(tree.Append(leaf).status());
    BAILEE_RETURN_IF_ERROR(tree.Finish());
    return PutWatermark(transaction, instance_, watermark);
  }));
  drained_.offset = released_to_ = watermark.offset;
  return Status();
}

uint64_t Trail::Backlog() const {
  const uint64_t written = journal_->written().offset;
  const std::lock_guard lock(mutex_);
  return written - std::min(written, drained_.offset);
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
  if (ProcessStamp() != process_) return Forked();
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
  if (ProcessStamp() != process_) return Forked();
  BAILEE_RETURN_IF_ERROR(journal_->closed());
  const Journal::Position written = journal_->written();
  while (true) {
    {
      const std::lock_guard lock(mutex_);
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
    const std::lock_guard lock(mutex_);
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
    const std::lock_guard lock(mutex_);
    if (position.offset <= drained_.offset) return;
    drained_ = position;
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
  if (ProcessStamp() != process_) return Forked();
  const uint64_t end = journal_->written().number;
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (drained_.number >= end) return Status();
    }
    BAILEE_RETURN_IF_ERROR(DrainSome());
  }
}

Status Trail::RecordCounted(std::vector<Floods::Counted> counted) {
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
  if (ProcessStamp() != process_) return Forked();
  const std::lock_guard tending(tending_);
  const Steady::time_point now = Steady::now();
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
  return AdoptJournals(engine_, *directory_, instance_).status();
}

void Trail::RunCaretaker() {
  std::string said;
  std::unique_lock lock(caretaker_mutex_);
  while (!stop_) {
    caretaker_wakes_.wait_for(lock, options_.tend_every, [&] { return stop_ || wanted_; });
    if (stop_) return;
    wanted_ = false;
    lock.unlock();
    // What fails here is found again where it matters: by the next event, write or look at health.
    const Status status = Tend();
    if (!status.ok() && status.name() != said && options_.report) options_.report(status);
    said = status.name();
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

Status Trail::CloseTree() {
  const std::optional<Journal::Doubtful> doubtful = journal_->doubtful();
  const WriteMark mark{journal_->written().number};
  std::array<std::string, 2> range;
  if (doubtful) range = {std::to_string(doubtful->first), std::to_string(doubtful->end - 1)};
  // Anybody can make the leaf that follows: how many entries there are is said here, sealed.
  const std::string entries = std::to_string(mark.journal_number);
  const std::array details = {Detail{What::kEntries, entries}, Detail{What::kFirst, range[0]},
                              Detail{What::kLast, range[1]}};
  Event event{.kind = EventKind::kClose,
              .outcome = journal_->closed().ok() ? Outcome::kAllowed : Outcome::kFailed,
              .at = options_.clock->Now(),
              .details = std::span(details).first(doubtful ? 3 : 1)};
  return engine_.Write([&](store::WriteTransaction& transaction) -> Status {
    TrailWrites writes(*this, transaction, mark);
    event.transaction = transaction.transaction_id();
    BAILEE_RETURN_IF_ERROR(writes.Append(event).status());
    BAILEE_RETURN_IF_ERROR(writes.AppendClosed());
    return writes.Finish();
  });
}

Status Trail::Close() {
  if (ProcessStamp() != process_) return Forked();
  StopCaretaker();
  const std::lock_guard tending(tending_);
  if (closed_) return Status();
  if (journal_ == nullptr) return Status();  // Start did not come so far
  BAILEE_RETURN_IF_ERROR(journal_->closed().ok() ? RecordCounted(floods_.TakeAll()) : Status());
  BAILEE_RETURN_IF_ERROR(Drain());
  BAILEE_RETURN_IF_ERROR(CloseTree());
  closed_ = true;
  return directory_->Remove(instance_);
}

Trail::State Trail::Look() const {
  State state;
  if (ProcessStamp() != process_) {
    state.writable = Forked();
    return state;
  }
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
