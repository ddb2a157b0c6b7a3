// SPDX-License-Identifier: Apache-2.0
// What operators do: make, open, close, look, back up, restore, compact, check.
#include "bailee/check.h"
#include "bailee/doctor.h"
#include "bailee/inspect.h"
#include "faults/operation.h"
#include "vault/next_policy.h"

namespace bailee::faults {
namespace {

using Kind = Operation::Kind;
using Act = std::function<Status()>;

// Keyrings are at hand before anything fails.
std::shared_ptr<Keyring> Held(Keyring keyring) {
  return std::make_shared<Keyring>(std::move(keyring));
}

Act Restores(Context& context) {
  const auto backup = Held(context.world.Origin("backup"));
  const auto authority = Held(context.world.Origin("authority"));
  const auto storage = Held(context.world.Origin("upkeep"));
  return [&context, backup, authority, storage] {
    return RestoreVault({.directory = context.world.root() + "/restored",
                         .files = {context.world.stream("data"), context.world.stream("keys")},
                         .clock = &context.clock,
                         .map_bytes = kMapBytes,
                         .epoch_path = {},
                         .progress = {}},
                        {.backup = *backup, .authority = *authority, .storage = *storage})
        .status();
  };
}

Act Checks(Context& context) {
  const auto auditor = Held(context.world.Origin("auditor"));
  const auto everyone = Held(context.world.Everyone());
  return [&context, auditor, everyone]() -> Status {
    const auto report = Check(
        context.path, std::move(*everyone),
        {.clock = &context.clock, .map_bytes = kMapBytes, .slices = 1, .auditor = auditor.get()});
    if (!report.ok()) return report.status();
    const Status status = report->ToStatus();
    return status.code() == Code::kFindings ? Status() : status;
  };
}

Act VerifiesBackup(Context& context) {
  const auto backup = Held(context.world.Origin("backup"));
  return [&context, backup] {
    return VerifyBackup(*backup, {context.world.stream("data"), context.world.stream("keys")})
        .status();
  };
}

Act Opens(Context& context, Keyring keyring) {
  const auto held = Held(std::move(keyring));
  return [&context, held]() -> Status {
    OpenOptions options{.clock = &context.clock};
    options.map_bytes = kMapBytes;
    auto vault = Vault::Open(context.path, std::move(*held), options);
    if (!vault.ok()) return vault.status();
    context.vault.emplace(*std::move(vault));
    return Status();
  };
}

Act LooksAtAll(Context& context) {
  context.OpenVault();
  return [&context]() -> Status {
    for (const Status& each :
         {context.vault->Info().status(), context.vault->CheckHealth().status(),
          context.vault->PolicyInForce().status(), context.vault->PolicyHistory().status(),
          context.vault->PolicyAsOf(context.clock.Now()).status(),
          context.vault->Rotations().status()}) {
      if (!each.ok()) return each;
    }
    return Status();
  };
}

}  // namespace

std::vector<Operation> OperationsOfOperators() {
  return {
      {.name = "create",
       .covers = {"vault.h:Create"},
       .kind = Kind::kWrite,
       .prepare = [](Context& c) -> Act {
         auto policy = std::make_shared<std::string>(PolicyText("livelook_2013"));
         return [&c, policy] {
           return Vault::Create(c.world.root() + "/new",
                                {.policy_text = *policy, .clock = &c.clock, .map_bytes = kMapBytes})
               .status();
         };
       },
       .at = "new"},
      {.name = "open",
       .covers = {"vault.h:Open"},
       .event = "open",
       .prepare = [](Context& c) { return Opens(c, c.world.Everyone()); }},
      {.name = "open as collector",
       .covers = {"vault.h:Open"},
       .event = "open",
       .prepare = [](Context& c) { return Opens(c, c.world.Collector()); }},
      {.name = "open without a storage key",
       .covers = {"vault.h:Open"},
       .kind = Kind::kRefused,
       .prepare = [](Context& c) { return Opens(c, c.world.Origin("auditor")); }},
      {.name = "close",
       .covers = {},
       .event = "close",
       .prepare = [](Context& c) -> Act {
         Vault& vault = c.OpenVault();
         (void)ReadCard(vault, "billing", IdOf(1), "pan", Who::Ref(kAda));
         return [&c] {
           c.Close();
           return Status();
         };
       }},
      {.name = "close of the trail",
       .covers = {},
       .prepare = [](Context& c) -> Act {
         c.OpenTrail("auditor");
         return [&c] {
           c.Close();
           return Status();
         };
       }},
      {.name = "look at the vault",
       .covers = {"vault.h:Info", "vault.h:CheckHealth", "vault.h:PolicyInForce",
                  "vault.h:PolicyHistory", "vault.h:PolicyAsOf", "vault.h:Rotations"},
       .prepare = LooksAtAll},
      {.name = "compact",
       .covers = {"vault.h:Compact"},
       .event = "compact",
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c] { return c.vault->Compact().status(); };
       }},
      {.name = "backup of data",
       .covers = {"vault.h:BackUpData"},
       .event = "backup",
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c] {
           return c.vault
               ->BackUpData(
                   {.file = c.world.stream("next"), .base = c.world.stream("data"), .progress = {}})
               .status();
         };
       }},
      {.name = "backup of keys",
       .covers = {"vault.h:BackUpKeys"},
       .event = "backup",
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c] {
           return c.vault->BackUpKeys({.file = c.world.stream("keys"), .base = {}, .progress = {}})
               .status();
         };
       }},
      {.name = "state destroyed",
       .covers = {"vault.h:StateDestroyed"},
       .kind = Kind::kWrite,
       .event = "backup",
       .prepare = [](Context& c) -> Act {
         c.OpenVault();
         return [&c] { return c.vault->StateDestroyed({}, "OPS-1").status(); };
       }},
      {.name = "verify a backup", .covers = {"backup.h:VerifyBackup"}, .prepare = VerifiesBackup},
      {.name = "restore",
       .covers = {"backup.h:RestoreVault"},
       .kind = Kind::kWrite,
       .event = "restore",
       .prepare = Restores,
       .at = "restored"},
      {.name = "check", .covers = {"check.h:Check"}, .event = "check", .prepare = Checks},
      {.name = "inspect",
       .covers = {"inspect.h:Inspect"},
       .prepare = [](Context& c) -> Act {
         return [&c]() -> Status {
           InspectOptions options;
           options.visit = [](const InspectedRow&) { return true; };
           return Inspect(c.path, options).status();
         };
       }},
      {.name = "diagnose",
       .covers = {"doctor.h:Diagnose", "doctor.h:DoctorStatus"},
       .prepare = [](Context& c) -> Act {
         return [&c]() -> Status {
           const auto points = Diagnose({.directory = c.path, .clock = &c.clock});
           if (points.ok()) (void)DoctorStatus(*points);
           return points.status();
         };
       }},
  };
}

}  // namespace bailee::faults
