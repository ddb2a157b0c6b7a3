// SPDX-License-Identifier: Apache-2.0
#include "bailee/vault.h"

#include <algorithm>

#include "audit/tree_store.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "keys/pending.h"
#include "vault/backup/backup.h"
#include "vault/collect/collection_impl.h"
#include "vault/collect/disregard.h"
#include "vault/collect/fold_lookups.h"
#include "vault/erase/compact.h"
#include "vault/erase/erase.h"
#include "vault/frame/rotation_row.h"
#include "vault/frame/session_impl.h"
#include "vault/frame/vault_impl.h"
#include "vault/ledger/ledger.h"
#include "vault/publish/publish.h"
#include "vault/report/report.h"
#include "vault/retention/retention.h"
#include "vault/retention/review.h"
#include "vault/retention/upkeep.h"
#include "vault/rights/breach.h"
#include "vault/rights/subject_export.h"
#include "vault/rotate/rotation.h"

namespace bailee {
namespace {

using store::Table;

// How many groups of records an opening looks after at most: what is left waits for upkeep.
constexpr size_t kKeyworkAtOpenMax = 256;

Status RefusedFor(Reason reason, std::string_view purpose, std::string offer) {
  Refusal refusal;
  refusal.reasons = {reason};
  refusal.rule = "acting for " + std::string(purpose);
  refusal.offer = std::move(offer);
  return Status::Refused(std::move(refusal));
}

}  // namespace

Result<Vault> Vault::Open(const std::string& directory, Keyring keyring,
                          const OpenOptions& options) {
  BAILEE_TRY(std::shared_ptr<vault::VaultImpl> impl,
             vault::VaultImpl::Open(directory, std::move(keyring), options));
  // One damaged entry must not shut the vault: finding by that index says so when it is asked for.
  const Status folded = vault::FoldLookups(*impl).status();
  if (!folded.ok() && folded.code() != Code::kDamage) return folded;
  const Status worked = vault::RunKeywork(*impl, kKeyworkAtOpenMax).status();
  if (!worked.ok() && worked.code() != Code::kDamage) return worked;
  return Vault(std::move(impl));
}

Vault::Vault(std::shared_ptr<vault::VaultImpl> impl) : impl_(std::move(impl)) {}
Vault::Vault(Vault&&) noexcept = default;
Vault& Vault::operator=(Vault&&) noexcept = default;
Vault::~Vault() = default;

Result<Session> Vault::As(std::string_view purpose, const SessionOptions& options) {
  BAILEE_TRY(const vault::Frame frame, impl_->Begin());
  const policy::PurposeIndex index = frame.in_force().FindPurpose(purpose);
  const bool leaf = index.valid() && frame.in_force().purpose(index).leaf;
  const auto refuse = [&](Reason reason, std::string offer) -> Status {
    BAILEE_TRY(const DecisionId decision,
               impl_->Record(frame, {.kind = audit::EventKind::kAs,
                                     .outcome = audit::Outcome::kRefused,
                                     .purpose = leaf ? purpose : std::string_view(),
                                     .on_behalf_of = options.on_behalf_of,
                                     .reasons = {&reason, 1}}));
    return vault::WithDecision(
        RefusedFor(reason, leaf ? purpose : "a purpose the policy does not have", std::move(offer)),
        decision);
  };
  if (!leaf && purpose != keys::kRights) {
    return refuse(Reason::kUnknownPurpose,
                  index.valid() ? "act for one of the purposes below it" : "");
  }
  if (!options.source.empty() && !frame.in_force().FindSource(options.source).valid())
    return refuse(Reason::kUnknownSource, "name a source of the policy");
  const keys::Manifest::Purpose* known = frame.rules()->manifest.FindPurpose(purpose);
  const keys::HeldPurpose* held = vault::HeldOf(known, impl_->keyring());
  if (held == nullptr)
    return refuse(Reason::kPurposeKeyMissing, "open the vault with a keyring granted this purpose");
  return Session(
      std::make_unique<vault::SessionImpl>(impl_, *held, options.on_behalf_of, options.source));
}

Collection Vault::Collect(const CollectRequest& request) {
  return vault::BeginCollection(impl_, request);
}
Batch Vault::CollectBatch() { return vault::BeginBatch(impl_); }

Result<Recorded> Vault::Record(const Who& who, const LedgerEvent& event) {
  return vault::RecordInLedger(*impl_, who, {&event, 1});
}
Result<Recorded> Vault::Record(const Who& who, std::span<const LedgerEvent> events) {
  return vault::RecordInLedger(*impl_, who, events);
}
Result<LedgerView> Vault::Ledger(const Who& who) { return vault::LedgerOf(*impl_, who); }
Result<SubjectExportSummary> Vault::Export(const Who& who, const SubjectExportOptions& options,
                                           SubjectExportVisitor& visitor) {
  return vault::ExportSubject(impl_, who, options, visitor);
}
Result<BreachScope> Vault::ScopeOfBreach(const Keyring::Description& leaked,
                                         const BreachOptions& options) {
  return vault::ScopeOfBreach(*impl_, leaked, options);
}
Result<UpkeepResult> Vault::Upkeep(const UpkeepOptions& options) {
  return vault::RunUpkeep(*impl_, options);
}
Result<Erased> Vault::Erase(std::span<const Who> whos, const EraseOptions& options) {
  return vault::EraseSubjects(impl_, whos, options);
}
Result<Erased> Vault::Erase(const Who& who, const EraseOptions& options) {
  return vault::EraseSubjects(impl_, {&who, 1}, options);
}
Result<Compacted> Vault::Compact() { return vault::CompactVault(*impl_); }
Result<BackedUp> Vault::BackUpData(const BackupRequest& request) {
  return vault::BackUpData(*impl_, request);
}
Result<BackedUp> Vault::BackUpKeys(const BackupRequest& request) {
  return vault::BackUpKeys(*impl_, request);
}
Result<DecisionId> Vault::StateDestroyed(const KeyStreamSha256& stream,
                                         std::string_view case_reference) {
  return vault::StateDestroyed(*impl_, stream, case_reference);
}
Result<RetentionPlan> Vault::PlanRetention(const RetentionOptions& options) {
  return vault::PlanRetention(*impl_, options);
}
Result<RetentionResult> Vault::RunRetention(const RetentionPlan& plan,
                                            const RetentionOptions& options) {
  return vault::RunRetention(*impl_, plan, options);
}

Result<Reviewed> Vault::Review(const ReviewOptions& options) {
  return vault::RunReview(*impl_, options);
}

Result<std::vector<Handle>> Vault::Subjects(std::optional<Handle> after, size_t count_max) {
  BAILEE_TRY(vault::Frame frame, impl_->Begin());
  std::vector<Handle> handles;
  Bytes from;
  if (after) {
    const keys::SubjectRowKey key = keys::SubjectRowKeyOf(*after);
    from.assign(key.begin(), key.end());
  }
  while (handles.size() < count_max) {
    std::optional<Handle> next;
    BAILEE_RETURN_IF_ERROR(
        frame.snapshot->Scan(Table::kSubjects, {}, from, [&](ByteView key, ByteView) {
          if (key.size() != keys::kSubjectRowKeyBytes) return true;
          Handle handle{Reader(key).GetArray<16>()};
          if (after && handle == *after) return true;
          next = handle;
          return false;
        }));
    if (!next) break;
    handles.push_back(*next);
    // Past every row of this subject.
    from.assign(next->bytes.begin(), next->bytes.end());
    from.push_back(0xff);
  }
  BAILEE_TRY([[maybe_unused]] const DecisionId decision,
             impl_->Record(frame, {.kind = audit::EventKind::kSubjects}));
  return handles;
}

Result<Secret> Vault::RefOf(const Handle& handle) {
  BAILEE_TRY(vault::Frame frame, impl_->Begin());
  const auto subject = impl_->LoadSubject(frame, handle);
  const audit::Outcome outcome = !subject.ok()         ? audit::Outcome::kFailed
                                 : *subject == nullptr ? audit::Outcome::kNotFound
                                                       : audit::Outcome::kAllowed;
  BAILEE_TRY([[maybe_unused]] const DecisionId decision,
             impl_->Record(
                 frame, {.kind = audit::EventKind::kRefOf, .outcome = outcome, .handle = handle}));
  if (!subject.ok()) return subject.status();
  if (*subject == nullptr) return vault::NotFound();
  return (*subject)->subject().ref.RevealBytes([](ByteView bytes) { return Secret::From(bytes); });
}

Result<size_t> Vault::FoldPendingLookups() { return vault::FoldLookups(*impl_); }

Result<std::vector<ReportDescription>> Vault::Reports() const {
  return vault::DescribeReports(*impl_);
}
Result<ReportResult> Vault::Report(const ReportRequest& request) {
  return vault::AskReport(*impl_, request);
}
Result<std::vector<Disregarded>> Vault::Disregards() const {
  return vault::ReadDisregarded(*impl_);
}

Result<Bytes> Vault::PolicyInForce() const {
  BAILEE_TRY(const vault::Frame frame, impl_->Begin());
  return frame.in_force().ToBinary();
}

Result<Published> Vault::Publish(const Keyring& authority, const PublishRequest& request) {
  return vault::Publish(*impl_, authority.keys(), request);
}
Result<Rotated> Vault::BeginRotation(const Keyring& authority, std::string_view key,
                                     const RotateOptions& options) {
  return vault::BeginRotation(*impl_, authority.keys(), key, options);
}
Result<Rotated> Vault::RunRotation(std::string_view key, const RotateOptions& options) {
  return vault::RunRotation(*impl_, key, options);
}
Result<Rotated> Vault::FinishRotation(const Keyring& authority, std::string_view key,
                                      const RotateOptions& options) {
  return vault::FinishRotation(*impl_, authority.keys(), key, options);
}
Result<std::vector<RotationState>> Vault::Rotations() const { return vault::Rotations(*impl_); }
Result<std::vector<PublishedVersion>> Vault::PolicyHistory() const {
  return vault::PolicyHistory(*impl_);
}
Result<Bytes> Vault::PolicyAsOf(Timestamp at) const { return vault::PolicyAsOf(*impl_, at); }

Result<VaultInfo> Vault::Info() const {
  BAILEE_TRY(vault::Frame frame, impl_->Begin());
  VaultInfo info;
  info.id = impl_->id();
  info.format = impl_->row().format;
  info.created_at = impl_->row().created_at;
  info.manifest = frame.rules()->manifest.number;
  info.policy_name = frame.in_force().name();
  info.policy_version = frame.in_force().version();
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(Table::kSubjects, {}, {}, [&](ByteView key, ByteView) {
        if (key.size() == keys::kSubjectRowKeyBytes) ++info.subjects;
        return true;
      }));
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(Table::kLookup, keys::PendingPrefix(), {}, [&](ByteView, ByteView) {
        ++info.lookups_pending;
        return true;
      }));
  BAILEE_TRY(const store::Engine::Statistics statistics, impl_->engine().Measure());
  info.records = statistics.rows[static_cast<size_t>(Table::kRecords)];
  info.epoch = frame.shards()->epoch();
  info.shredded = statistics.rows[static_cast<size_t>(Table::kDue)] == 0;
  return info;
}

