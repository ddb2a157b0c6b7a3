// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/backup.h"
#include "bailee/breach.h"
#include "bailee/clock.h"
#include "bailee/collection.h"
#include "bailee/disclose.h"
#include "bailee/erase.h"
#include "bailee/export.h"
#include "bailee/ids.h"
#include "bailee/keyring.h"
#include "bailee/ledger.h"
#include "bailee/publish.h"
#include "bailee/report.h"
#include "bailee/result.h"
#include "bailee/retention.h"
#include "bailee/review.h"
#include "bailee/rotate.h"
#include "bailee/session.h"
#include "bailee/subject_export.h"

namespace bailee {

namespace audit {
class EventSink;
}
namespace vault {
class VaultImpl;
}  // namespace vault

// When the event of a read counts as recorded, and its values may leave.
enum class ReadDurability : uint8_t {
  kWritten,  // in the kernel: exact whatever happens to the process; after a loss of power those of
             // the last 100 ms may be missing, and are reported as unproven
  kSynced,   // on disk; threads that read at the same time share the wait
};

struct OpenOptions {
  const Clock* clock = nullptr;  // default the system's; must outlive the vault
  uint64_t map_bytes = uint64_t{64}
                       << 30;  // address space reserved for the file, sparse; grows when needed
  size_t cached_subjects_max = 4096;
  ReadDurability reads = ReadDurability::kWritten;
  // A MaxMind DB file that says in which region an address is, copied into memory at Open. Empty:
  // every region is "unknown". Errors of Open: kNotFound "regions.not-found"; kInvalidValue
  // "regions.malformed".
  std::string regions = {};
  // The file with the key that erasing destroys. Empty: `epoch` in the vault's directory.
  std::string epoch_path = {};
  // Called with an event name and JSON fields that hold no value, ref or key; from any thread.
  // Default: nothing. So far it hears of what the trail's caretaker finds: the names are those of
  // Status, the fields "code" and "message".
  std::function<void(std::string_view event, std::string_view json_fields)> log = {};
  // Where every event goes. Default: the vault's own. For tests (bailee/testing.h).
  std::shared_ptr<audit::EventSink> events = {};
};

struct CreateOptions {
  std::string policy_text;             // textproto (FORMAT of proto/bailee/v1/policy.proto)
  std::string policy_name = "policy";  // for messages: usually the file's name
  const Clock* clock = nullptr;
  uint64_t map_bytes = uint64_t{64} << 30;
  // Where the file with the key that erasing destroys is to be, e.g. on a file system that is not
  // copied on write and not in snapshots; every Open has to name it then. Empty: in the vault's
  // directory.
  std::string epoch_path = {};
};

// What a new vault hands out once: keyrings, none of which is kept anywhere else.
struct CreatedVault {
  VaultId id;
  // Reserved keyrings: authority, log, auditor, backup, rights, upkeep, tally.
  std::vector<KeyringFile> reserved;
  // What `Grant` takes keys from: "storage" and one for each leaf purpose, named after it.
  std::vector<KeyringFile> origins;
};

struct Health {
  bool audit_writable = true;        // events can be recorded; if not, nothing is released
  std::string audit_problem;         // why not, e.g. "trail.full"; or empty
  uint64_t audit_leaves = 0;         // in the tree of the trail
  uint64_t audit_backlog_bytes = 0;  // events recorded and not in the tree yet
  bool secrets_locked = false;       // secret memory cannot be swapped out
  std::string secret_memory;         // "memfd_secret", "mlock", "unlocked"
  uint64_t file_bytes = 0;
  uint64_t map_bytes = 0;
  uint32_t readers_used = 0;
  uint32_t readers_max = 0;
};

// What a vault says of itself to any holder of a keyring.
struct VaultInfo {
  VaultId id;
  uint16_t format = 0;
  Timestamp created_at;
  uint64_t manifest = 0;
  std::string policy_name;
  uint32_t policy_version = 0;
  uint64_t subjects = 0;  // subjects and browsers
  uint64_t records = 0;
  uint64_t lookups_pending = 0;
  uint64_t epoch = 0;     // grows each time that something is taken out of earlier copies
  bool shredded = false;  // nothing that was taken away opens in an earlier copy; see Upkeep
};

struct SessionOptions {
  std::string on_behalf_of = {};  // controller whose data this session sees; empty: our own
  // The source whose data this session sees; empty: every one. Where a purpose of the policy
  // combines sources, any other that meets two of them in one call has to name one here.
  std::string source = {};
};

// A vault of personal data, opened with one holder's keys. Thread-safe. One per vault and process;
// several processes may open one vault, each with its own keyring. After fork, the child's Vault
// refuses everything with "store.forked", and whatever is given a Keyring from before the fork with
// "key.forked".
//
// The library throws nothing of its own, and std::bad_alloc passes through any call where memory
// runs out, unless that is the error kFull "secret.arena-full" or kFailed "store.memory". Then
// nothing was released, and what was to be written is there as a whole or not at all, as after
// "store.commit-unclear". No destructor throws.
class BAILEE_EXPORT Vault {
 public:
  // Makes a vault in `directory`, which must not exist or be empty, with the policy in force.
  // Durable when it returns; on failure nothing is left behind. Errors: kPolicyInvalid (every
  // finding with line and column); kConflict (something is there); kFull; kFailed.
  static Result<CreatedVault> Create(const std::string& directory, const CreateOptions& options);

