// SPDX-License-Identifier: Apache-2.0
#include "audit/event.h"
#include "bailee/subject_export.h"

namespace bailee {
namespace {

// An event may be about many: what it says of anybody else stays out.
Look LookOf(const TrailEntry& entry, const Handle& handle) {
  Look look{.id = entry.id,
            .at = entry.at,
            .kind = entry.kind,
            .outcome = entry.outcome,
            .actor = entry.actor,
            .purpose = entry.purpose,
            .on_behalf_of = entry.on_behalf_of,
            .category = entry.category,
            .fields = entry.fields,
            .case_reference = entry.case_reference,
            .recipient = entry.recipient,
            .ground = entry.ground,
            .reasons = entry.reasons,
            .records = {},
            .repeats = entry.repeats};
  for (const TrailEntry::About& about : entry.records) {
    if (about.handle == handle) look.records.push_back(about.record);
  }
  return look;
}

}  // namespace

Status WhoLooked(AuditTrail& trail, const Handle& handle, const std::string& on_behalf_of,
                 const std::function<bool(const Look&)>& visit) {
  TrailFilter filter;
  filter.handle = handle;
  const std::string_view at_the_trail = audit::EventKindWord(audit::EventKind::kTrailLog);
  return trail
      .Entries(filter, 0,
               [&](const TrailEntry& entry) {
                 if (entry.on_behalf_of != on_behalf_of || entry.kind == at_the_trail) return true;
                 return visit(LookOf(entry, handle));
               })
      .status();
}

}  // namespace bailee
