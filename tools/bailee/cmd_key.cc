// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "commands.h"
#include "files.h"
#include "interrupt.h"
#include "origins.h"
#include "progress.h"
#include "shredded_json.h"
#include "text.h"

namespace bailee::tool {
namespace {

constexpr const char* kStorage = "storage";
constexpr const char* kNext = ".next";  // of a keyring that is not in force yet

struct RotateCommand {
  std::string what;
  std::string name;
  std::string from;
  bool leaked = false;
  bool finish = false;
  bool now = false;
};

// The key's name for the library, and the purpose whose keyring is needed; empty: the storage's.
struct KeyAsked {
  std::string key;
  std::string purpose;
};

Result<KeyAsked> AskedKey(const RotateCommand& options) {
  const bool storage = options.what == "storage";
  if (storage != options.name.empty()) {
    return Status(Code::kUsage, storage ? "usage.excludes" : "usage.missing",
                  storage ? "there is one storage key: it has no name" : "no key is named",
                  "purpose PURPOSE, index CATEGORY.FIELD/PURPOSE, or storage");
  }
  if (storage) return KeyAsked{"storage", {}};
  const std::string purpose =
      options.what == "purpose" ? options.name : options.name.substr(options.name.rfind('/') + 1);
  return KeyAsked{options.what + "/" + options.name, purpose};
}

// One command: a keyring from the newest origins, made for it and kept nowhere.
class Rotation {
 public:
  Rotation(Context& context, const RotateCommand& options, KeyAsked asked)
      : context_(context),
        options_(options),
        asked_(std::move(asked)),
        progress_(context.out(), "rows", 0) {}

  Status Run() {
    auto authority = context_.LoadKeyring(fmt::format("file:{}/authority.keyring", options_.from));
    if (!authority.ok()) return authority.status();
    // Each with the origins as they are by then: beginning replaces one.
    if (!options_.finish) {
      if (Status begun = Begin(*authority); !begun.ok()) return begun;
      if (Status run = Move(); !run.ok() || done_.stopped) return run;
    }
    return options_.finish || options_.now ? Finish(*authority) : Status();
  }

  const Rotated& done() const { return done_; }
  bool finished() const { return finished_; }
  const std::vector<std::string>& written() const { return written_; }

 private:
  Result<Vault> Open(const Keyring& authority) {
    std::vector<std::string> purposes;
    if (!asked_.purpose.empty()) purposes.push_back(asked_.purpose);
    const auto sources = LoadOrigins(context_, options_.from, purposes);
    if (!sources.ok()) return sources.status();
    std::vector<const Keyring*> borrowed;
    for (const Keyring& source : *sources) borrowed.push_back(&source);
    const auto file = Grant(authority, borrowed, {.actor = "key-rotate", .purposes = purposes},
                            Unlock::Nothing(), Clock::System());
    if (!file.ok()) return file.status();
    auto keyring = Keyring::Open(*file);
    if (!keyring.ok()) return keyring.status();
    return context_.OpenVaultWith(*std::move(keyring));
  }

  RotateOptions LibraryOptions() {
    return {.leaked = options_.leaked,
            .keep = [this](const std::vector<KeyringFile>& files) { return Keep(files); },
            .progress =
                [this](const RotationState& state) {
                  progress_.Show(state.rows, state.rows);
                  return !Interrupted();
                },
            .shred = {.progress = [](uint64_t) { return !Interrupted(); }}};
  }

  // What has the name is the origin before, whose keys the new one has as long as they are open.
  Status Keep(const std::vector<KeyringFile>& files) {
    for (const KeyringFile& file : files) {
      std::string path = OriginPath(options_.from, file.name);
      // It opens nothing before it is begun, and the one before must not be lost.
      if (asked_.key == kStorage) path += kNext;
      Status written =
          file.bytes.Reveal([&](std::string_view bytes) { return ReplaceFile(path, bytes); });
      if (!written.ok()) return written;
      if (std::find(written_.begin(), written_.end(), path) == written_.end())
        written_.push_back(path);
    }
    return {};
  }

  Status Begin(const Keyring& authority) {
    auto vault = Open(authority);
    if (!vault.ok()) return vault.status();
    const auto states = vault->Rotations();
    if (!states.ok()) return states.status();
    if (asked_.key == kStorage) written_.clear();
    const bool under_way = std::any_of(states->begin(), states->end(),
                                       [&](const auto& each) { return each.key == asked_.key; });
    if (under_way) return TakeNext();  // goes on with it
    if (Status taken = Take(vault->BeginRotation(authority, asked_.key, LibraryOptions()));
        !taken.ok()) {
      return taken;
    }
    return TakeNext();
  }

  // The new storage key is in force: its keyring takes its place, if it has not yet.
  Status TakeNext() {
    if (asked_.key != kStorage) return {};
    const std::string path = OriginPath(options_.from, asked_.key);
    std::error_code error;
    if (!std::filesystem::exists(path + kNext, error)) return {};
    std::filesystem::rename(path + kNext, path, error);
    if (error) {
      return {Code::kFailed, "io.write", fmt::format("cannot rename {}{}", path, kNext),
              "rename it yourself: it holds the new storage key"};
    }
    written_ = {path};
    return {};
  }

  Status Move() {
    const auto authority =
        context_.LoadKeyring(fmt::format("file:{}/authority.keyring", options_.from));
    if (!authority.ok()) return authority.status();
    auto vault = Open(*authority);
    if (!vault.ok()) return vault.status();
    return Take(vault->RunRotation(asked_.key, LibraryOptions()));
  }