  // Opens a vault. Proves the keys before it returns.
  // Errors: kNoVault (nothing there, or not a vault); kKey "key.other-vault", "key.retired",
  // "key.no-storage", "key.not-of-this-vault"; kTooNew; kDamage; kBusy; kFailed.
  static Result<Vault> Open(const std::string& directory, Keyring keyring,
                            const OpenOptions& options);

  Vault(Vault&&) noexcept;
  Vault& operator=(Vault&&) noexcept;
  ~Vault();

  // A session that acts for `purpose`. Refused here if the policy does not know it, it is not a
  // leaf, or the keyring lacks its key. Errors: kRefused unknown-purpose, purpose-key-missing.
  Result<Session> As(std::string_view purpose, const SessionOptions& options = {});

  // Begins collecting about one subject; see Collection.
  Collection Collect(const CollectRequest& request);
  Batch CollectBatch();

  // Puts something a person said, or that happened to them, into their ledger, all of `events` or
  // none. Durable when it returns, and what may no longer be used has then no key: its wraps are
  // gone from the vault. Any process may record; who it was is in the audit trail. Makes the
  // subject if unknown. What gives back (given, agreed, unrestricted) works once the keys are made:
  // here if this process holds them, otherwise by the next holder or Upkeep; until then reads say
  // wrap-pending.
  // Errors: kRefused (unknown-purpose, unknown-category, unknown-notice); kInvalidValue; kUsage;
  // kNotFound (unknown handle; a hold to release; kUnrestricted of somebody unknown); kDamage;
  // kFull; kAuditDown; kBusy; kFailed.
  Result<Recorded> Record(const Who& who, const LedgerEvent& event);
  Result<Recorded> Record(const Who& who, std::span<const LedgerEvent> events);

  // The ledger of a person, for the holder of the `rights` keyring.
  // Errors: kRefused purpose-key-missing; kNotFound; kDamage; kAuditDown; kFailed.
  Result<LedgerView> Ledger(const Who& who);

  // Everything that is held of a person or browser, record after record in bounded memory: values,
  // what each is held under and may be used for, the ledger. With the `rights` keyring. Restriction
  // does not stop it; a damaged record is named and the rest comes. The event of the whole, and
  // that of each chunk, is recorded before any of it is visited; a record collected meanwhile may
  // be missed. What was visited before an error is no export. Errors: kRefused
  // (purpose-key-missing, outside-instructions, subject-erased); kNotFound (unknown, or the
  // controller's they are not); kDamage; kAuditDown; kBusy; kFailed; those of `visitor`.
  Result<SubjectExportSummary> Export(const Who& who, const SubjectExportOptions& options,
                                      SubjectExportVisitor& visitor);

  // What a leaked keyring could open, from what its file says of itself (Keyring::Inspect): the
  // wraps that exist for its purposes are counted, without its keys. With the `rights` keyring,
  // whose holder answers to people. Recorded, as a review, before anything is looked at. Takes as
  // long as the vault is large. Errors: kRefused purpose-key-missing; kKey "key.other-vault";
  // kPartial "breach.stopped"; kAuditDown; kBusy; kFailed.
  Result<BreachScope> ScopeOfBreach(const Keyring::Description& leaked,
                                    const BreachOptions& options = {});

