// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "base/try.h"
#include "vault/frame/session_impl.h"
#include "vault/publish/publish.h"
#include "vault/retention/retention.h"

namespace bailee::vault {
namespace {

using store::Table;

std::set<crypto::NameId> DeletedBy(const std::vector<PublishPlan>& plans) {
  std::set<crypto::NameId> categories;
  for (const PublishPlan& plan : plans) {
    if (plan.what == PublishPlan::What::kDelete) categories.insert(crypto::NameIdOf(plan.category));
  }
  return categories;
}

Status KeptByAHold() {
  return Status(Code::kConflict, "publish.held",
                "a hold keeps records that would be deleted, or an erasure waits for one",
                "publish it once the hold is released");
}

}  // namespace

bool IsPlannedBy(const PublishPlan& plan, const PolicyChange& change) {
  if (change.effect != PolicyChange::Effect::kBreaks || plan.category != change.category)
    return false;
  if (plan.what == PublishPlan::What::kDelete)
    return plan.field.empty() && change.about == "category" && change.now == "no";
  return change.now == "required" && change.fields.size() == 1 &&
         change.fields.front() == plan.field;
}

Status CheckPlansAreNeeded(const std::vector<PublishPlan>& plans, const PolicyDiff& diff) {
  for (const PublishPlan& plan : plans) {
    const bool needed =
        std::any_of(diff.changes.begin(), diff.changes.end(),
                    [&](const PolicyChange& change) { return IsPlannedBy(plan, change); });
    if (needed) continue;
    return Status(Code::kInvalidValue, "publish.plan-unneeded",
                  "something is planned for a change that the version does not make",
                  "plan to delete a category that is gone, or to keep what is without a field that "
                  "is required now; see policy diff");
  }
  return Status();
}

Result<uint64_t> CountPlanned(VaultImpl& vault, Frame& frame,
                              const std::vector<PublishPlan>& plans) {
  const std::set<crypto::NameId> categories = DeletedBy(plans);
  if (categories.empty()) return uint64_t{0};
  uint64_t records = 0;
  std::optional<Handle> looked_at;
  Status problem;
  const auto look_at = [&](const Handle& handle) -> Status {
    BAILEE_TRY(const std::shared_ptr<const OpenedSubject> subject,
               vault.LoadSubject(frame, handle));
    if (subject == nullptr) return Status();
    const policy::Standing& standing = subject->standing();
    const bool held =
        std::any_of(standing.holds.begin(), standing.holds.end(), [&](const policy::Hold& hold) {
          return hold.category.empty() || categories.contains(crypto::NameIdOf(hold.category));
        });
    return held || standing.erasure_waits ? KeptByAHold() : Status();
  };
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(Table::kRecords, {}, {}, [&](ByteView bytes, ByteView) {
        if (bytes.size() != kRecordKeyBytes) return true;
        const RecordKey key = DecodeRecordKey(bytes);
        if (!categories.contains(key.category)) return true;
        ++records;
        if (looked_at != key.handle) problem = look_at(key.handle);
        looked_at = key.handle;
        return problem.ok();
      }));
  BAILEE_RETURN_IF_ERROR(problem);
  return records;
}

Result<uint64_t> DeletePlanned(VaultImpl& vault, const std::vector<PublishPlan>& plans) {
  const std::set<crypto::NameId> categories = DeletedBy(plans);
  if (categories.empty()) return uint64_t{0};
  BAILEE_TRY(const RetentionResult done, DeleteOver(vault, categories));
  return done.deleted;
}

}  // namespace bailee::vault
