// SPDX-License-Identifier: Apache-2.0
// What is done for people, and what upkeep does: ledgers, exports, erasing, retention, reports.
#include "faults/operation.h"
#include "support/kept_export.h"
#include "vault/next_policy.h"

namespace bailee::faults {
namespace {

using Kind = Operation::Kind;
using Act = std::function<Status()>;

Act Says(Context& context, std::string_view who, const LedgerEvent& event) {
  context.OpenVault();
  return [&context, who, event] { return context.vault->Record(Who::Ref(who), event).status(); };
}

ShredOptions AtOnce() {
  ShredOptions options;
  options.wait = std::chrono::milliseconds(0);
  return options;
}

Act Exports(Context& context) {
  context.OpenVault();
  return [&context]() -> Status {
    KeptExport kept;
    const auto done = context.vault->Export(kAdaWho, {}, kept);
    return Right(done.status(), !done.ok() || (done->damaged == 0 && done->records == 4),
                 "records");
  };
}

Act ScopesBreach(Context& context) {
  context.OpenVault();
  const KeyringFile file = context.world.BillingFile();
  const auto leaked = Keyring::Open(file);
  return [&context, described = leaked->Describe()]() -> Status {
    const auto scope = context.vault->ScopeOfBreach(described);
    // What is damaged is counted as that, and may be of anybody.
    return Right(scope.status(),
                 !scope.ok() || (scope->damaged == 0 ? scope->records == 6 : scope->records <= 6),
                 "records");
  };
}

Act RunsRetention(Context& context) {
  context.OpenVault();
  const auto plan = context.vault->PlanRetention();
  return [&context, plan = *plan] { return context.vault->RunRetention(plan).status(); };
}

Act AsksReport(Context& context) {
  context.OpenVault();
  return [&context]() -> Status {
    const auto report = context.vault->Report({.id = "sessions_by_region_day",
                                               .from = {kJune2013.unix_ms - 2 * kMillisPerDay},
                                               .until = {kJune2013.unix_ms},
                                               .recipient = "public"});
    // Two people are too few to be shown.
    return Right(report.status(),
                 !report.ok() || (report->buckets.size() == 2 && report->buckets[1].cells.empty()),
                 "cells");
  };
}

}  // namespace

std::vector<Operation> OperationsOfKeepers() {
  return {
      {.name = "grant",
       .covers = {"vault.h:Record"},
       .kind = Kind::kWrite,
       .event = "ledger",
       .prepare =
           [](Context& c) {
             return Says(
                 c, kWithdrawn,
                 {.kind = LedgerKind::kGiven, .purpose = "contact.news", .notice = "news-1"});
           }},
      {.name = "withdraw",
       .covers = {"vault.h:Record"},
       .kind = Kind::kWrite,
       .event = "ledger",
       .prepare =
           [](Context& c) {
             return Says(c, kAda, {.kind = LedgerKind::kWithdrawn, .purpose = "contact.news"});
           }},
      {.name = "object",
       .covers = {"vault.h:Record"},
       .kind = Kind::kWrite,
       .event = "ledger",
       .prepare =
           [](Context& c) {
             return Says(c, kAda, {.kind = LedgerKind::kObjected, .purpose = "improve.combined"});
           }},
      {.name = "hold",
       .covers = {"vault.h:Record"},
       .kind = Kind::kWrite,
       .event = "ledger",
       .prepare =
           [](Context& c) {
             return Says(c, kAda, {.kind = LedgerKind::kHold, .reference = "CASE-2"});
           }},
      {.name = "restrict",
       .covers = {"vault.h:Record"},
       .kind = Kind::kWrite,
       .event = "ledger",
       .prepare = [](Context& c) { return Says(c, kAda, {.kind = LedgerKind::kRestricted}); }},
      {.name = "several ledger events",
       .covers = {"vault.h:Record"},
       .kind = Kind::kWrite,
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c] {
           const std::array events = {
               LedgerEvent{.kind = LedgerKind::kNoticeShown, .notice = "news-1"},
               LedgerEvent{.kind = LedgerKind::kNamedEvent, .name = "account_closed"}};
           return c.vault->Record(kAdaWho, events).status();
         };
       }},
      {.name = "ledger",
       .covers = {"vault.h:Ledger"},
       .event = "standing",
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c]() -> Status {
           const auto view = c.vault->Ledger(kAdaWho);
           return Right(view.status(), !view.ok() || view->entries.size() == 1, "entries");
         };
       }},
      {.name = "export of a person",
       .covers = {"vault.h:Export", "subject_export.h:Subject", "subject_export.h:Record"},
       .event = "export-subject",
       .prepare = Exports},
      {.name = "scope of a breach",
       .covers = {"vault.h:ScopeOfBreach"},
       .event = "review",
       .prepare = ScopesBreach},
      {.name = "upkeep",
       .covers = {"vault.h:Upkeep"},
       .kind = Kind::kResumable,
       .event = "upkeep",
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c]() -> Status {
           const auto done = c.vault->Upkeep({.shred = AtOnce(), .progress = {}});
           return Right(done.status(),
                        !done.ok() || done->shredded.grade == ErasureGrade::kShredded, "grade");
         };
       }},
      {.name = "erase",
       .covers = {"vault.h:Erase"},
       .kind = Kind::kResumable,
       .event = "erase",
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c]() -> Status {
           const auto done = c.vault->Erase(kAdaWho, {.shred = AtOnce()});
           return Right(done.status(),
                        !done.ok() || done->shredded.grade == ErasureGrade::kShredded, "grade");
         };
       }},
      {.name = "erase several, deferred",
       .covers = {"vault.h:Erase"},
       .kind = Kind::kResumable,
       .event = "erase",
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c] {
           const std::array whos = {Who::Ref(kWithdrawn), Who::Ref(kOther)};
           return c.vault->Erase(whos, {.defer = true}).status();
         };
       }},
      {.name = "erase of the held",
       .covers = {"vault.h:Erase"},
       .kind = Kind::kRefused,
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c] { return c.vault->Erase(Who::Ref(kHeld)).status(); };
       }},
      {.name = "plan retention",
       .covers = {"vault.h:PlanRetention"},
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c] { return c.vault->PlanRetention().status(); };
       },
       .days_later = 400},
      {.name = "run retention",
       .covers = {"vault.h:RunRetention"},
       .kind = Kind::kResumable,
       .event = "expire",
       .prepare = RunsRetention,
       .days_later = 400},
      {.name = "review",
       .covers = {"vault.h:Review"},
       .event = "review",
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c]() -> Status {
           const auto done = c.vault->Review();
           if (!done.ok() || done->damaged == 0) return done.status();
           // It goes on over what it cannot look at, and says so.
           return Status(Code::kDamage, "test.damage", "rows that could not be looked at");
         };
       }},
      {.name = "suppress",
       .covers = {"vault.h:Suppress"},
       .kind = Kind::kWrite,
       .event = "suppress",
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c] {
           const Secret address = Value("loud@example.org");
           return c.vault->Suppress({&address, 1}).status();
         };
       }},
      {.name = "unsuppress",
       .covers = {"vault.h:Unsuppress"},
       .kind = Kind::kWrite,
       .event = "suppress",
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c] {
           const Secret address = Value(kSuppressed);
           return c.vault->Unsuppress({&address, 1}).status();
         };
       }},
      {.name = "suppress a tag",
       .covers = {"vault.h:SuppressTags"},
       .kind = Kind::kWrite,
       .event = "suppress",
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c] {
           SuppressionTag tag;
           tag.bytes.fill(7);
           return c.vault->SuppressTags({&tag, 1}).status();
         };
       }},
      {.name = "suppressions",
       .covers = {"vault.h:Suppressions"},
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c]() -> Status {
           const auto all = c.vault->Suppressions({}, 10);
           // Erasing put one there.
           return Right(all.status(), !all.ok() || all->size() == 2, "tags");
         };
       }},
      {.name = "disclosures",
       .covers = {"session.h:Disclosures"},
       .event = "disclosures",
       .prepare = [](Context& c) -> Act {
         c.As("rights");
         return [&c]() -> Status {
           const auto all = c.session->Disclosures(kAdaWho);
           return Right(all.status(), !all.ok() || all->size() == 1, "disclosures");
         };
       }},
      {.name = "ended shares",
       .covers = {"session.h:EndedShares"},
       .prepare = [](Context& c) -> Act {
         c.As("rights");
         return [&c] { return c.session->EndedShares([](const DisclosureInfo&) { return true; }); };
       }},
      {.name = "report", .covers = {"vault.h:Report"}, .event = "report", .prepare = AsksReport},
      {.name = "reports there are",
       .covers = {"vault.h:Reports", "vault.h:Disregards"},
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c]() -> Status {
           const auto reports = c.vault->Reports();
           if (!reports.ok()) return reports.status();
           if (reports->size() != 1) return Wrong("reports");
           return c.vault->Disregards().status();
         };
       }},
  };
}

}  // namespace bailee::faults
