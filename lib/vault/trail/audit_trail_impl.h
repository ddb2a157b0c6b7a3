// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "audit/entry_reader.h"
#include "audit/event.h"
#include "audit/journal_directory.h"
#include "audit/trail.h"
#include "audit/tree_store.h"
#include "audit/verify.h"
#include "bailee/audit_trail.h"
#include "crypto/box.h"
#include "crypto/names.h"
#include "crypto/sign.h"
#include "store/engine.h"
#include "vault/frame/meta.h"
#include "vault/frame/rules.h"

namespace bailee::vault {

// Whether a leaf holds the event of a decision.
bool IsOf(const audit::Leaf& leaf, const DecisionId& id);
Status NoSuchDecision();

// An open trail: see AuditTrail, whose calls these are. Thread-compatible.
class AuditTrailImpl {
 public:
  static Result<std::unique_ptr<AuditTrailImpl>> Open(const std::string& directory, Keyring keyring,
                                                      const AuditTrail::Options& options);

  const VaultId& id() const { return row_.id; }
  const std::string& origin() const { return origin_; }
  LogKey log_key() const { return {rules_->manifest.log_public.bytes}; }

  LogKeys log_keys() const { return LogKeysOf(rules_->manifest); }

  Result<Checkpoint> Head();
  Result<uint64_t> Entries(const TrailFilter& filter, uint64_t from,
                           const std::function<bool(const TrailEntry&)>& visit);
  Result<std::vector<FieldUse>> FieldUses(std::optional<Timestamp> since);
  Result<TrailEntry> Find(const DecisionId& id);
  Result<Bytes> Policy(uint32_t version) const;
  Result<TrailReport> Verify(const AuditTrail::VerifyOptions& options);
  Result<std::string> Pin();
  Result<std::string> Sign(const std::string& previous);
  Result<Bytes> Receipt(const DecisionId& erased, const std::string& checkpoint);
  Result<AuditTrail::Proof> Prove(uint64_t index, const std::string& checkpoint);
  Result<uint64_t> Export(uint64_t from, const std::string& checkpoint,
                          const std::function<Status(ByteView)>& write);
  Result<uint64_t> Prune(const AuditTrail::PruneOptions& options);

 private:
  AuditTrailImpl(const VaultRow& row, std::unique_ptr<store::Engine> engine, Keyring keyring,
                 const AuditTrail::Options& options);

  Status LoadRules();
  // Names of the categories of every policy, by their ids.
  void NameCategories();
  // The rules as they are in `snapshot`: a rotation may have come between.
  Status RefreshRules(store::Snapshot& snapshot);
  // kKey "key.retired" unless the log's secret, if it is held, signs still.
  Status CheckLogKey() const;
  Status LoadRoles();
  Status StartTrail(const std::string& directory);

  // Fills in when and under which policy.
  Result<audit::Event> Stamped(audit::Event event);
  // Records that somebody looks or acts, and brings it and all before it into the tree: what is
  // read from now on is whole.
  Status Record(const audit::Event& event);
  // Records that somebody tried and failed. Returns `why`, or what kept that from being recorded.
  Status Failed(audit::EventKind kind, Status why);
  // Null, and recorded as failed, without the role's secret.
  Result<const crypto::BoxOpener*> Auditor(audit::EventKind kind);

  audit::Pinned PinnedTo(const std::string& text) const { return {text, origin(), log_keys()}; }
  // The signed checkpoint, if the tree extends it. Errors: as audit::VerifyExtends.
  Result<Checkpoint> Verified(const std::string& checkpoint);

  struct Extent {
    uint64_t pruned = 0;
    TreeHead head;
  };
  Result<Extent> Measure();

  // The reader as it is before leaf `from`, telling it what lies between.
  Result<audit::EntryReader*> ReaderAt(uint64_t from, const crypto::BoxOpener& auditor);
  // Remembers the reader as it is, unless one shortly before is remembered.
  void Mark();
  // Shows `visit` every leaf from `from` up to `to`, which opens it with the reader or lets it
  // pass, until it says false.
  using LeafVisitor = std::function<Result<bool>(uint64_t index, const audit::Leaf& leaf,
                                                 audit::EntryReader& reader)>;
  Status EachLeaf(uint64_t from, uint64_t to, const crypto::BoxOpener& auditor,
                  const LeafVisitor& visit);
  TrailEntry EntryOf(uint64_t index, const audit::OpenedEntry& opened) const;

  const VaultRow row_;
  const std::unique_ptr<store::Engine> engine_;
  const Keyring keyring_;
  const Clock& clock_;
  std::shared_ptr<const Rules> rules_;
  std::string origin_;  // of the log; only a restore gives it another
  std::map<crypto::NameId, std::string> categories_;
  std::optional<crypto::BoxOpener> auditor_;  // with the auditor's secret
  std::optional<crypto::SigningKey> log_;     // with the log's
  std::unique_ptr<audit::JournalDirectory> journals_;
  std::shared_ptr<audit::Trail> trail_;
  // Where the last look at entries ended, for one that follows.
  std::optional<audit::EntryReader> reader_;
  uint64_t reader_at_ = 0;
  // The reader as it was before some leaves, the last ones that looks began at: chains of keys only
  // go on, and to follow them from their beginning takes as long as they are.
  std::map<uint64_t, audit::EntryReader> marks_;
};

}  // namespace bailee::vault