Result<Health> Vault::CheckHealth() const {
  BAILEE_TRY(const store::Engine::Statistics statistics, impl_->engine().Measure());
  const ArenaHealth memory = arena::Health();
  Health health;
  if (const audit::Trail* trail = impl_->trail()) {
    const audit::Trail::State state = trail->Look();
    health.audit_writable = state.writable.ok();
    if (!state.writable.ok()) health.audit_problem = state.writable.name();
    health.audit_backlog_bytes = state.backlog_bytes;
  }
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, impl_->engine().Read());
  BAILEE_TRY(const audit::TreeReader tree, audit::TreeReader::Open(*snapshot));
  health.audit_leaves = tree.size();
  health.secrets_locked = memory.locked;
  health.secret_memory = memory.kind == ArenaKind::kMemfdSecret ? "memfd_secret"
                         : memory.locked                        ? "mlock"
                                                                : "unlocked";
  health.file_bytes = statistics.file_bytes;
  health.map_bytes = statistics.map_bytes;
  health.readers_used = statistics.readers_used;
  health.readers_max = statistics.readers_max;
  return health;
}

Session::Session(std::unique_ptr<vault::SessionImpl> impl) : impl_(std::move(impl)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Result<Record> Session::Read(const ReadRequest& request) { return impl_->Read(request); }
Result<std::vector<Record>> Session::ReadAll(const ReadAllRequest& request) {
  return impl_->ReadAll(request);
}
Status Session::Scan(const ScanRequest& request, const std::function<bool(const Record&)>& visit) {
  return impl_->Scan(request, visit);
}
Result<std::vector<Found>> Session::Find(const FindRequest& request) {
  return impl_->Find(request);
}
Result<std::vector<Record>> Session::ReadWhere(const ReadWhereRequest& request) {
  return impl_->ReadWhere(request);
}
Result<bool> Session::VerifyPassword(const VerifyRequest& request) {
  return impl_->VerifyPassword(request);
}
Result<Rectified> Session::Rectify(const RectifyRequest& request) {
  BAILEE_TRY(const std::vector<Rectified> done, impl_->Rectify({&request, 1}));
  return done.front();
}
Result<std::vector<Rectified>> Session::Rectify(std::span<const RectifyRequest> requests) {
  return impl_->Rectify(requests);
}
Result<std::vector<RecordInfo>> Session::List(const Who& who) { return impl_->List(who); }
std::string_view Session::purpose() const { return impl_->purpose(); }

const Secret& Record::At(std::string_view field) const {
  for (const Value& each : values) {
    if (each.name == field && each.value) return *each.value;
  }
  BAILEE_CHECK(false && "the field was not asked for, or the record does not hold it");
}

bool Record::Has(std::string_view field) const {
  return std::any_of(values.begin(), values.end(), [&](const Value& each) {
    return each.name == field && each.value.has_value();
  });
}

std::vector<std::string_view> Record::fields() const {
  std::vector<std::string_view> names;
  for (const Value& each : values) names.push_back(each.name);
  return names;
}

}  // namespace bailee