  // Brings the keys of everybody into line with what they said, the policy and the time: takes away
  // what has ended, makes what is due as far as this keyring holds the keys (`upkeep` holds them
  // all). Then makes sure that what was taken away, by this or by anybody, opens in no copy of the
  // database (see ErasureGrade). In short transactions; can be stopped at any point and begun
  // again. For a timer. Errors: kDamage; kFull; kAuditDown; kBusy; kFailed.
  Result<UpkeepResult> Upkeep(const UpkeepOptions& options = {});

  // Erases people and browsers: every record, key, entry and row that leads to them. With the
  // `rights` keyring. What is left is a tag of each of their e-mail addresses on the list of those
  // not to be written to, what the accounting of disclosures says (for `rights`, by handle), and
  // the handle in the trail. They go in order, some dozens in a transaction, each with an event.
  // Whoever is held, or damage in what is theirs, stops it with all before them erased; after
  // another error those of earlier transactions are; and the call can be made again. Then what they
  // lay under is taken from every copy of the database (see ErasureGrade), unless deferred; what
  // could not be finished is done by Upkeep. Whoever is named by a ref is unknown to it afterwards.
  // Errors: kRefused purpose-key-missing, held (nothing of that person is erased); kInvalidValue;
  // kDamage; kFull; kAuditDown; kBusy; kFailed.
  Result<Erased> Erase(std::span<const Who> whos, const EraseOptions& options = {});
  Result<Erased> Erase(const Who& who, const EraseOptions& options = {});

  // Writes the file anew, without the pages that are free: what was deleted has no bytes in it
  // then. Takes as long as the vault is large, and as much disk; other calls of this process wait.
  // The copy is compared row by row before it takes the place of the file, and a crash leaves one
  // or the other. Erased or not is no question of it: see ErasureGrade. Errors: kBusy
  // "store.in-use" (other processes have it open; their ids), "store.snapshots-open"; kFull;
  // kAuditDown; kFailed.
  Result<Compacted> Compact();

  // Takes a data stream (see backup.h), while others write: all of it shows one moment. It holds
  // one snapshot for as long as it takes, so that the file grows by what is written meanwhile, and
  // the vault cannot be compacted. With any keyring that opens the vault: what it writes only
  // `backup` opens. The event is recorded before the file has its name. Errors: kConflict
  // "file.exists", "backup.no-base" (not a data stream of this vault); kNotFound (no such base or
  // directory); kDamage "backup.damaged" (the base); kPartial "backup.stopped"; kAuditDown; kFull;
  // kBusy; kFailed.
  Result<BackedUp> BackUpData(const BackupRequest& request);

  // Takes a key stream, as above, after the data stream; it replaces the one in that file.
  // Processes that erase meanwhile wait for this one to drop its keys. Errors: kUsage
  // "backup.base-of-keys"; otherwise as BackUpData, but for "file.exists".
  Result<BackedUp> BackUpKeys(const BackupRequest& request);

  // Records the operator's statement that a key stream, every copy of it and every key stream
  // before it are destroyed: whoever was erased after those were taken, and shredded since, is then
  // absent from backups, and receipts say so (bailee/receipt.h). Nothing is checked or destroyed
  // here; the trail keeps who said it. With any keyring that opens the vault. Errors: kInvalidValue
  // "backup.case" (not [A-Za-z0-9-]{1,64}); kFull; kAuditDown; kBusy; kFailed.
  Result<DecisionId> StateDestroyed(const KeyStreamSha256& stream,
                                    std::string_view case_reference = {});

  // What retention would delete now, counted; nothing is changed. With the `upkeep` keyring.
  // Errors: kRefused purpose-key-missing; kPartial "retention.stopped"; kConflict (the policy is
  // not in force yet); kAuditDown; kFailed.
  Result<RetentionPlan> PlanRetention(const RetentionOptions& options = {});

