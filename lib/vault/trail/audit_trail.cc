// SPDX-License-Identifier: Apache-2.0
#include "bailee/audit_trail.h"

#include <algorithm>
#include <utility>

#include "base/try.h"
#include "vault/trail/audit_trail_impl.h"

namespace bailee {

Status TrailReport::ToStatus() const {
  const auto any = [&](TrailFinding::Weight weight) {
    return std::ranges::find(findings, weight, &TrailFinding::weight) != findings.end();
  };
  if (any(TrailFinding::Weight::kBroken)) {
    return Status(Code::kAuditBroken, "trail.broken", "the audit trail was changed",
                  "keep the files as they are and compare them with a backup and the checkpoints");
  }
  if (!any(TrailFinding::Weight::kUnproven)) return Status();
  return Status(Code::kFindings, "trail.unproven",
                "nothing of the audit trail was changed; the end of an instance is unproven",
                "see the findings: a process or the machine ended without closing the vault");
}

Result<AuditTrail> AuditTrail::Open(const std::string& directory, Keyring keyring,
                                    const Options& options) {
  BAILEE_TRY(std::unique_ptr<vault::AuditTrailImpl> impl,
             vault::AuditTrailImpl::Open(directory, std::move(keyring), options));
  return AuditTrail(std::move(impl));
}

AuditTrail::AuditTrail(std::unique_ptr<vault::AuditTrailImpl> impl) : impl_(std::move(impl)) {}
AuditTrail::AuditTrail(AuditTrail&&) noexcept = default;
AuditTrail& AuditTrail::operator=(AuditTrail&&) noexcept = default;
AuditTrail::~AuditTrail() = default;

const VaultId& AuditTrail::vault() const { return impl_->id(); }
const std::string& AuditTrail::origin() const { return impl_->origin(); }
LogKey AuditTrail::log_key() const { return impl_->log_key(); }
LogKeys AuditTrail::log_keys() const { return impl_->log_keys(); }
Result<Checkpoint> AuditTrail::Head() { return impl_->Head(); }

Result<uint64_t> AuditTrail::Entries(const TrailFilter& filter, uint64_t from,
                                     const std::function<bool(const TrailEntry&)>& visit) {
  return impl_->Entries(filter, from, visit);
}
Result<std::vector<FieldUse>> AuditTrail::FieldUses(std::optional<Timestamp> since) {
  return impl_->FieldUses(since);
}
Result<TrailEntry> AuditTrail::Find(const DecisionId& id) { return impl_->Find(id); }
Result<Bytes> AuditTrail::Policy(uint32_t version) const { return impl_->Policy(version); }
Result<TrailReport> AuditTrail::Verify(const VerifyOptions& options) {
  return impl_->Verify(options);
}
Result<std::string> AuditTrail::Pin() { return impl_->Pin(); }
Result<std::string> AuditTrail::Sign(const std::string& previous) { return impl_->Sign(previous); }
Result<Bytes> AuditTrail::Receipt(const DecisionId& erased, const std::string& checkpoint) {
  return impl_->Receipt(erased, checkpoint);
}
Result<AuditTrail::Proof> AuditTrail::Prove(uint64_t index, const std::string& checkpoint) {
  return impl_->Prove(index, checkpoint);
}
Result<uint64_t> AuditTrail::Export(uint64_t from, const std::string& checkpoint,
                                    const std::function<Status(ByteView)>& write) {
  return impl_->Export(from, checkpoint, write);
}
Result<uint64_t> AuditTrail::Prune(const PruneOptions& options) { return impl_->Prune(options); }

}  // namespace bailee
