// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "audit/chain.h"
#include "audit/drain.h"
#include "audit/event.h"
#include "audit/floods.h"
#include "audit/journal.h"
#include "audit/journal_directory.h"
#include "bailee/clock.h"
#include "crypto/box.h"
#include "crypto/random.h"
#include "store/engine.h"

namespace bailee::audit {

// When an event that goes to the journal counts as recorded.
enum class Durability : uint8_t {
  kWritten,  // in the kernel: survives the end of the process; on disk within a tenth of a second
  kSynced,   // on disk
};

struct TrailOptions {
  VaultId vault;
  std::string vault_path;  // the directory that `journal` is in
  crypto::BoxPublicKey auditor;
  std::string actor;
  std::array<uint8_t, 16> keyring_id{};
  Durability durability = Durability::kWritten;
  const Clock* clock = nullptr;      // not null; outlives the trail
  crypto::Random* random = nullptr;  // not null; outlives the trail
  // Told what the caretaker finds, once each time it is something else; from its thread.
  std::function<void(const Status&)> report = {};
  // What else the caretaker does at each look; what it says is reported like the rest.
  std::function<Status()> tend_too = {};
  // How often the caretaker looks; 0: there is none, and Tend is called by hand.
  std::chrono::milliseconds tend_every{100};
};

// The trail of one instance (FORMAT.md §13): journal, chains, and their way into the tree. It ends
// with its destructor, which brings everything into the tree; what could not be is adopted by
// whoever opens the vault next. Thread-safe. In a forked child nothing is touched.
class Trail final : public EventSink {
 public:
  static constexpr uint64_t kBacklogBytesMax = uint64_t{64} << 20;

  // Begins an instance: makes its journal, registers it in the tree and adopts the journals of
  // instances that ended without closing. `engine` outlives the trail.
  // Errors: kAuditDown, also "trail.no-journal" (none can be made); kDamage; those of the store.
  static Result<std::shared_ptr<Trail>> Start(store::Engine& engine, const TrailOptions& options);
  ~Trail() override;

  Result<DecisionId> Append(const Event& event) override;
  Result<WriteMark> BeginWrite() override;
  std::unique_ptr<WriteEvents> EventsOf(store::WriteTransaction& transaction,
                                        const WriteMark& mark) override;
  void Committed(const DecisionId& last) override;

  // Brings everything recorded so far into the tree. Errors: kAuditDown; those of the store.
  Status Drain();

  // What the caretaker does at each look: checks the journal, syncs it, records what was counted,
  // drains, and now and then adopts. The first thing that went wrong.
  Status Tend();

  // Ends the instance. Idempotent. Errors: as Drain; the journal then stays to be adopted.
  Status Close();

  const InstanceId& instance() const { return instance_; }

  struct State {
    Status writable;  // success, or why events cannot be recorded
    uint64_t backlog_bytes = 0;
    std::optional<Journal::Doubtful> doubtful;
  };
  State Look() const;

 private:
  friend class TrailWrites;

  Trail(store::Engine& engine, const TrailOptions& options, const InstanceId& instance);

  // Success in the process that opened it; "trail.forked" in a child of it.
  Status Owned() const;
  Status Register(ByteView head);
  Status DrainSome();
  Status WaitForRoom();
  Status RecordCounted(const std::vector<Floods::Counted>& counted);
  Status CloseTree();
  void Reached(const Journal::Position& position);
  uint64_t Backlog() const;
  void RunCaretaker();
  // `said` is the name of what was found by the look before.
  void TendAndReport(std::string& said);
  void StopCaretaker();

  store::Engine& engine_;
  const TrailOptions options_;
  const InstanceId instance_;
  const uint64_t process_;
  std::unique_ptr<JournalDirectory> directory_;
  std::unique_ptr<Journal> journal_;
  Floods floods_;

  mutable std::mutex mutex_;
  std::optional<KeyChain> writes_;
  // Of writes that may be committed: how far the journal is in the tree with each.
  std::map<uint64_t, Journal::Position> awaited_;
  Journal::Position drained_;
  std::atomic<uint64_t> drained_bytes_{0};  // drained_.offset
  std::chrono::steady_clock::time_point drained_at_;
  uint64_t released_to_ = 0;
  std::condition_variable drained_more_;

  std::mutex tending_;  // one at a time
  std::chrono::steady_clock::time_point adopted_at_;

  std::mutex caretaker_mutex_;
  std::condition_variable caretaker_wakes_;
  bool stop_ = false;
  bool wanted_ = false;
  bool closed_ = false;
  std::unique_ptr<std::thread> caretaker_;
};

}  // namespace bailee::audit
