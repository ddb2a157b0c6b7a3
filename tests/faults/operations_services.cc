// SPDX-License-Identifier: Apache-2.0
// What services do: they collect, read, find and put right.
#include "faults/operation.h"
#include "vault/next_policy.h"

namespace bailee::faults {
namespace {

using Kind = Operation::Kind;
using Act = std::function<Status()>;

Act ReadsCard(Context& context, std::string_view purpose, std::string_view field,
              std::string_view value, std::string_view who = kAda) {
  context.As(purpose);
  return [&context, field, value, who]() -> Status {
    const auto record = context.session->Read(
        {.who = Who::Ref(who), .category = "payment_card", .record = IdOf(1), .fields = {field}});
    if (!record.ok()) return record.status();
    return Right({}, TextOf(record->At(field)) == value, field);
  };
}

// By a process that holds the purposes, and by one that only collects.
Act Collects(Context& context, Keyring keyring) {
  context.OpenVault(std::move(keyring));
  return [&context]() -> Status {
    return context.vault
        ->Collect({.who = Who::Ref("user-new"),
                   .notice = "checkout-1",
                   .source = "web",
                   .on_behalf_of = {}})
        .Put("payment_card", {{"pan", Value(kCardNumber)}, {"expiry", Value("12/15")}}, IdOf(7))
        .Commit()
        .status();
  };
}

Act CollectsBatch(Context& context) {
  context.OpenVault();
  return [&context]() -> Status {
    Batch batch = context.vault->CollectBatch();
    for (const std::string_view who : {kOther, std::string_view("user-new")}) {
      batch.Add({.who = Who::Ref(who), .notice = "checkout-1", .source = "web", .on_behalf_of = {}})
          .Put("payment_card", {{"pan", Value(kCardNumber)}, {"expiry", Value("12/15")}}, IdOf(8));
    }
    const auto done = batch.Commit();
    if (!done.ok()) return done.status();
    for (const auto& each : *done) {
      if (!each.ok()) return each.status();
    }
    return Status();
  };
}

Act Rectifies(Context& context) {
  context.As("service");
  return [&context]() -> Status {
    std::vector<FieldInput> fields;
    fields.emplace_back("email", Value("ada@lovelace.example"));
    return context.session
        ->Rectify({.who = kAdaWho, .category = "account", .fields = std::move(fields)})
        .status();
  };
}

}  // namespace

std::vector<Operation> OperationsOfServices() {
  return {
      {.name = "collect",
       .covers = {"vault.h:Collect", "collection.h:Put", "collection.h:Commit"},
       .kind = Kind::kWrite,
       .event = "collect",
       .prepare = [](Context& c) { return Collects(c, c.world.Everyone()); }},
      {.name = "collect write-only",
       .covers = {"vault.h:Collect"},
       .kind = Kind::kWrite,
       .event = "collect",
       .prepare = [](Context& c) { return Collects(c, c.world.Collector()); }},
      {.name = "collect a batch",
       .covers = {"vault.h:CollectBatch", "collection.h:Add"},
       .kind = Kind::kResumable,
       .event = "collect",
       .prepare = CollectsBatch},
      {.name = "read",
       .covers = {"session.h:Read", "vault.h:As"},
       .event = "read",
       .prepare = [](Context& c) { return ReadsCard(c, "billing", "pan", kCardNumber); }},
      {.name = "read a view",
       .covers = {"session.h:Read"},
       .event = "read",
       .prepare = [](Context& c) { return ReadsCard(c, "support", "pan.last4", "1111"); }},
      {.name = "read synced",
       .covers = {"session.h:Read"},
       .event = "read",
       .prepare = [](Context& c) -> Act {
         OpenOptions options{.clock = &c.clock};
         options.map_bytes = uint64_t{64} << 20;
         options.reads = ReadDurability::kSynced;
         c.vault.emplace(*Vault::Open(c.path, c.world.Everyone(), options));
         c.session.emplace(*c.vault->As("billing"));
         return [&c]() -> Status {
           const auto record = c.session->Read(
               {.who = kAdaWho, .category = "payment_card", .record = IdOf(1), .fields = {"pan"}});
           return Right(record.status(), !record.ok() || TextOf(record->At("pan")) == kCardNumber,
                        "pan");
         };
       }},
      {.name = "read outside the purpose",
       .covers = {"session.h:Read"},
       .kind = Kind::kRefused,
       .prepare = [](Context& c) { return ReadsCard(c, "support", "pan", ""); }},
      {.name = "read of the restricted",
       .covers = {"session.h:Read"},
       .kind = Kind::kRefused,
       .prepare = [](Context& c) { return ReadsCard(c, "billing", "pan", "", kRestricted); }},
      {.name = "read of what was withdrawn",
       .covers = {"session.h:Read"},
       .kind = Kind::kRefused,
       .prepare = [](Context& c) -> Act {
         c.As("contact.news");
         return [&c] { return ReadAccount(*c.session, "email", Who::Ref(kWithdrawn)).status(); };
       }},
      {.name = "read all",
       .covers = {"session.h:ReadAll"},
       .event = "read-all",
       .prepare = [](Context& c) -> Act {
         c.As("billing");
         return [&c]() -> Status {
           const auto all =
               c.session->ReadAll({.who = kAdaWho, .category = "payment_card", .fields = {"pan"}});
           return Right(all.status(), !all.ok() || all->size() == 2, "records");
         };
       }},
      {.name = "scan",
       .covers = {"session.h:Scan"},
       .event = "scan",
       .prepare = [](Context& c) -> Act {
         c.As("billing");
         return [&c]() -> Status {
           size_t seen = 0;
           const Status status = c.session->Scan({.category = "payment_card", .fields = {"pan"}},
                                                 [&](const Record&) { return ++seen < 100; });
           return Right(status, seen == 6, "records");
         };
       }},
      {.name = "find",
       .covers = {"session.h:Find"},
       .event = "find",
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c]() -> Status {
           auto billing = c.vault->As("billing");
           if (!billing.ok()) return billing.status();
           const Secret pan = Value(kCardNumber);
           const auto found =
               billing->Find({.category = "payment_card", .field = "pan", .value = pan});
           return Right(found.status(), !found.ok() || found->size() == 3, "found");
         };
       }},
      {.name = "read where",
       .covers = {"session.h:ReadWhere"},
       .event = "read-all",
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c]() -> Status {
           auto billing = c.vault->As("billing");
           if (!billing.ok()) return billing.status();
           const Secret pan = Value(kCardNumber);
           const auto records = billing->ReadWhere(
               {.category = "payment_card", .field = "pan", .value = pan, .fields = {"expiry"}});
           return Right(records.status(), !records.ok() || records->size() == 3, "records");
         };
       }},
      {.name = "find for another purpose",
       .covers = {"session.h:Find"},
       .kind = Kind::kRefused,
       .prepare = [](Context& c) -> Act {
         c.As("support");
         return [&c] {
           const Secret pan = Value(kCardNumber);
           return c.session->Find({.category = "payment_card", .field = "pan", .value = pan})
               .status();
         };
       }},
      {.name = "fold lookups",
       .covers = {"vault.h:FoldPendingLookups"},
       .kind = Kind::kResumable,
       .prepare = [](Context& c) -> Act {
         c.OpenVault(c.world.Collector());
         return [&c] { return c.vault->FoldPendingLookups().status(); };
       }},
      {.name = "verify a password",
       .covers = {"session.h:VerifyPassword"},
       .event = "verify-password",
       .prepare = [](Context& c) -> Act {
         c.As("service");
         return [&c]() -> Status {
           const Secret attempt = Value("open sesame");
           const auto is = c.session->VerifyPassword(
               {.who = kAdaWho, .category = "account", .field = "password", .attempt = attempt});
           return Right(is.status(), !is.ok() || *is, "the password");
         };
       }},
      {.name = "verify a wrong password",
       .covers = {"session.h:VerifyPassword"},
       .event = "verify-password",
       .prepare = [](Context& c) -> Act {
         c.As("service");
         return [&c]() -> Status {
           const Secret attempt = Value("open");
           const auto is = c.session->VerifyPassword(
               {.who = kAdaWho, .category = "account", .field = "password", .attempt = attempt});
           return Right(is.status(), !is.ok() || !*is, "not the password");
         };
       }},
      {.name = "rectify",
       .covers = {"session.h:Rectify"},
       .kind = Kind::kWrite,
       .event = "rectify",
       .prepare = Rectifies},
      {.name = "list",
       .covers = {"session.h:List"},
       .event = "list",
       .prepare = [](Context& c) -> Act {
         c.As("billing");
         return [&c]() -> Status {
           const auto listed = c.session->List(kAdaWho);
           return Right(listed.status(), !listed.ok() || listed->size() == 2, "records");
         };
       }},
      {.name = "subjects",
       .covers = {"vault.h:Subjects"},
       .event = "subjects",
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c]() -> Status {
           const auto all = c.vault->Subjects({}, 100);
           return Right(all.status(), !all.ok() || all->size() == 9, "subjects");
         };
       }},
      {.name = "ref of",
       .covers = {"vault.h:RefOf"},
       .event = "ref-of",
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c]() -> Status {
           const auto ref = c.vault->RefOf(c.world.ada());
           return Right(ref.status(), !ref.ok() || TextOf(*ref) == kAda, "ref");
         };
       }},
      {.name = "disclose",
       .covers = {"session.h:Disclose"},
       .kind = Kind::kWrite,
       .event = "disclose",
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c] { return DiscloseCard(*c.vault, IdOf(1), Who::Ref(kOther)); };
       }},
      {.name = "disclose to nobody's recipient",
       .covers = {"session.h:Disclose"},
       .kind = Kind::kRefused,
       .prepare = [](Context& c) -> Act {
         c.As("billing");
         return [&c] {
           return c.session
               ->Disclose({.who = kAdaWho,
                           .category = "payment_card",
                           .records = {IdOf(1)},
                           .fields = {"pan"},
                           .recipient = "partner",
                           .ground = "CONSENT"})
               .status();
         };
       }},
      {.name = "may contact",
       .covers = {"vault.h:MayContact"},
       .event = "may-contact",
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c] {
           const Secret address = Value("ada@analytical.example");
           return c.vault->MayContact("contact.news", kAdaWho, address).status();
         };
       }},
      {.name = "may contact the suppressed",
       .covers = {"vault.h:MayContact"},
       .kind = Kind::kRefused,
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c] {
           const Secret address = Value(kSuppressed);
           return c.vault->MayContact("contact.news", kAdaWho, address).status();
         };
       }},
      {.name = "may contact after withdrawal",
       .covers = {"vault.h:MayContact"},
       .kind = Kind::kRefused,
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c] {
           const Secret address = Value("ada@analytical.example");
           return c.vault->MayContact("contact.news", Who::Ref(kWithdrawn), address).status();
         };
       }},
  };
}

}  // namespace bailee::faults
