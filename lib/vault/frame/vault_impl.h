// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audit/event.h"
#include "audit/trail.h"
#include "bailee/vault.h"
#include "bailee/who.h"
#include "base/lanes.h"
#include "crypto/id_run.h"
#include "crypto/random.h"
#include "keys/epoch_file.h"
#include "keys/keyring_keys.h"
#include "keys/lookup.h"
#include "keys/shards.h"
#include "record/view.h"
#include "store/engine.h"
#include "vault/frame/meta.h"
#include "vault/frame/opened_subject.h"
#include "vault/frame/rules.h"
#include "vault/frame/subject_cache.h"
#include "vault/frame/terms_cache.h"

namespace bailee::vault {

using audit::Event;
using audit::EventKind;
using audit::EventRecord;
using audit::EventSink;
using audit::Outcome;

// The rules, the keys and the latest time as of the transaction that a snapshot shows.
struct Moment {
  uint64_t transaction = 0;
  std::shared_ptr<const Rules> rules;
  std::shared_ptr<keys::Shards> shards;  // of the epoch that the snapshot is in
  Timestamp latest;
};
using SharedMoment = std::shared_ptr<const Moment>;

// What one operation looks at: a snapshot, what holds in it, and the time. Lives for that operation
// alone.
struct Frame {
  store::Snapshot* snapshot = nullptr;
  std::unique_ptr<store::Snapshot> owned;  // empty within a write
  SharedMoment moment;
  Timestamp now;
  store::WriteTransaction* transaction = nullptr;  // of a write: the same as `snapshot`
  audit::WriteEvents* events = nullptr;            // of a write: where its events go

  const std::shared_ptr<const Rules>& rules() const { return moment->rules; }
  const std::shared_ptr<keys::Shards>& shards() const { return moment->shards; }
  void ForgetShards() {
    Moment rest = *moment;
    rest.shards.reset();
    moment = std::make_shared<const Moment>(std::move(rest));
  }
  const policy::Policy& in_force() const { return *rules()->in_force->policy; }
  crypto::NameId CategoryIdOf(std::string_view name) const {
    return rules()->in_force->CategoryIdOf(name);
  }
};

// An open vault. Thread-safe.
class VaultImpl {
 public:
  static Result<std::shared_ptr<VaultImpl>> Open(const std::string& directory, Keyring keyring,
                                                 const OpenOptions& options);

  const VaultRow& row() const { return row_; }
  const VaultId& id() const { return row_.id; }
  store::Engine& engine() { return *engine_; }
  const keys::KeyringKeys& keyring() const { return keyring_.keys(); }
  crypto::Random& random() { return crypto::SystemRandom(); }
  // Where the handle of a new subject comes from. REQUIRES: within Write.
  crypto::IdRun& new_handles(keys::SubjectKind kind) {
    return kind == keys::SubjectKind::kTag ? tag_handles_ : subject_handles_;
  }
  EventSink& events() { return *events_; }
  // Null if events go elsewhere.
  audit::Trail* trail() { return trail_.get(); }
  TermsCache& terms() { return terms_; }
  keys::LookupContext LookupOf(const Frame& frame) const { return {row_.id, *frame.shards()}; }
  const keys::EpochFile& epoch_file() const { return epoch_file_; }
  keys::StorageKeyRef storage() const {
    return {keyring_.keys().header.storage_version, keyring_.keys().storage};
  }
  const StorageSecrets& secrets() const { return secrets_; }
  // Null: every region is unknown.
  const record::RegionLookup* regions() const { return regions_.get(); }
  // FORMAT.md §16.2. Errors: kFull.
  Result<crypto::FeedKey> FeedKey() const;

  // Whether this is the process that opened it. Asked before anything is touched that a caller may
  // have from before a fork: secrets of a parent are not mapped in its child, and looking at one
  // ends the process. Errors: kFailed "store.forked".
  Status RequireOpener() const;

  // Begins an operation on the newest state. Errors: those of the store; kDamage; kFailed
  // "clock.backwards".
  Result<Frame> Begin();

  // Runs `job` inside a write transaction, with its events, and returns once it is durable. `job`
  // may run again from its start. Errors: the job's own; those of Begin, of the trail and the
  // store.
  Status Write(const std::function<Status(Frame&)>& job);

