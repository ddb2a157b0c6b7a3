// SPDX-License-Identifier: Apache-2.0
#include "vault/frame/vault_impl.h"

#include <algorithm>
#include <iterator>

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
    auditor = frame.rules()->manifest.auditor_public;
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
             keys::OpenSubject(row_.id, handle, *row, *frame.shards(), *frame.snapshot));
  BAILEE_TRY(LedgerState ledger, DecodeStanding(subject.standing));
  auto opened = std::make_shared<const OpenedSubject>(row_.id, handle, std::move(subject),
                                                      std::move(ledger), frame.shards());
  // What a write sees may never be committed, and another process could then give the same head to
  // other content.
  if (committed) subjects_.Put(frame.shards()->epoch(), transaction, opened);
  return std::shared_ptr<const OpenedSubject>(std::move(opened));
}

namespace {

// What callers pass may be anything, also personal data in the wrong place; what is recorded are
// names of the policy. `fields` keeps those of the event that are.
void KeepKnownNames(const policy::Policy& policy, Event& event,
                    std::vector<std::string_view>& fields) {
  const policy::CategoryIndex category = policy.FindCategory(event.category);
  if (!category.valid()) event.category = {};
  const auto known = [&](std::string_view field) {
    return category.valid() && policy.FindField(category, field).valid();
  };
  if (!std::all_of(event.fields.begin(), event.fields.end(), known)) {
    std::copy_if(event.fields.begin(), event.fields.end(), std::back_inserter(fields), known);
    event.fields = fields;
  }
  if (!policy.FindController(event.on_behalf_of).valid()) event.on_behalf_of = {};
  if (!policy::IsCaseReference(event.case_reference)) event.case_reference = {};
  if (!policy.FindRecipient(event.recipient).valid()) event.recipient = {};
  if (!event.ground.empty() && !policy::ParseGround(event.ground)) event.ground = {};
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
