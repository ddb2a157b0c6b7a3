// SPDX-License-Identifier: Apache-2.0
// How an instance begins and ends.
#include <array>
#include <new>

#include "audit/adopt.h"
#include "audit/journal_format.h"
#include "audit/origin.h"
#include "audit/trail.h"
#include "audit/trail_writes.h"
#include "base/fork.h"
#include "base/try.h"

namespace bailee::audit {
namespace {

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
  trail->adopted_at_ = trail->drained_at_ = std::chrono::steady_clock::now();
  if (options.tend_every.count() > 0) {
    trail->caretaker_ = std::make_unique<std::thread>([raw = trail.get()] { raw->RunCaretaker(); });
  }
  return trail;
}

Trail::~Trail() {
  try {
    (void)Close();
  } catch (const std::bad_alloc&) {
    // As after any other error: the journal stays, and whoever opens the vault next adopts it.
  }
}

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
  drained_bytes_.store(watermark.offset, std::memory_order_relaxed);
  return Status();
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
  BAILEE_RETURN_IF_ERROR(Owned());
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

}  // namespace bailee::audit
