// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bailee/checkpoint.h"
#include "bailee/clock.h"
#include "bailee/export.h"
#include "bailee/ids.h"
#include "bailee/keyring.h"
#include "bailee/reason.h"
#include "bailee/result.h"
#include "bailee/review.h"

namespace bailee {

namespace vault {
class AuditTrailImpl;
}

// One event of the trail, opened. Words are those of the tool and never change their meaning.
struct TrailEntry {
  uint64_t index = 0;  // of its leaf in the tree
  DecisionId id;
  Timestamp at;
  std::string kind;     // "read", "collect", …
  std::string outcome;  // "allowed", "refused", "not-found", "failed"
  // Who: the keyring's holder, and where the process ran.
  std::string actor;
  std::string keyring;  // its id, 32 hex digits
  uint32_t uid = 0;
  uint32_t pid = 0;
  std::string host;
  std::string program;
  // What for, and what.
  std::string purpose;  // empty where none acts
  std::string on_behalf_of;
  std::string category;
  std::vector<std::string> fields;
  std::string case_reference;
  std::string recipient;
  std::string ground;
  std::vector<Reason> reasons;
  Handle handle;  // zero if nobody was resolved
  struct About {
    Handle handle;
    std::string category;  // its name, or the hex of its id where no policy at hand has it
    RecordId record;
    std::string terms;  // 32 hex digits
  };
  std::vector<About> records;
  std::vector<std::pair<std::string, std::string>> details;
  uint32_t policy_version = 0;
  uint64_t transaction = 0;
  uint32_t repeats = 0;  // so many more like the one in details "of"
};

// Which entries; what is empty or zero does not matter.
struct TrailFilter {
  std::optional<Timestamp> since;  // inclusive
  std::optional<Timestamp> until;  // exclusive
  std::string purpose;
  std::string actor;
  std::string outcome;
  std::string category;
  std::string kind;
  std::optional<Handle> handle;  // the event's, or that of one of its records
};

// Something that is not as it must be, or cannot be shown to be.
struct TrailFinding {
  enum class Weight : uint8_t {
    kBroken,    // history was changed: exit code 14
    kUnproven,  // nobody can say: the end of an instance that did not close; exit code 4
    kKnown,     // the same, and it was there already when the pin was taken
  };
  Weight weight = Weight::kBroken;
  std::string name;  // dotted and stable, e.g. "trail.entry-missing"
  std::string message;
  std::optional<uint64_t> leaf;        // where
  std::optional<InstanceId> instance;  // where
};

struct TrailReport {
  std::string origin;
  uint64_t size = 0;  // leaves
  TreeHash root{};
  uint64_t pruned = 0;
  uint64_t entries = 0;  // events among the leaves
  uint64_t instances = 0;
  uint64_t open = 0;           // instances that have not ended
  uint64_t waiting_bytes = 0;  // in journals, not in the tree yet
  bool entries_opened = false;
  std::vector<TrailFinding> findings;
  // Success (also with what is known), kFindings "trail.unproven" or kAuditBroken "trail.broken",
  // by the weightiest finding.
  BAILEE_EXPORT Status ToStatus() const;
};

// The trail of one vault for those who look after it: auditor, log signer, and whoever wants to
// verify it. Opens vaults that the keyring cannot read records of. Every call is itself an event,
// of the keyring's holder. Thread-compatible.
class BAILEE_EXPORT AuditTrail {
 public:
  struct Options {
    const Clock* clock = nullptr;  // default the system's; must outlive the trail
    uint64_t map_bytes = uint64_t{64} << 30;
  };

  // Any keyring of the vault will do for Verify; Entries, Find and the entries of Verify take the
  // auditor's, Sign takes the log's; kKey "key.retired" if the log's was replaced. Adopts journals
  // that were left behind. A process has one vault open at a time, as a Vault or as an AuditTrail.
  // Errors: kNoVault, kKey, kDamage (also if the head of the tree does not parse or leaves are
  // beyond it), kTooNew, kBusy, kAuditDown; kFailed "clock.backwards".
  static Result<AuditTrail> Open(const std::string& directory, Keyring keyring,
                                 const Options& options);
  static Result<AuditTrail> Open(const std::string& directory, Keyring keyring) {
    return Open(directory, std::move(keyring), Options());
  }
  AuditTrail(AuditTrail&&) noexcept;
  AuditTrail& operator=(AuditTrail&&) noexcept;
  ~AuditTrail();

  const VaultId& vault() const;
  const std::string& origin() const;
  // The newest.
  LogKey log_key() const;
  // All of them, for whoever verifies what the trail says elsewhere (bailee/checkpoint.h).
  LogKeys log_keys() const;
  // Size and root as they are now.
  Result<Checkpoint> Head();

