// SPDX-License-Identifier: Apache-2.0
// What is done with the trail.
#include "bailee/receipt.h"
#include "faults/operation.h"

namespace bailee::faults {
namespace {

using Kind = Operation::Kind;
using Act = std::function<Status()>;

template <typename Call>
Act OnTrail(Context& context, std::string_view keyring, Call call) {
  context.OpenTrail(keyring);
  return [&context, call]() -> Status { return call(context, *context.trail); };
}

Status Verifies(Context&, AuditTrail& trail) {
  const auto report = trail.Verify({.entries = true});
  if (!report.ok()) return report.status();
  // An opening that could not be closed before has an end that nobody can prove.
  const Status status = report->ToStatus();
  return status.code() == Code::kFindings ? Status() : status;
}

Status ReadsEntries(Context&, AuditTrail& trail) {
  uint64_t seen = 0;
  const auto next = trail.Entries({.kind = "read"}, 0, [&](const TrailEntry&) {
    ++seen;
    return true;
  });
  return Right(next.status(), seen >= 260, "entries");
}

Status ExportsLeaves(Context& context, AuditTrail& trail) {
  Bytes exported;
  return trail
      .Export(0, context.world.checkpoint(),
              [&](ByteView piece) {
                exported.insert(exported.end(), piece.begin(), piece.end());
                return Status();
              })
      .status();
}

Status Prunes(Context& context, AuditTrail& trail) {
  return trail
      .Prune({.checkpoint = context.world.checkpoint(),
              .older_than = {kJune2013.unix_ms + kMillisPerDay}})
      .status();
}

}  // namespace

std::vector<Operation> OperationsOfAuditors() {
  return {
      {.name = "trail: open",
       .covers = {"audit_trail.h:Open"},
       .prepare = [](Context& c) -> Act {
         auto held = std::make_shared<Keyring>(c.world.Origin("auditor"));
         return [&c, held]() -> Status {
           auto trail = AuditTrail::Open(c.path, std::move(*held), {.clock = &c.clock});
           if (!trail.ok()) return trail.status();
           c.trail.emplace(*std::move(trail));
           return Status();
         };
       }},
      {.name = "trail: head",
       .covers = {"audit_trail.h:Head", "audit_trail.h:Policy"},
       .prepare =
           [](Context& c) {
             return OnTrail(c, "auditor", [](Context&, AuditTrail& trail) -> Status {
               const auto head = trail.Head();
               return head.ok() ? trail.Policy(1).status() : head.status();
             });
           }},
      {.name = "trail: entries",
       .covers = {"audit_trail.h:Entries"},
       .event = "trail-log",
       .prepare = [](Context& c) { return OnTrail(c, "auditor", ReadsEntries); }},
      {.name = "trail: uses of fields",
       .covers = {"audit_trail.h:FieldUses"},
       .prepare =
           [](Context& c) {
             return OnTrail(c, "auditor", [](Context&, AuditTrail& trail) {
               return trail.FieldUses({}).status();
             });
           }},
      {.name = "trail: find",
       .covers = {"audit_trail.h:Find"},
       .event = "explain",
       .prepare =
           [](Context& c) {
             return OnTrail(c, "auditor", [](Context& context, AuditTrail& trail) {
               return trail.Find(context.world.read()).status();
             });
           }},
      {.name = "trail: verify",
       .covers = {"audit_trail.h:Verify", "audit_trail.h:ToStatus"},
       .event = "trail-verify",
       .prepare = [](Context& c) { return OnTrail(c, "auditor", Verifies); }},
      {.name = "trail: pin",
       .covers = {"audit_trail.h:Pin"},
       .event = "trail-pin",
       .prepare =
           [](Context& c) {
             return OnTrail(c, "auditor",
                            [](Context&, AuditTrail& trail) { return trail.Pin().status(); });
           }},
      {.name = "trail: sign",
       .covers = {"audit_trail.h:Sign"},
       .event = "trail-sign",
       .prepare =
           [](Context& c) {
             return OnTrail(c, "log", [](Context& context, AuditTrail& trail) {
               return trail.Sign(context.world.checkpoint()).status();
             });
           }},
      {.name = "trail: sign what is forked",
       .covers = {"audit_trail.h:Sign"},
       .kind = Kind::kRefused,
       .prepare =
           [](Context& c) {
             return OnTrail(c, "auditor", [](Context& context, AuditTrail& trail) {
               return trail.Sign(context.world.checkpoint()).status();
             });
           }},
      {.name = "trail: prove",
       .covers = {"audit_trail.h:Prove"},
       .event = "trail-prove",
       .prepare =
           [](Context& c) {
             return OnTrail(c, "auditor", [](Context& context, AuditTrail& trail) {
               return trail.Prove(3, context.world.checkpoint()).status();
             });
           }},
      {.name = "trail: receipt",
       .covers = {"audit_trail.h:Receipt"},
       .prepare =
           [](Context& c) {
             return OnTrail(c, "auditor", [](Context& context, AuditTrail& trail) {
               return trail.Receipt(context.world.erased(), context.world.checkpoint()).status();
             });
           }},
      {.name = "trail: export",
       .covers = {"audit_trail.h:Export"},
       .event = "trail-export",
       .prepare = [](Context& c) { return OnTrail(c, "auditor", ExportsLeaves); }},
      {.name = "trail: prune",
       .covers = {"audit_trail.h:Prune"},
       .kind = Kind::kResumable,
       .event = "trail-prune",
       .prepare = [](Context& c) { return OnTrail(c, "auditor", Prunes); },
       .days_later = 400},
      {.name = "who looked",
       .covers = {"subject_export.h:WhoLooked"},
       .prepare =
           [](Context& c) {
             return OnTrail(c, "auditor", [](Context& context, AuditTrail& trail) -> Status {
               uint64_t looks = 0;
               const Status status = WhoLooked(trail, context.world.ada(), {}, [&](const Look&) {
                 ++looks;
                 return true;
               });
               return Right(status, looks > 260, "looks");
             });
           }},
  };
}

}  // namespace bailee::faults