  // Deletes what was over when the plan was made and still is, with its keys, in short
  // transactions; can be stopped at any point and run again. What is in free pages of the file is
  // not overwritten: it has no key there. Errors: kRefused purpose-key-missing; kConflict (another
  // vault's plan, another policy's); kInvalidValue (a time to come); kFull; kAuditDown; kFailed.
  Result<RetentionResult> RunRetention(const RetentionPlan& plan,
                                       const RetentionOptions& options = {});

  // Looks over what is held, for those who see to it that no more is kept than is needed, and that
  // it is right: see CategoryReview, and AuditTrail::FieldUses for what nobody reads. With the
  // `upkeep` keyring; opens no data. Recorded as one event. Bounded memory; what is written
  // meanwhile may be missed.
  // Errors: kRefused purpose-key-missing; kInvalidValue "review.days"; kAuditDown; kFull; kFailed.
  Result<Reviewed> Review(const ReviewOptions& options = {});

  // Handles of subjects and browsers after `after`, in order, at most `count_max`. Recorded as one
  // event.
  Result<std::vector<Handle>> Subjects(std::optional<Handle> after, size_t count_max);

  // The ref or tag a handle was made for; empty for a handle used once. Recorded as an event.
  // Errors: kNotFound; kDamage; kAuditDown.
  Result<Secret> RefOf(const Handle& handle);

  // Whether somebody may be written to for `purpose`, below "contact"; see disclose.h.
  Result<DecisionId> MayContact(std::string_view purpose, const Who& who, const Secret& address);
  // The same for an address of which nothing else is known.
  Result<DecisionId> MayContact(std::string_view purpose, const Secret& address);

  // The list of addresses not to be written to; see disclose.h.
  Result<SuppressOutcome> Suppress(std::span<const Secret> addresses);
  Result<SuppressOutcome> Unsuppress(std::span<const Secret> addresses);
  Result<SuppressOutcome> SuppressTags(std::span<const SuppressionTag> tags);
  Result<std::vector<SuppressionTag>> Suppressions(std::optional<SuppressionTag> after,
                                                   size_t count_max);

  // Turns pending lookup entries of purposes whose index keys this process holds into lookup rows.
  // Done at Open and before each Find as well. Returns how many.
  Result<size_t> FoldPendingLookups();

  // What the policy in force lets be counted.
  Result<std::vector<ReportDescription>> Reports() const;

  // The cells of a report for one of its recipients, bucket by bucket. Needs the `tally` keyring.
  // Cells of a bucket are computed on the first ask after its end, in bounded memory, stored in one
  // transaction, and do not change with what is collected, erased or said later. A person whose
  // standing has a no to the report's purpose, or who is restricted, is not counted. Recorded as an
  // event, refused or not, before it returns; computing cells is one of its own.
  // Errors: kNotFound "report.unknown" (with the nearest name); kRefused unknown-recipient,
  // recipient-not-listed, purpose-key-missing, policy-not-in-force; kInvalidValue "report.range"
  // (no bucket, or more than 400), "report.open" (a bucket has not ended: ask later);
  // kPartial "report.stopped" (by `progress`); kConflict "policy.changed"; kKey
  // "report.key-version" (cells sealed under another version of the tally key); kDamage;
  // kAuditDown; kFull; kBusy; kFailed.
  Result<ReportResult> Report(const ReportRequest& request);

  // What was disregarded so far. Errors: kDamage; those of the store.
  Result<std::vector<Disregarded>> Disregards() const;

  // The policy in force, serialised (bailee.v1.Policy).
  Result<Bytes> PolicyInForce() const;

