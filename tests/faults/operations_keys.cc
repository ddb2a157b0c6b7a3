// SPDX-License-Identifier: Apache-2.0
// New policies, new keys, and keyrings.
#include <sys/stat.h>

#include "faults/operation.h"
#include "support/must.h"
#include "vault/next_policy.h"

namespace bailee::faults {
namespace {

using Kind = Operation::Kind;
using Act = std::function<Status()>;

constexpr std::string_view kKey = "purpose/billing";

RotateOptions Keeping(Context& context) {
  return {.keep = [&context](const auto& files) { return context.Keep(files); },
          .shred = {.wait = std::chrono::milliseconds(0)}};
}

Act Publishes(Context& context, const Edits& edits, std::string_view announced = "support") {
  context.OpenVault();
  auto authority = std::make_shared<Keyring>(context.world.Origin("authority"));
  auto text = std::make_shared<std::string>(Next(edits, announced));
  return [&context, authority, text] {
    return context.vault
        ->Publish(*authority,
                  {.policy_text = *text,
                   .notice = "change-2",
                   .announced_at = kAnnounced,
                   .keep = [&context](const auto& files) { return context.Keep(files); }})
        .status();
  };
}

Act Begins(Context& context) {
  context.OpenVault();
  auto authority = std::make_shared<Keyring>(context.world.Origin("authority"));
  return [&context, authority] {
    return context.vault->BeginRotation(*authority, kKey, Keeping(context)).status();
  };
}

// Opened with the keyring that has both keys.
void Begun(Context& context) {
  if (context.both.empty()) {
    if (!Begins(context)().ok()) std::abort();
    context.Close();
    for (const auto& [name, file] : context.kept) Must(Copied(file, context.both));
  }
  context.OpenVault(context.world.EveryoneWith(context.both));
}

Act Runs(Context& context) {
  Begun(context);
  return [&context] { return context.vault->RunRotation(kKey, Keeping(context)).status(); };
}

Act Finishes(Context& context) {
  Begun(context);
  const auto run = context.vault->RunRotation(kKey, Keeping(context));
  if (!run.ok() && run.status().name() != "rotate.finishing") std::abort();
  auto authority = std::make_shared<Keyring>(context.world.Origin("authority"));
  return [&context, authority] {
    return context.vault->FinishRotation(*authority, kKey, Keeping(context)).status();
  };
}

Act Grants(Context& context) {
  auto authority = std::make_shared<Keyring>(context.world.Origin("authority"));
  auto storage = std::make_shared<Keyring>(context.world.Origin("storage"));
  return [authority, storage]() -> Status {
    return Grant(*authority, {storage.get()}, {"somebody", {}}, Unlock::Nothing(), Clock::System())
        .status();
  };
}

std::string KeyringPath(Context& context) {
  const std::string path = context.world.root() + "/billing.keyring";
  const KeyringFile file = context.world.BillingFile();
  file.bytes.Reveal([&](std::string_view bytes) {
    FILE* const out = std::fopen(path.c_str(), "w");
    if (out == nullptr || std::fwrite(bytes.data(), 1, bytes.size(), out) != bytes.size() ||
        std::fclose(out) != 0 || chmod(path.c_str(), 0600) != 0)
      std::abort();
  });
  return path;
}

}  // namespace

std::vector<Operation> OperationsOfKeys() {
  return {
      {.name = "publish",
       .covers = {"vault.h:Publish"},
       .kind = Kind::kWrite,
       .event = "publish",
       .prepare = [](Context& c) { return Publishes(c, kNarrower); }},
      {.name = "publish with a new key",
       .covers = {"vault.h:Publish"},
       .kind = Kind::kWrite,
       .event = "publish",
       .prepare = [](Context& c) { return Publishes(c, kNewLeaf, "contact.sms"); }},
      {.name = "rotate: begin",
       .covers = {"vault.h:BeginRotation"},
       .kind = Kind::kWrite,
       .event = "rotate",
       .prepare = Begins},
      {.name = "rotate: run",
       .covers = {"vault.h:RunRotation"},
       .kind = Kind::kResumable,
       .event = "rotate",
       .prepare = Runs},
      {.name = "rotate: finish",
       .covers = {"vault.h:FinishRotation"},
       .kind = Kind::kResumable,
       .event = "rotate",
       .prepare = Finishes},
      {.name = "keyring: load",
       .covers = {"keyring.h:Load", "keyring.h:Inspect", "keyring.h:Parse"},
       .prepare = [](Context& c) -> Act {
         auto path = std::make_shared<std::string>(KeyringPath(c));
         return [path]() -> Status {
           const auto source = KeySource::Parse(*path);
           if (!source.ok()) return source.status();
           const auto described = Keyring::Inspect(*source);
           if (!described.ok()) return described.status();
           return Keyring::Load(*source).status();
         };
       }},
      {.name = "keyring: open",
       .covers = {"keyring.h:Open"},
       .kind = Kind::kAlone,
       .prepare = [](Context& c) -> Act {
         auto file = std::make_shared<KeyringFile>(c.world.BillingFile());
         return [file] { return Keyring::Open(*file).status(); };
       }},
      {.name = "keyring: grant",
       .covers = {"keyring.h:Grant"},
       .kind = Kind::kAlone,
       .prepare = Grants},
  };
}

}  // namespace bailee::faults
