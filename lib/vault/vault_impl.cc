// SPDX-License-Identifier: Apache-2.0
#include "vault/vault_impl.h"

#include <algorithm>

#include "bailee/limits.h"
#include "base/brief_lock.h"
#include "base/check.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/init.h"
#include "policy/case_reference.h"
#include "policy/decide.h"
#include "record/region_file.h"
#include "store/fork_guard.h"
#include "store/lmdb_engine.h"

namespace bailee::vault {
namespace {

Status CheckKeyring(const keys::KeyringKeys& keyring, const VaultRow& row) {
  BAILEE_RETURN_IF_ERROR(CheckIsOf(keyring, row));
  if (keyring.header.storage_version == 0) {
    return Status(Code::kKey, "key.no-storage",
                  "the keyring holds no storage key, so it cannot open a vault",
                  "authority, log, auditor and backup keyrings serve their own commands only");
  }
  return Status();
}

// Enough to fill pages; few enough that erasing one does not have many of its shard sealed again.
constexpr uint16_t kHandlesInRun = 64;
constexpr int kEpochTriesMax = 8;
constexpr uint64_t kNoEpochCached = ~uint64_t{0};  // nobody is kept any more

Status EpochMissing() {
  return Status(Code::kDamage, "epoch.missing",
                "the file `epoch` has not the key that the vault lies under",
                "put the file back that belongs to this vault, or restore from a backup");
}

std::string EpochPath(const std::string& directory, const OpenOptions& options) {
  return options.epoch_path.empty() ? directory + "/epoch" : options.epoch_path;
}

// Names and messages of a Status hold nothing that needs escaping in JSON.
std::function<void(const Status&)> ReportTo(
    const std::function<void(std::string_view, std::string_view)>& log) {
  if (!log) return {};
  return [log](const Status& status) {
    const std::string fields = "{\"code\":\"" + std::string(CodeWord(status.code())) +
                               "\",\"message\":\"" + std::string(status.message()) + "\"}";
    log(status.name(), fields);
  };
}

}  // namespace

Status NotFound() {
  policy::Decision hidden;
  hidden.reasons.Add(Reason::kNotCollectedFor);
  hidden.visible = false;
  return hidden.ToStatus();
}

Status NotForThisKeyring(std::string rule, std::string offer) {
  Refusal refusal;
  refusal.reasons = {Reason::kPurposeKeyMissing};
  refusal.rule = std::move(rule);
  refusal.offer = std::move(offer);
  return Status::Refused(std::move(refusal));
}

Status WithDecision(const Status& status, const DecisionId& decision) {
  if (status.refusal() == nullptr) return status;
  Refusal refusal = *status.refusal();
  refusal.decision = decision.ToText();
  return Status::Refused(std::move(refusal));
}

Result<std::shared_ptr<VaultImpl>> VaultImpl::Open(const std::string& directory, Keyring keyring,
                                                   const OpenOptions& options) {
  BAILEE_RETURN_IF_ERROR(crypto::Init());
  BAILEE_TRY(std::unique_ptr<store::Engine> engine,
             store::OpenLmdb(directory, {.map_bytes = options.map_bytes}));
  BAILEE_TRY(std::unique_ptr<store::Snapshot> snapshot, engine->Read());
  BAILEE_TRY(const VaultRow row, ReadVaultRow(*snapshot));
  BAILEE_RETURN_IF_ERROR(CheckKeyring(keyring.keys(), row));
  BAILEE_TRY(StorageSecrets secrets,
             ReadStorageSecrets(*snapshot, row.id, keyring.keys().header.storage_version,
                                keyring.keys().storage));
  snapshot.reset();
  std::shared_ptr<VaultImpl> vault(new VaultImpl(directory, row, std::move(engine),
                                                 std::move(keyring), std::move(secrets), options));
  if (!options.regions.empty()) {
    BAILEE_TRY(vault->regions_, record::RegionFile::Open(options.regions));
  }
  BAILEE_RETURN_IF_ERROR(vault->NoticeEpoch());
  BAILEE_RETURN_IF_ERROR(vault->StartTrail(directory, options));
  BAILEE_TRY(const Frame frame, vault->Begin());
  BAILEE_TRY([[maybe_unused]] const DecisionId decision,
             vault->Record(frame, {.kind = EventKind::kOpen}));
  return vault;
}

Status VaultImpl::StartTrail(const std::string& directory, const OpenOptions& options) {
  if (options.events != nullptr) {
    events_ = options.events;
    return Status();
  }
  crypto::BoxPublicKey auditor;
  {
    BAILEE_TRY(const Frame frame, Begin());
    auditor = frame.rules->manifest.auditor_public;
  }
  const keys::KeyringHeader& header = keyring_.keys().header;
  BAILEE_TRY(trail_,
             audit::Trail::Start(*engine_, {.vault = row_.id,
                                            .vault_path = directory,
                                            .auditor = auditor,
                                            .actor = header.actor,
                                            .keyring_id = header.keyring_id,
                                            .durability = options.reads == ReadDurability::kSynced
                                                              ? audit::Durability::kSynced
                                                              : audit::Durability::kWritten,
                                            .clock = &clock_,
                                            .random = &random(),
                                            .report = ReportTo(options.log),
                                            .tend_too = [this] { return NoticeEpoch(); }}));
  events_ = trail_;
  return Status();
}

VaultImpl::VaultImpl(const std::string& directory, const VaultRow& row,
                     std::unique_ptr<store::Engine> engine, Keyring keyring, StorageSecrets secrets,
                     const OpenOptions& options)
    : fork_generation_(store::ForkGeneration()),
      row_(row),
      engine_(std::move(engine)),
      keyring_(std::move(keyring)),
      secrets_(std::move(secrets)),
      clock_(options.clock == nullptr ? Clock::System() : *options.clock),
      epoch_file_(EpochPath(directory, options), row_.id),
      subject_handles_(random(), kHandlesInRun),
      tag_handles_(random(), kHandlesInRun),
      subjects_(options.cached_subjects_max) {}

Status VaultImpl::RequireOpener() const {
  return store::ForkGeneration() == fork_generation_ ? Status() : store::ForkedError();
}

VaultImpl::Moment VaultImpl::Known() {
  const BriefLock lock(mutex_);
  return moment_;
}

Result<VaultImpl::Moment> VaultImpl::MomentOf(store::Snapshot& snapshot, const Moment& known,
                                              bool committed) {
  const bool unchanged =
      committed && known.rules != nullptr && known.transaction == snapshot.transaction_id();
  if (unchanged) return known;

  Moment moment;
  moment.transaction = snapshot.transaction_id();
  BAILEE_TRY(moment.latest, ReadLatestTime(snapshot));
  BAILEE_TRY(moment.shards, ShardsOf(snapshot, known));
  BAILEE_TRY(const std::optional<ByteView> manifest,
             snapshot.Get(store::Table::kMeta, AsBytes(kMetaManifest)));
  const bool same_rules =
      known.rules != nullptr && manifest &&
      std::equal(manifest->begin(), manifest->end(), known.rules->manifest_row.begin(),
                 known.rules->manifest_row.end());
  if (same_rules) {
    moment.rules = known.rules;
  } else {
    const uint64_t seen = known.rules == nullptr ? 0 : known.rules->manifest.number;
    BAILEE_TRY(moment.rules,
               Rules::Load(snapshot, row_.id, keyring_.keys(),
                           std::max(seen, keyring_.keys().header.manifest_min), known.rules.get()));
  }
  if (committed) Remember(moment);
  return moment;
}

Result<std::shared_ptr<keys::Shards>> VaultImpl::ShardsOf(store::Snapshot& snapshot,
                                                          const Moment& known) {
  BAILEE_TRY(const keys::EpochRow row, keys::ReadEpochRow(snapshot));
  if (known.shards != nullptr && known.shards->epoch() == row.epoch) return known.shards;
  BAILEE_TRY(crypto::EpochKey key, epoch_file_.Get(row.epoch, storage()));
  return std::make_shared<keys::Shards>(row_.id, row.epoch, std::move(key));
}

void VaultImpl::Remember(const Moment& moment) {
  const BriefLock lock(mutex_);
  if (moment_.rules != nullptr && moment_.transaction >= moment.transaction) return;
  if (moment_.shards != moment.shards) {
    if (moment_.shards != nullptr) over_.push_back(moment_.shards);
    subjects_.Begin(moment.shards->epoch());
  }
  moment_ = moment;
}

uint64_t VaultImpl::LowestEpochHeld() {
  const BriefLock lock(mutex_);
  std::erase_if(over_, [](const auto& over) { return over.expired(); });
  uint64_t lowest = moment_.shards != nullptr ? moment_.shards->epoch()
                    : retired_                ? keys::kNoEpochHeld
                                              : 0;
  for (const auto& each : over_) {
    if (const auto over = each.lock()) lowest = std::min(lowest, over->epoch());
  }
  return lowest;
}

void VaultImpl::Forget() {
  const BriefLock lock(mutex_);
  if (moment_.shards != nullptr) over_.push_back(moment_.shards);
  // What the cache has opened holds the shards that it was opened with.
  subjects_.Begin(kNoEpochCached);
  moment_ = Moment();
  retired_ = true;
}

Status VaultImpl::NoticeEpoch() {
  Status begun = Begin().status();
  // A process whose keys were rotated out can do nothing more, and nobody is to wait for it.
  const bool retired = begun.name() == "key.retired";
  if (retired) Forget();
  if (!begun.ok() && !retired) return begun;
  const uint64_t lowest = LowestEpochHeld();
  {
    const BriefLock lock(mutex_);
    if (said_ == lowest) return begun;
    said_ = lowest;
  }
  BAILEE_RETURN_IF_ERROR(engine_->Say(lowest));
  return begun;
}

Result<Frame> VaultImpl::FrameOf(store::Snapshot& snapshot, const Moment& known, bool committed) {
  BAILEE_TRY(Moment moment, MomentOf(snapshot, known, committed));
  Frame frame;
  BAILEE_TRY(frame.now, TimeNow(clock_, moment.latest));
  frame.snapshot = &snapshot;
  frame.rules = std::move(moment.rules);
  frame.shards = std::move(moment.shards);
  return frame;
}

Result<Frame> VaultImpl::Begin() {
  // First what is known, then the snapshot: judged by what another thread sees after it, the
  // manifest of this one would look rolled back.
  for (int tries = 0;; ++tries) {
    const Moment known = Known();
    BAILEE_TRY(std::unique_ptr<store::Snapshot> snapshot, engine_->Read());
    Result<Frame> frame = FrameOf(*snapshot, known, true);
    if (frame.ok()) {
      frame->owned = std::move(snapshot);
      return frame;
    }
    if (frame.status().name() != "epoch.passed") return frame.status();
    // The epoch went on between the snapshot and the look into its file. The newest is there.
    if (tries == kEpochTriesMax) return EpochMissing();
  }
}

Status VaultImpl::Write(const std::function<Status(Frame&)>& job) {
  BAILEE_RETURN_IF_ERROR(RequireOpener());
  BAILEE_TRY(const audit::WriteMark mark, events_->BeginWrite());
  std::optional<DecisionId> last;
  BAILEE_RETURN_IF_ERROR(engine_->Write([&](store::WriteTransaction& transaction) -> Status {
    last.reset();
    BAILEE_TRY(Frame frame, FrameOf(transaction, Known(), false));
    const std::unique_ptr<audit::WriteEvents> events = events_->EventsOf(transaction, mark);
    frame.transaction = &transaction;
    frame.events = events.get();
    BAILEE_RETURN_IF_ERROR(job(frame));
    BAILEE_RETURN_IF_ERROR(events->Finish());
    last = events->last();
    return Status();
  }));
  if (last) events_->Committed(*last);
  return Status();
}

Result<crypto::FeedKey> VaultImpl::FeedKey() const {
  std::array<uint8_t, crypto::kKeyBytes> key{};
  crypto::KeyedHashInto(secrets_.tag_key, crypto::person::kFeed, {}, key);
  Result<crypto::FeedKey> made = crypto::FeedKey::FromBytes(key);
  crypto::Wipe(key);
  return made;
}

Result<VaultImpl::Ref> VaultImpl::RefTag(const Who& who) const {
  if (who.text().empty() || who.text().size() > limits::kRefBytesMax) {
    return Status(Code::kInvalidValue, "who.size", "a ref or tag has 1 to 255 bytes",
                  "use the application's own short name for the person");
  }
  if (who.kind() == Who::Kind::kRef) {
    return Ref{keys::RefDomain::kSubject, keys::TagOfRef(secrets_.ref_key, who.text())};
  }
  return Ref{keys::RefDomain::kTag, keys::TagOfBrowser(secrets_.tag_key, who.text())};
}

keys::LookupTag VaultImpl::SuppressionTag(std::string_view index_form) const {
  std::array<uint8_t, crypto::kKeyBytes> key;
  crypto::KeyedHashInto(secrets_.ref_key, crypto::person::kSuppressionKey, {}, key);
  keys::LookupTag tag;
  crypto::KeyedHashInto(key, crypto::person::kSuppression, AsBytes(index_form), tag);
  crypto::Wipe(key);
  return tag;
}

Result<std::optional<Handle>> VaultImpl::Resolve(const Frame& frame, const Who& who) {
  if (who.kind() == Who::Kind::kHandle) return std::optional<Handle>(who.handle());
  if (who.kind() == Who::Kind::kNobody) return std::optional<Handle>();
  BAILEE_TRY(const Ref ref, RefTag(who));
  return keys::FindRef(LookupOf(frame), *frame.snapshot, ref.domain, ref.tag);
}

Result<std::shared_ptr<const OpenedSubject>> VaultImpl::LoadSubject(Frame& frame,
                                                                    const Handle& handle) {
  const bool committed = frame.owned != nullptr;
  const uint64_t transaction = frame.snapshot->transaction_id();
  if (committed) {
    if (auto cached = subjects_.Find(handle, transaction)) return cached;
  }
  BAILEE_TRY(const std::optional<ByteView> row,
             frame.snapshot->Get(store::Table::kSubjects, keys::SubjectRowKeyOf(handle)));
  if (!row) return std::shared_ptr<const OpenedSubject>();
  BAILEE_TRY(const keys::SubjectHead head, keys::ParseSubjectHead(*row));
  if (committed) {
    if (auto cached = subjects_.Find(handle, transaction, head)) return cached;
  }
  BAILEE_TRY(keys::Subject subject,
             keys::OpenSubject(row_.id, handle, *row, *frame.shards, *frame.snapshot));
  BAILEE_TRY(LedgerState ledger, DecodeStanding(subject.standing));
  auto opened = std::make_shared<const OpenedSubject>(row_.id, handle, std::move(subject),
                                                      std::move(ledger), frame.shards);
  // What a write sees may never be committed, and another process could then give the same head to
  // other content.
  if (committed) subjects_.Put(frame.shards->epoch(), transaction, opened);
  return std::shared_ptr<const OpenedSubject>(std::move(opened));
}

namespace {

// What callers pass may be anything, also personal data in the wrong place; what is recorded are
// names of the policy. `fields` keeps those of the event that are.
void KeepKnownNames(const policy::Policy& policy, Event& event,
                    std::vector<std::string_view>& fields) {
  const policy::CategoryIndex category = policy.FindCategory(event.category);
  if (!category.valid()) event.category = {};
  for (const std::string_view field : event.fields) {
    if (category.valid() && policy.FindField(category, field).valid()) fields.push_back(field);
  }
  event.fields = fields;
  if (!policy.FindController(event.on_behalf_of).valid()) event.on_behalf_of = {};
  if (!policy::IsCaseReference(event.case_reference)) event.case_reference = {};
  if (!policy.FindRecipient(event.recipient).valid()) event.recipient = {};
  if (!policy::ParseGround(event.ground)) event.ground = {};
}

}  // namespace

Event VaultImpl::Signed(const Frame& frame, Event event,
                        std::vector<std::string_view>& fields) const {
  KeepKnownNames(frame.in_force(), event, fields);
  event.at = frame.now;
  event.transaction = frame.snapshot->transaction_id();
  event.policy_version = frame.in_force().version();
  return event;
}

Result<DecisionId> VaultImpl::Record(const Frame& frame, Event event) {
  std::vector<std::string_view> fields;
  return events_->Append(Signed(frame, event, fields));
}

Result<DecisionId> VaultImpl::RecordWrite(const Frame& frame, Event event) {
  BAILEE_CHECK(frame.events != nullptr);
  std::vector<std::string_view> fields;
  return frame.events->Append(Signed(frame, event, fields));
}

}  // namespace bailee::vault