  // Puts a newer version of the policy in force, signed by `authority` as the next statement of the
  // manifest; one transaction, durable and recorded when it returns. What becomes narrower holds at
  // once, in every process and every open session. What becomes wider never reaches what is held:
  // that keeps the terms it was collected under until its subject consents or agrees. Keys that the
  // version needs and the vault has not are made and handed to `request.keep`. Records of a
  // category that is gone are deleted, where that is planned, after it came into force: from then
  // on they are over, so that retention deletes whatever a crash or an error left of them. A
  // refusal is recorded as well, unless `dry_run`. Errors: kKey "key.authority-missing",
  // "key.other-vault", "key.other-authority"; kPolicyInvalid (every finding); kConflict
  // "publish.in-force" (this very text is; nothing is left to do), "publish.version-taken",
  // "publish.version-not-newer", "publish.other-policy", "publish.notice-reused", "publish.breaks"
  // (names what held data could not survive and nothing is planned for), "publish.held" (a hold
  // keeps what would be deleted); kInvalidValue "publish.plan-unneeded" (nothing of it changes so),
  // "publish.not-yet" (its day has not come), "publish.effective-earlier", "publish.notice-owed"
  // (names the purposes that are widened), "publish.notice-unknown", "publish.notice-old",
  // "publish.notice-incomplete", "publish.announced-future", "publish.announced-late"; kUsage
  // "publish.keep-missing"; whatever `keep` says; kAuditDown; kFull; kDamage.
  Result<Published> Publish(const Keyring& authority, const PublishRequest& request);

  // Rotation: the next version of `key`, which is "purpose/NAME" (a leaf, or "rights", "upkeep",
  // "tally"), "index/CATEGORY.FIELD/PURPOSE", "storage", "log" or "authority". Three acts, each of
  // which may be stopped at any point, by a crash too, and called again, also by several processes
  // at once; others read and write meanwhile. FORMAT.md §18.
  //
  // Begin makes the key, hands out keyrings with it (`options.keep`) and has `authority` state it.
  // From then on both versions are open: keyrings with the old one go on working, and this is the
  // time to replace them. The vault is open with a keyring that has the old key; of an index also
  // that of its purpose.
  // Run, with a keyring that has both, gives everything that lies under the old key the new one.
  // Nothing to do for "storage", "log" and "authority".
  // Finish, with a keyring that has both (of "storage": the new one), refuses while anything lies
  // under the old key alone; then has `authority` state that it is retired, removes it everywhere
  // and keeps it for the `backup` keyring alone. Whoever has only the old key can do nothing from
  // then on, in sessions that are open as well: kKey "key.retired".
  //
  // Of the log: checkpoints that the old key signed up to now go on counting (bailee/checkpoint.h),
  // and from Finish on it signs no more; of one that leaked, from Begin on, and
  // `options.checkpoint` alone counts. Any keyring with the storage key will do. Of the authority:
  // Begin hands out `options.keyrings`, signed by the new one, and every keyring of the old one is
  // taken until Finish, which needs a new one; of one that leaked, none from Begin on.
  //
  // Every transaction is recorded. Errors: kUsage "rotate.key-name", "rotate.keep-missing";
  // kNotFound "rotate.unknown-key", "rotate.none" (nothing is under way: it may be done); kConflict
  // "rotate.under-way" (begin: finish that one first), "rotate.not-ready" (finish: says how much is
  // left), "rotate.finishing" (run); kKey "key.source-missing" (which key the vault's keyring
  // lacks), "key.authority-missing", "key.other-vault", "key.other-authority"; of a log that
  // leaked kInvalidValue "rotate.checkpoint", "checkpoint.malformed", kAuditBroken (the checkpoint
  // is not of this history); whatever `keep` says; kDamage; kAuditDown; kFull; those of the store.
  Result<Rotated> BeginRotation(const Keyring& authority, std::string_view key,
                                const RotateOptions& options = {});
  Result<Rotated> RunRotation(std::string_view key, const RotateOptions& options = {});
  Result<Rotated> FinishRotation(const Keyring& authority, std::string_view key,
                                 const RotateOptions& options = {});
  // What is under way, in the order of the keys' names. Errors: kDamage; those of the store.
  Result<std::vector<RotationState>> Rotations() const;

  // Every version that was ever in force, in order; the last one is. From the signed manifest.
  Result<std::vector<PublishedVersion>> PolicyHistory() const;

  // The version that was in force at `at`, as PolicyInForce gives it. Errors: kNotFound
  // "policy.none-then" before the first one; kDamage.
  Result<Bytes> PolicyAsOf(Timestamp at) const;

  Result<VaultInfo> Info() const;
  Result<Health> CheckHealth() const;

 private:
  explicit Vault(std::shared_ptr<vault::VaultImpl> impl);
  std::shared_ptr<vault::VaultImpl> impl_;
};

}  // namespace bailee
