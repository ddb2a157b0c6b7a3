// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include "audit/checkpoint_sign.h"
#include "audit/checkpoint_text.h"
#include "audit/export.h"
#include "audit/findings.h"
#include "audit/prune.h"
#include "base/try.h"
#include "vault/trail/audit_trail_impl.h"

namespace bailee::vault {
namespace {

using audit::Detail;
using audit::EventKind;
using audit::What;

constexpr int64_t kKeepDaysMax = 36'525;

}  // namespace

Result<Checkpoint> AuditTrailImpl::Head() {
  BAILEE_RETURN_IF_ERROR(Record({.kind = EventKind::kTrailPin}));
  BAILEE_TRY(const Extent extent, Measure());
  return Checkpoint{origin(), extent.head.size, extent.head.root, {}};
}

Result<std::string> AuditTrailImpl::Pin() {
  BAILEE_RETURN_IF_ERROR(Record({.kind = EventKind::kTrailPin}));
  BAILEE_TRY(const Extent extent, Measure());
  return audit::CheckpointText(origin(), extent.head);
}

Result<TrailReport> AuditTrailImpl::Verify(const AuditTrail::VerifyOptions& options) {
  const crypto::BoxOpener* auditor = nullptr;
  if (options.entries) {
    BAILEE_TRY(auditor, Auditor(EventKind::kTrailVerify));
  }
  BAILEE_RETURN_IF_ERROR(Record({.kind = EventKind::kTrailVerify}));
  uint64_t pinned_size = 0;
  if (!options.pinned.empty()) {
    BAILEE_TRY(pinned_size, audit::SizeOfPin(options.pinned));
  }
  audit::Findings findings(pinned_size);
  BAILEE_TRY(const audit::Verified verified,
             audit::VerifyTrail(
                 *engine_, *journals_,
                 {.vault = row_.id, .auditor = auditor, .progress = options.progress}, findings));
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine_->Read());
  if (!options.pinned.empty())
    BAILEE_RETURN_IF_ERROR(audit::CheckPin(*snapshot, PinnedTo(options.pinned), findings));
  for (const keys::Manifest::EarlierLog& each : rules_->manifest.earlier_logs) {
    if (!each.bound) continue;
    BAILEE_RETURN_IF_ERROR(
        audit::CheckHead(*snapshot, {each.bound->size, each.bound->root}, findings));
  }
  return TrailReport{.origin = origin(),
                     .size = verified.size,
                     .root = verified.root,
                     .pruned = verified.pruned,
                     .entries = verified.entries,
                     .instances = verified.instances,
                     .open = verified.open,
                     .waiting_bytes = verified.waiting_bytes,
                     .entries_opened = options.entries,
                     .findings = findings.Take()};
}

Result<std::string> AuditTrailImpl::Sign(const std::string& previous) {
  constexpr EventKind kKind = EventKind::kTrailSign;
  if (!log_) {
    return Failed(
        kKind, Status(Code::kKey, "key.log-missing", "the keyring does not hold the log's secret",
                      "use the log's keyring"));
  }
  Checkpoint last;
  if (!previous.empty()) {
    const Result<Checkpoint> verified = Verified(previous);
    if (!verified.ok()) return Failed(kKind, verified.status());
    last = *verified;
  }
  BAILEE_TRY(const audit::Event now, Stamped({}));
  if (last.time && now.at < *last.time) {
    return Failed(kKind, Status(Code::kFailed, "clock.backwards",
                                "the clock is behind the time of the last checkpoint",
                                "set the clock right: the checkpoint would carry a wrong time"));
  }
  BAILEE_RETURN_IF_ERROR(Record({.kind = kKind}));
  // Of the very head that is signed; and by a key that counts for it.
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine_->Read());
  BAILEE_RETURN_IF_ERROR(RefreshRules(*snapshot));
  BAILEE_TRY(const audit::TreeReader tree, audit::TreeReader::Open(*snapshot));
  if (!previous.empty()) {
    BAILEE_RETURN_IF_ERROR(audit::VerifyExtends(tree, PinnedTo(previous)).status());
  }
  return audit::SignCheckpoint(*log_, origin(), {tree.size(), tree.Root()}, now.at);
}

Result<AuditTrail::Proof> AuditTrailImpl::Prove(uint64_t index, const std::string& checkpoint) {
  const std::string first = std::to_string(index);
  const Detail detail{What::kFirst, first};
  BAILEE_RETURN_IF_ERROR(Record({.kind = EventKind::kTrailProve, .details = {&detail, 1}}));
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine_->Read());
  BAILEE_TRY(const audit::TreeReader tree, audit::TreeReader::Open(*snapshot));
  BAILEE_TRY(const Checkpoint verified, audit::VerifyExtends(tree, PinnedTo(checkpoint)));
  InclusionProof proof;
  proof.index = index;
  proof.checkpoint = checkpoint;
  BAILEE_TRY(proof.hashes, tree.InclusionProof(index, verified.size));
  BAILEE_TRY(const ByteView leaf, tree.Leaf(index));
  BAILEE_TRY(std::string text, FormatProof(proof));
  return AuditTrail::Proof{std::move(text), Bytes(leaf.begin(), leaf.end())};
}

Result<uint64_t> AuditTrailImpl::Export(uint64_t from, const std::string& checkpoint,
                                        const std::function<Status(ByteView)>& write) {
  const Result<Checkpoint> verified = Verified(checkpoint);
  if (!verified.ok()) return Failed(EventKind::kTrailExport, verified.status());
  const std::array texts = {std::to_string(from), std::to_string(verified->size)};
  const std::array details = {Detail{What::kFirst, texts[0]}, Detail{What::kTreeSize, texts[1]}};
  BAILEE_RETURN_IF_ERROR(Record({.kind = EventKind::kTrailExport, .details = details}));
  return audit::ExportLeaves(
      *engine_, {.vault = row_.id, .first = from, .text = checkpoint, .verified = &*verified},
      write);
}

Result<uint64_t> AuditTrailImpl::Prune(const AuditTrail::PruneOptions& options) {
  constexpr EventKind kKind = EventKind::kTrailPrune;
  BAILEE_TRY(const crypto::BoxOpener* const auditor, Auditor(kKind));
  if (options.keep_days < 0 || options.keep_days > kKeepDaysMax) {
    return Failed(kKind, Status(Code::kUsage, "audit.keep-days",
                                "entries are kept for 0 to 36525 days", "name another number"));
  }
  const Result<Checkpoint> verified = Verified(options.checkpoint);
  if (!verified.ok()) return Failed(kKind, verified.status());
  BAILEE_TRY(const audit::Event event, Stamped({.kind = kKind}));
  const Timestamp kept{event.at.unix_ms - options.keep_days * kMillisPerDay};
  Result<uint64_t> gone = audit::PruneLeaves(*engine_, *trail_,
                                             {.vault = row_.id,
                                              .auditor = auditor,
                                              .covered = verified->size,
                                              .before = std::min(options.older_than, kept),
                                              .event = event});
  if (!gone.ok()) return Failed(kKind, gone.status());
  return gone;
}

}  // namespace bailee::vault
