// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>
#include <utility>

#include "base/try.h"
#include "vault/trail/audit_trail_impl.h"

namespace bailee::vault {

// Whatever the act: an event that was allowed and names records and fields let those fields out, or
// compared with them. Putting right and collecting bring values in.
Result<std::vector<FieldUse>> AuditTrailImpl::FieldUses(std::optional<Timestamp> since) {
  const std::string_view collect = audit::EventKindWord(audit::EventKind::kCollect);
  const std::string_view rectify = audit::EventKindWord(audit::EventKind::kRectify);
  const std::string allowed(audit::OutcomeWord(audit::Outcome::kAllowed));
  std::map<std::pair<std::string, std::string>, FieldUse> uses;
  BAILEE_RETURN_IF_ERROR(
      Entries({.since = since, .outcome = allowed}, 0, [&](const TrailEntry& entry) {
        if (entry.records.empty() || entry.kind == collect || entry.kind == rectify) return true;
        for (const std::string& field : entry.fields) {
          FieldUse& use = uses[{entry.category, field}];
          use = {entry.category, field, use.times + 1, std::max(use.last, entry.at)};
        }
        return true;
      }).status());
  std::vector<FieldUse> list;
  for (auto& each : uses) list.push_back(std::move(each.second));
  return list;
}

}  // namespace bailee::vault