  // Calls `visit` for every entry that `filter` lets through, in the order of the tree, from leaf
  // `from` on (or the first that was not pruned), until it returns false. Returns the index after
  // the last leaf looked at, to follow with: whoever goes on there does not read the trail again.
  // An entry that does not open ends it: nothing is passed over. `visit` must not call the trail.
  // Errors: kKey "key.auditor-missing" without the auditor's secret; kAuditBroken (names the leaf);
  // kDamage "audit.tree-damaged"; kNotFound "audit.beyond-tree".
  Result<uint64_t> Entries(const TrailFilter& filter, uint64_t from,
                           const std::function<bool(const TrailEntry&)>& visit);

  // Which fields were used, of at least one record, since that time (or since the first entry that
  // was not pruned), by category and field. What is not among them nobody needed. Errors: as
  // Entries.
  Result<std::vector<FieldUse>> FieldUses(std::optional<Timestamp> since);

  // The entry that recorded a decision. Errors: kNotFound "audit.no-such-decision", also while it
  // waits in a journal of a living process; as Entries.
  Result<TrailEntry> Find(const DecisionId& id);

  // The policy of that number, which is public, serialised (bailee.v1.Policy): by what rules an
  // entry was decided. The one call that is no event. Errors: kNotFound "audit.no-such-policy".
  Result<Bytes> Policy(uint32_t version) const;

  struct VerifyOptions {
    bool entries = false;     // open every entry too; takes the auditor's secret
    std::string pinned = {};  // a checkpoint or head kept outside the vault; or empty
    std::function<void(uint64_t done, uint64_t all)> progress = {};
  };
  // Replays the whole trail: tree, chains, watermarks, journals, and that history extends what was
  // pinned. What is wrong is in the report; errors are of the call itself: kKey
  // "key.auditor-missing", kInvalidValue "checkpoint.malformed" for a pin that is none.
  Result<TrailReport> Verify(const VerifyOptions& options);

  // The head as a text to keep outside the vault: a checkpoint without a signature.
  Result<std::string> Pin();

  // Signs the head, once it is proven that it extends `previous` (the last checkpoint, kept outside
  // the vault; empty for the first). Errors: kKey "key.log-missing" without the log's secret,
  // "key.retired" if it was replaced; kAuditBroken "trail.cut-off", "trail.forked" and those of
  // VerifyCheckpoint; kNotFound "audit.leaf-pruned" if `previous` is older than what was pruned;
  // kFailed "clock.backwards".
  Result<std::string> Sign(const std::string& previous);

  // A proof, as a C2SP tlog-proof, that leaf `index` is in the tree of `checkpoint`, a signed one;
  // and the leaf. Errors: kNotFound "audit.beyond-tree", "audit.leaf-pruned"; kAuditBroken.
  struct Proof {
    std::string text;
    Bytes leaf;
  };
  Result<Proof> Prove(uint64_t index, const std::string& checkpoint);

  // A receipt (bailee/receipt.h) of the erasing that `erased` decided, up to the size of
  // `checkpoint`, a signed one: the event, and if they are in there by then, that what was taken
  // away is shredded and that the file was written anew. Whoever has it reads these events, and no
  // others; it holds no value and no key of the vault. Takes the auditor's secret. Errors: kUsage
  // "receipt.not-an-erasure"; kNotFound "audit.no-such-decision", also beyond the checkpoint or
  // pruned; kKey "key.auditor-missing"; kAuditBroken.
  Result<Bytes> Receipt(const DecisionId& erased, const std::string& checkpoint);

  // Writes leaves from `from` on up to the size of `checkpoint` as one export (FORMAT.md §13.8),
  // piece by piece. Returns the number of leaves. What was written before an error is no export.
  // Errors: those of `write`; kAuditBroken; kNotFound "audit.leaf-pruned", "audit.beyond-tree".
  Result<uint64_t> Export(uint64_t from, const std::string& checkpoint,
                          const std::function<Status(ByteView)>& write);

  struct PruneOptions {
    std::string checkpoint;   // signed; of what was exported
    Timestamp older_than;     // only entries before it
    int64_t keep_days = 365;  // never younger ones (PCI DSS 10.5.1)
  };
  // Deletes the longest prefix, in blocks of 256 leaves, whose entries are all older and that the
  // checkpoint covers. Takes the auditor's secret. Returns how many leaves this call deleted. After
  // a crash the trail is whole and the next call goes on. Errors: kNotFound
  // "audit.nothing-to-prune"; kAuditBroken, as Sign, and if what would be deleted is not whole;
  // kKey "key.auditor-missing".
  Result<uint64_t> Prune(const PruneOptions& options);

 private:
  explicit AuditTrail(std::unique_ptr<vault::AuditTrailImpl> impl);
  std::unique_ptr<vault::AuditTrailImpl> impl_;
};

}  // namespace bailee