  Status Finish(const Keyring& authority) {
    auto vault = Open(authority);
    if (!vault.ok()) return vault.status();
    Status taken = Take(vault->FinishRotation(authority, asked_.key, LibraryOptions()));
    finished_ = taken.ok() && !done_.stopped;
    return taken;
  }

  Status Take(Result<Rotated> done) {
    if (!done.ok()) return done.status();
    done_ = *std::move(done);
    return {};
  }

  Context& context_;
  const RotateCommand& options_;
  const KeyAsked asked_;
  Progress progress_;
  Rotated done_;
  bool finished_ = false;
  std::vector<std::string> written_;
};

Json StateJson(const RotationState& state) {
  return {{"key", state.key},       {"from", state.from},
          {"to", state.to},         {"step", RotationStepWord(state.step)},
          {"leaked", state.leaked}, {"begun_at", FormatTime(state.begun_at)},
          {"rows", state.rows},     {"share", state.share}};
}

Status Answer(Context& context, const RotateCommand& options, const Rotation& rotation) {
  const Rotated& done = rotation.done();
  Json json = StateJson(done.state);
  if (rotation.finished()) json["step"] = "done";
  json["damaged"] = done.damaged;
  json["keyrings"] = rotation.written();
  if (rotation.finished()) json["shredded"] = ShreddedJson(done.shredded);
  Table table;
  table.rows = {{"key", done.state.key, fmt::format("v{} to v{}", done.state.from, done.state.to)},
                {"step", json["step"].get<std::string>()},
                {"rows", std::to_string(done.state.rows)}};
  if (done.damaged > 0)
    table.rows.push_back({"damaged", fmt::format("{} rows stay as they are", done.damaged)});
  for (const std::string& path : rotation.written()) table.rows.push_back({"keyring", path});
  if (rotation.finished()) {
    AddShredded(done.shredded, table);
  } else {
    const std::string again =
        fmt::format("bailee key rotate {} {} --from {}", options.what, options.name, options.from);
    table.rows.push_back(
        {"next",
         done.stopped ? again : "grant new keyrings to its holders, then " + again + " --finish"});
  }
  if (Status answered = context.out().Answer("key-rotate", std::move(json), table); !answered.ok())
    return answered;
  if (done.stopped) {
    return {Code::kPartial, "rotate.stopped", "stopped: what was done stays done",
            "run the same command again"};
  }
  return rotation.finished() && done.state.leaked ? UnlessShredded(done.shredded) : Status();
}

Status Rotate(Context& context, const RotateCommand& options) {
  (void)Interrupted();
  auto asked = AskedKey(options);
  if (!asked.ok()) return asked.status();
  Rotation rotation(context, options, *std::move(asked));
  if (Status done = rotation.Run(); !done.ok()) return done;
  return Answer(context, options, rotation);
}

Status ShowKeys(Context& context) {
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto states = vault->Rotations();
  if (!states.ok()) return states.status();
  Table table{{"key", "versions", "step", "rows", "looked at"}, {}};
  Json list = Json::array();
  for (const RotationState& each : *states) {
    table.rows.push_back({each.key, fmt::format("v{} to v{}", each.from, each.to),
                          std::string(RotationStepWord(each.step)), std::to_string(each.rows),
                          fmt::format("{:.0f}%", each.share * 100)});
    list.push_back(StateJson(each));
  }
  if (states->empty()) table.rows.push_back({"no rotation is under way"});
  return context.out().Answer("key-status", {{"rotations", list}}, table);
}

}  // namespace

void AddKey(Commands& commands) {
  CLI::App& key = *commands.Group("key", "replace keys while the vault is in use");
  auto options = std::make_shared<RotateCommand>();
  CLI::App* command = commands.Add(
      key,
      {"rotate", "give a key its next version, and retire the old one",
       "bailee key rotate purpose billing --vault /var/lib/acme/vault --from /root/acme-keys\n"
       "bailee key rotate purpose billing --from /root/acme-keys --finish\n"
       "bailee key rotate index payment_card.pan/billing --from /root/acme-keys --now\n"
       "bailee key rotate storage --from /root/acme-keys --now --leaked",
       "FROM is the directory that bailee init wrote; the key's keyring in it is replaced. "
       "Without\n"
       "--finish both versions are open when it returns: grant new keyrings to the holders, then\n"
       "finish. What was stopped goes on with the same command. Once finished, keyrings with the\n"
       "old key alone open the vault no more. --leaked also gives what the old key opened new "
       "keys\n"
       "of its own, which takes longer: for a keyring in the wrong hands."},
      [options](Context& context) { return Rotate(context, *options); });
  command->add_option("WHAT", options->what, "purpose, index or storage")
      ->required()
      ->check(CLI::IsMember({"purpose", "index", "storage"}));
  command->add_option("NAME", options->name, "a purpose, or CATEGORY.FIELD/PURPOSE");
  command->add_option("--from", options->from, "directory with authority.keyring and origins/")
      ->required()
      ->type_name("FROM");
  auto* finish = command->add_flag("--finish", options->finish, "retire the old key");
  command->add_flag("--now", options->now, "all at once: whoever has the old key is cut off")
      ->excludes(finish);
  command->add_flag("--leaked", options->leaked, "the old key may be in the wrong hands")
      ->excludes(finish);
  commands.Add(key,
               {"status", "which keys are being replaced, and how far that is",
                "bailee key status --vault /var/lib/acme/vault --keyring cred:acme"},
               [](Context& context) { return ShowKeys(context); });
}

}  // namespace bailee::tool