  // The tag of a ref or browser tag, and where it is listed. REQUIRES: who is kRef or kTag.
  struct Ref {
    keys::RefDomain domain = keys::RefDomain::kSubject;
    keys::LookupTag tag{};
  };
  // Errors: kInvalidValue unless 1 to 255 bytes.
  Result<Ref> RefTag(const Who& who) const;

  // What an address is listed under among those not to be written to (FORMAT.md §15.3).
  keys::LookupTag SuppressionTag(std::string_view index_form) const;

  // The handle of `who`, or nothing if unknown. Errors: kInvalidValue; kDamage; those of the store.
  Result<std::optional<Handle>> Resolve(const Frame& frame, const Who& who);

  // The subject with this handle, or null. Reads through the cache in a snapshot; never fills it
  // from a write. Errors: kDamage; kFull; those of the store.
  Result<std::shared_ptr<const OpenedSubject>> LoadSubject(Frame& frame, const Handle& handle);

  // Looks which epoch it is. Keys of one that is over are dropped once the operations that began in
  // it have ended, and the other openers are told. Called often, and cheap if nothing was
  // committed. Errors: as Begin.
  Status NoticeEpoch();
  // The lowest epoch of which this process may hold keys.
  uint64_t LowestEpochHeld();

  // Fills in when and under which rules, and records the event, also from within Write what a
  // transaction that is given up must not take with it.
  Result<DecisionId> Record(const Frame& frame, Event event);
  // The same in the transaction of `frame`, and part of it. REQUIRES: within Write.
  Result<DecisionId> RecordWrite(const Frame& frame, Event event);

 private:
  Status StartTrail(const std::string& directory, const OpenOptions& options);
  VaultImpl(const std::string& directory, const VaultRow& row,
            std::unique_ptr<store::Engine> engine, Keyring keyring, StorageSecrets secrets,
            const OpenOptions& options);

  // Of the newest committed state that was looked at; null before the first.
  SharedMoment Known();
  // `known` is what Known gave before the snapshot was taken, so that the snapshot is not older.
  Result<SharedMoment> MomentOf(store::Snapshot& snapshot, SharedMoment known, bool committed);
  Result<std::shared_ptr<keys::Shards>> ShardsOf(store::Snapshot& snapshot, const Moment& known);
  void Remember(const Moment& moment);
  // Gives each lane one of them. REQUIRES: mutex_ is held.
  void Share(std::array<SharedMoment, kLanes>& moments);
  void Forget();
  Result<Frame> FrameOf(store::Snapshot& snapshot, SharedMoment known, bool committed);
  // `fields` holds what the result's fields borrow.
  Event Signed(const Frame& frame, Event event, std::vector<std::string_view>& fields) const;

  const uint64_t fork_generation_;
  const VaultRow row_;
  const std::unique_ptr<store::Engine> engine_;
  const Keyring keyring_;
  const StorageSecrets secrets_;
  const Clock& clock_;
  std::unique_ptr<const record::RegionLookup> regions_;  // set once, as events_ is
  const keys::EpochFile epoch_file_;
  // Of people and of browsers apart: nobody's handle tells of a browser's.
  crypto::IdRun subject_handles_;
  crypto::IdRun tag_handles_;
  SubjectCache subjects_;
  TermsCache terms_;
  // The newest committed transaction seen, counted by each lane for itself.
  struct KnownInLane {
    std::mutex mutex;
    SharedMoment moment;
  };
  Lanes<KnownInLane> known_;
  std::mutex mutex_;
  Moment moment_;  // the same; behind mutex_
  // Of epochs that are over: alive while an operation that began in them is.
  std::vector<std::weak_ptr<keys::Shards>> over_;
  bool retired_ = false;               // the keyring's keys were rotated out
  uint64_t said_ = 0;                  // to the other openers
  std::shared_ptr<EventSink> events_;  // set once, before anybody else sees the vault
  // The same, unless events go elsewhere. Goes first: its caretaker notices epochs.
  std::shared_ptr<audit::Trail> trail_;
};

// The answer to everything that may not be told: unknown, absent and forbidden alike.
Status NotFound();

// The refusal of what needs a purpose's key that the vault's keyring does not hold.
Status NotForThisKeyring(std::string rule, std::string offer);

// The refusal with the event that recorded it; any other status as it is: nothing that must not be
// told may differ.
Status WithDecision(const Status& status, const DecisionId& decision);

}  // namespace bailee::vault
