// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "commands.h"
#include "files.h"
#include "origins.h"
#include "text.h"

namespace bailee::tool {
namespace {

struct GrantOptions {
  std::string from;
  std::string actor;
  std::string out;
  std::vector<std::string> purposes;
  bool collector = false;
  bool dry_run = false;
  UnlockFiles seal;
};

Result<Unlock> SealWith(const UnlockFiles& files) {
  if (!files.key_file.empty()) return Unlock::KeyFile(files.key_file);
  if (files.passphrase_file.empty()) return Unlock::Nothing();
  auto passphrase = ReadPassphraseFile(files.passphrase_file);
  if (!passphrase.ok()) return passphrase.status();
  return Unlock::Passphrase(*std::move(passphrase));
}

Status CheckPurposes(const GrantOptions& options) {
  if (options.purposes.empty() == options.collector) return {};
  if (options.collector) {
    return {Code::kUsage, "usage.excludes", "--collector grants no purpose, but some are named",
            "leave out --collector or the purposes"};
  }
  return {Code::kUsage, "usage.missing", "no purpose is named",
          "name the purposes, or add --collector for a holder that can store and not read"};
}

Result<KeyringFile> MakeGrant(Context& context, const GrantOptions& options) {
  auto authority = context.LoadKeyring(fmt::format("file:{}/authority.keyring", options.from));
  if (!authority.ok()) return authority.status();
  const auto sources = LoadOrigins(context, options.from, options.purposes);
  if (!sources.ok()) return sources.status();
  std::vector<const Keyring*> borrowed;
  for (const Keyring& source : *sources) borrowed.push_back(&source);
  const auto lock = SealWith(options.seal);
  if (!lock.ok()) return lock.status();
  return Grant(*authority, borrowed, {.actor = options.actor, .purposes = options.purposes}, *lock,
               Clock::System());
}

Status RunGrant(Context& context, const GrantOptions& options) {
  if (Status checked = CheckPurposes(options); !checked.ok()) return checked;
  const auto granted = MakeGrant(context, options);
  if (!granted.ok()) return granted.status();
  if (!options.dry_run) {
    Status written = granted->bytes.Reveal(
        [&](std::string_view bytes) { return WriteNewFile(options.out, bytes); });
    if (!written.ok()) return written;
  }
  const bool sealed = !options.seal.key_file.empty() || !options.seal.passphrase_file.empty();
  const std::string purposes = options.collector ? "(collects only)" : Join(options.purposes);
  if (!sealed) {
    context.out().Note(
        "the keyring is not sealed: whoever can read the file can use it; keep it 0600 or in a "
        "credential store");
  }
  return context.out().Answer("keyring-grant",
                              {{"file", options.out},
                               {"actor", options.actor},
                               {"purposes", options.purposes},
                               {"sealed", sealed},
                               {"dry_run", options.dry_run}},
                              {{},
                               {{options.dry_run ? "would grant" : "granted", purposes},
                                {"to", options.actor},
                                {"keyring", options.out},
                                {"next", "bailee keyring show " + options.out}}});
}

Status ShowKeyring(Context& context, const std::string& text) {
  const auto source = KeySource::Parse(text);
  if (!source.ok()) return source.status();
  const auto description = Keyring::Inspect(*source);
  if (!description.ok()) return description.status();
  const Keyring::Description& it = *description;
  Table table;
  table.rows = {{"vault", it.vault.ToHex()},
                {"keyring", it.keyring_id},
                {"actor", it.actor},
                {"issued", FormatTime(it.issued_at)},
                {"manifest", fmt::format("{} or later", it.manifest_min)},
                {"opens the vault", it.storage ? "yes" : "no"},
                {"purposes", Join(it.purposes)},
                {"indexes", Join(it.indexes)},
                {"roles", Join(it.roles)}};
  return context.out().Answer("keyring-show",
                              {{"vault_id", it.vault.ToHex()},
                               {"keyring_id", it.keyring_id},
                               {"actor", it.actor},
                               {"issued_at", FormatTime(it.issued_at)},
                               {"manifest_min", it.manifest_min},
                               {"storage", it.storage},
                               {"purposes", it.purposes},
                               {"indexes", it.indexes},
                               {"roles", it.roles}},
                              table);
}

void AddGrant(Commands& commands, CLI::App& keyring) {
  auto options = std::make_shared<GrantOptions>();
  CLI::App* command = commands.Add(
      keyring,
      {"grant", "make a keyring for somebody who acts for some purposes",
       "bailee keyring grant --from /root/acme-keys --actor billing-web --out billing.keyring "
       "billing\n"
       "bailee keyring grant --from /root/acme-keys --actor shop --collector --out shop.keyring",
       "FROM is the directory that bailee init wrote. --passphrase-file and --key-file unlock the\n"
       "keyrings in it; --seal-... lock the new one."},
      [options](Context& context) { return RunGrant(context, *options); });
  command->add_option("PURPOSE", options->purposes, "leaf purposes, or rights, upkeep, tally");
  command->add_option("--from", options->from, "directory with authority.keyring and origins/")
      ->required()
      ->type_name("FROM");
  command->add_option("--actor", options->actor, "who will act with it; in every event")
      ->required()
      ->type_name("NAME");
  command->add_option("--out", options->out, "the new keyring file")->required()->type_name("FILE");
  command->add_flag("--collector", options->collector, "no purpose: can store, cannot read back");
  auto* passphrase = command
                         ->add_option("--seal-passphrase-file", options->seal.passphrase_file,
                                      "seal it with the passphrase in this file")
                         ->type_name("FILE");
  command
      ->add_option("--seal-key-file", options->seal.key_file,
                   "seal it with the 32 bytes of this file")
      ->type_name("FILE")
      ->excludes(passphrase);
  command->add_flag("-n,--dry-run", options->dry_run, "check everything, write nothing");
}

}  // namespace

void AddKeyring(Commands& commands) {
  CLI::App& keyring = *commands.Group("keyring", "grant purposes to holders, look at keyrings");
  AddGrant(commands, keyring);
  auto source = std::make_shared<std::string>();
  CLI::App* show = commands.Add(
      keyring,
      {"show", "whose it is and what it opens; never a key, and nothing needs unlocking",
       "bailee keyring show billing.keyring\nbailee keyring show cred:acme-billing --json"},
      [source](Context& context) { return ShowKeyring(context, *source); });
  show->add_option("SOURCE", *source, "file:PATH, cred:NAME, fd:N, cmd:PATH or a path")->required();
}

}  // namespace bailee::tool
